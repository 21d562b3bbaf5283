#include "tests/unit/parallel.h"

#include <stdio.h>
#include <string.h>

struct parallel_rig parallel;

/* ---- parts ---- */

/* Waits until so many others do. */
static int run_meet(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	parallel.ran++;
	parallel.meeting++;
	UNTIL(parallel.meeting >= parallel.party);
	return FLUME_OK;
}

/* Waits until somebody stands in the gate, or may have passed it. */
static int run_after_gate(const struct flume_call *call, void **item, void *arg,
			  struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	UNTIL(rig.at_gate || rig.gate_open);
	return FLUME_OK;
}

/* On a worker it stands in the gate; the caller waits until one does, and has nothing to do then.
 */
static int run_apart(const struct flume_call *call, void **item, void *arg,
		     struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	if (pthread_equal(pthread_self(), parallel.caller)) {
		UNTIL(rig.at_gate);
		return FLUME_OK;
	}
	rig.at_gate++;
	UNTIL(rig.gate_open);
	rig.at_gate--;
	return FLUME_OK;
}

static int run_after_sleep(const struct flume_call *call, void **item, void *arg,
			   struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	UNTIL(rig.asleep);
	((struct item *)*item)->value++;
	return FLUME_OK;
}

static int run_give_up(const struct flume_call *call, void **item, void *arg,
		       struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	flume_cancel_request(parallel.cancel);
	return FLUME_OK;
}

static int run_until_told(const struct flume_call *call, void **item, void *arg,
			  struct flume_err *err)
{
	(void)item, (void)arg;
	parallel.ran++;
	UNTIL(flume_cancel_requested(call->cancel));
	parallel.told++;
	return flume_fail(err, FLUME_CANCELLED, "told to stop");
}

/* Notices, and succeeds all the same. */
static int run_stubborn(const struct flume_call *call, void **item, void *arg,
			struct flume_err *err)
{
	(void)item, (void)arg, (void)err;
	parallel.ran++;
	UNTIL(flume_cancel_requested(call->cancel));
	parallel.told++;
	return FLUME_OK;
}

static int run_count_in(const struct flume_call *call, void **item, void *arg,
			struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	int inside = ++parallel.inside, most = parallel.most;
	while (inside > most && !atomic_compare_exchange_weak(&parallel.most, &most, inside))
		;
	sched_yield();
	parallel.inside--;
	parallel.ran++;
	return FLUME_OK;
}

static int run_where(const struct flume_call *call, void **item, void *arg,
		     struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	if (!pthread_equal(pthread_self(), parallel.self))
		parallel.elsewhere = true;
	return FLUME_OK;
}

static int run_look(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)item, (void)arg, (void)err;
	parallel.deadline_ns = call->deadline_ns;
	return FLUME_OK;
}

/* Its own failure, which has nothing to do with a deadline of ours. */
static int run_own_time(const struct flume_call *call, void **item, void *arg,
			struct flume_err *err)
{
	(void)call, (void)item, (void)arg;
	return flume_fail(err, FLUME_TIMED_OUT, "the bank did not answer");
}

static int run_triple(const struct flume_call *call, void **item, void *arg,
		      struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	((struct item *)*item)->value *= 3;
	return FLUME_OK;
}

/* "name=value", with "!" for a failure and "-" for a drop; then their sum. */
static int merge_list(const struct flume_call *call, void **item,
		      const struct flume_result *results, size_t n, void *arg,
		      struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	struct item *to = *item;
	size_t used = 0;
	for (size_t i = 0; i < n; i++) {
		const struct item *from = results[i].item;
		char value[32];
		snprintf(value, sizeof value, "%ld", from ? from->value : 0);
		used += (size_t)snprintf(parallel.merged + used, sizeof parallel.merged - used,
					 "%s%s=%s", i ? " " : "", results[i].name,
					 from             ? value
					 : results[i].err ? results[i].err->text
							  : "-");
		to->value += from ? from->value : 0;
	}
	return FLUME_OK;
}

