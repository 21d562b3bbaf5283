/*
 * Last known good: STATE/switches/proven/NAME, in the manner of the schemas' (agent/engine/proven.h),
 * so that a node chooses as it did before when it starts without its store.
 *
 * A thread of its own writes (agent/engine/scribe.h), many at a time.  What fails is said by the engine
 * and tried again each second.  A copy that is spoilt is passed over, and the one before it is put in
 * force and written in its place.
 */
#include "agent/switches/inside.h"

#include "agent/engine/proven.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define AT_ONCE  64
#define AGAIN    (1000 * MS)
#define FAREWELL (2000 * MS)

/* ---- writing ---- */

static char *encode(const struct switch_lane *lane, size_t *out_len)
{
	flume_schema *document = ab_document(lane->runs.sw);
	struct proven p = {
		.name = lane->name,
		.facts = lane->runs.facts,
		.format = flume_schema_get_format(document),
		.proven = true,
		.at = stamp_now(),
	};
	p.text = flume_schema_get_text(document, &p.len);
	return proven_encode(&p, out_len);
}

/* False when out of memory. */
static bool add_item(struct scribe_job *job, const struct switch_lane *lane)
{
	struct file_item item = {.keep = PROVEN_KEPT};
	char *name = strdup(lane->name), *bytes = NULL;
	if (name && lane->runs.sw)
		bytes = encode(lane, &item.len);
	if (!name || (lane->runs.sw && !bytes)) {
		free(name);
		return false;
	}
	item.name = name;
	item.bytes = bytes;
	item.in_place = lane->runs.sw && !strcmp(lane->copied, lane->runs.facts.digest);
	job->items[job->n++] = item;
	return true;
}

static struct scribe_job *new_job(const struct switches *all)
{
	struct scribe_job *job = calloc(1, sizeof *job);
	if (!job)
		return NULL;
	job->folder = proven_folder(all->state_dir);
	job->items = calloc(AT_ONCE, sizeof *job->items);
	return job->folder && job->items ? job : scribe_job_free(job);
}

static void fill(struct switches *all, struct scribe_job *job)
{
	for (size_t i = 0; i < all->lanes.len && job->n < AT_ONCE; i++) {
		struct switch_lane *lane = switch_at(all, i);
		if (lane->copy != COPY_DUE || !add_item(job, lane))
			continue;
		lane->copy = COPY_WRITING;
		all->copies.writing[job->n - 1] = lane;
	}
}

static void later(struct switches *all, int64_t in_ns)
{
	all->copies.not_before = loop_now() + in_ns;
	loop_timer_arm(all->copies.timer, in_ns);
}

/* False when there was nothing to begin. */
static bool begin(struct switches *all)
{
	struct scribe_job *job = copies_are_written(all) ? NULL : new_job(all);
	if (job)
		fill(all, job);
	if (!job || !job->n) {
		scribe_job_free(job);
		if (!copies_are_written(all))
			later(all, AGAIN); /* for want of memory */
		return false;
	}
	scribe_start(all->copies.scribe, job);
	return true;
}

static void on_time(void *arg)
{
	struct switches *all = arg;
	if (!scribe_is_busy(all->copies.scribe))
		begin(all);
}

static void note(struct switch_lane *lane, bool written)
{
	if (lane->copy != COPY_WRITING) /* there is something newer already */
		return;
	lane->copy = written ? COPY_DONE : COPY_DUE;
	if (written)
		memcpy(lane->copied, lane->runs.sw ? lane->runs.facts.digest : "",
		       lane->runs.sw ? sizeof lane->copied : 1);
}

static void on_done(void *arg, struct scribe_job *job)
{
	struct switches *all = arg;
	bool failed = job->rc;
	for (size_t i = 0; i < job->n; i++)
		note(all->copies.writing[i], i < job->done);
	if (failed)
		engine_guest_trouble(all->engine, "a switch could not be written", &job->err);
	if (job->made)
		copies_lost(all);
	engine_guest_changed(all->engine);
	scribe_job_free(job);
	if (!copies_are_written(all))
		later(all, all->ending || !failed ? 0 : AGAIN);
}

void copy_due(struct switch_lane *lane)
{
	struct switches *all = lane->all;
	if (!all->copies.scribe)
		return;
	lane->copy = COPY_DUE;
	if (loop_now() >= all->copies.not_before)
		later(all, 0);
}

void copies_lost(void *switches)
{
	struct switches *all = switches;
	for (size_t i = 0; i < all->lanes.len; i++) {
		struct switch_lane *lane = switch_at(all, i);
		if (lane->runs.sw && lane->copy == COPY_DONE)
			copy_due(lane);
	}
}

bool copies_are_written(void *switches)
{
	const struct switches *all = switches;
	for (size_t i = 0; i < all->lanes.len; i++)
		if (switch_at(all, i)->copy != COPY_DONE)
			return false;
	return true;
}

/* ---- at the start ---- */

static void pass_over(struct switches *all, const char *name, unsigned back, const char *why)
{
	all->copies.unusable++;
	log_event(LOG_ERROR, "a copy of a switch on disk cannot be used",
		  LOG_STR("switch", name), LOG_INT("copy", back), LOG_STR("error", why));
}

