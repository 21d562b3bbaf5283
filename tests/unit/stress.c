/*
 * Everything at once, through every connector there is: eight threads call, two set, one takes
 * components away and brings them back.  STRESS_SECONDS says for how long; the sanitizers say
 * whether it was right, and at the end nothing is left and every `done` has run once.
 *
 * Then one thread alone, round after round: what is alive must not become more.
 */
#include "tests/unit/any.h"
#include "tests/unit/memory.h"
#include "tests/unit/stamps.h"
#include "tests/unit/suites.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- components: each has a loan as its argument, which `done` pays back ---- */

#define ALIVE 0x600D

struct loan {
	int alive;
};

static atomic_long lent, paid;

static struct loan *lend(void)
{
	struct loan *loan = malloc(sizeof *loan);
	ck_assert_ptr_nonnull(loan);
	loan->alive = ALIVE;
	lent++;
	return loan;
}

static void pay_back(void *arg)
{
	struct loan *loan = arg;
	bad += loan->alive != ALIVE;
	loan->alive = 0;
	free(loan);
	paid++;
}

static void look_at(const void *arg)
{
	bad += ((const struct loan *)arg)->alive != ALIVE;
}

static int run_step(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)err;
	look_at(arg);
	((struct item *)*item)->value++;
	return FLUME_OK;
}

static int run_other(const struct flume_call *call, void **item, void *arg,
		     struct flume_err *err)
{
	(void)call, (void)err;
	look_at(arg);
	long value = ((struct item *)*item)->value;
	rig_free_item(*item);
	*item = rig_item(value + 3);
	return FLUME_OK;
}

static int run_no(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call, (void)item;
	look_at(arg);
	return flume_fail(err, FLUME_FAILED, "no");
}

static int run_drop(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)item, (void)err;
	look_at(arg);
	return FLUME_DROPPED;
}

static int run_slow(const struct flume_call *call, void **item, void *arg,
		    struct flume_err *err)
{
	(void)call, (void)item, (void)err;
	const struct timespec while_ = {.tv_nsec = 50000};
	look_at(arg);
	nanosleep(&while_, NULL);
	return FLUME_OK;
}

static int run_give_up(const struct flume_call *call, void **item, void *arg,
		       struct flume_err *err)
{
	(void)item, (void)err;
	look_at(arg);
	flume_cancel_request(call->cancel);
	return FLUME_OK;
}

static bool test_even(const struct flume_call *call, const void *item, void *arg)
{
	(void)call;
	look_at(arg);
	return ((const struct item *)item)->value % 2 == 0;
}

static const char *pick_third(const struct flume_call *call, const void *item, void *arg,
			      char scratch[256])
{
	static const char *const routes[] = {"x", "y", "z"};
	(void)call, (void)scratch;
	look_at(arg);
	return routes[(unsigned long)((const struct item *)item)->value % 3];
}

static int merge_sum(const struct flume_call *call, void **item,
		     const struct flume_result *results, size_t n, void *arg,
		     struct flume_err *err)
{
	(void)call;
	look_at(arg);
	size_t good_ones = 0;
	for (size_t i = 0; i < n; i++) {
		const struct item *it = results[i].item;
		bad += it && results[i].err;
		((struct item *)*item)->value += it ? it->value : 0;
		good_ones += it != NULL;
	}
	return good_ones ? FLUME_OK : flume_fail(err, FLUME_FAILED, "nothing to merge");
}

static void handle_heal(const struct flume_call *call, struct flume_err *why, void **item,
			void *arg)
{
	(void)call;
	look_at(arg);
	bad += why->code >= 0;
	if (((struct item *)*item)->value % 2)
		why->code = 0;
}

static int send_away(const struct flume_call *call, void *item, void *arg,
		     struct flume_err *err)
{
	(void)call;
	look_at(arg);
	long value = ((struct item *)item)->value;
	rig_free_item(item);
	return value % 5 ? FLUME_OK : flume_fail(err, FLUME_LIMITED, "full");
}

/* Those named part are the ones that go and come. */
static const struct flume_component parts[] = {
	{.name = "step", .run = run_step, .prompt = true},
	{.name = "other", .run = run_other, .prompt = true},
	{.name = "no", .run = run_no, .prompt = true},
	{.name = "drop", .run = run_drop, .prompt = true},
	{.name = "slow", .run = run_slow, .blocks = true},
	{.name = "give-up", .run = run_give_up, .prompt = true},
	{.name = "even", .test = test_even, .prompt = true},
	{.name = "third", .pick = pick_third, .prompt = true},
	{.name = "sum", .merge = merge_sum, .prompt = true},
	{.name = "heal", .handle = handle_heal, .prompt = true},
	{.name = "away", .send = send_away, .prompt = true},
	{.name = "part", .run = run_step, .prompt = true},
	{.name = "part", .test = test_even, .blocks = true},
	{.name = "part", .pick = pick_third},
	{.name = "part", .merge = merge_sum},
	{.name = "part", .handle = handle_heal, .prompt = true},
	{.name = "part", .send = send_away},
};
enum { PARTS = sizeof parts / sizeof *parts };

