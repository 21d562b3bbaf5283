#include "tests/unit/engine_fixture.h"

#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/log/log.h"
#include "agent/outside/kinds.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define LIMIT INT64_C(60000000000)

struct site site;

struct kept { /* a text that a verb returned */
	SLIST_ENTRY(kept) link;
	char text[];
};
static SLIST_HEAD(, kept) texts = SLIST_HEAD_INITIALIZER(texts);

static const char *keep(const char *text)
{
	size_t size = strlen(text) + 1;
	struct kept *kept = malloc(sizeof *kept + size);
	ck_assert_ptr_nonnull(kept);
	memcpy(kept->text, text, size);
	SLIST_INSERT_HEAD(&texts, kept, link);
	return kept->text;
}

/* ---- processors of the test's own ---- */

static int run_flip(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)item, (void)arg;
	return atomic_load(&site.failing) ? flume_fail(err, FLUME_FAILED, "flipped") : 0;
}

static int run_gate(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	atomic_fetch_add(&site.at_gate, 1);
	while (sem_wait(&site.gate))
		;
	return 0;
}

static void let_gate_go(void *arg)
{
	(void)arg;
	atomic_fetch_add(&site.freed, 1);
}

static int run_nap(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)item, (void)arg;
	const struct flume_clock *clock = flume_clock_real();
	int rc = clock->sleep(clock->arg, call->deadline_ns, call->cancel);
	return rc ? flume_fail(err, rc, "woken") : flume_fail(err, FLUME_TIMED_OUT, "slept");
}

static const struct flume_component parts[] = {
	{.name = "flip", .run = run_flip},
	{.name = "gate", .run = run_gate, .done = let_gate_go, .blocks = true},
	{.name = "nap", .run = run_nap, .blocks = true},
};

/* ---- life ---- */

static void count_told(void *arg)
{
	(void)arg;
	site.told++;
}

void site_open_engine(void)
{
	const struct flume_options options = {.type = &document_type};
	ck_assert_int_eq(flume_factory_new(&site.factory, &options, NULL), 0);
	ck_assert_int_eq(document_register(site.factory, NULL), 0);
	ck_assert_int_eq(outside_register(site.factory, NULL), 0);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		ck_assert_int_eq(flume_factory_add(site.factory, &parts[i], NULL), 0);
	site.board = board_new();
	ck_assert_int_eq(engine_new(&site.engine, site.loop, site.factory, site.board,
				    &site.options, NULL),
			 0);
	engine_on_status(site.engine, count_told, NULL);
	site.sink = engine_sink(site.engine);
}

size_t site_start(void)
{
	site_open_engine();
	return engine_boot(site.engine);
}

void site_stop(void)
{
	site.engine = engine_free(site.engine);
	site.factory = flume_factory_free(site.factory);
	site.board = board_free(site.board);
}

size_t site_restart(void)
{
	site_stop();
	return site_start();
}

static void shell(const char *command)
{
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

size_t site_crash(void)
{
	char command[300];
	snprintf(command, sizeof command, "rm -rf %s.kept && cp -a %s %s.kept", site.state,
		 site.state, site.state);
	shell(command);
	site_stop();
	snprintf(command, sizeof command, "rm -rf %s && mv %s.kept %s", site.state, site.state,
		 site.state);
	shell(command);
	return site_start();
}

void site_open(void)
{
	const char *tmp = getenv("TMPDIR");
	memset(&site, 0, sizeof site);
	log_init(LOG_TEXT, getenv("SITE_LOG") ? LOG_DEBUG : LOG_ERROR + 1);
	snprintf(site.state, sizeof site.state, "%s/flume-engine-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(site.state));
	sem_init(&site.gate, 0, 0);
	site.loop = loop_new();
	site.options = (struct engine_options){.node = "node-1",
					       .agent_version = "0.1.0",
					       .source = "etcd",
					       .state_dir = site.state,
					       .case_limit_ns = INT64_C(5000000000)};
	site_start();
}

void site_close(void)
{
	site_stop();
	site.loop = loop_free(site.loop);
	char command[200];
	snprintf(command, sizeof command, "chmod -R u+w %s; rm -rf %s", site.state, site.state);
	shell(command);
	struct kept *kept;
	while ((kept = SLIST_FIRST(&texts))) {
		SLIST_REMOVE_HEAD(&texts, link);
		free(kept);
	}
}

TCase *site_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, site_open, site_close);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}

const char *site_path(const char *below)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", site.state, below);
	return keep(path);
}

