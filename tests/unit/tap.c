/* Live documents for whoever listens: which are shown, what is hidden, and that nobody waits for it. */
#include "agent/tap/tap.h"

#include "agent/tap/choose.h"
#include "agent/tap/veil.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/suites.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

/* ---- which calls ---- */

START_TEST(a_share_is_met_and_spread)
{
	const double shares[] = {0.001, 0.01, 0.25, 0.9};
	for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
		int n = 0, first = 0;
		for (uint64_t i = 0; i < 200000; i++) {
			bool in = choose_nth(i, shares[s]);
			n += in;
			first += in && i < 100000;
		}
		double wanted = 200000 * shares[s], off = 5 * sqrt(wanted) + 1;
		ck_assert_msg(fabs(n - wanted) < off, "%d of %g", n, wanted);
		ck_assert_msg(fabs(first - wanted / 2) < off, "%d of %g", first, wanted / 2);
	}
	ck_assert(choose_nth(7, 1));
}
END_TEST

START_TEST(a_rate_is_the_most_over_any_time)
{
	struct choose_rate r;
	int n = 0;
	choose_rate_init(&r, 10, 0);
	for (int64_t t = 0; t < 10 * SECOND; t += SECOND / 1000)
		n += choose_rate_take(&r, t);
	ck_assert_int_ge(n, 105);
	ck_assert_int_le(n, 110); /* ten at once, then ten a second */
	choose_rate_init(&r, 0.5, 0);
	ck_assert(choose_rate_take(&r, 0));
	ck_assert(!choose_rate_take(&r, SECOND));
	ck_assert(!choose_rate_take(&r, SECOND / 2)); /* a clock that went back */
	ck_assert(choose_rate_take(&r, 2 * SECOND));
	ck_assert(choose_rate_take(&r, 1000 * SECOND));
	ck_assert(!choose_rate_take(&r, 1000 * SECOND)); /* no more than it holds */
}
END_TEST

/* ---- what is hidden ---- */

static struct veil veil, nothing;

static void expect_veiled(const char *json, const char *shown)
{
	struct text out = {0};
	bool hid = veil_write(&veil, &nothing, json, strlen(json), &out);
	ck_assert_str_eq(out.s, shown);
	ck_assert_int_eq(hid, strstr(shown, "***") != NULL);
	text_fini(&out);
}

static void hide(const char *path)
{
	ck_assert_int_eq(veil_add_list(&veil, path, NULL), 0);
}

START_TEST(what_lies_at_a_path_is_hidden)
{
	hide("customer.email,a\\,b,items[0].sku");
	hide("card");
	expect_veiled("{\"customer\":{\"email\":\"x@y\",\"id\":1.50},\"a,b\":[1,{\"c\":2}],"
		      "\"items\":[{\"sku\":1},{\"sku\":2}],\"card\":{\"no\":1}}",
		      "{\"customer\":{\"email\":\"***\",\"id\":1.50},\"a,b\":\"***\","
		      "\"items\":[{\"sku\":\"***\"},{\"sku\":2}],\"card\":\"***\"}");
	expect_veiled(
		"{\"email\":1,\"customer\":2,\"x\":{\"card\":3,\"customer\":{\"email\":4}}}",
		"{\"email\":1,\"customer\":2,\"x\":{\"card\":3,\"customer\":{\"email\":4}}}");
	expect_veiled("[true,null,\"\\u00e4\\\"\",1e400,123456789012345678901234567890]",
		      "[true,null,\"ä\\\"\",1e400,123456789012345678901234567890]");
	veil_fini(&veil);
}
END_TEST

START_TEST(keys_are_looked_for_in_every_element)
{
	hide("customers.email,[1],deep.x");
	expect_veiled("{\"customers\":[{\"email\":1},[{\"email\":2,\"a\":3}]],\"deep\":[[[{"
		      "\"x\":1}]]]}",
		      "{\"customers\":[{\"email\":\"***\"},[{\"email\":\"***\",\"a\":3}]],"
		      "\"deep\":[[[{\"x\":\"***\"}]]]}");
	expect_veiled("[1,{\"a\":2},3]", "[1,\"***\",3]");
	expect_veiled("[{\"customers\":{\"email\":1}}]",
		      "[{\"customers\":{\"email\":\"***\"}}]");
	veil_fini(&veil);
}
END_TEST

