#include "tests/unit/fixture.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rig rig;

static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- items ---- */

struct item *rig_item(long value)
{
	struct item *item = calloc(1, sizeof *item);
	if (!item)
		return NULL;
	item->value = value;
	rig.items++;
	return item;
}

static void *clone_item(const void *from)
{
	if (++rig.clones == rig.fail_clone)
		return NULL;
	struct item *item = rig_item(0);
	if (item)
		*item = *(const struct item *)from;
	return item;
}

void rig_free_item(void *item)
{
	if (item)
		rig.items--;
	free(item);
}

const struct flume_item_type rig_items = {"item", clone_item, rig_free_item};

/* ---- clock ---- */

static int64_t clock_now(void *arg)
{
	(void)arg;
	return rig.now_ns;
}

static int sleep_held(int64_t until_ns, flume_cancel *cancel)
{
	rig.asleep++;
	while (rig.now_ns < until_ns && !flume_cancel_requested(cancel))
		sched_yield();
	rig.asleep--;
	return flume_cancel_requested(cancel) ? FLUME_CANCELLED : FLUME_OK;
}

static int clock_sleep(void *arg, int64_t until_ns, flume_cancel *cancel)
{
	(void)arg;
	if (rig.held)
		return sleep_held(until_ns, cancel);
	if (rig.n_slept < RIG_MOST)
		rig.slept[rig.n_slept++] = until_ns - rig.now_ns;
	flume_cancel_request(rig.cancel_in_sleep);
	if (flume_cancel_requested(cancel))
		return FLUME_CANCELLED;
	if (until_ns > rig.now_ns)
		rig.now_ns = until_ns;
	return FLUME_OK;
}

const struct flume_clock rig_clock = {clock_now, clock_sleep, NULL};

static int hand_sleep(void *arg, int64_t until_ns, flume_cancel *cancel)
{
	(void)arg;
	return sleep_held(until_ns, cancel);
}

const struct flume_clock rig_hand_clock = {clock_now, hand_sleep, NULL};

/* ---- the rig ---- */

static void count_done(void *arg)
{
	(void)arg;
	rig.done++;
}

void rig_add(const struct flume_component *given)
{
	struct flume_component row = *given;
	struct flume_err err = {0};
	if (!row.done)
		row.done = count_done;
	rig.added += row.done == count_done;
	ck_assert_msg(flume_factory_add(rig.factory, &row, &err) == 0, "%s", err.text);
}

void rig_open_with(const struct flume_options *options, bool prompt)
{
	static const struct rig fresh;
	memcpy(&rig, &fresh, sizeof rig);
	rig.now_ns = 1000;
	rig.report = flume_report_new();
	ck_assert_ptr_nonnull(rig.report);
	ck_assert_int_eq(flume_factory_new(&rig.factory, options, NULL), 0);
	for (const struct flume_component *it = rig_parts; it->name; it++) {
		struct flume_component part = *it;
		part.prompt = prompt;
		rig_add(&part);
	}
}

void rig_open(void)
{
	const struct flume_options options = {.type = &rig_items, .clock = &rig_clock};
	rig_open_with(&options, false);
}

void rig_close(void)
{
	rig_free_item(rig.item);
	rig.item = NULL;
	rig.factory = flume_factory_free(rig.factory);
	rig.report = flume_report_free(rig.report);
	ck_assert_int_eq(rig.items, 0);
	ck_assert_int_eq(rig.done, rig.added);
	ck_assert_int_eq(rig.unmade, rig.made);
}

TCase *rig_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, rig_open, rig_close);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return tc;
}

/* ---- schemas ---- */

static void renew_report(void)
{
	flume_report_free(rig.report);
	rig.report = flume_report_new();
	ck_assert_ptr_nonnull(rig.report);
}

flume_schema *rig_schema(const char *yaml)
{
	flume_schema *schema = NULL;
	flume_report *report = flume_report_new();
	int rc = flume_schema_parse(&schema, yaml, strlen(yaml), FLUME_YAML, NULL, report);
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	ck_assert_msg(rc == 0, "%s: %s", issue ? issue->text : "", yaml);
	flume_report_free(report);
	return schema;
}

