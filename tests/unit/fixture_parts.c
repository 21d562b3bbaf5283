/* The components that every rig knows. */
#include "tests/unit/fixture.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static void mark(struct item *item, char letter)
{
	size_t n = strlen(item->marks);
	if (n + 1 < sizeof item->marks)
		item->marks[n] = letter;
}

static int run_mark(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)err;
	mark(*item, *(const char *)arg);
	return FLUME_OK;
}

static int run_inc(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	((struct item *)*item)->value++;
	return FLUME_OK;
}

static int run_fail(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)arg;
	struct item *it = *item;
	mark(it, 'F');
	return flume_fail(err, FLUME_FAILED, "no to %ld", it->value);
}

static int run_flaky(const struct flume_call *call, void **item, void *arg,
		     struct flume_err *err)
{
	(void)call, (void)arg;
	struct item *it = *item;
	mark(it, 'f');
	if (rig.fails_left-- > 0)
		return flume_fail(err, FLUME_FAILED, "not yet");
	return FLUME_OK;
}

static int run_io(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item, (void)arg;
	return flume_fail(err, FLUME_IO, "the disk is gone");
}

/* Replaces the item before it fails, as a step may. */
static int run_swap_fail(const struct flume_call *call, void **item, void *arg,
			 struct flume_err *err)
{
	(void)call, (void)arg;
	rig_free_item(*item);
	*item = rig_item(-1);
	return flume_fail(err, FLUME_FAILED, "swapped and failed");
}

static int run_replace(const struct flume_call *call, void **item, void *arg,
		       struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	struct item *next = rig_item(((struct item *)*item)->value + 100);
	rig_free_item(*item);
	*item = next;
	return FLUME_OK;
}

static int run_drop(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	mark(*item, 'D');
	return FLUME_DROPPED;
}

static int run_silent(const struct flume_call *call, void **item, void *arg,
		      struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	return FLUME_FAILED;
}

static int run_odd(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	return 7;
}

static int run_pass_time(const struct flume_call *call, void **item, void *arg,
			 struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	rig.now_ns += 1000000; /* a millisecond */
	return FLUME_OK;
}

static int run_gate(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	mark(*item, 'g');
	rig.at_gate++;
	while (!rig.gate_open)
		sched_yield();
	rig.at_gate--;
	return FLUME_OK;
}

static int run_cancel(const struct flume_call *call, void **item, void *arg,
		      struct flume_err *err)
{
	(void)item, (void)arg, (void)err;
	flume_cancel_request(call->cancel);
	return FLUME_OK;
}

static bool test_true(const struct flume_call *call, const void *item, void *arg)
{
	(void)call, (void)item;
	return arg != NULL;
}

static bool test_even(const struct flume_call *call, const void *item, void *arg)
{
	(void)call, (void)arg;
	return ((const struct item *)item)->value % 2 == 0;
}

static const char *pick_value(const struct flume_call *call, const void *item, void *arg,
			      char scratch[256])
{
	(void)call, (void)arg;
	snprintf(scratch, 256, "%ld", ((const struct item *)item)->value);
	return scratch;
}

static const char *pick_word(const struct flume_call *call, const void *item, void *arg,
			     char scratch[256])
{
	(void)call, (void)item, (void)arg, (void)scratch;
	return rig.word;
}

static void note(const struct flume_err *why, const struct item *item)
{
	rig.handled = *why;
	memcpy(rig.handled_marks, item->marks, sizeof rig.handled_marks);
}

static void handle_recover(const struct flume_call *call, struct flume_err *why, void **item,
			   void *arg)
{
	(void)call, (void)arg;
	note(why, *item);
	why->code = 0;
}

static void handle_turn(const struct flume_call *call, struct flume_err *why, void **item,
			void *arg)
{
	(void)call, (void)arg;
	note(why, *item);
	flume_fail(why, rig.handle_code, "turned");
}

static void handle_leave(const struct flume_call *call, struct flume_err *why, void **item,
			 void *arg)
{
	(void)call, (void)arg;
	note(why, *item);
}

static int send_box(const struct flume_call *call, void *item, void *arg, struct flume_err *err)
{
	(void)arg, (void)err;
	rig.send_deadline_ns = call->deadline_ns;
	if (rig.n_sent < RIG_MOST)
		rig.sent[rig.n_sent++] = ((struct item *)item)->value;
	mark(item, 'S');
	rig_free_item(item);
	return FLUME_OK;
}

static int send_full(const struct flume_call *call, void *item, void *arg,
		     struct flume_err *err)
{
	(void)arg;
	rig.send_deadline_ns = call->deadline_ns;
	rig_free_item(item);
	return flume_fail(err, FLUME_LIMITED, "the queue is full");
}

static int send_silent(const struct flume_call *call, void *item, void *arg,
		       struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	rig_free_item(item);
	return FLUME_IO;
}

static int merge_nothing(const struct flume_call *call, void **item,
			 const struct flume_result *results, size_t n, void *arg,
			 struct flume_err *err)
{
	(void)call, (void)item, (void)results, (void)n, (void)arg, (void)err;
	return FLUME_OK;
}

static char letters[] = "abcd";

const struct flume_component rig_parts[] = {
	{.name = "a", .run = run_mark, .arg = &letters[0]},
	{.name = "b", .run = run_mark, .arg = &letters[1]},
	{.name = "c", .run = run_mark, .arg = &letters[2]},
	{.name = "d", .run = run_mark, .arg = &letters[3]},
	{.name = "inc", .run = run_inc},
	{.name = "fail", .run = run_fail},
	{.name = "io", .run = run_io},
	{.name = "flaky", .run = run_flaky},
	{.name = "swap-fail", .run = run_swap_fail},
	{.name = "replace", .run = run_replace},
	{.name = "drop", .run = run_drop},
	{.name = "silent", .run = run_silent},
	{.name = "odd", .run = run_odd},
	{.name = "pass-time", .run = run_pass_time},
	{.name = "cancel", .run = run_cancel},
	{.name = "gate", .run = run_gate},
	{.name = "blocking", .run = run_inc, .blocks = true},
	{.name = "yes", .test = test_true, .arg = letters},
	{.name = "no", .test = test_true},
	{.name = "even", .test = test_even},
	{.name = "slow-yes", .test = test_true, .arg = letters, .blocks = true},
	{.name = "value", .pick = pick_value},
	{.name = "word", .pick = pick_word},
	{.name = "recover", .handle = handle_recover},
	{.name = "turn", .handle = handle_turn},
	{.name = "leave", .handle = handle_leave},
	{.name = "box", .send = send_box},
	{.name = "full", .send = send_full},
	{.name = "mute", .send = send_silent},
	{.name = "nothing", .merge = merge_nothing},
	{0},
};
