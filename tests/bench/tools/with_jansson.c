/*
 * with_jansson - the work of documents.py with jansson: parse, add, rename and remove a field, keep
 * the orders of premium customers, write.
 */
#include "tests/bench/tools/lines.h"

#include <jansson.h>

static int edit(json_t *order)
{
	json_t *note = json_object_get(order, "note");
	if (json_object_set_new(order, "status", json_string("accepted")))
		return -1;
	if (note && json_object_set(order, "comment", note))
		return -1;
	json_object_del(order, "note");
	json_object_del(order, "internal");
	return 0;
}

static int is_premium(const json_t *order)
{
	const char *tier =
		json_string_value(json_object_get(json_object_get(order, "customer"), "tier"));
	return tier && !strcmp(tier, "premium");
}

static void write_out(const json_t *order)
{
	char *to = lines_room(LINES_ROOM / 2);
	size_t n = json_dumpb(order, to, LINES_ROOM / 2, JSON_COMPACT);
	if (!n || n > LINES_ROOM / 2)
		lines_refuse("it cannot be written");
	lines_done(n);
}

static void each(char *line, size_t n)
{
	json_error_t error;
	json_t *order = json_loadb(line, n, 0, &error);
	if (!order)
		lines_refuse(error.text);
	if (edit(order))
		lines_refuse("out of memory");
	if (is_premium(order))
		write_out(order);
	json_decref(order);
}

int main(void)
{
	lines_all(each);
	return 0;
}
