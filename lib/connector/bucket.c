/*
 * The generic cell rate algorithm: a bucket is the one time at which it will be full again.  A
 * token moves it ahead by an interval, and may be taken as long as it is not too far ahead; so
 * taking one is a comparison and a swap of one word.  Who has to wait takes a token all the
 * same, and with it a time that nobody after can push back.
 *
 * Tokens that were promised and given back leave gaps in that time, which the next who has to
 * wait gets first; a gap at the end moves the time itself back.  Only waiting touches gaps, so a
 * lock is good enough for them.  When there are more gaps than there is room for, tokens get
 * lost: that never lets too much through.
 *
 * A new pace counts the same time in other ticks.  It is written beside the old one and becomes
 * valid with the word that is counted in it, so no call sees the one without the other.
 *
 * Ticks are nanoseconds unless a full burst would take more than FAR of them to come.
 */
#include "lib/connector/bucket.h"

#include <string.h>

#define FAR (INT64_C(1) << 60) /* 36 years of ns; three of them, doubled, are a word */

static int64_t clip(double ticks)
{
	return ticks < (double)FAR ? (int64_t)(ticks + 0.5) : FAR;
}

struct pace_now { /* one of the two, as it is */
	int64_t interval, ahead;
	unsigned shift;
};

static struct pace_now pace_of(const struct bucket *bucket, uint64_t word)
{
	const struct pace *pace = &bucket->paces[word & 1];
	return (struct pace_now){
		atomic_load_explicit(&pace->interval, memory_order_relaxed),
		atomic_load_explicit(&pace->ahead, memory_order_relaxed),
		atomic_load_explicit(&pace->shift, memory_order_relaxed),
	};
}

static int64_t time_of(uint64_t word)
{
	return (int64_t)(word >> 1);
}

static uint64_t word_at(int64_t time, uint64_t pace)
{
	return ((uint64_t)time << 1) | (pace & 1);
}

static int64_t ticks(const struct bucket *bucket, int64_t now_ns, unsigned shift)
{
	int64_t since;
	if (__builtin_sub_overflow(now_ns, bucket->origin_ns, &since) || since > FAR)
		return FAR >> shift;
	return since < 0 ? 0 : since >> shift;
}

