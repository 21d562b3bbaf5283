/*
 * with_yyjson - the work of documents.py with yyjson: parse, add, rename and remove a field, keep the
 * orders of premium customers, write.  As fast as it can be done with a tree and without tricks that
 * only fit these documents: numbers stay text, and all of a document lies in one piece of memory that
 * the next one uses again.
 *
 * Built when it is measured, by documents.py; yyjson's own source is not ours and not here.
 */
#include "tests/bench/tools/lines.h"

#include <stdbool.h>
#include <yyjson.h>

/* Read where they lie: yyjson wants zeros behind a document, where the next line begins. */
#define HOW (YYJSON_READ_NUMBER_AS_RAW | YYJSON_READ_INSITU)

static char memory[(size_t)1 << 22];

static bool edit(yyjson_mut_doc *doc, yyjson_mut_val *order)
{
	yyjson_mut_obj_remove_key(order, "internal");
	return yyjson_mut_obj_add_str(doc, order, "status", "accepted") &&
	       yyjson_mut_obj_rename_key(doc, order, "note", "comment");
}

static bool is_premium(yyjson_mut_val *order)
{
	yyjson_mut_val *tier =
		yyjson_mut_obj_get(yyjson_mut_obj_get(order, "customer"), "tier");
	return yyjson_mut_equals_str(tier, "premium");
}

static void write_out(const yyjson_mut_doc *doc, const yyjson_alc *alc)
{
	size_t n;
	char *json = yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, alc, &n, NULL);
	char *to = json ? lines_room(n) : NULL;
	if (!to)
		lines_refuse("it cannot be written");
	memcpy(to, json, n);
	lines_done(n);
}

static void process(char *line, size_t n)
{
	yyjson_alc alc;
	yyjson_read_err error;
	yyjson_alc_pool_init(&alc, memory, sizeof memory);
	yyjson_doc *read = yyjson_read_opts(line, n, HOW, &alc, &error);
	if (!read)
		lines_refuse(error.msg);
	yyjson_mut_doc *doc = yyjson_doc_mut_copy(read, &alc);
	if (!doc || !edit(doc, yyjson_mut_doc_get_root(doc)))
		lines_refuse("out of memory");
	if (is_premium(yyjson_mut_doc_get_root(doc)))
		write_out(doc, &alc);
}

static void each(char *line, size_t n)
{
	char next[YYJSON_PADDING_SIZE];
	memcpy(next, line + n, sizeof next);
	memset(line + n, 0, sizeof next);
	process(line, n);
	memcpy(line + n, next, sizeof next);
}

int main(void)
{
	lines_all(each);
	return 0;
}
