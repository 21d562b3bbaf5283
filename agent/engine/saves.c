/*
 * What should be on disk and is not is written by the disk's thread (scribe.h), a few hundred files
 * at a time: a thousand of them cost little more than one.  Who is proven, or bad, or gone, says so
 * in its lane, and is no longer due when a job that had it comes back.
 *
 * What failed is put last, so that it stands in nobody's way, and tried again after a pause that
 * grows.  As soon as anything could be written, all of it is tried.  Now and then somebody looks
 * whether the folder is still there; one that is gone is filled again.
 */
#include "agent/engine/inside.h"

#include "agent/engine/proven.h"
#include "agent/engine/scribe.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE    256
#define BYTES      ((size_t)4 << 20) /* no more are begun beyond it     */
#define LOOK       (10000 * MS)      /* is the folder still there?      */
#define PAUSE      (1000 * MS)       /* the first; each is twice as long ... */
#define PAUSE_MOST (60000 * MS)
#define HANGS      (10000 * MS) /* a disk that takes longer does not answer */
#define FAREWELL   (5000 * MS)

/* What would be gone back to is what is good. */
static const struct release *best(const struct lane *lane)
{
	return lane->kept.schema ? &lane->kept : &lane->runs;
}

static enum save *save_of(struct lane *lane, bool bad)
{
	return bad ? &lane->bad_save : &lane->save;
}

static int64_t *time_of(struct lane *lane, bool bad)
{
	return bad ? &lane->bad_save_at : &lane->save_at;
}

static void fail_at(struct lane *lane, bool bad, int64_t at)
{
	*save_of(lane, bad) = SAVE_FAILED;
	*time_of(lane, bad) = at;
}

/* ---- a job ---- */

static char *encode_best(const struct lane *lane, size_t *out_len)
{
	const struct release *r = best(lane);
	struct proven p = {
		.name = lane->name,
		.facts = r->facts,
		.format = flume_schema_get_format(r->schema),
		.proven = r->proven,
		.at = stamp_now(),
	};
	p.text = flume_schema_get_text(r->schema, &p.len);
	return proven_encode(&p, out_len);
}

/* 0 or FLUME_NOMEM. */
static int add_item(struct scribe_job *job, struct lane *lane, bool bad)
{
	struct file_item item = {.keep = bad ? 0 : PROVEN_KEPT};
	bool there = bad ? lane->bad.n : best(lane)->schema != NULL;
	char *bytes = NULL;
	char *name = strdup(lane->name);
	if (there && bad)
		bytes = bad_encode(&lane->bad, lane->name, &item.len);
	else if (there)
		bytes = encode_best(lane, &item.len);
	if (!name || (there && !bytes)) {
		free(name);
		free(bytes);
		return FLUME_NOMEM;
	}
	item.name = name;
	item.bytes = bytes;
	item.in_place = !bad && there && !strcmp(lane->saved, best(lane)->facts.digest);
	job->items[job->n++] = item;
	return 0;
}

static void add_due(struct engine *e, struct scribe_job *job, enum save due, int64_t now)
{
	bool bad = e->saves.bad;
	size_t bytes = 0;
	for (size_t i = 0; i < e->lanes.len && job->n < AT_ONCE && bytes < BYTES; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (*save_of(lane, bad) != due || *time_of(lane, bad) > now)
			continue;
		if (add_item(job, lane, bad)) {
			fail_at(lane, bad, now + PAUSE);
			continue;
		}
		*save_of(lane, bad) = SAVE_WRITING;
		bytes += job->items[job->n - 1].len;
		e->saves.lanes[job->n - 1] = lane;
	}
}

static struct scribe_job *new_job(struct engine *e)
{
	struct scribe_job *job = calloc(1, sizeof *job);
	struct text folder = {0};
	if (!job)
		return NULL;
	text_addf(&folder, "%s/%s", e->options.state_dir, e->saves.bad ? "bad" : "proven");
	job->folder = text_take(&folder);
	job->items = calloc(AT_ONCE, sizeof *job->items);
	return job->folder && job->items ? job : scribe_job_free(job);
}

static bool is_due(struct engine *e, bool bad, int64_t now)
{
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		enum save save = *save_of(lane, bad);
		if ((save == SAVE_DUE || save == SAVE_FAILED) && *time_of(lane, bad) <= now)
			return true;
	}
	return false;
}

/* False when there was nothing to begin. */
static bool begin(struct engine *e, bool look, int64_t now)
{
	e->saves.bad = !is_due(e, false, now) && is_due(e, true, now);
	if (!look && !is_due(e, e->saves.bad, now))
		return false;
	struct scribe_job *job = new_job(e);
	if (!job) {
		engine_wake(e, now + PAUSE);
		return false;
	}
	add_due(e, job, SAVE_DUE, now);
	add_due(e, job, SAVE_FAILED, now);
	e->saves.began = now;
	scribe_start(e->scribe, job);
	return true;
}

/* ---- what became of it ---- */

static void note_saved(struct engine *e, struct lane *lane)
{
	enum save *save = save_of(lane, e->saves.bad);
	if (*save != SAVE_WRITING) /* there is something newer already */
		return;
	*save = SAVE_NOTHING;
	if (!e->saves.bad && best(lane)->schema)
		memcpy(lane->saved, best(lane)->facts.digest, sizeof lane->saved);
}

static void note_failed(struct engine *e, const struct scribe_job *job, int64_t now)
{
	memory_trouble(e, "the state folder cannot be written", &job->err);
	int64_t pause = e->saves.pause;
	for (size_t i = job->done; i < job->n; i++) {
		struct lane *lane = e->saves.lanes[i];
		if (*save_of(lane, e->saves.bad) == SAVE_WRITING)
			fail_at(lane, e->saves.bad, now + (i == job->done ? pause : PAUSE));
	}
}