static const char *const all_names[FLUME_KINDS][9] = {
	{"step", "step", "other", "no", "drop", "slow", "give-up", "part", NULL},
	{"even", "part", NULL},
	{"third", "part", NULL},
	{"sum", "part", NULL},
	{"heal", "part", NULL},
	{"away", "part", NULL},
};
static const char *const leaf_only[] = {"leaf", NULL};

#define NAMES                                                                         \
	{                                                                             \
		all_names[0], all_names[1], all_names[2], all_names[3], all_names[4], \
			all_names[5]                                                  \
	}
static const struct vocabulary words = {.names = NAMES};
static const struct vocabulary words_and_leaf = {.names = NAMES, .schemas = leaf_only};

/* ---- the house: the rig's items, and the real clock ---- */

static flume_factory *house;
static atomic_long retired;

static void add_part(const struct flume_component *part)
{
	struct flume_component row = *part;
	row.arg = lend();
	row.done = pay_back;
	if (flume_factory_add(house, &row, NULL)) {
		bad++;
		pay_back(row.arg);
	}
}

static void listen(const struct flume_event *event, void *arg)
{
	(void)arg;
	bad += !event->name || !event->schema_id || !event->version || !event->old_version;
	bad += event->duration_ns < 0;
	retired += event->kind == FLUME_EVENT_PIPELINE_RETIRED;
}

static int set(const char *id, flume_schema *schema)
{
	int rc = flume_factory_set_schema(house, id, schema, NULL);
	flume_schema_unref(schema);
	return rc;
}

/* A schema of this connector that needs nothing of what goes and comes. */
static void must_set(struct draw *draw, const char *id, const struct connector *connector,
		     unsigned depth)
{
	int rc;
	do
		rc = set(id, any_schema(draw, connector, depth));
	while (rc == FLUME_REJECTED); /* draws until it fits the limits */
	ck_assert_msg(rc == 0, "%s: %s", connector->type, flume_code_text(rc));
}

static void open_house(void)
{
	rig_open();
	bad = good = lent = paid = retired = 0;
	over = false;
	const struct flume_options options = {.type = &rig_items, .listen = listen};
	ck_assert_int_eq(flume_factory_new(&house, &options, NULL), 0);
	for (size_t i = 0; i < PARTS; i++)
		add_part(&parts[i]);
}

static void close_house(void)
{
	house = flume_factory_free(house);
	ck_assert_int_eq(bad, 0);
	ck_assert_int_eq(lent, paid);
	rig_close();
}

/* ---- all at once ---- */

static long seconds(void)
{
	const char *given = getenv("STRESS_SECONDS");
	return given && atol(given) > 0 ? atol(given) : 2;
}

static bool allowed(int rc)
{
	return rc == FLUME_OK || rc == FLUME_DROPPED || rc == FLUME_FAILED ||
	       rc == FLUME_TIMED_OUT || rc == FLUME_CANCELLED || rc == FLUME_REFUSED ||
	       rc == FLUME_LIMITED;
}

static void call_once(flume_binding *binding, const struct flume_call *call, unsigned value)
{
	struct flume_err err = {0};
	void *item = rig_item(value);
	int rc = flume_binding_process(binding, call, &item, &err);
	bad += !item || (rc != FLUME_NOT_FOUND && !allowed(rc));
	bad += rc < 0 && (!err.code || !err.text[0]);
	good += rc >= 0;
	rig_free_item(item);
}

/* Some calls have a deadline, some a token, which a step may use, or somebody has already. */
static void call_somehow(struct draw *draw, flume_binding *binding)
{
	struct flume_call call = {0};
	if (any_number(draw, 4) == 0)
		call.deadline_ns = flume_clock_real()->now_ns(NULL) + 200000;
	if (any_number(draw, 4) == 0)
		call.cancel = flume_cancel_new();
	if (any_number(draw, 64) == 0)
		flume_cancel_request(call.cancel);
	call_once(binding, &call, any_number(draw, 1000));
	flume_cancel_free(call.cancel);
}

/* Bindings of its own come and go; one of them is pinned. */
static void *call_on(void *arg)
{
	static const char *const names[] = {"main", "leaf", "pinned", NULL};
	struct draw draw = {.seed = *(unsigned *)arg};
	while (!over) {
		struct flume_binding_info info;
		flume_binding *binding = NULL;
		const char *name = any_word(&draw, names);
		bool pinned = !strcmp(name, "pinned");
		int rc = flume_factory_bind(house, name, pinned ? "main" : name,
					    pinned ? FLUME_BIND_PINNED : 0, &binding, NULL);
		bad += rc != 0;
		for (int i = 0; !rc && i < 20; i++)
			call_somehow(&draw, binding);
		if (!rc)
			flume_binding_read(binding, &info);
		if (pinned && any_number(&draw, 4) == 0)
			flume_factory_unbind(house, name);
		else if (pinned)
			flume_factory_repin(house, name);
		flume_binding_unref(binding);
	}
	return NULL;
}