void site_write(const char *below, const char *text)
{
	FILE *file = fopen(site_path(below), "wb");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* ---- schemas ---- */

static const char *with_canary(const char *head, const char *canary)
{
	char text[2048];
	int n = snprintf(text, sizeof text, canary ? "%scanary: {%s}\n" : "%s%s", head,
			 canary ? canary : "");
	ck_assert_int_lt(n, (int)sizeof text);
	return keep(text);
}

const char *marking(const char *version, int mark, const char *canary)
{
	char head[512];
	snprintf(head, sizeof head,
		 "version: \"%s\"\n"
		 "components: {processors: {mark: {kind: set, fields: {made_by: %d}}}}\n"
		 "type: sequence\n"
		 "children: [{ref: mark}, {ref: flip}]\n",
		 version, mark);
	return with_canary(head, canary);
}

const char *running(const char *version, const char *ref, const char *canary)
{
	char head[512];
	snprintf(head, sizeof head, "version: \"%s\"\nref: %s\n", version, ref);
	return with_canary(head, canary);
}

/* ---- the store ---- */

static struct change change_of(const char *name, int64_t revision, const char *text)
{
	return (struct change){.name = name,
			       .text = text,
			       .len = text ? strlen(text) : 0,
			       .format = text && *text == '{' ? FLUME_JSON : FLUME_YAML,
			       .revision = revision,
			       .origin = "etcd",
			       .place = name};
}

int site_try_put(const char *name, int64_t revision, const char *text)
{
	const struct change change = change_of(name, revision, text);
	return site.sink.batch(site.sink.arg, BATCH_EVENTS, &change, 1, revision);
}

void site_put(const char *name, int64_t revision, const char *text)
{
	(void)site_try_put(name, revision, text);
}

void site_delete(const char *name, int64_t revision)
{
	site_put(name, revision, NULL);
}

int site_list(int64_t revision, const struct site_key *keys, size_t n)
{
	struct change changes[64];
	assert(n <=
	       sizeof changes / sizeof *changes); /* without memory, Check's cannot speak */
	for (size_t i = 0; i < n; i++)
		changes[i] = change_of(keys[i].name, keys[i].revision, keys[i].text);
	return site.sink.batch(site.sink.arg, BATCH_LIST, changes, n, revision);
}

void site_delete_at_once(int64_t revision, const char *const *names, size_t n)
{
	struct change *changes = calloc(n, sizeof *changes);
	for (size_t i = 0; i < n; i++)
		changes[i] = change_of(names[i], revision, NULL);
	site.sink.batch(site.sink.arg, BATCH_EVENTS, changes, n, revision);
	free(changes);
}

void site_note_answer(void *arg, const struct engine_answer *said)
{
	(void)arg;
	site.answers++;
	site.result = said->result;
	site.generation = said->generation;
	site.findings = flume_report_size(said->report);
	snprintf(site.stage, sizeof site.stage, "%s", said->stage);
	snprintf(site.reason, sizeof site.reason, "%s", said->reason);
}

void site_submit(const char *name, const char *text)
{
	struct change change = change_of(name, 0, text);
	change.origin = "http";
	engine_submit(site.engine, &change, site_note_answer, NULL);
}

void site_until_answer(void)
{
	int64_t end = loop_now() + LIMIT;
	for (int before = site.answers; site.answers == before;) {
		ck_assert_msg(loop_now() < end, "no answer");
		loop_step(site.loop, 10);
	}
}

/* ---- what stands beside the schemas ---- */

void site_await_sides(void)
{
	for (size_t i = 0; i < ENGINE_SIDES; i++)
		site.sides[i] = engine_side_sink(site.engine, (enum engine_side)i);
}

void site_say(enum engine_side kind, const char *name, int64_t revision, const char *text)
{
	const struct change change = change_of(name, revision, text);
	const struct sink *sink = &site.sides[kind];
	ck_assert_int_eq(sink->batch(sink->arg, BATCH_EVENTS, &change, 1, revision), 0);
}

void site_list_side(enum engine_side kind, const char *name, int64_t revision, const char *text)
{
	const struct change change = change_of(name ? name : "", revision, text);
	const struct sink *sink = &site.sides[kind];
	ck_assert_int_eq(sink->batch(sink->arg, BATCH_LIST, &change, name ? 1 : 0, revision),
			 0);
}

void site_open_sides(void)
{
	site_await_sides();
	for (size_t i = 0; i < ENGINE_SIDES; i++)
		site_list_side((enum engine_side)i, NULL, 1, NULL);
}

/* ---- what comes of it ---- */

void site_turn(void)
{
	loop_step(site.loop, 10);
	loop_step(site.loop, 0);
}

void site_until_told(void)
{
	int64_t end = loop_now() + LIMIT;
	for (int before = site.told; site.told == before;) {
		ck_assert_msg(loop_now() < end, "the status does not change");
		loop_step(site.loop, 10);
	}
}

static const flume_value *find(const flume_value *at, const char *path)
{
	char key[64];
	while (at && *path) {
		size_t n = strcspn(path, ".");
		snprintf(key, sizeof key, "%.*s", (int)n, path);
		at = flume_value_type(at) == FLUME_LIST ? flume_value_at(at, (size_t)atoi(key))
							: flume_value_get(at, key);
		path += n + (path[n] == '.');
	}
	return at;
}

const char *site_status(const char *path)
{
	const struct page *page = board_take(site.board);
	flume_value *root = NULL;
	int rc = flume_value_parse(&root, page->status, strlen(page->status), FLUME_JSON, NULL,
				   NULL);
	ck_assert_msg(!rc, "the status is no JSON: %s", page->status);
	board_release(site.board, page);
	const flume_value *at = *path == '.' ? find(root, path + 1)
					     : find(flume_value_get(root, "schemas"), path);
	bool nested =
		at && (flume_value_type(at) == FLUME_MAP || flume_value_type(at) == FLUME_LIST);
	const char *found = !at ? "-" : keep(nested ? "..." : flume_value_text(at));
	flume_value_free(root);
	return found;
}

static void fail_with_status(const char *path, const char *expected)
{
	const struct page *page = board_take(site.board);
	ck_abort_msg("%s is '%s', expected '%s', in %s", path, site_status(path), expected,
		     page->status);
}

void site_says(const char *path, const char *expected)
{
	site_turn();
	if (strcmp(site_status(path), expected) != 0)
		fail_with_status(path, expected);
}

void site_until(const char *path, const char *expected)
{
	int64_t end = loop_now() + LIMIT;
	while (strcmp(site_status(path), expected) != 0) {
		if (loop_now() > end)
			fail_with_status(path, expected);
		loop_step(site.loop, 10);
	}
}

void site_prove(const char *name, int64_t revision, const char *text)
{
	char path[64];
	site_put(name, revision, text);
	site_turn();
	snprintf(path, sizeof path, "%s.running.proven", name);
	site_until(path, "true");
}

void site_says_part(const char *path, const char *part)
{
	site_turn();
	if (!strstr(site_status(path), part))
		fail_with_status(path, part);
}

void site_until_file(const char *below, bool there)
{
	int64_t end = loop_now() + LIMIT;
	while (!access(site_path(below), F_OK) != there) {
		ck_assert_msg(loop_now() < end, "%s is %s", below,
			      there ? "not there" : "there");
		site_turn();
	}
}

static bool has_line(const struct page *page, const char *line)
{
	char whole[256];
	snprintf(whole, sizeof whole, "\n%s\n", line);
	return strstr(page->metrics, whole);
}

void site_counts(const char *line)
{
	site_turn();
	const struct page *page = board_take(site.board);
	ck_assert_msg(has_line(page, line), "no '%s' in %s", line, page->metrics);
	board_release(site.board, page);
}

void site_until_counts(const char *line)
{
	int64_t end = loop_now() + LIMIT;
	for (bool there = false; !there;) {
		ck_assert_msg(loop_now() < end, "no '%s'", line);
		loop_step(site.loop, 10);
		const struct page *page = board_take(site.board);
		there = has_line(page, line);
		board_release(site.board, page);
	}
}

bool site_is_ready(void)
{
	site_turn();
	const struct page *page = board_take(site.board);
	bool ready = page->ready;
	board_release(site.board, page);
	return ready;
}

bool site_is_settled(void)
{
	site_turn();
	const struct page *page = board_take(site.board);
	bool settled = page->settled;
	board_release(site.board, page);
	return settled;
}

const char *site_why(void)
{
	site_turn();
	const struct page *page = board_take(site.board);
	const char *why = keep(page->why);
	board_release(site.board, page);
	return why;
}

/* ---- calls ---- */

int site_call(const char *name)
{
	static const char input[] = "{\"id\": 1}";
	struct document *document = NULL;
	flume_binding *binding = flume_factory_dup_binding(site.factory, name);
	site.err.code = 0;
	if (!binding)
		return flume_fail(&site.err, FLUME_NOT_FOUND, "no binding");
	ck_assert_int_eq(document_parse(&document, input, sizeof input - 1, NULL), 0);
	void *item = document;
	int rc = flume_binding_process(binding, NULL, &item, &site.err);
	char *text = document_dump(item, NULL);
	snprintf(site.output, sizeof site.output, "%s", text);
	free(text);
	document_free(item);
	flume_binding_unref(binding);
	return rc;
}

void site_call_times(const char *name, int n)
{
	while (n-- > 0)
		(void)site_call(name);
}

void site_made_by(const char *name, int mark)
{
	char part[32];
	snprintf(part, sizeof part, "\"made_by\":%d", mark);
	ck_assert_msg(site_call(name) == 0, "%s: %s", name, site.err.text);
	ck_assert_msg(strstr(site.output, part) != NULL, "%s has no %s", site.output, part);
}