static bool has_failed(struct engine *e)
{
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		if (lane->save == SAVE_FAILED || lane->bad_save == SAVE_FAILED)
			return true;
	}
	return false;
}

static void hurry(struct engine *e)
{
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (lane->save == SAVE_FAILED)
			lane->save_at = 0;
		if (lane->bad_save == SAVE_FAILED)
			lane->bad_save_at = 0;
	}
}

static void note_good(struct engine *e, int64_t now)
{
	if (!e->disk_why) {
		e->saves.look_at = now + LOOK;
		return;
	}
	hurry(e);
	if (has_failed(e) || !crash_rewrite(e) || e->sides.save_at || !guest_is_saved(e))
		return;
	memory_is_fine(e);
	e->saves.pause = 0;
	e->saves.look_at = now + LOOK;
}

/* The folder was gone. */
static void fill(struct engine *e)
{
	log_event(LOG_WARN, "the state folder was gone, and is written anew",
		  LOG_STR("folder", e->options.state_dir));
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (best(lane)->schema && lane->save == SAVE_NOTHING) {
			lane->save = SAVE_DUE;
			lane->save_at = 0;
		}
		if (lane->bad.n && lane->bad_save == SAVE_NOTHING) {
			lane->bad_save = SAVE_DUE;
			lane->bad_save_at = 0;
		}
	}
	sides_lost(e);
	guest_lost(e);
	crash_lost(e);
	(void)crash_rewrite(e);
}

static void on_done(void *arg, struct scribe_job *job)
{
	struct engine *e = arg;
	int64_t now = loop_now();
	for (size_t i = 0; i < job->done; i++)
		note_saved(e, e->saves.lanes[i]);
	if (job->rc)
		note_failed(e, job, now);
	else
		note_good(e, now);
	if (job->made && !e->saves.bad)
		fill(e);
	if (job->n)
		board_changed(e);
	scribe_job_free(job);
	engine_wake(e, 0);
}

/* ---- its life ---- */

int saves_begin(struct engine *e)
{
	if (!e->options.state_dir)
		return 0;
	e->saves.lanes = calloc(AT_ONCE, sizeof *e->saves.lanes);
	e->scribe = scribe_new(e->loop, on_done, e);
	e->saves.look_at = loop_now() + LOOK;
	return e->saves.lanes && e->scribe ? 0 : FLUME_NOMEM;
}

void saves_pause(struct engine *e)
{
	int64_t pause = e->saves.pause ? e->saves.pause * 2 : PAUSE;
	int64_t now = loop_now();
	if (e->saves.pause && e->saves.look_at > now)
		return; /* one failure of many */
	e->saves.pause = pause < PAUSE_MOST ? pause : PAUSE_MOST;
	e->saves.look_at = now + e->saves.pause;
	engine_wake(e, e->saves.look_at);
}

static void wake_for_next(struct engine *e)
{
	engine_wake(e, e->saves.look_at);
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		for (int bad = 0; bad < 2; bad++) {
			enum save save = *save_of(lane, bad);
			if (save == SAVE_DUE || save == SAVE_FAILED)
				engine_wake(e, *time_of(lane, bad));
		}
	}
}

/* Where nothing is remembered, nothing is due. */
static void forget(struct engine *e)
{
	for (size_t i = 0; i < e->lanes.len; i++) {
		struct lane *lane = engine_lane_at(e, i);
		if (lane->save != SAVE_NOTHING)
			board_changed(e);
		lane->save = SAVE_NOTHING;
	}
}

static void say_hung(struct engine *e, int64_t now)
{
	struct flume_err err = {0};
	if (now - e->saves.began < HANGS) {
		engine_wake(e, e->saves.began + HANGS);
		return;
	}
	if (e->disk_why)
		return;
	flume_fail(&err, FLUME_TIMED_OUT, "%s: does not answer", e->options.state_dir);
	memory_trouble(e, "the state folder cannot be written", &err);
}

void saves_tick(struct engine *e, int64_t now)
{
	if (!e->scribe) {
		forget(e);
		return;
	}
	if (scribe_is_busy(e->scribe)) { /* its end wakes us */
		say_hung(e, now);
		return;
	}
	if (begin(e, now >= e->saves.look_at, now))
		engine_wake(e, now + HANGS);
	else
		wake_for_next(e);
}

static size_t count_unsaved(struct engine *e)
{
	size_t n = 0;
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		n += lane->save != SAVE_NOTHING || lane->bad_save != SAVE_NOTHING;
	}
	return n;
}

/* As long as each job gets somewhere; what failed before is tried once more. */
static void write_the_rest(struct engine *e)
{
	int64_t until = loop_now() + FAREWELL;
	size_t before = SIZE_MAX;
	while (scribe_wait(e->scribe, until) && loop_now() < until &&
	       count_unsaved(e) < before) {
		before = count_unsaved(e);
		if (!begin(e, false, INT64_MAX))
			break;
	}
}

void saves_end(struct engine *e)
{
	if (e->scribe)
		write_the_rest(e);
	size_t left = e->scribe ? count_unsaved(e) : 0;
	if (left)
		log_event(LOG_ERROR, "the agent ends with schemas that are not on disk",
			  LOG_STR("folder", e->options.state_dir), LOG_INT("schemas", left),
			  LOG_STR("error", e->disk_why));
	e->scribe = scribe_free(e->scribe);
	free(e->saves.lanes);
	e->saves.lanes = NULL;
}