START_TEST(what_cannot_be_looked_through_is_hidden)
{
	char deep[1202];
	memset(deep, '[', 600);
	memset(deep + 600, ']', 600);
	deep[1200] = '\0';
	expect_veiled(deep, "\"***\"");
	expect_veiled("{\"a\":\"x\\u0000y\"}", "\"***\"");
	expect_veiled("{\"a\":", "\"***\"");
}
END_TEST

START_TEST(a_wrong_path_is_refused)
{
	struct flume_err err = {0};
	ck_assert_int_eq(veil_add_list(&veil, "a,b[", &err), FLUME_INVALID);
	expect_within(err.text, "'b[' is not a path: column 3");
	veil_fini(&veil);
	for (int i = 0; i < VEIL_PATHS; i++)
		hide("a");
	ck_assert_int_eq(veil_add(&veil, "a", &err), FLUME_INVALID);
	veil_fini(&veil);
	for (long n = 1;; n++) {
		memory_fails_at(n);
		int rc = veil_add_list(&veil, "a.b,c", NULL);
		bool failed = memory_is_back();
		veil_fini(&veil);
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		if (!failed)
			break;
	}
}
END_TEST

/* ---- a node and its listeners ---- */

static struct taps taps;
static atomic_int woken;
static struct text shown;

static void on_wake(void *arg)
{
	(void)arg;
	woken++;
}

static void open_node(void)
{
	static const char *const redact[] = {"secret", NULL};
	memset(&taps, 0, sizeof taps);
	woken = 0;
	ck_assert_int_eq(taps_init(&taps, redact, NULL), 0);
}

static void close_node(void)
{
	text_fini(&shown);
	taps_fini(&taps);
}

static struct tap_wish everything(void)
{
	return (struct tap_wish){.name = "pay",
				 .share = 1,
				 .rate = 10000,
				 .outcomes = TAP_ANY,
				 .input = true,
				 .output = true,
				 .wake = on_wake};
}

static struct tap *listen_to(struct tap_wish wish)
{
	struct tap *tap = NULL;
	ck_assert_int_eq(tap_open(&tap, &taps, &wish, NULL), 0);
	return tap;
}

static void call(const char *name, const char *input, int result)
{
	struct document *d = read_document("{\"out\":1,\"secret\":2}");
	const struct flume_err err = {result, "pay > check", "card 4711 is wrong"};
	taps_offer(&taps, &(struct tap_call){.name = name,
					     .version = "1.2.0",
					     .request = "r1",
					     .generation = 3,
					     .result = result,
					     .err = &err,
					     .took_ns = 1500000,
					     .input = input,
					     .input_len = strlen(input),
					     .output = d});
	document_free(d);
}

/* What has come since the last time; "" for nothing. */
static const char *take(struct tap *tap)
{
	text_fini(&shown);
	tap_take(tap, &shown);
	return shown.s ? shown.s : "";
}

START_TEST(nobody_is_wanted_until_somebody_listens)
{
	ck_assert(!taps_wanted(&taps));
	struct tap *tap = listen_to(everything());
	ck_assert(taps_wanted(&taps));
	ck_assert_ptr_null(tap_close(tap));
	ck_assert(!taps_wanted(&taps));
	call("pay", "{}", 0);
	ck_assert_int_eq(woken, 0);
}
END_TEST

START_TEST(a_call_is_a_line)
{
	struct tap *tap = listen_to(everything());
	call("pay", "{\"id\":7,\"secret\":\"x\"}", 0);
	call("other", "{}", 0);
	ck_assert_int_eq(woken, 1);
	const char *line = take(tap);
	expect_within(line, "\",\"pipeline\":\"pay\",\"version\":\"1.2.0\",\"generation\":3,"
			    "\"request\":\"r1\",\"outcome\":\"ok\",\"ms\":1.500,"
			    "\"input\":{\"id\":7,\"secret\":\"***\"},"
			    "\"output\":{\"out\":1,\"secret\":\"***\"}}\n");
	ck_assert_ptr_null(strstr(line, "other"));
	ck_assert_str_eq(take(tap), "");
	tap_close(tap);
}
END_TEST