int rig_check(const char *yaml)
{
	flume_schema *schema = rig_schema(yaml);
	renew_report();
	int rc = flume_schema_check(schema, rig.factory, rig.report);
	flume_schema_unref(schema);
	return rc;
}

int rig_set(const char *id, const char *yaml)
{
	flume_schema *schema = rig_schema(yaml);
	renew_report();
	int rc = flume_factory_set_schema(rig.factory, id, schema, rig.report);
	flume_factory_settle(rig.factory);
	flume_schema_unref(schema);
	return rc;
}

static void describe(const struct flume_issue *it, char *out, size_t size)
{
	snprintf(out, size, "%u:%u: %s: %s [%s]%s%s%s", it->line, it->column, it->path,
		 it->text, it->code, it->hint ? " (" : "", it->hint ? it->hint : "",
		 it->hint ? ")" : "");
}

int rig_declare(const char *yaml)
{
	flume_value *components = NULL;
	ck_assert_int_eq(
		flume_value_parse(&components, yaml, strlen(yaml), FLUME_YAML, NULL, NULL), 0);
	renew_report();
	return flume_factory_take_declared(rig.factory, components, rig.report);
}

/* All findings on lines of their own; lives until the next call. */
static const char *all_findings(void)
{
	static char all[4096];
	char one[1024];
	all[0] = '\0';
	for (size_t i = 0; i < flume_report_size(rig.report); i++) {
		describe(flume_report_get_issue(rig.report, i), one, sizeof one);
		if (strlen(all) + strlen(one) + 2 < sizeof all)
			strcat(strcat(all, "\n"), one);
	}
	return all;
}

void rig_found(const char *finding)
{
	char one[1024];
	for (size_t i = 0; i < flume_report_size(rig.report); i++) {
		describe(flume_report_get_issue(rig.report, i), one, sizeof one);
		if (!strcmp(one, finding))
			return;
	}
	ck_abort_msg("expected\n%s\nfound%s", finding, all_findings());
}

void rig_must_set(const char *id, const char *yaml)
{
	int rc = rig_set(id, yaml);
	ck_assert_msg(rc == 0, "%s: %s%s", id, flume_code_text(rc), all_findings());
}

void rig_refuses(const char *id, const char *yaml, const char *finding)
{
	int rc = rig_set(id, yaml);
	ck_assert_msg(rc == FLUME_REJECTED, "%s: %s%s", id, flume_code_text(rc),
		      all_findings());
	rig_found(finding);
}

/* ---- runs ---- */

static void begin_run(long value)
{
	rig_free_item(rig.item);
	rig.item = rig_item(value);
	rig.err = (struct flume_err){0};
}

int rig_run_call(const char *yaml, long value, const struct flume_call *call)
{
	flume_pipeline *pipeline = NULL;
	flume_schema *schema = rig_schema(yaml);
	renew_report();
	int rc = flume_schema_build(schema, rig.factory, &pipeline, rig.report);
	ck_assert_msg(rc == 0, "%s%s", flume_code_text(rc), all_findings());
	flume_schema_unref(schema); /* the pipeline holds what it needs */
	begin_run(value);
	void *item = rig.item;
	rc = flume_pipeline_process(pipeline, call, &item, &rig.err);
	rig.item = item;
	flume_pipeline_unref(pipeline);
	return rc;
}

int rig_run(const char *yaml, long value)
{
	return rig_run_call(yaml, value, NULL);
}

int rig_process(const char *id, long value)
{
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, id, id, 0, &binding, &rig.err), 0);
	begin_run(value);
	void *item = rig.item;
	int rc = flume_binding_process(binding, NULL, &item, &rig.err);
	rig.item = item;
	flume_binding_unref(binding);
	return rc;
}

