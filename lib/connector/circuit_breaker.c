/*
 * Spares what fails: after so many failures in a row nothing gets through, until one call tries.
 *
 * All of it is one word and a time.  The upper half of the word counts epochs: a call remembers
 * the one it began in, and what it has to say about an earlier one is no news.  A success
 * through a closed breaker without failures reads the word and writes nothing.
 *
 * The time is when the breaker opened or let a call try.  It is moved before the word is, and
 * only forward, by a clock that was read before the word: who loses the race for the word has
 * not made it later than the change that won.
 */
#include "lib/connector/connector.h"
#include "lib/schema/fields.h"

enum phase {
	CLOSED,
	OPEN,
	DUE,       /* open, but the next call may try at once: the last one told nothing */
	HALF_OPEN, /* a call is trying; another may when it does not come back in time   */
};

/* phase, 2 bits; failures in a row, 30; epoch, 32 */
#define PHASE    UINT64_C(3)
#define FAILURE  UINT64_C(4)
#define FAILURES UINT64_C(0xfffffffc)
#define EPOCH    (UINT64_C(1) << 32)

struct breaker {
	struct state state;
	atomic_uint_least64_t word;
	atomic_int_least64_t since_ns;
};

struct circuit {
	struct step step;
	const struct hub *hub;
	const struct step *child;
	struct breaker *breaker;
	uint64_t threshold;
	int64_t recovery_ns;
};

static const struct flume_field fields[] = {
	{"child", FLUME_FIELD_NODE, .required = true, .about = "What may fail."},
	{"failure_threshold", FLUME_FIELD_COUNT, .fallback = "5", .min = 1, .max = 1000000,
	 .about = "After so many failures in a row the breaker opens."},
	{"recovery_timeout", FLUME_FIELD_DURATION, .fallback = "60s",
	 .about = "So long after it opened, or after a call began to try, the next may."},
	{0},
};

static enum phase phase_of(uint64_t word)
{
	return (enum phase)(word & PHASE);
}

static uint64_t failures_of(uint64_t word)
{
	return (word & FAILURES) / FAILURE;
}

static bool is_news(uint64_t began, uint64_t word)
{
	return began / EPOCH == word / EPOCH;
}

static uint64_t next_epoch(uint64_t word, enum phase phase)
{
	return (word / EPOCH + 1) * EPOCH + phase;
}

static void emit(const struct circuit *circuit, const struct flume_call *call,
		 enum flume_event_kind kind, const struct flume_err *why)
{
	hub_emit(circuit->hub, &(struct flume_event){
				       .kind = kind,
				       .name = circuit->step.name,
				       .schema_id = circuit->breaker->state.seat.schema_id,
				       .err = why,
				       .call = call,
			       });
}

/* ---- before the child ---- */

static int64_t after(int64_t ns, int64_t span)
{
	int64_t at;
	return __builtin_add_overflow(ns, span, &at) ? INT64_MAX : at;
}

static void move_forward(atomic_int_least64_t *since_ns, int64_t now)
{
	int64_t seen = atomic_load(since_ns);
	while (seen < now && !atomic_compare_exchange_weak(since_ns, &seen, now))
		;
}

static int refuse(enum phase phase, int64_t left_ns, struct flume_err *err)
{
	int64_t ms = left_ns / 1000000 + (left_ns % 1000000 != 0);
	return flume_fail(err, FLUME_REFUSED, "%s %lld ms",
			  phase == HALF_OPEN
				  ? "half-open: one call is being tried, the next at the "
				    "latest in"
				  : "open: a call will be tried in",
			  (long long)ms);
}

/* Makes this call the one that tries, unless somebody was quicker. */
static bool try_it(struct breaker *breaker, uint64_t *word, int64_t since, int64_t now)
{
	if (phase_of(*word) == HALF_OPEN) /* in place of one that does not come back */
		return atomic_compare_exchange_strong(&breaker->since_ns, &since, now) &&
		       atomic_load(&breaker->word) == *word;
	uint64_t half = *word / EPOCH * EPOCH + HALF_OPEN;
	move_forward(&breaker->since_ns, now);
	if (!atomic_compare_exchange_strong(&breaker->word, word, half))
		return false;
	*word = half;
	return true;
}

/* The breaker was not closed: 0 and the word to go by, or FLUME_REFUSED. */
static int admit(const struct circuit *circuit, const struct flume_call *call,
		 uint64_t *out_began, struct flume_err *err)
{
	struct breaker *breaker = circuit->breaker;
	int64_t now = hub_now(circuit->hub);
	for (;;) {
		uint64_t word = atomic_load(&breaker->word);
		int64_t since = atomic_load(&breaker->since_ns);
		enum phase phase = phase_of(word);
		int64_t due = phase == DUE ? now : after(since, circuit->recovery_ns);
		int64_t left;
		if (phase != CLOSED && now < due)
			return refuse(phase,
				      __builtin_sub_overflow(due, now, &left) ? INT64_MAX
									      : left,
				      err);
		if (phase != CLOSED && !try_it(breaker, &word, since, now))
			continue;
		if (phase != CLOSED)
			emit(circuit, call, FLUME_EVENT_BREAKER_HALF_OPENED, NULL);
		*out_began = word;
		return FLUME_OK;
	}
}