START_TEST(a_failure_tells_why_unless_that_could_tell_a_secret)
{
	struct tap *tap = listen_to(everything());
	call("pay", "{\"id\":7}", FLUME_FAILED);
	expect_within(take(tap), "\"outcome\":\"failed\",\"ms\":1.500,\"error\":{\"code\":\"");
	expect_within(shown.s, "\"step\":\"pay > check\",\"text\":\"card 4711 is wrong\"},"
			       "\"input\":{\"id\":7}}\n");
	call("pay", "{\"secret\":4711}", FLUME_FAILED);
	expect_within(take(tap), "\"step\":\"pay > check\"},\"input\":{\"secret\":\"***\"}}\n");
	ck_assert_ptr_null(strstr(shown.s, "4711"));
	tap_close(tap);
	struct tap_wish wish = everything();
	wish.input = false; /* what is not shown may be told all the same */
	tap = listen_to(wish);
	call("pay", "{\"secret\":4711}", FLUME_FAILED);
	expect_within(take(tap), "\"step\":\"pay > check\"}}\n");
	tap_close(tap);
}
END_TEST

START_TEST(the_node_s_list_is_never_shorter)
{
	struct tap_wish wish = everything();
	wish.redact = "id,out";
	struct tap *tap = listen_to(wish);
	call("pay", "{\"id\":7,\"secret\":\"x\"}", 0);
	expect_within(take(tap), "\"input\":{\"id\":\"***\",\"secret\":\"***\"},"
				 "\"output\":{\"out\":\"***\",\"secret\":\"***\"}}\n");
	tap_close(tap);
}
END_TEST

START_TEST(only_some_outcomes_and_some_documents)
{
	struct tap_wish wish = everything();
	wish.outcomes = TAP_DROPPED | TAP_FAILED;
	wish.output = false;
	struct tap *tap = listen_to(wish);
	call("pay", "{}", 0);
	ck_assert_str_eq(take(tap), "");
	call("pay", "{}", FLUME_DROPPED);
	expect_within(take(tap), "\"outcome\":\"dropped\",\"ms\":1.500,\"input\":{}}\n");
	tap_close(tap);
}
END_TEST

START_TEST(it_ends_after_so_many)
{
	struct tap_wish wish = everything();
	struct text out = {0};
	wish.count = 2;
	struct tap *tap = listen_to(wish);
	call("pay", "{}", 0);
	ck_assert(tap_take(tap, &out));
	call("pay", "{}", 0);
	call("pay", "{}", 0);
	ck_assert(!tap_take(tap, &out));
	int lines = 0;
	for (const char *s = out.s; (s = strchr(s, '\n')); s++)
		lines++;
	ck_assert_int_eq(lines, 2);
	text_fini(&out);
	tap_close(tap);
}
END_TEST

START_TEST(a_large_document_is_told_by_its_length)
{
	struct tap *tap = listen_to(everything());
	char *large = malloc(70001);
	memset(large, ' ', 70000);
	memcpy(large, "{}", 2);
	large[70000] = '\0';
	call("pay", large, FLUME_FAILED);
	expect_within(take(tap),
		      "\"step\":\"pay > check\"},\"input\":null,\"input_bytes\":70000}\n");
	free(large);
	tap_close(tap);
}
END_TEST

START_TEST(what_is_over_the_rate_or_finds_no_room_is_counted)
{
	struct tap_wish wish = everything();
	wish.rate = 1;
	struct tap *tap = listen_to(wish), *full = listen_to(everything());
	char *large = malloc(60001);
	memset(large, ' ', 60000);
	memcpy(large, "{}", 2);
	large[60000] = '\0';
	for (int i = 0; i < 20; i++)
		call("pay", large, FLUME_DROPPED);
	ck_assert_int_eq(woken, 2); /* once each, until they come */
	take(tap);
	expect_within(shown.s, "{\"tap\":{\"lost\":0,\"over_rate\":19}}\n");
	take(full);
	expect_within(shown.s, "{\"tap\":{\"lost\":12,\"over_rate\":0}}\n");
	ck_assert_str_eq(take(full), ""); /* told once */
	call("pay", "{}", 0);
	expect_within(take(full), "\"outcome\":\"ok\"");
	free(large);
	tap_close(tap);
	tap_close(full);
}
END_TEST

