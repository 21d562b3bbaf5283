/*
 * Each allocation on the way of a change fails in turn: what ran runs on, nothing leaks (the
 * sanitizers look), and it is carried out all the same, at the latest when the source lists again
 * because it was told to.
 */
#include "tests/unit/engine_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include "agent/engine/note.h"

#include <stdio.h>
#include <string.h>

static int64_t revision = 10;

/* Texts are made beforehand, for that needs memory too. */
static const char *old_text, *new_text, *user_text;

static void turn_around(void)
{
	const char *text = old_text;
	old_text = new_text;
	new_text = text;
}

/* One mark or the other, and nothing in between. */
static void one_of_them_runs(void)
{
	ck_assert_int_eq(site_call("a"), 0);
	ck_assert(strstr(site.output, "\"made_by\":1}") ||
		  strstr(site.output, "\"made_by\":2}"));
}

static void prepare(void)
{
	old_text = marking("1.0.0", 1, SHORT_PROBATION);
	new_text = marking("1.1.0", 2, SHORT_PROBATION);
	site_put("a", ++revision, old_text);
	user_text = running("1.0.0", "a", NULL);
	site_put("b", ++revision, user_text);
	site_turn();
}

static const char *number(int64_t n)
{
	static char text[24];
	snprintf(text, sizeof text, "%lld", (long long)n);
	return text;
}

/* What a source does when its change was not taken in. */
static void list_if(int rc)
{
	if (rc)
		LIST(revision, {"a", revision, new_text}, {"b", 12, user_text});
}

START_TEST(a_change)
{
	bool failed = true;
	prepare();
	for (long nth = 1; failed; nth++) {
		memory_fails_at(nth);
		int rc = site_try_put("a", ++revision, new_text);
		failed = memory_is_back();
		one_of_them_runs();
		list_if(rc);
		site_until("a.wanted.revision", number(revision));
		site_until("a.running.version", strstr(new_text, "1.1.0") ? "1.1.0" : "1.0.0");
		turn_around();
	}
}
END_TEST

START_TEST(a_turn_of_the_loop)
{
	bool failed = true;
	prepare();
	for (long nth = 1; failed; nth++) {
		site_put("a", ++revision, new_text);
		memory_fails_at(nth);
		loop_step(site.loop, 0);
		loop_step(site.loop, 0);
		failed = memory_is_back();
		site_call_times("a", 5);
		loop_step(site.loop, 0);
		one_of_them_runs();
		turn_around();
	}
	site_turn();
	site_says_part("a.running.version", "1.");
}
END_TEST

static flume_binding *of_a;

/* Needs no memory. */
static bool runs(long n)
{
	struct flume_binding_info info;
	flume_binding_read(of_a, &info);
	return info.generation == (uint64_t)n;
}

/* Without documents neither has a verdict, and the change goes on. */
#define STAGES                                                                   \
	"shadow: {duration: 1ms, except: [made_by]}, live: {duration: 1ms, by: " \
	"id}, " SHORT_PROBATION

START_TEST(a_shadow_and_a_live_canary)
{
	bool failed = true;
	prepare();
	of_a = flume_factory_dup_binding(site.factory, "a");
	for (long nth = 1; failed; nth++) {
		char version[32];
		snprintf(version, sizeof version, "2.0.%ld", nth);
		const char *text = marking(version, 1 + nth % 2, STAGES);
		memory_fails_at(nth);
		int rc = site_try_put("a", ++revision, text);
		while (!memory_has_failed() && !runs(nth + 1))
			loop_step(site.loop, 20);
		failed = memory_is_back();
		one_of_them_runs();
		if (rc)
			LIST(revision, {"a", revision, text}, {"b", 12, user_text});
		site_until("a.running.version", version);
	}
	flume_binding_unref(of_a);
}
END_TEST

static flume_binding *binding;

/* Needs no memory. */
static uint64_t generation(void)
{
	struct flume_pipeline_info info;
	flume_pipeline *pipeline = flume_binding_dup_pipeline(binding);
	flume_pipeline_read(pipeline, &info);
	flume_pipeline_unref(pipeline);
	return info.generation;
}

START_TEST(a_rollback)
{
	bool failed = true;
	site.options.breaker_window_ns = 1; /* so many bad updates would open it */
	site_restart();
	prepare();
	binding = flume_factory_dup_binding(site.factory, "a");
	for (long nth = 1; failed; nth++) {
		char version[32];
		snprintf(version, sizeof version, "2.0.%ld", nth);
		site_put("a", ++revision, marking(version, 2, LONG_PROBATION));
		atomic_store(&site.failing, true);
		site_call_times("a", 5);
		uint64_t before = generation();
		memory_fails_at(nth);
		while (!memory_has_failed() && generation() == before)
			loop_step(site.loop, 20);
		failed = memory_is_back();
		atomic_store(&site.failing, false);
		site_until("a.running.version", "1.0.0");
		one_of_them_runs();
	}
	flume_binding_unref(binding);
}
END_TEST