/* "line:column: ..." of the first finding. */
static int fail(struct flume_err *err, int code, const flume_report *report)
{
	char *why = first_finding(report, "", flume_code_text(code));
	flume_fail(err, code, "%s", why ? why : "out of memory");
	free(why);
	return code;
}

static int make(const struct proven *p, const char *name, struct edition *out,
		struct flume_err *err)
{
	flume_report *report = flume_report_new();
	int rc = report ? ab_parse(&out->sw, name, p->text, p->len, p->format, report)
			: FLUME_NOMEM;
	if (rc)
		fail(err, rc, report);
	flume_report_free(report);
	if (rc)
		return rc;
	out->facts = p->facts;
	if (!strcmp(flume_schema_get_digest(ab_document(out->sw)), p->facts.digest))
		return 0;
	edition_fini(out);
	return flume_fail(err, FLUME_INVALID, "its digest is another one");
}

/* The newest that can be used. */
static bool load(struct switches *all, const char *name, struct edition *out,
		 unsigned *out_back)
{
	for (unsigned back = 0; back <= PROVEN_KEPT; back++) {
		struct flume_err err = {0};
		struct proven p;
		char *bytes;
		int rc = proven_read(all->state_dir, name, back, &p, &bytes, &err);
		if (rc == FLUME_NOT_FOUND)
			continue;
		if (!rc) {
			rc = make(&p, name, out, &err);
			free(bytes);
		}
		*out_back = back;
		if (!rc)
			return true;
		pass_over(all, name, back, err.text);
	}
	return false;
}

static void adopt(struct switch_lane *lane, struct edition *edition, unsigned back)
{
	struct switches *all = lane->all;
	lane->runs = *edition;
	lane->wanted = edition->facts;
	lane->wants = true;
	lane->generation = 1;
	lane->since = stamp_now();
	lane->last_revision = edition->facts.revision;
	if (lane->last_revision > all->floor)
		all->floor = lane->last_revision;
	memcpy(lane->copied, edition->facts.digest, sizeof lane->copied);
	switch_calm(lane, &edition->facts);
	if (back)
		copy_due(lane);
	log_event(back ? LOG_WARN : LOG_INFO,
		  back ? "switch started from an older copy on disk"
		       : "switch started from disk",
		  LOG_STR("switch", lane->name), LOG_STR("version", edition->facts.version),
		  LOG_STR("digest", edition->facts.digest),
		  LOG_INT("revision", edition->facts.revision));
}

static void start(struct switches *all, const char *name)
{
	struct edition edition = {0};
	unsigned back;
	if (!source_name_good(name)) {
		pass_over(all, name, 0, "not a name for a switch");
		return;
	}
	if (!load(all, name, &edition, &back))
		return;
	struct switch_lane *lane = switch_lane(all, name);
	if (lane && !switchboard_put(all->board, edition.sw)) {
		adopt(lane, &edition, back);
		return;
	}
	edition_fini(&edition);
	pass_over(all, name, back, "out of memory");
}

size_t copies_boot(struct switches *all)
{
	struct flume_err err = {0};
	char **names = NULL;
	size_t n = 0;
	if (!all->state_dir)
		return 0;
	if (proven_list(all->state_dir, &names, &err))
		engine_guest_trouble(all->engine, "the state folder cannot be used", &err);
	for (size_t i = 0; names && names[i]; i++)
		start(all, names[i]);
	free(names);
	for (size_t i = 0; i < all->lanes.len; i++)
		n += switch_at(all, i)->runs.sw != NULL;
	return n;
}

/* ---- its life ---- */

int copies_begin(struct switches *all, const char *state_dir)
{
	struct text t = {0};
	if (!state_dir)
		return 0;
	text_addf(&t, "%s/switches", state_dir);
	all->state_dir = text_take(&t);
	all->copies.writing = calloc(AT_ONCE, sizeof(struct switch_lane *));
	all->copies.timer = loop_timer_new(all->loop, on_time, all);
	all->copies.scribe = scribe_new(all->loop, on_done, all);
	return all->state_dir && all->copies.writing && all->copies.timer && all->copies.scribe
		       ? 0
		       : FLUME_NOMEM;
}

static size_t count_unwritten(const struct switches *all)
{
	size_t n = 0;
	for (size_t i = 0; i < all->lanes.len; i++)
		n += switch_at(all, i)->copy != COPY_DONE;
	return n;
}

/* As long as each job gets somewhere. */
void copies_write(struct switches *all)
{
	int64_t until = loop_now() + FAREWELL;
	size_t before = SIZE_MAX;
	if (!all->copies.scribe)
		return;
	while (scribe_wait(all->copies.scribe, until) && count_unwritten(all) < before) {
		before = count_unwritten(all);
		if (!begin(all))
			break;
	}
}

void copies_end(struct switches *all)
{
	copies_write(all);
	size_t left = all->copies.scribe ? count_unwritten(all) : 0;
	if (left)
		log_event(LOG_ERROR, "the agent ends with switches that are not on disk",
			  LOG_STR("folder", all->state_dir), LOG_INT("switches", left));
	scribe_free(all->copies.scribe);
	loop_timer_free(all->copies.timer);
	free(all->copies.writing);
	free(all->state_dir);
}