/* ---- after it ---- */

static void succeeded(const struct circuit *circuit, const struct flume_call *call,
		      uint64_t began)
{
	struct breaker *breaker = circuit->breaker;
	uint64_t word = atomic_load(&breaker->word), next;
	do {
		if (!is_news(began, word))
			return;
		next = phase_of(word) == HALF_OPEN ? next_epoch(word, CLOSED)
						   : word & ~FAILURES;
	} while (!atomic_compare_exchange_weak(&breaker->word, &word, next));
	if (phase_of(word) == HALF_OPEN)
		emit(circuit, call, FLUME_EVENT_BREAKER_CLOSED, NULL);
}

static void failed(const struct circuit *circuit, const struct flume_call *call, uint64_t began,
		   const struct flume_err *why)
{
	struct breaker *breaker = circuit->breaker;
	int64_t now = hub_now(circuit->hub);
	uint64_t word = atomic_load(&breaker->word), next;
	bool opens;
	do {
		if (!is_news(began, word))
			return;
		opens = phase_of(word) == HALF_OPEN ||
			failures_of(word) + 1 >= circuit->threshold;
		if (opens)
			move_forward(&breaker->since_ns, now);
		next = opens ? next_epoch(word, OPEN) : word + FAILURE;
	} while (!atomic_compare_exchange_weak(&breaker->word, &word, next));
	if (opens)
		emit(circuit, call, FLUME_EVENT_BREAKER_OPENED, why);
}

/* The caller did not wait for an answer, so there is none. */
static void gave_up(const struct circuit *circuit, const struct flume_call *call,
		    uint64_t began, const struct flume_err *why)
{
	uint64_t word = began;
	if (phase_of(began) == HALF_OPEN &&
	    atomic_compare_exchange_strong(&circuit->breaker->word, &word,
					   next_epoch(began, DUE)))
		emit(circuit, call, FLUME_EVENT_BREAKER_OPENED, why);
}

/* Whose time is up is told to stop as well, but has failed: it was too slow. */
static bool is_given_up(const struct circuit *circuit, const struct flume_call *call, int rc)
{
	return rc == FLUME_CANCELLED && flume_cancel_requested(call->cancel) &&
	       (!call->deadline_ns || hub_now(circuit->hub) < call->deadline_ns);
}

static int run_counted(const struct circuit *circuit, const struct flume_call *call,
		       void **item, struct flume_err *err)
{
	struct breaker *breaker = circuit->breaker;
	uint64_t began = atomic_load_explicit(&breaker->word, memory_order_relaxed);
	if (phase_of(began) != CLOSED && admit(circuit, call, &began, err))
		return FLUME_REFUSED;
	int rc = step_run(circuit->child, call, item, err);
	if (rc >= 0) {
		uint64_t word = atomic_load_explicit(&breaker->word, memory_order_relaxed);
		if (word % EPOCH)
			succeeded(circuit, call, began);
	} else if (is_given_up(circuit, call, rc)) {
		gave_up(circuit, call, began, err);
	} else {
		failed(circuit, call, began, err);
	}
	return rc;
}

static int run(const struct step *step, const struct flume_call *call, void **item,
	       struct flume_err *err)
{
	const struct circuit *circuit = (const struct circuit *)step;
	int rc = call->flags & FLUME_CALL_CANARY ? step_run(circuit->child, call, item, err)
						 : run_counted(circuit, call, item, err);
	return rc < 0 ? step_blame(step, rc, err) : rc;
}

/* ---- what is kept ---- */

static const char *says(const struct state *state, int64_t now_ns)
{
	(void)now_ns;
	uint64_t word = atomic_load(&((const struct breaker *)state)->word);
	if (phase_of(word) != CLOSED)
		return "an open circuit-breaker";
	return failures_of(word) ? "a circuit-breaker that has counted failures" : NULL;
}

static const struct state_kind kind = {.size = sizeof(struct breaker), .says = says};

static struct step *build(struct builder *builder, const flume_value *node, const char *name)
{
	struct circuit *circuit = builder_get(builder, sizeof *circuit);
	if (!circuit)
		return NULL;
	circuit->step = (struct step){run, name};
	circuit->hub = builder_hub(builder);
	circuit->threshold = (uint64_t)fields_count(fields, node, "failure_threshold");
	circuit->recovery_ns = fields_duration(fields, node, "recovery_timeout");
	circuit->breaker = (struct breaker *)builder_state(builder, &kind, &circuit->step);
	circuit->child = builder_node(builder, flume_value_get(node, "child"));
	return circuit->breaker && circuit->child ? &circuit->step : NULL;
}

const struct connector connector_circuit_breaker = {
	.type = "circuit-breaker",
	.about = "Lets nothing through for a while after its child has failed too often.",
	.fields = fields,
	.build = build,
};