static int64_t ns_at(const struct bucket *bucket, int64_t time, unsigned shift)
{
	int64_t at;
	if (time < 0)
		return bucket->origin_ns;
	if (time > INT64_MAX >> shift ||
	    __builtin_add_overflow(time << shift, bucket->origin_ns, &at))
		return INT64_MAX;
	return at;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- taking ---- */

bool bucket_take(struct bucket *bucket, int64_t now_ns)
{
	uint64_t word = atomic_load_explicit(&bucket->word, memory_order_acquire), next;
	do {
		struct pace_now pace = pace_of(bucket, word);
		int64_t now = ticks(bucket, now_ns, pace.shift);
		if (time_of(word) - pace.ahead > now)
			return false;
		next = word_at(later(time_of(word), now) + pace.interval, word);
	} while (!atomic_compare_exchange_weak(&bucket->word, &word, next));
	return true;
}

bool bucket_is_full(const struct bucket *bucket, int64_t now_ns)
{
	uint64_t word = atomic_load(&bucket->word);
	return time_of(word) <= ticks(bucket, now_ns, pace_of(bucket, word).shift);
}

/* ---- gaps: all with the lock held ---- */

static void gap_set(struct bucket *bucket, struct gap *gap, int64_t from, int64_t to)
{
	unsigned before = gap->from < gap->to, after = from < to;
	*gap = (struct gap){from, to};
	atomic_store(&bucket->n_gaps, bucket->n_gaps + after - before);
}

static void gaps_forget(struct bucket *bucket)
{
	memset(bucket->gaps, 0, sizeof bucket->gaps);
	atomic_store(&bucket->n_gaps, 0);
}

/* Longer by a token, or a new one. */
static void gaps_add(struct bucket *bucket, int64_t slot, int64_t interval)
{
	struct gap more = {slot, slot + interval}, *best = NULL;
	for (struct gap *it = bucket->gaps; it < bucket->gaps + GAPS; it++) {
		bool empty = it->from == it->to;
		if (empty && !best)
			best = it;
		if (empty || (it->to != more.from && it->from != more.to))
			continue;
		more = (struct gap){earlier(it->from, more.from), later(it->to, more.to)};
		best = it;
		break;
	}
	if (best)
		gap_set(bucket, best, more.from, more.to);
}

/* Moves the time of the bucket back to where the last gap begins, if nothing comes behind it. */
static bool gaps_trim(struct bucket *bucket)
{
	uint64_t word = atomic_load(&bucket->word);
	for (struct gap *it = bucket->gaps; it < bucket->gaps + GAPS; it++) {
		if (it->from == it->to || it->to != time_of(word))
			continue;
		if (!atomic_compare_exchange_strong(&bucket->word, &word,
						    word_at(it->from, word)))
			return false;
		gap_set(bucket, it, 0, 0);
		return true;
	}
	return false;
}

/* The first gap that is not over; what is over of the others is gone. */
static struct gap *gaps_first(struct bucket *bucket, int64_t now, int64_t interval)
{
	struct gap *first = NULL;
	for (struct gap *it = bucket->gaps; it < bucket->gaps + GAPS; it++) {
		if (it->from < it->to && it->from < now) {
			int64_t over = (now - it->from + interval - 1) / interval * interval;
			gap_set(bucket, it, earlier(it->from + over, it->to), it->to);
		}
		if (it->from < it->to && (!first || it->from < first->from))
			first = it;
	}
	return first;
}

/* ---- waiting ---- */

/* When the next token at the end may be used; without the lock, for there is no gap. */
static int64_t next_ns(const struct bucket *bucket)
{
	uint64_t word = atomic_load(&bucket->word);
	struct pace_now pace = pace_of(bucket, word);
	return ns_at(bucket, time_of(word) - pace.ahead, pace.shift);
}

static bool promise(struct bucket *bucket, int64_t now_ns, int64_t before_ns,
		    struct promise *out)
{
	uint64_t word = atomic_load(&bucket->word);
	struct pace_now pace = pace_of(bucket, word);
	int64_t now = ticks(bucket, now_ns, pace.shift);
	struct gap *gap = bucket->n_gaps ? gaps_first(bucket, now, pace.interval) : NULL;
	do {
		out->slot = gap ? gap->from : later(time_of(word), now);
		out->at_ns = ns_at(bucket, out->slot - pace.ahead, pace.shift);
		if (out->at_ns >= before_ns || out->slot > 2 * FAR)
			return false;
		if (gap) {
			gap_set(bucket, gap, gap->from + pace.interval, gap->to);
			return true;
		}
	} while (!atomic_compare_exchange_weak(&bucket->word, &word,
					       word_at(out->slot + pace.interval, word)));
	return true;
}

bool bucket_promise(struct bucket *bucket, int64_t now_ns, int64_t before_ns,
		    struct promise *out)
{
	if (!atomic_load(&bucket->n_gaps)) {
		out->at_ns = next_ns(bucket);
		if (out->at_ns >= before_ns)
			return false;
	}
	pthread_mutex_lock(&bucket->state.lock);
	out->round = bucket->round;
	bool promised = promise(bucket, now_ns, before_ns, out);
	pthread_mutex_unlock(&bucket->state.lock);
	return promised;
}

void bucket_give_back(struct bucket *bucket, const struct promise *given)
{
	pthread_mutex_lock(&bucket->state.lock);
	if (given->round == bucket->round) {
		uint64_t word = atomic_load(&bucket->word);
		gaps_add(bucket, given->slot, pace_of(bucket, word).interval);
		while (gaps_trim(bucket))
			;
	}
	pthread_mutex_unlock(&bucket->state.lock);
}

/* ---- a new pace ---- */

static struct pace_now pace_for(double interval_ns, int64_t burst)
{
	double interval = interval_ns < (double)FAR ? interval_ns : (double)FAR;
	unsigned shift = 0;
	for (; interval * (double)burst > (double)FAR / 2; interval /= 2)
		shift++;
	int64_t rounded = clip(interval);
	return (struct pace_now){rounded, rounded * (burst - 1), shift};
}

static void pace_set(struct pace *pace, const struct pace_now *to)
{
	atomic_store_explicit(&pace->interval, to->interval, memory_order_relaxed);
	atomic_store_explicit(&pace->ahead, to->ahead, memory_order_relaxed);
	atomic_store_explicit(&pace->shift, to->shift, memory_order_relaxed);
}

/* The time at which the bucket will be full at the new pace, with the tokens that it has. */
static int64_t convert(const struct bucket *bucket, uint64_t word, const struct pace_now *to,
		       int64_t burst, int64_t now_ns)
{
	struct pace_now pace = pace_of(bucket, word);
	int64_t behind = time_of(word) - ticks(bucket, now_ns, pace.shift);
	double tokens = (double)bucket->burst;
	if (behind > 0 && pace.interval)
		tokens -= (double)behind / (double)pace.interval;
	double missing = tokens < (double)burst ? (double)burst - tokens : 0;
	return ticks(bucket, now_ns, to->shift) + clip(missing * (double)to->interval);
}

/* The other pace is nobody's: who read it before it was the current one will not get the word. */
static void change_pace(struct bucket *bucket, const struct pace_now *to, int64_t burst,
			int64_t now_ns)
{
	uint64_t word = atomic_load(&bucket->word), next;
	pace_set(&bucket->paces[~word & 1], to);
	do
		next = word_at(convert(bucket, word, to, burst, now_ns), ~word);
	while (!atomic_compare_exchange_weak(&bucket->word, &word, next));
	gaps_forget(bucket);
	bucket->round++;
}

void bucket_adopt(struct bucket *bucket, double interval_ns, int64_t burst, int64_t now_ns)
{
	struct pace_now to = pace_for(interval_ns, burst);
	pthread_mutex_lock(&bucket->state.lock);
	struct pace_now pace = pace_of(bucket, atomic_load(&bucket->word));
	bool same = burst == bucket->burst && to.interval == pace.interval &&
		    to.shift == pace.shift;
	if (!bucket->burst) {
		bucket->origin_ns = now_ns;
		pace_set(&bucket->paces[0], &to);
	} else if (!same) {
		change_pace(bucket, &to, burst, now_ns);
	}
	bucket->burst = burst;
	pthread_mutex_unlock(&bucket->state.lock);
}