START_TEST(places_are_few_and_end_with_the_node)
{
	struct tap *all[TAPS_MOST], *more = NULL;
	struct flume_err err = {0};
	struct tap_wish wish = everything();
	for (int i = 0; i < TAPS_MOST; i++)
		all[i] = listen_to(wish);
	ck_assert_int_eq(tap_open(&more, &taps, &wish, &err), FLUME_LIMITED);
	tap_close(all[3]);
	all[3] = listen_to(wish);
	taps_end(&taps);
	ck_assert_int_eq(woken, TAPS_MOST);
	ck_assert_int_eq(tap_open(&more, &taps, &wish, &err), FLUME_CANCELLED);
	for (int i = 0; i < TAPS_MOST; i++) {
		struct text out = {0};
		ck_assert(!tap_take(all[i], &out));
		text_fini(&out);
		tap_close(all[i]);
	}
}
END_TEST

START_TEST(memory_that_runs_out_is_said)
{
	struct tap_wish wish = everything();
	wish.redact = "a,b.c";
	for (long n = 1;; n++) {
		struct tap *tap = NULL;
		memory_fails_at(n);
		int rc = tap_open(&tap, &taps, &wish, NULL);
		bool failed = memory_is_back();
		ck_assert_int_eq(rc, failed ? FLUME_NOMEM : 0);
		tap_close(tap);
		if (!failed)
			break;
	}
	struct tap *tap = listen_to(wish);
	struct document *d = read_document("{}");
	const struct tap_call one = {.name = "pay", .input = "{}", .input_len = 2, .output = d};
	memory_fails_at(1);
	taps_offer(&taps, &one);
	memory_is_back();
	expect_within(take(tap), "{\"tap\":{\"lost\":1,\"over_rate\":0}}\n");
	document_free(d);
	tap_close(tap);
}
END_TEST

/* ---- many threads ---- */

static atomic_bool stop;
static atomic_int calls;

static void *keep_calling(void *arg)
{
	struct document *d = read_document("{\"out\":1}");
	(void)arg;
	while (!stop) {
		if (taps_wanted(&taps))
			taps_offer(&taps, &(struct tap_call){.name = "pay",
							     .version = "1",
							     .input = "{\"in\":1}",
							     .input_len = 8,
							     .output = d});
		calls++;
	}
	document_free(d);
	return NULL;
}

START_TEST(listeners_come_and_go_under_load)
{
	pthread_t threads[3];
	stop = false;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, keep_calling, NULL), 0);
	for (int i = 0; i < 60; i++) {
		struct tap *tap = listen_to(everything()), *other = listen_to(everything());
		size_t n = 0;
		for (int j = 0; j < 200 && !n; j++) {
			struct text out = {0};
			int before = calls;
			while (calls < before + 3)
				;
			tap_take(tap, &out);
			n += out.len;
			text_fini(&out);
		}
		ck_assert_uint_gt(n, 0);
		tap_close(other);
		tap_close(tap);
	}
	stop = true;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

Suite *suite_tap(void)
{
	Suite *suite = suite_create("tap");
	TCase *t = tcase_create("tap");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_node, close_node);
	tcase_add_test(t, a_share_is_met_and_spread);
	tcase_add_test(t, a_rate_is_the_most_over_any_time);
	tcase_add_test(t, what_lies_at_a_path_is_hidden);
	tcase_add_test(t, keys_are_looked_for_in_every_element);
	tcase_add_test(t, what_cannot_be_looked_through_is_hidden);
	tcase_add_test(t, a_wrong_path_is_refused);
	tcase_add_test(t, nobody_is_wanted_until_somebody_listens);
	tcase_add_test(t, a_call_is_a_line);
	tcase_add_test(t, a_failure_tells_why_unless_that_could_tell_a_secret);
	tcase_add_test(t, the_node_s_list_is_never_shorter);
	tcase_add_test(t, only_some_outcomes_and_some_documents);
	tcase_add_test(t, it_ends_after_so_many);
	tcase_add_test(t, a_large_document_is_told_by_its_length);
	tcase_add_test(t, what_is_over_the_rate_or_finds_no_room_is_counted);
	tcase_add_test(t, places_are_few_and_end_with_the_node);
	tcase_add_test(t, memory_that_runs_out_is_said);
	tcase_add_test(t, listeners_come_and_go_under_load);
	suite_add_tcase(suite, t);
	return suite;
}