static int merge_code(const struct flume_call *call, void **item,
		      const struct flume_result *results, size_t n, void *arg,
		      struct flume_err *err)
{
	(void)call, (void)item, (void)results, (void)n, (void)err;
	return *(const int *)arg;
}

static int merge_fail(const struct flume_call *call, void **item,
		      const struct flume_result *results, size_t n, void *arg,
		      struct flume_err *err)
{
	(void)call, (void)item, (void)results, (void)arg;
	return flume_fail(err, FLUME_FAILED, "%zu are too many", n);
}

static int io = FLUME_IO, odd = 7, dropped = FLUME_DROPPED;

static const struct flume_component parts[] = {
	{.name = "meet", .run = run_meet},
	{.name = "after-gate", .run = run_after_gate},
	{.name = "apart", .run = run_apart},
	{.name = "after-sleep", .run = run_after_sleep},
	{.name = "give-up", .run = run_give_up},
	{.name = "until-told", .run = run_until_told},
	{.name = "stubborn", .run = run_stubborn},
	{.name = "count-in", .run = run_count_in},
	{.name = "where", .run = run_where},
	{.name = "look", .run = run_look},
	{.name = "own-time", .run = run_own_time},
	{.name = "triple", .run = run_triple},
	{.name = "list", .merge = merge_list},
	{.name = "too-many", .merge = merge_fail},
	{.name = "merge-io", .merge = merge_code, .arg = &io},
	{.name = "merge-odd", .merge = merge_code, .arg = &odd},
	{.name = "merge-drop", .merge = merge_code, .arg = &dropped},
};

/* ---- the rig ---- */

static void open_with(unsigned workers, bool prompt)
{
	const struct flume_options options = {
		.type = &rig_items, .clock = &rig_hand_clock, .workers = workers};
	static const struct parallel_rig fresh;
	memcpy(&parallel, &fresh, sizeof parallel);
	parallel.cancel = flume_cancel_new();
	parallel.self = pthread_self();
	rig_open_with(&options, prompt);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct flume_component part = parts[i];
		part.prompt = prompt;
		rig_add(&part);
	}
}

void parallel_open(void)
{
	open_with(4, false);
}

void parallel_open_one(void)
{
	open_with(1, false);
}

void parallel_open_in_place(void)
{
	open_with(4, true);
}

void parallel_close(void)
{
	rig_close();
	parallel.cancel = flume_cancel_free(parallel.cancel);
}

void parallel_close_in_place(void)
{
	ck_assert_uint_eq(parallel_info().workers, 0);
	parallel_close();
}

TCase *parallel_case(Suite *suite, const char *name, void (*open)(void), void (*close)(void))
{
	TCase *tc = tcase_create(name);
	tcase_add_checked_fixture(tc, open, close);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return tc;
}

struct flume_factory_info parallel_info(void)
{
	struct flume_factory_info info;
	flume_factory_read(rig.factory, &info);
	return info;
}

/* ---- errands ---- */

static void *run_errand(void *arg)
{
	struct errand *errand = arg;
	void *item = errand->item;
	parallel.caller = pthread_self();
	errand->rc =
		flume_pipeline_process(errand->pipeline, &errand->call, &item, &errand->err);
	errand->item = item;
	return NULL;
}

void errand_start(struct errand *errand)
{
	ck_assert_int_eq(pthread_create(&errand->thread, NULL, run_errand, errand), 0);
}

void errand_begin(struct errand *errand, const char *yaml, long value,
		  const struct flume_call *call)
{
	flume_schema *schema = rig_schema(yaml);
	*errand = (struct errand){.item = rig_item(value)};
	if (call)
		errand->call = *call;
	ck_assert_int_eq(flume_schema_build(schema, rig.factory, &errand->pipeline, NULL), 0);
	flume_schema_unref(schema);
	errand_start(errand);
}

int errand_end(struct errand *errand)
{
	pthread_join(errand->thread, NULL);
	flume_pipeline_unref(errand->pipeline);
	rig_free_item(rig.item);
	rig.item = errand->item;
	rig.err = errand->err;
	return errand->rc;
}