static void *set_on(void *arg)
{
	struct draw draw = {.seed = *(unsigned *)arg, .from = &words};
	while (!over) {
		bool leaf = any_number(&draw, 3) == 0;
		draw.from = leaf ? &words : &words_and_leaf;
		flume_schema *schema =
			any_schema(&draw, any_connector(&draw), 1 + any_number(&draw, 3));
		int rc = set(leaf ? "leaf" : "main", schema);
		bad += rc < 0 && rc != FLUME_REJECTED; /* part is away, or it is too large */
	}
	return NULL;
}

static void *take_and_bring(void *arg)
{
	struct draw draw = {.seed = *(unsigned *)arg};
	while (!over) {
		const struct flume_component *part =
			&parts[PARTS - FLUME_KINDS + any_number(&draw, FLUME_KINDS)];
		int rc = flume_factory_remove(house, component_kind(part), part->name,
					      any_number(&draw, 2) ? FLUME_REMOVE_FORCED : 0,
					      NULL);
		bad += rc != 0 && rc != FLUME_IN_USE;
		sched_yield();
		if (!rc)
			add_part(part);
	}
	return NULL;
}

static uint64_t generation_of(const char *id)
{
	struct flume_binding_info info;
	flume_binding *binding = NULL;
	ck_assert_int_eq(flume_factory_bind(house, id, id, 0, &binding, NULL), 0);
	flume_binding_read(binding, &info);
	flume_binding_unref(binding);
	return info.generation;
}

START_TEST(calls_sets_and_removals_at_once_through_every_connector)
{
	enum { SETTERS = 2, ALL = CALLERS + SETTERS + 1 };
	struct draw draw = {.seed = 1, .from = &words};
	pthread_t threads[ALL];
	unsigned seeds[ALL];
	must_set(&draw, "leaf", connector_form("ref"), 1);
	must_set(&draw, "main", connector_form("ref"), 1);
	time_t until = time(NULL) + seconds();
	for (unsigned i = 0; i < ALL; i++) {
		seeds[i] = 7919 * (i + 1);
		begin_thread(&threads[i],
			     i < CALLERS             ? call_on
			     : i < CALLERS + SETTERS ? set_on
						     : take_and_bring,
			     &seeds[i]);
	}
	const struct timespec pause = {.tv_nsec = 100000000};
	while (time(NULL) < until || good < 1000)
		nanosleep(&pause, NULL);
	over = true;
	for (int i = 0; i < ALL; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(bad, 0);
	uint64_t generations = generation_of("main") + generation_of("leaf");
	printf("%ld calls ended well, %llu generations, %ld components lent\n", good,
	       (unsigned long long)generations, lent);
	house = flume_factory_free(house);
	ck_assert_int_eq(retired, generations);
}
END_TEST

/* ---- round after round ---- */

/* One schema of each connector, whose users are built again with it. */
static void set_all(struct draw *draw)
{
	char id[64];
	draw->from = &words;
	must_set(draw, "leaf", any_connector(draw), 2);
	draw->from = &words_and_leaf;
	for (size_t i = 0; connectors[i]; i++) {
		snprintf(id, sizeof id, "s-%s", connectors[i]->type);
		must_set(draw, id, connectors[i], 2);
	}
}

static void call_all(struct draw *draw)
{
	char id[64];
	for (size_t i = 0; connectors[i]; i++) {
		flume_binding *binding = NULL;
		snprintf(id, sizeof id, "s-%s", connectors[i]->type);
		ck_assert_int_eq(flume_factory_bind(house, id, id, 0, &binding, NULL), 0);
		call_once(binding, NULL, any_number(draw, 100));
		flume_binding_unref(binding);
	}
}

static void plain(struct draw *draw)
{
	char id[64];
	draw->from = &words;
	for (size_t i = 0; connectors[i]; i++) {
		snprintf(id, sizeof id, "s-%s", connectors[i]->type);
		ck_assert_int_ge(set(id, rig_schema("{version: rest, ref: step}")), 0);
	}
	ck_assert_int_ge(set("leaf", rig_schema("{version: rest, ref: step}")), 0);
}

/* What is alive when every schema rests at the same text, after so many more rounds. */
static long alive_after(struct draw *draw, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		set_all(draw);
		call_all(draw);
	}
	plain(draw);
	return memory_alive();
}

/* A worker that starts late is alive with what belongs to it, once; 900 rounds are more. */
#define WORKERS 128

START_TEST(nothing_grows_from_reload_to_reload)
{
	struct draw draw = {.seed = 3, .from = &words};
	long few = alive_after(&draw, 100);
	long many = alive_after(&draw, 900);
	ck_assert_int_lt(many, few + WORKERS);
}
END_TEST

Suite *suite_stress(void)
{
	Suite *suite = suite_create("stress");
	TCase *tc = tcase_create("stress");
	tcase_add_checked_fixture(tc, open_house, close_house);
	tcase_set_timeout(tc, (double)(10 * seconds() + 120));
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, calls_sets_and_removals_at_once_through_every_connector);
	tcase_add_test(tc, nothing_grows_from_reload_to_reload);
	return suite;
}