static void *fly(void *arg)
{
	struct flight *flight = arg;
	void *item = flight->item;
	flight->rc = flume_binding_process(flight->binding, NULL, &item, NULL);
	flight->item = item;
	return NULL;
}

void rig_take_off(struct flight *flight, const char *id)
{
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(rig.factory, id, id, 0, &binding, NULL), 0);
	rig_take_off_in(flight, binding);
}

void rig_take_off_in(struct flight *flight, flume_binding *binding)
{
	int before = rig.at_gate;
	rig.gate_open = false;
	*flight = (struct flight){.item = rig_item(1), .binding = binding};
	ck_assert_int_eq(pthread_create(&flight->thread, NULL, fly, flight), 0);
	while (rig.at_gate == before)
		sched_yield();
}

int rig_land(struct flight *flight)
{
	rig.gate_open = true;
	pthread_join(flight->thread, NULL);
	flume_binding_unref(flight->binding);
	rig_free_item(rig.item);
	rig.item = flight->item;
	return flight->rc;
}

void rig_left(const char *marks)
{
	ck_assert_ptr_nonnull(rig.item);
	ck_assert_str_eq(rig.item->marks, marks);
}

void rig_failed_at(const char *path, const char *text)
{
	ck_assert_str_eq(rig.err.path, path);
	ck_assert_str_eq(rig.err.text, text);
}

/* ---- events ---- */

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

void rig_write_down(const struct flume_event *event, void *arg)
{
	(void)arg;
	pthread_mutex_lock(&seen_lock);
	if (rig.n_seen < RIG_EVENTS) {
		struct seen *it = &rig.seen[rig.n_seen];
		it->kind = event->kind;
		it->generation = event->generation;
		it->duration_ns = event->duration_ns;
		it->code = event->err ? event->err->code : 0;
		it->by_call = event->call;
		it->call_id = event->call ? event->call->id : 0;
		copy(it->name, sizeof it->name, event->name);
		copy(it->schema_id, sizeof it->schema_id, event->schema_id);
		copy(it->version, sizeof it->version, event->version);
		copy(it->old_version, sizeof it->old_version, event->old_version);
		copy(it->path, sizeof it->path, event->err ? event->err->path : "");
		rig.n_seen++;
	}
	pthread_mutex_unlock(&seen_lock);
}

int rig_listen(void)
{
	int ticket = flume_factory_listen(rig.factory, rig_write_down, NULL);
	ck_assert_int_gt(ticket, 0);
	return ticket;
}

size_t rig_saw(enum flume_event_kind kind, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < rig.n_seen; i++)
		n += rig.seen[i].kind == kind && !strcmp(rig.seen[i].name, name);
	return n;
}

const struct seen *rig_last(enum flume_event_kind kind)
{
	for (size_t i = rig.n_seen; i-- > 0;)
		if (rig.seen[i].kind == kind)
			return &rig.seen[i];
	ck_abort_msg("no event %s", flume_event_name(kind));
	return NULL;
}

void rig_told(const char *names)
{
	char all[4096] = "";
	for (size_t i = 0; i < rig.n_seen; i++) {
		const char *name = flume_event_name(rig.seen[i].kind);
		ck_assert_uint_lt(strlen(all) + strlen(name) + 2, sizeof all);
		strcat(strcat(all, i ? " " : ""), name);
	}
	ck_assert_str_eq(all, names);
	rig.n_seen = 0;
}

/* ---- changes ---- */

flume_change *rig_prepared(const char *id, const char *yaml)
{
	flume_change *change = NULL;
	flume_schema *schema = rig_schema(yaml);
	ck_assert_int_eq(flume_factory_prepare(rig.factory, id, schema, &change, NULL), 0);
	flume_schema_unref(schema);
	return change;
}

const char *rig_stored_version(const char *id)
{
	static char version[32];
	flume_schema *schema = flume_factory_dup_schema(rig.factory, id);
	version[0] = '\0';
	if (schema)
		strncat(version, flume_schema_get_version(schema), sizeof version - 1);
	flume_schema_unref(schema);
	return version;
}
