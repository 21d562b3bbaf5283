#include "tests/unit/stamps.h"

#include <stdio.h>
#include <string.h>

struct stamp stamps[VERSIONS];
atomic_bool over;
atomic_long bad, good;

void begin_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
	ck_assert_int_eq(pthread_create(thread, NULL, run, arg), 0);
}

int run_stamp(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)err;
	const struct stamp *stamp = arg;
	struct item *it = *item;
	bad += !stamp->alive;
	it->marks[strlen(it->marks)] = stamp->letter;
	return FLUME_OK;
}

static void end_stamp(void *arg)
{
	((struct stamp *)arg)->alive = false;
}

void stamps_open(void)
{
	char name[16];
	bad = good = 0;
	over = false;
	rig_open();
	for (int v = 0; v < VERSIONS; v++) {
		stamps[v].letter = (char)('A' + v);
		stamps[v].alive = true;
		snprintf(name, sizeof name, "v%d", v);
		rig_add(&(struct flume_component){
			.name = name, .run = run_stamp, .arg = &stamps[v], .done = end_stamp});
	}
}

flume_schema *stamped(int v)
{
	char yaml[128];
	snprintf(yaml, sizeof yaml,
		 "{version: '%d', type: sequence, children: [{ref: v%d}, {ref: inc}, {ref: "
		 "v%d}]}",
		 v, v, v);
	return rig_schema(yaml);
}

int stamps_set(const char *id, flume_schema *schema)
{
	int rc = flume_factory_set_schema(rig.factory, id, schema, NULL);
	flume_schema_unref(schema);
	return rc;
}

bool is_whole(const char *marks)
{
	return marks[0] && marks[0] == marks[1] && !marks[2];
}
