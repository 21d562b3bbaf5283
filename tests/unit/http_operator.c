/* What an operator decides on a node: hold, release, clear, confirm. */
#include "tests/unit/http_fixture.h"
#include "tests/unit/suites.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FIRST  "version: \"1.0.0\"\nref: nap\n"
#define SECOND "version: \"2.0.0\"\nref: gate\n"
#define ADA    "{\"by\": \"ada\", \"why\": \"incident 42\"}"

static const struct reply *send_to(const char *method, const char *path, const char *body)
{
	return ASK(.method = method, .path = path, .body = body, .local = true);
}

START_TEST(what_is_held_is_not_changed_until_it_is_released)
{
	expect_status(put("a", FIRST), 204);
	expect_status(send_to("PUT", "/schemas/a/hold", ADA), 204);
	expect_problem(put("a", SECOND), 409, "pinned", "");
	expect_problem(send_to("DELETE", "/schemas/a", NULL), 409, "pinned", "");
	expect_status(send_to("DELETE", "/schemas/a/hold", NULL), 204);
	expect_problem(send_to("DELETE", "/schemas/a/hold", NULL), 404, "not-found",
		       "nothing is held");
	expect_status(put("a", SECOND), 204);
}
END_TEST

static bool engine_says(const char *words)
{
	const struct page *page = board_take(node.engine_board);
	bool found = strstr(page->status, words);
	board_release(node.engine_board, page);
	return found;
}

START_TEST(who_does_not_say_who_he_is_is_known_by_where_he_came_from)
{
	char by[64];
	snprintf(by, sizeof by, "\"by\": \"uid %lu\"", (unsigned long)getuid());
	expect_status(put("a", FIRST), 204);
	expect_status(send_to("PUT", "/schemas/a/hold", NULL), 204);
	for (int i = 0; i < 2000 && !engine_says(by); i++)
		usleep(5000);
	ck_assert_msg(engine_says(by), "nobody says %s", by);
}
END_TEST

START_TEST(all_can_be_held_at_once)
{
	expect_status(put("a", FIRST), 204);
	expect_status(send_to("PUT", "/freeze", ADA), 204);
	expect_problem(put("a", SECOND), 409, "frozen", "");
	expect_problem(put("b", FIRST), 409, "frozen", "");
	expect_status(send_to("DELETE", "/freeze", NULL), 204);
	expect_status(put("b", FIRST), 204);
}
END_TEST

START_TEST(there_is_nothing_to_clear_or_confirm_where_nothing_is_known)
{
	expect_problem(send_to("POST", "/schemas/a/clear", NULL), 404, "not-found", "'a'");
	expect_problem(send_to("POST", "/schemas/a/confirm", NULL), 404, "not-found", "'a'");
	expect_problem(send_to("POST", "/confirm", NULL), 404, "not-found", "no deletion");
}
END_TEST

START_TEST(what_was_refused_may_be_put_again_once_it_is_cleared)
{
	static const char picky[] =
		"version: \"2.0.0\"\n"
		"components: {processors: {mark: {kind: set, fields: {a: 1}}}}\n"
		"ref: mark\n"
		"canary: {cases: [{input: {}, expect: {a: 2}}]}\n";
	expect_problem(put("a", picky), 422, "canary", "expected 2, got 1");
	expect_problem(put("a", picky), 409, "known-bad", "");
	expect_status(send_to("POST", "/schemas/a/clear?all", ADA), 204);
	expect_problem(put("a", picky), 422, "canary", "expected 2, got 1");
}
END_TEST

START_TEST(the_body_is_a_note_or_nothing)
{
	static const char *const bodies[] = {"why not", "[]", "{\"by\": 1}"};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		expect_problem(send_to("PUT", "/freeze", bodies[i]), 400, "bad-note",
			       "who and why");
	expect_problem(send_to("DELETE", "/freeze", NULL), 404, "not-found", "");
	expect_problem(send_to("PUT", "/schemas/No/hold", ADA), 400, "bad-name", "'No'");
}
END_TEST

START_TEST(it_takes_the_right_to_write)
{
	static const struct ask asks[] = {
		{.method = "PUT", .path = "/freeze", .tcp = true},
		{.method = "DELETE", .path = "/freeze", .tcp = true},
		{.method = "PUT", .path = "/schemas/a/hold", .tcp = true},
		{.method = "DELETE", .path = "/schemas/a/hold", .tcp = true},
		{.method = "POST", .path = "/schemas/a/clear", .tcp = true},
		{.method = "POST", .path = "/schemas/a/confirm", .tcp = true},
		{.method = "POST", .path = "/confirm", .tcp = true},
	};
	for (size_t i = 0; i < sizeof asks / sizeof *asks; i++)
		expect_problem(ask(asks[i]), 403, "not-allowed", "bearer token");
}
END_TEST

START_TEST(other_methods_hear_which_there_are)
{
	const struct reply *reply = send_to("POST", "/schemas/a/hold", NULL);
	expect_problem(reply, 405, "bad-method", "");
	expect_header(reply, "Allow", "PUT, DELETE");
	expect_problem(send_to("GET", "/schemas/a/nothing", NULL), 404, "not-found", "");
}
END_TEST

START_TEST(a_schema_may_be_called_like_a_resource)
{
	expect_status(put("hold", FIRST), 204);
	expect_status(get("/schemas/hold"), 200);
	expect_status(send_to("PUT", "/schemas/hold/hold", ADA), 204);
	expect_problem(put("hold", SECOND), 409, "pinned", "");
}
END_TEST

Suite *suite_http_operator(void)
{
	Suite *suite = suite_create("http_operator");
	TCase *tcase = node_case(suite, "operator");
	tcase_add_test(tcase, what_is_held_is_not_changed_until_it_is_released);
	tcase_add_test(tcase, who_does_not_say_who_he_is_is_known_by_where_he_came_from);
	tcase_add_test(tcase, all_can_be_held_at_once);
	tcase_add_test(tcase, there_is_nothing_to_clear_or_confirm_where_nothing_is_known);
	tcase_add_test(tcase, what_was_refused_may_be_put_again_once_it_is_cleared);
	tcase_add_test(tcase, the_body_is_a_note_or_nothing);
	tcase_add_test(tcase, it_takes_the_right_to_write);
	tcase_add_test(tcase, other_methods_hear_which_there_are);
	tcase_add_test(tcase, a_schema_may_be_called_like_a_resource);
	return suite;
}
