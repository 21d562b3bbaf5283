/*
 * The thread takes lines from the front into one load and hands that to the carrier without the lock;
 * the lines stay in the queue, and in its bounds, until they are carried.  A load is ready when it is
 * full or its first line has waited long enough.
 */
#include "agent/outside/queue.h"

#include "agent/document/document.h"
#include "agent/document/over.h"
#include "agent/outside/threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <time.h>

#define LOOK_NS     20000000 /* between two looks at whether a call is over */
#define FIRST_NS    100000000
#define LAST_TRY_NS 100000000 /* the longest pause in the end */

struct line {
	STAILQ_ENTRY(line) link;
	char *text; /* `len` bytes and one more */
	size_t len;
	int64_t at_ns;
};

struct queue {
	struct queue_options options;
	struct carrier carrier;
	struct counts counts;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, room;
	STAILQ_HEAD(, line) lines;
	size_t n, bytes;
	unsigned waiting;        /* who send, for room */
	bool sleeping;           /* the thread, for work */
	atomic_int_fast64_t end; /* of all tries; 0: not yet known */
};

static int64_t now_ns(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

int64_t queue_backoff(unsigned attempt, int64_t most_ns, uint32_t random)
{
	int64_t pause = FIRST_NS;
	for (unsigned i = 1; i < attempt && pause < most_ns; i++)
		pause *= 2;
	if (pause > most_ns)
		pause = most_ns;
	return pause - (int64_t)((double)pause / 2 * random / UINT32_MAX);
}

/* ---- sending ---- */

static bool has_room(const struct queue *q, size_t len)
{
	return q->n < q->options.documents && (q->bytes + len <= q->options.bytes || !q->n);
}

static int wait_for_room(const struct flume_call *call, struct queue *q, size_t len,
			 struct flume_err *err)
{
	while (!has_room(q, len)) {
		if (call_is_over(call)) {
			bool cancelled = call && flume_cancel_requested(call->cancel);
			return flume_fail(err, cancelled ? FLUME_CANCELLED : FLUME_LIMITED,
					  "%s: the queue is full, %zu documents wait",
					  q->counts.name, q->n);
		}
		q->waiting++;
		threads_wait(&q->room, &q->lock, now_ns() + LOOK_NS);
		q->waiting--;
	}
	return FLUME_OK;
}

static void show_size(struct queue *q)
{
	atomic_store_explicit(&q->counts.waiting, q->n, memory_order_relaxed);
	atomic_store_explicit(&q->counts.waiting_bytes, q->bytes, memory_order_relaxed);
}

static bool is_ready(const struct queue *q)
{
	return q->n >= q->options.batch || q->bytes >= q->options.batch_bytes;
}

static int push(const struct flume_call *call, struct queue *q, struct line *line,
		struct flume_err *err)
{
	pthread_mutex_lock(&q->lock);
	int rc = wait_for_room(call, q, line->len, err);
	if (!rc) {
		line->at_ns = now_ns();
		STAILQ_INSERT_TAIL(&q->lines, line, link);
		q->n++;
		q->bytes += line->len;
		show_size(q);
		if (q->sleeping && (q->n == 1 || is_ready(q)))
			pthread_cond_signal(&q->work);
	}
	pthread_mutex_unlock(&q->lock);
	return rc;
}

static int send_line(const struct flume_call *call, struct document *document, struct queue *q,
		     struct flume_err *err)
{
	struct line *line = malloc(sizeof *line);
	char *text = line ? document_dump(document, &line->len) : NULL;
	if (!text) {
		free(line);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	line->text = text;
	text[line->len++] = '\n';
	int rc = line->len <= q->options.bytes
			 ? push(call, q, line, err)
			 : flume_fail(err, FLUME_FAILED,
				      "%s: the document has %zu bytes, the whole queue %zu",
				      q->counts.name, line->len, q->options.bytes);
	if (rc) {
		free(line->text);
		free(line);
	}
	return rc;
}

int queue_send(const struct flume_call *call, void *item, void *arg, struct flume_err *err)
{
	struct queue *q = arg;
	if (call && call->flags & FLUME_CALL_CANARY) {
		document_free(item);
		return FLUME_OK;
	}
	struct flume_err own = {0};
	int rc = send_line(call, item, q, &own);
	document_free(item);
	if (!rc)
		return FLUME_OK;
	counts_add(&q->counts.failed, 1);
	counts_tell(&q->counts, TOLD_FAILED, call, own.text, 1);
	return flume_fail(err, rc, "%s", own.text);
}

/* ---- carrying ---- */

bool queue_ends(struct queue *q)
{
	int64_t end = atomic_load(&q->end);
	return end && now_ns() >= end;
}

/* Until there is a load to carry, or the end; false: there is nothing, nor will be. */
static bool wait_for_load(struct queue *q)
{
	q->sleeping = true;
	while (!atomic_load(&q->end) && !is_ready(q)) {
		int64_t until = q->n ? STAILQ_FIRST(&q->lines)->at_ns + q->options.batch_age_ns
				     : INT64_MAX;
		if (q->n && now_ns() >= until)
			break;
		threads_wait(&q->work, &q->lock, until);
	}
	q->sleeping = false;
	return q->n;
}

/* `out` has room for what one load may be; see room_for_load. */
static size_t fill(struct queue *q, char *out, struct load *load)
{
	struct line *line;
	*load = (struct load){.text = out};
	STAILQ_FOREACH(line, &q->lines, link)
	{
		if (load->lines == q->options.batch ||
		    (load->lines && load->len + line->len > q->options.batch_bytes))
			break;
		memcpy(out + load->len, line->text, line->len);
		load->len += line->len;
		load->lines++;
	}
	return load->lines;
}

static size_t room_for_load(const struct queue *q)
{
	size_t first = STAILQ_FIRST(&q->lines)->len;
	size_t most = first > q->options.batch_bytes ? first : q->options.batch_bytes;
	return q->bytes < most ? q->bytes : most;
}

static void remove_lines(struct queue *q, size_t n)
{
	for (; n; n--) {
		struct line *line = STAILQ_FIRST(&q->lines);
		STAILQ_REMOVE_HEAD(&q->lines, link);
		q->n--;
		q->bytes -= line->len;
		free(line->text);
		free(line);
	}
	show_size(q);
	if (q->waiting)
		pthread_cond_broadcast(&q->room);
}

/* Until it may be tried again; in the end, sooner. */
static void pause_before(struct queue *q, unsigned attempt, int64_t at_least)
{
	uint32_t random = 0;
	(void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
	int64_t pause = queue_backoff(attempt, q->options.backoff_ns, random);
	int64_t until = now_ns() + (pause > at_least ? pause : at_least);
	bool ending = false;
	while (now_ns() < until) {
		if (!ending && atomic_load(&q->end)) {
			int64_t soon = now_ns() + LAST_TRY_NS;
			ending = true;
			until = soon < until ? soon : until;
		}
		threads_wait(&q->work, &q->lock, until);
	}
}

/* What became of a load; how often it was tried. */
static unsigned judge(struct queue *q, const struct load *load, const struct verdict *verdict,
		      unsigned tried)
{
	bool done = verdict->outcome == CARRY_DONE;
	size_t carried = done ? load->lines : verdict->lines;
	counts_add(&q->counts.sent, carried);
	remove_lines(q, carried);
	if (done)
		return 0;
	tried = carried ? 1 : tried + 1;
	size_t left = load->lines - carried;
	bool gave_up = q->options.attempts && tried >= q->options.attempts;
	if (verdict->outcome == CARRY_REFUSED || gave_up) {
		counts_add(&q->counts.lost, left);
		remove_lines(q, left);
		counts_tell(&q->counts, TOLD_LOST, NULL, verdict->why, left);
		return 0;
	}
	counts_tell(&q->counts, TOLD_RETRY, NULL, verdict->why, left);
	counts_add(&q->counts.retries, 1);
	pause_before(q, tried, verdict->after_ns);
	return tried;
}

static void carry_once(struct queue *q, unsigned *tried)
{
	struct load load;
	struct verdict verdict = {.outcome = CARRY_LATER, .why = "out of memory"};
	char *text = malloc(room_for_load(q));
	if (text) {
		fill(q, text, &load);
		pthread_mutex_unlock(&q->lock);
		verdict.why[0] = '\0';
		q->carrier.carry(q->carrier.arg, q, &load, &verdict);
		pthread_mutex_lock(&q->lock);
	} else {
		load = (struct load){.lines = 1};
	}
	*tried = judge(q, &load, &verdict, *tried);
	free(text);
}

static void *run(void *arg)
{
	struct queue *q = arg;
	unsigned tried = 0;
	pthread_mutex_lock(&q->lock);
	while (wait_for_load(q) && !queue_ends(q))
		carry_once(q, &tried);
	if (q->n) {
		counts_add(&q->counts.lost, q->n);
		atomic_store(&q->counts.told[TOLD_LOST].at_ns, 0);
		counts_tell(&q->counts, TOLD_LOST, NULL,
			    "the agent ends, and they could not be delivered in time", q->n);
		remove_lines(q, q->n);
	}
	pthread_mutex_unlock(&q->lock);
	return NULL;
}

/* ---- life ---- */

static void destroy(struct queue *q)
{
	counts_hide(&q->counts);
	pthread_cond_destroy(&q->work);
	pthread_cond_destroy(&q->room);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

int queue_new(struct queue **out, const struct queue_options *options,
	      const struct carrier *carrier)
{
	struct queue *q = calloc(1, sizeof *q);
	if (!q)
		return FLUME_NOMEM;
	q->options = *options;
	q->carrier = *carrier;
	STAILQ_INIT(&q->lines);
	counts_show(&q->counts, options->kind, options->name);
	atomic_store(&q->counts.most, options->documents);
	atomic_store(&q->counts.most_bytes, options->bytes);
	pthread_mutex_init(&q->lock, NULL);
	threads_cond_init(&q->work);
	threads_cond_init(&q->room);
	if (threads_start(&q->thread, run, q)) {
		destroy(q);
		return FLUME_NOMEM;
	}
	*out = q;
	return FLUME_OK;
}

void queue_free(void *arg)
{
	struct queue *q = arg;
	pthread_mutex_lock(&q->lock);
	atomic_store(&q->end, now_ns() + q->options.flush_ns);
	pthread_cond_signal(&q->work);
	pthread_mutex_unlock(&q->lock);
	pthread_join(q->thread, NULL);
	q->carrier.free(q->carrier.arg);
	destroy(q);
}
