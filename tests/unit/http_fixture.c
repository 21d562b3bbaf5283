#include "tests/unit/http_fixture.h"

#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/http/inside.h"
#include "agent/log/log.h"
#include "agent/outside/kinds.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct node node;

const char checkout_yaml[] = "version: \"1.0.0\"\n"
			     "components:\n"
			     "  processors:\n"
			     "    total: {kind: require, fields: [total]}\n"
			     "    accept: {kind: set, fields: {status: accepted}}\n"
			     "    leave: {kind: drop}\n"
			     "  predicates:\n"
			     "    marked: {kind: exists, field: drop}\n"
			     "name: checkout\n"
			     "type: sequence\n"
			     "children:\n"
			     "  - {type: filter, predicate: marked, then: {ref: leave}}\n"
			     "  - {ref: total}\n"
			     "  - {ref: accept}\n";

void until_pause(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* ---- steps ---- */

static int nap(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)item, (void)arg;
	const struct flume_clock *clock = flume_clock_real();
	atomic_fetch_add(&node.napping, 1);
	int r = clock->sleep(clock->arg, call->deadline_ns, call->cancel);
	atomic_fetch_sub(&node.napping, 1);
	return flume_fail(err, r ? r : FLUME_TIMED_OUT, r ? "woken" : "slept too long");
}

static int gate(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	atomic_fetch_add(&node.at_gate, 1);
	UNTIL(atomic_load(&node.gate_open));
	atomic_fetch_sub(&node.at_gate, 1);
	return 0;
}

static int failing(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item;
	return flume_fail(err, *(const int *)arg, "said so");
}

static int codes[] = {FLUME_REFUSED, FLUME_LIMITED, FLUME_NOMEM, FLUME_IO};

static const struct flume_component steps[] = {
	{.name = "nap", .run = nap, .blocks = true},
	{.name = "gate", .run = gate, .blocks = true},
	{.name = "refuse", .run = failing, .arg = &codes[0]},
	{.name = "limit", .run = failing, .arg = &codes[1]},
	{.name = "starve", .run = failing, .arg = &codes[2]},
	{.name = "break", .run = failing, .arg = &codes[3]},
};

/* ---- life ---- */

static void *turn(void *arg)
{
	loop_run(arg);
	return NULL;
}

static void make_factory(void)
{
	struct flume_err err = {0};
	struct flume_options options = {.type = &document_type};
	ck_assert_int_eq(flume_factory_new(&node.factory, &options, &err), 0);
	ck_assert_int_eq(document_register(node.factory, &err), 0);
	ck_assert_int_eq(outside_register(node.factory, &err), 0);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		ck_assert_int_eq(flume_factory_add(node.factory, &steps[i], &err), 0);
}

void node_open_with(struct http_options options)
{
	const char *tmp = getenv("TMPDIR");
	struct flume_err err = {0};
	struct engine_options engine = {.node = "n", .agent_version = "0", .source = "none"};
	log_init(LOG_JSON, LOG_ERROR);
	node = (struct node){.lock = PTHREAD_MUTEX_INITIALIZER};
	snprintf(node.home, sizeof node.home, "%s/flume-http-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(node.home));
	snprintf(node.socket, sizeof node.socket, "%s/%s", node.home,
		 options.socket ? options.socket : "flume.sock");
	options.socket = node.socket;
	if (!options.listen)
		options.listen = "127.0.0.1:0";
	make_factory();
	node.loop = loop_new();
	node.board = board_new();
	ck_assert_ptr_nonnull(node.loop);
	node.engine_board = board_new();
	ck_assert_ptr_nonnull(node.board);
	ck_assert_ptr_nonnull(node.engine_board);
	ck_assert_int_eq(engine_new(&node.engine, node.loop, node.factory, node.engine_board,
				    &engine, &err),
			 0);
	int r = http_new(&node.http, node.loop, node.factory, node.engine, node.board, &options,
			 &err);
	ck_assert_msg(!r, "%s", err.text);
	ck_assert_int_eq(pthread_create(&node.turning, NULL, turn, node.loop), 0);
	node.turns = true;
}

void node_open(void)
{
	node_open_with((struct http_options){0});
}

void node_stop_turning(void)
{
	if (node.turns) {
		loop_stop(node.loop);
		pthread_join(node.turning, NULL);
		node.turns = false;
	}
}

void node_stop(void)
{
	node_stop_turning();
	node.http = http_free(node.http);
}

size_t node_waiting(void)
{
	pthread_mutex_lock(&node.http->lock);
	size_t waiting = node.http->waiting;
	pthread_mutex_unlock(&node.http->lock);
	return waiting;
}

size_t node_active(void)
{
	return serve_active(node.http->serve);
}

size_t node_connections(void)
{
	return serve_connections(node.http->serve);
}

bool node_closing(void)
{
	return serve_is_ending(node.http->serve);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
	(void)info, (void)type, (void)at;
	return remove(path);
}

void node_close(void)
{
	atomic_store(&node.gate_open, true);
	node_stop();
	engine_free(node.engine);
	board_free(node.engine_board);
	board_free(node.board);
	loop_free(node.loop);
	flume_factory_free(node.factory);
	nftw(node.home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	for (struct reply *reply = node.replies, *next; reply; reply = next) {
		next = reply->next;
		free(reply->body);
		free(reply->headers);
		free(reply);
	}
	pthread_mutex_destroy(&node.lock);
}

TCase *node_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, node_open, node_close);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}

/* ---- schemas ---- */

void node_bind(const char *name, const char *yaml)
{
	struct flume_err err = {0};
	flume_schema *schema;
	flume_binding *binding = NULL;
	flume_report *report = flume_report_new();
	int r = flume_schema_parse(&schema, yaml, strlen(yaml), FLUME_YAML, NULL, report);
	if (!r) {
		r = flume_factory_set_schema(node.factory, name, schema, report);
		flume_schema_unref(schema);
	}
	ck_assert_msg(r >= 0, "%s: %s", name,
		      flume_report_size(report) ? flume_report_get_issue(report, 0)->text : "");
	ck_assert_int_eq(flume_factory_bind(node.factory, name, name, 0, &binding, &err), 0);
	flume_binding_unref(binding);
	flume_report_free(report);
}

void node_bind_step(const char *name)
{
	char yaml[128];
	snprintf(yaml, sizeof yaml, "version: \"1.0.0\"\nref: %s\n", name);
	node_bind(name, yaml);
}