START_TEST(a_deletion)
{
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		site_put("a", ++revision, marking("1.0.0", 1, NULL));
		memory_fails_at(nth);
		int rc = site_try_put("a", ++revision, NULL);
		failed = memory_is_back();
		if (rc)
			LIST_NOTHING(revision);
		site_says("a.state", "-");
	}
}
END_TEST

START_TEST(a_list)
{
	bool failed = true;
	old_text = marking("1.0.0", 1, NULL);
	for (long nth = 1; failed; nth++) {
		revision++;
		const struct site_key keys[] = {{"a", revision, old_text},
						{"b", revision, old_text}};
		site_list(revision++, keys, 2);
		memory_fails_at(nth);
		int rc = site_list(revision, keys, 1);
		failed = memory_is_back();
		if (rc)
			ck_assert_int_eq(site_list(revision, keys, 1), 0);
		site_says("a.state", "running");
		site_says("b.state", "-");
	}
}
END_TEST

START_TEST(a_start)
{
	bool failed = true;
	prepare();
	site_turn();
	site_turn();
	for (long nth = 1; failed; nth++) {
		site_stop();
		site_open_engine();
		memory_fails_at(nth);
		engine_boot(site.engine);
		failed = memory_is_back();
		revision++;
		LIST(revision, {"a", revision, old_text},
		     {"b", revision, running("1.0.0", "a", NULL)});
		site_made_by("b", 1);
	}
}
END_TEST

/* What a source does with an event that was not taken in. */
static void say_until_taken(enum engine_side kind, const char *text)
{
	const struct change change = {.name = "a",
				      .text = text,
				      .len = strlen(text),
				      .revision = revision,
				      .origin = "etcd",
				      .place = "a"};
	const struct sink *sink = &site.sides[kind];
	int rc = sink->batch(sink->arg, BATCH_EVENTS, &change, 1, revision);
	(void)memory_is_back();
	if (rc)
		ck_assert_int_eq(sink->batch(sink->arg, BATCH_LIST, &change, 1, revision), 0);
}

START_TEST(a_word_beside_the_schemas)
{
	static const struct {
		enum engine_side kind;
		const char *text;
	} words[] = {{ENGINE_PINS, "{\"by\": \"ada\"}"},
		     {ENGINE_CASES, "cases: [{input: {id: 1}, expect: {made_by: 1}}]"},
		     {ENGINE_CASES, "cases: [{inptu: {}}]"},
		     {ENGINE_CLEARS, "{\"by\": \"ada\"}"}};
	site_open_sides();
	prepare();
	for (long nth = 1; nth < 80; nth++) {
		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			revision++;
			memory_fails_at(nth);
			say_until_taken(words[i].kind, words[i].text);
			one_of_them_runs();
		}
		site_says("a.hold.by", "ada");
		site_says(".canaries.a.cases", "1");
		site_says_part(".canaries.a.error", "'input' is required");
		site_say(ENGINE_CASES, "a", ++revision, NULL);
		site_say(ENGINE_PINS, "a", ++revision, NULL);
	}
}
END_TEST

START_TEST(a_hold_on_this_node)
{
	static const struct note note = {.by = "ada"};
	prepare();
	for (long nth = 1; nth < 40; nth++) {
		memory_fails_at(nth);
		int rc = engine_hold(site.engine, "a", &note, NULL);
		(void)memory_is_back();
		if (rc != FLUME_NOMEM)
			site_says("a.hold.by", "ada");
		memory_fails_at(nth);
		(void)engine_release(site.engine, "a", &note, NULL);
		(void)memory_is_back();
		site_says("a.hold", "-");
		one_of_them_runs();
	}
}
END_TEST

START_TEST(an_engine)
{
	struct engine *engine;
	bool failed = true;
	for (long nth = 1; failed; nth++) {
		memory_fails_at(nth);
		int rc = engine_new(&engine, site.loop, site.factory, site.board, &site.options,
				    NULL);
		failed = memory_is_back();
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		if (!rc)
			engine_free(engine);
	}
}
END_TEST

Suite *suite_engine_memory(void)
{
	Suite *suite = suite_create("engine_memory");
	TCase *tcase = site_case(suite, "each allocation of");
	tcase_set_timeout(tcase, 240);
	tcase_add_test(tcase, a_change);
	tcase_add_test(tcase, a_shadow_and_a_live_canary);
	tcase_add_test(tcase, a_turn_of_the_loop);
	tcase_add_test(tcase, a_rollback);
	tcase_add_test(tcase, a_deletion);
	tcase_add_test(tcase, a_list);
	tcase_add_test(tcase, a_start);
	tcase_add_test(tcase, a_word_beside_the_schemas);
	tcase_add_test(tcase, a_hold_on_this_node);
	tcase_add_test(tcase, an_engine);
	return suite;
}
