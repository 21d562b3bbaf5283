/* Tokens of a bucket whose rate is set anew. */
#include "tests/unit/state_fixture.h"
#include "tests/unit/suites.h"

static void call_sleeps(int64_t ns)
{
	size_t before = rig.n_slept;
	ck_assert_int_eq(state_call("s"), 0);
	ck_assert_uint_eq(rig.n_slept, before + 1);
	ck_assert_int_eq(rig.slept[before], ns);
}

START_TEST(tokens_stay_when_the_rate_changes)
{
	state_set(LIMIT("requests_per_second: 1, burst_size: 10"));
	state_calls_at_once(6);
	state_set(LIMIT("requests_per_second: 1000, burst_size: 10"));
	state_calls_at_once(4);
	call_sleeps(MS);
	state_set(LIMIT("requests_per_second: 0.5, burst_size: 10"));
	call_sleeps(2 * SECOND);
}
END_TEST

START_TEST(tokens_are_cut_to_the_new_burst_and_not_made_up_for_it)
{
	state_set(LIMIT("requests_per_second: 1, burst_size: 10"));
	state_calls_at_once(3);
	state_set(LIMIT("requests_per_second: 1, burst_size: 2"));
	state_calls_at_once(2);
	call_sleeps(SECOND);
	state_set(LIMIT("requests_per_second: 1, burst_size: 10"));
	call_sleeps(SECOND);
	rig.now_ns += 60 * SECOND;
	state_calls_at_once(10);
	call_sleeps(SECOND);
}
END_TEST

START_TEST(half_a_token_is_half_a_token_at_any_rate)
{
	state_set(LIMIT("requests_per_second: 1"));
	state_calls_at_once(1);
	rig.now_ns += SECOND / 2;
	state_set(LIMIT("requests_per_second: 10"));
	call_sleeps(50 * MS);
}
END_TEST

START_TEST(a_strict_limit_that_is_loosened_keeps_nobody_waiting)
{
	state_set(LIMIT("requests_per_second: 0.0001"));
	state_calls_at_once(1);
	state_set(LIMIT("requests_per_second: 100"));
	call_sleeps(10 * MS);
}
END_TEST

START_TEST(the_rate_of_a_candidate_is_not_in_force)
{
	flume_change *change = NULL;
	flume_schema *schema = rig_schema(LIMIT("requests_per_second: 1000"));
	state_set(LIMIT("requests_per_second: 1"));
	state_calls_at_once(1);
	ck_assert_int_eq(flume_factory_prepare(rig.factory, "s", schema, &change, NULL), 0);
	call_sleeps(SECOND);
	flume_change_free(change);
	call_sleeps(SECOND);
	flume_schema_unref(schema);
}
END_TEST

START_TEST(a_rejected_schema_changes_no_rate)
{
	state_set(LIMIT("requests_per_second: 1"));
	state_calls_at_once(1);
	ck_assert_int_eq(rig_set("s", "{type: sequence, children: [{ref: nobody}, " LIMIT(
					      "requests_per_second: 1000") "]}"),
			 FLUME_REJECTED);
	call_sleeps(SECOND);
}
END_TEST

Suite *suite_state_rate(void)
{
	Suite *suite = suite_create("state_rate");
	TCase *tc = rig_case(suite, "tokens");
	tcase_add_test(tc, tokens_stay_when_the_rate_changes);
	tcase_add_test(tc, tokens_are_cut_to_the_new_burst_and_not_made_up_for_it);
	tcase_add_test(tc, half_a_token_is_half_a_token_at_any_rate);
	tcase_add_test(tc, a_strict_limit_that_is_loosened_keeps_nobody_waiting);
	tcase_add_test(tc, the_rate_of_a_candidate_is_not_in_force);
	tcase_add_test(tc, a_rejected_schema_changes_no_rate);
	return suite;
}
