/*
 * What a node says of itself, whatever it is: it is judged, what is shown has no control characters, and
 * what is shown as JSON is JSON.
 */
#include "agent/cmd/status_changes.h"
#include "agent/cmd/status_print.h"
#include "agent/fleet/explain.h"
#include "agent/fleet/view_json.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static struct fleet_view *view_of(const struct fleet_said *said)
{
	struct fleet_view *v =
		fleet_view_new(&(struct fleet_view_options){.knows_store = true});
	require(v != NULL, "memory");
	fleet_view_want(v, FLEET_SCHEMA, "a", 12);
	fleet_view_want(v, FLEET_SWITCH, "a", 13);
	if (said)
		fleet_view_add(v, said);
	fleet_view_end(v);
	require(!v->failed, "memory");
	return v;
}

static void require_clean(const struct text *t)
{
	for (size_t i = 0; i < t->len; i++)
		require((unsigned char)t->s[i] >= ' ' || t->s[i] == '\n' || t->s[i] == '\t',
			"no control characters");
}

static void show(const struct fleet_view *v)
{
	const struct flume_limits enough = {.bytes = 64 << 20, .nodes = 1 << 20};
	struct text t = {0};
	flume_value *json = NULL;
	status_print(&t, v);
	require_clean(&t);
	text_fini(&t);
	fleet_view_json(&t, v, "now");
	require(!flume_value_parse(&json, t.s, t.len, FLUME_JSON, &enough, NULL),
		"what is shown as JSON is JSON");
	flume_value_free(json);
	text_fini(&t);
}

static void explain(const char *text, size_t len, enum fleet_kind kind)
{
	struct fleet_answer a;
	const struct fleet_question q = {.node = "n",
					 .name = "a",
					 .kind = kind,
					 .store = {true, true, 12},
					 .text = text,
					 .len = len};
	require(!fleet_explain(&a, &q), "memory");
	require(a.n > 0 && a.command, "there is a reason");
	fleet_answer_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fleet_said *said = NULL;
	struct text t = {0};
	const char *text = (const char *)data;
	require(!fleet_said_read(&said, "n", text, size), "memory");
	struct fleet_view *before = view_of(NULL), *now = view_of(said);
	show(now);
	status_changes(&t, before, now);
	status_changes(&t, now, before);
	require_clean(&t);
	text_fini(&t);
	status_changes(&t, now, now);
	require(!t.len, "what is the same is no change");
	text_fini(&t);
	explain(text, size, FLEET_SCHEMA);
	explain(text, size, FLEET_SWITCH);
	fleet_view_free(before);
	fleet_view_free(now);
	fleet_said_free(said);
	return 0;
}
