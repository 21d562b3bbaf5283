#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#define MS INT64_C(1000000)

START_TEST(a_copy_leaves_and_the_item_goes_on_untouched)
{
	ck_assert_int_eq(rig_run("{stream: box, child: {ref: inc}}", 7), 0);
	ck_assert_uint_eq(rig.n_sent, 1);
	ck_assert_int_eq(rig.sent[0], 7); /* sent before the child ran */
	ck_assert_int_eq(rig.item->value, 8);
	rig_left(""); /* and not with the marks of the channel */
}
END_TEST

START_TEST(what_follows_may_be_one_child_or_several_or_none)
{
	ck_assert_int_eq(rig_run("stream: box", 1), 0);
	rig_left("");
	ck_assert_int_eq(rig_run("{stream: box, child: {ref: a}}", 1), 0);
	rig_left("a");
	ck_assert_int_eq(rig_run("{stream: box, children: [{ref: a}, {ref: b}]}", 1), 0);
	rig_left("ab");
	ck_assert_uint_eq(rig.n_sent, 3);
}
END_TEST

START_TEST(in_a_canary_run_nothing_is_sent)
{
	struct flume_call call = {.flags = FLUME_CALL_CANARY};
	ck_assert_int_eq(rig_run_call("{stream: box, child: {ref: a}}", 1, &call), 0);
	ck_assert_uint_eq(rig.n_sent, 0);
	ck_assert_int_eq(rig.clones, 0);
	rig_left("a");
	ck_assert_int_eq(rig_run_call("{type: retry, child: {type: fallback, children: "
				      "[{stream: full}, {ref: fail}]}}",
				      1, &call),
			 0);
}
END_TEST

START_TEST(a_channel_that_fails_fails_the_node_and_names_itself)
{
	ck_assert_int_eq(rig_run("{stream: full, child: {ref: a}}", 1), FLUME_LIMITED);
	rig_left("");
	rig_failed_at("stream:full", "the queue is full");
}
END_TEST

START_TEST(a_channel_that_fails_in_silence_is_spoken_for)
{
	ck_assert_int_eq(rig_run("stream: mute", 1), FLUME_IO);
	rig_failed_at("stream:mute", "the channel failed: input/output error");
}
END_TEST

START_TEST(silence_of_a_channel_does_not_repeat_an_earlier_failure)
{
	ck_assert_int_eq(
		rig_run("{type: fallback, children: [{ref: fail}, {stream: mute}]}", 1),
		FLUME_IO);
	ck_assert_int_eq(rig_run("{type: fallback, children: [{ref: io}, {stream: mute}]}", 1),
			 FLUME_IO);
	rig_failed_at("fallback > stream:mute", "the channel failed: input/output error");
}
END_TEST

START_TEST(the_timeout_is_the_channels_deadline)
{
	ck_assert_int_eq(rig_run("{stream: box, stream_timeout: 5ms}", 1), 0);
	ck_assert_int_eq(rig.send_deadline_ns, rig.now_ns + 5 * MS);
	ck_assert_int_eq(rig_run("{stream: box}", 1), 0);
	ck_assert_int_eq(rig.send_deadline_ns, 0);
	struct flume_call call = {.deadline_ns = rig.now_ns + 2 * MS};
	ck_assert_int_eq(rig_run_call("{stream: box, stream_timeout: 5ms}", 1, &call), 0);
	ck_assert_int_eq(rig.send_deadline_ns, call.deadline_ns);
}
END_TEST

START_TEST(the_longest_timeout_there_is_does_not_overflow)
{
	ck_assert_int_eq(rig_run("{stream: box, stream_timeout: 2562047h47m16.854775807s}", 1),
			 0);
	ck_assert_int_gt(rig.send_deadline_ns, rig.now_ns);
}
END_TEST

START_TEST(a_failure_behind_a_stream_tells_the_way)
{
	ck_assert_int_eq(rig_run("{stream: box, children: [{ref: a}, {ref: fail}]}", 1),
			 FLUME_FAILED);
	rig_failed_at("stream:box > fail", "no to 1");
}
END_TEST

START_TEST(an_item_dropped_behind_a_stream_is_dropped)
{
	ck_assert_int_eq(rig_run("{stream: box, children: [{ref: drop}, {ref: fail}]}", 1),
			 FLUME_DROPPED);
	ck_assert_uint_eq(rig.n_sent, 1);
}
END_TEST

START_TEST(an_item_that_cannot_be_cloned_is_not_sent)
{
	rig.fail_clone = 1;
	ck_assert_int_eq(rig_run("{stream: box, child: {ref: a}}", 1), FLUME_NOMEM);
	ck_assert_uint_eq(rig.n_sent, 0);
	rig_left("");
}
END_TEST

Suite *suite_connector_stream(void)
{
	Suite *suite = suite_create("connector_stream");
	TCase *tc = rig_case(suite, "stream");
	tcase_add_test(tc, a_copy_leaves_and_the_item_goes_on_untouched);
	tcase_add_test(tc, what_follows_may_be_one_child_or_several_or_none);
	tcase_add_test(tc, in_a_canary_run_nothing_is_sent);
	tcase_add_test(tc, a_channel_that_fails_fails_the_node_and_names_itself);
	tcase_add_test(tc, a_channel_that_fails_in_silence_is_spoken_for);
	tcase_add_test(tc, silence_of_a_channel_does_not_repeat_an_earlier_failure);
	tcase_add_test(tc, the_timeout_is_the_channels_deadline);
	tcase_add_test(tc, the_longest_timeout_there_is_does_not_overflow);
	tcase_add_test(tc, a_failure_behind_a_stream_tells_the_way);
	tcase_add_test(tc, an_item_dropped_behind_a_stream_is_dropped);
	tcase_add_test(tc, an_item_that_cannot_be_cloned_is_not_sent);
	return suite;
}
