/*
 * Changes of schemas on their way to the engine, which lives on the loop.
 *
 * The loop is the only one that changes schemas, so what If-Match asks for is compared there,
 * right before the engine gets the change: nothing can come in between.  The engine may take
 * its time (canary cases run) and answers by a call; it may do so after the server is gone, so
 * an edit belongs to the engine then, and only knows whether somebody still waits for it.
 */
#include "agent/http/etag.h"
#include "agent/http/fleet.h"
#include "agent/http/inside.h"
#include "agent/http/through.h"
#include "agent/switches/switches.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct edit {                /* of a schema, or of a switch */
	struct edits *edits; /* NULL: nobody waits any more */
	struct request *request;
	enum edit_kind kind;
	TAILQ_ENTRY(edit) link;
};
TAILQ_HEAD(edit_list, edit);

struct edits {
	struct http *http;
	int wake; /* readable while some are posted */
	struct loop_fd *watch;
	pthread_mutex_t lock; /* of posted and closed */
	struct edit_list posted;
	bool closed;
	struct edit_list running; /* the loop's alone */
};

/* ---- what the client hears ---- */

static bool of_switch(const struct edit *e)
{
	return e->kind == EDIT_SET_SWITCH || e->kind == EDIT_DELETE_SWITCH;
}

static bool is_set(const struct edit *e)
{
	return e->kind == EDIT_SET || e->kind == EDIT_SET_SWITCH;
}

static const char *what_it_is(const struct edit *e)
{
	return of_switch(e) ? "switch" : "schema";
}

/* What the name means now; "": nothing. */
static void find_digest(const struct request *r, bool in_switches, char out[DIGEST_SIZE])
{
	flume_schema *schema =
		in_switches ? NULL : flume_factory_dup_schema(r->http->factory, r->name);
	const struct shelf_view *view = in_switches ? shelf_take(r->http->shelf) : NULL;
	const struct shelf_item *item = view ? shelf_find(view, r->name) : NULL;
	snprintf(out, DIGEST_SIZE, "%s",
		 item     ? item->facts.digest
		 : schema ? flume_schema_get_digest(schema)
			  : "");
	if (view)
		shelf_release(r->http->shelf, view);
	flume_schema_unref(schema);
}

static void answer_refused(struct request *r, const struct engine_answer *said)
{
	const char *reason = *said->reason ? said->reason : "the change was not taken";
	if (said->result == ENGINE_REJECTED &&
	    answer_failed_trial(&r->answer, said->stage, reason))
		return;
	if (said->result == ENGINE_REJECTED && flume_report_size(said->report))
		answer_rejected(&r->answer, said->report);
	else
		answer_conflict(&r->answer, reason);
}

static void answer_done(const struct edit *e, const struct engine_answer *said)
{
	struct request *r = e->request;
	char digest[DIGEST_SIZE];
	find_digest(r, of_switch(e), digest);
	answer_status(&r->answer, HTTP_NO_CONTENT);
	if (*digest) {
		answer_headerf(&r->answer, "Flume-Generation", "%" PRIu64, said->generation);
		answer_headerf(&r->answer, "ETag", "\"%s\"", digest);
	}
}

/* ---- keeping ---- */

static int keep(const struct edit *e, struct flume_err *err)
{
	const struct http *http = e->edits->http;
	const struct http_keeper *keeper = of_switch(e) ? &http->switch_keeper : &http->keeper;
	const struct request *r = e->request;
	if (is_set(e))
		return keeper->save ? keeper->save(keeper->arg, r->name, r->body.s, r->body.len,
						   r->format, err)
				    : 0;
	return keeper->remove ? keeper->remove(keeper->arg, r->name, err) : FLUME_NOT_FOUND;
}

/* The store has forgotten the schema already. */
static void answer_confirmed(const struct edit *e, const struct engine_answer *said)
{
	struct request *r = e->request;
	if (said->result != ENGINE_NOT_FOUND)
		answer_done(e, said);
	else if (r->http->read_only)
		answer_problemf(&r->answer, HTTP_CONFLICT, "read-only", "%s",
				r->http->read_only);
	else
		answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found",
				"no schema '%s' in etcd", r->name);
}

static void answer_kept(const struct edit *e, const struct engine_answer *said)
{
	struct request *r = e->request;
	struct flume_err err = {0};
	int kept = keep(e, &err);
	bool deletion = !is_set(e);
	if (kept && !(deletion && kept == FLUME_NOT_FOUND))
		answer_problemf(&r->answer, HTTP_INTERNAL_ERROR, "not-saved",
				"'%s' %s, but that was not saved: %s", r->name,
				deletion ? "is gone" : "runs", err.text);
	else if (kept && said->result == ENGINE_NOT_FOUND)
		answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found", "no %s '%s'",
				what_it_is(e), r->name);
	else
		answer_done(e, said);
}

static const char *in_use(const struct edit *e, const flume_report *report)
{
	const struct flume_issue *first = flume_report_get_issue(report, 0);
	bool by_switch = first && !strncmp(first->path, "switches/", 9);
	return of_switch(e) ? "schemas ask it"
	       : by_switch  ? "a switch sends documents to it"
			    : "other schemas refer to it";
}

static void answer_engine(const struct edit *e, const struct engine_answer *said)
{
	struct request *r = e->request;
	switch (said->result) {
	case ENGINE_APPLIED:
	case ENGINE_UNCHANGED:
	case ENGINE_NOT_FOUND:
		if (e->kind == EDIT_CONFIRM)
			answer_confirmed(e, said);
		else
			answer_kept(e, said);
		break;
	case ENGINE_REJECTED:
	case ENGINE_HELD:
		answer_refused(r, said);
		break;
	case ENGINE_IN_USE:
		answer_problem(&r->answer, &(struct problem){.status = HTTP_CONFLICT,
							     .code = "in-use",
							     .detail = in_use(e, said->report),
							     .report = said->report});
		break;
	case ENGINE_SUPERSEDED:
		answer_problemf(&r->answer, HTTP_CONFLICT, "superseded",
				"a newer change came before this one was applied");
		break;
	}
}

/* ---- what an operator says ---- */

static void answer_operator(struct request *r, int rc, const struct flume_err *err)
{
	if (!rc)
		answer_status(&r->answer, HTTP_NO_CONTENT);
	else if (rc == FLUME_NOT_FOUND)
		answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found", "%s", err->text);
	else if (rc == FLUME_IO)
		answer_problemf(&r->answer, HTTP_INTERNAL_ERROR, "not-saved",
				"it is so, but not yet after a restart: %s", err->text);
	else
		answer_status(&r->answer, HTTP_UNAVAILABLE);
}

static void operate(struct engine *engine, struct request *r, enum edit_kind kind)
{
	struct flume_err err = {0};
	const char *name = *r->name ? r->name : NULL;
	int rc = kind == EDIT_HOLD        ? engine_hold(engine, name, &r->note, &err)
		 : kind == EDIT_RELEASE   ? engine_release(engine, name, &r->note, &err)
		 : kind == EDIT_CLEAR     ? engine_clear(engine, name, &r->note, false, &err)
		 : kind == EDIT_CLEAR_ALL ? engine_clear(engine, name, &r->note, true, &err)
					  : engine_agree(engine, name, &r->note, &err);
	answer_operator(r, rc, &err);
	request_ready(r);
}

/* ---- on the loop ---- */

static void done(void *arg, const struct engine_answer *said)
{
	struct edit *e = arg;
	if (e->edits) {
		TAILQ_REMOVE(&e->edits->running, e, link);
		answer_engine(e, said);
		request_ready(e->request);
	}
	free(e);
}

bool edits_expected(struct request *r, bool in_switches)
{
	char *match = NULL, *none_match = NULL;
	char there[DIGEST_SIZE];
	find_digest(r, in_switches, there);
	const char *digest = *there ? there : NULL;
	if (request_dup_list(r, "If-Match", &match) ||
	    request_dup_list(r, "If-None-Match", &none_match))
		answer_status(&r->answer, HTTP_UNAVAILABLE);
	else if ((match && !etag_listed(match, digest, false)) ||
		 (none_match && etag_listed(none_match, digest, true)))
		answer_problemf(&r->answer, HTTP_PRECONDITION_FAILED, "changed",
				digest ? "the %s is %s now" : "there is no %s",
				in_switches ? "switch" : "schema", digest);
	free(match);
	free(none_match);
	return !r->answer.status;
}

static void start(struct edits *edits, struct edit *e)
{
	struct request *r = e->request;
	if (e->kind == EDIT_FLEET) {
		free(e);
		fleet_push(r);
		return;
	}
	if (!edits_expected(r, of_switch(e))) {
		request_ready(r);
		free(e);
		return;
	}
	if (e->kind >= EDIT_CLEAR) {
		operate(edits->http->engine, r, e->kind);
		free(e);
		return;
	}
	if (edits->http->through && e->kind != EDIT_CONFIRM) {
		through_push(edits->http->through, r, e->kind);
		free(e);
		return;
	}
	char place[160];
	snprintf(place, sizeof place, of_switch(e) ? "/switches/%s" : "/schemas/%s", r->name);
	struct change change = {.name = r->name, .origin = "http", .place = place};
	if (is_set(e)) {
		change.text = r->body.s ? r->body.s : "";
		change.len = r->body.len;
		change.format = r->format;
	}
	TAILQ_INSERT_TAIL(&edits->running, e, link);
	if (e->kind == EDIT_CONFIRM)
		engine_confirm(edits->http->engine, r->name, done, e);
	else if (of_switch(e))
		switches_submit(edits->http->switches, &change, done, e);
	else
		engine_submit(edits->http->engine, &change, done, e);
}

static struct edit *next_posted(struct edits *edits)
{
	pthread_mutex_lock(&edits->lock);
	struct edit *e = TAILQ_FIRST(&edits->posted);
	if (e)
		TAILQ_REMOVE(&edits->posted, e, link);
	pthread_mutex_unlock(&edits->lock);
	return e;
}

static void start_posted(int fd, uint32_t events, void *arg)
{
	struct edits *edits = arg;
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof count);
	(void)n, (void)events;
	struct edit *e;
	while ((e = next_posted(edits)))
		start(edits, e);
}

/* ---- life ---- */

int edits_new(struct edits **out, struct http *http, struct flume_err *err)
{
	struct edits *edits = calloc(1, sizeof *edits);
	if (!edits)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	edits->http = http;
	pthread_mutex_init(&edits->lock, NULL);
	TAILQ_INIT(&edits->posted);
	TAILQ_INIT(&edits->running);
	edits->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (edits->wake >= 0)
		edits->watch =
			loop_fd_add(http->loop, edits->wake, EPOLLIN, start_posted, edits);
	if (!edits->watch) {
		edits_free(edits);
		return flume_fail(err, FLUME_IO, "no descriptor for changes of schemas");
	}
	*out = edits;
	return 0;
}

void edits_push(struct edits *edits, struct request *r, enum edit_kind kind)
{
	struct edit *e = calloc(1, sizeof *e);
	if (!e) {
		answer_status(&r->answer, HTTP_UNAVAILABLE);
		request_ready(r);
		return;
	}
	*e = (struct edit){.edits = edits, .request = r, .kind = kind};
	pthread_mutex_lock(&edits->lock);
	bool closed = edits->closed;
	if (!closed) {
		uint64_t one = 1;
		TAILQ_INSERT_TAIL(&edits->posted, e, link);
		ssize_t n = write(edits->wake, &one, sizeof one);
		(void)n; /* fails only when the counter is full, and then it is readable */
	}
	pthread_mutex_unlock(&edits->lock);
	if (closed) {
		free(e);
		answer_closing(&r->answer);
		request_ready(r);
	}
}

void edits_close(struct edits *edits)
{
	edits->watch = loop_fd_remove(edits->watch);
	pthread_mutex_lock(&edits->lock);
	edits->closed = true;
	pthread_mutex_unlock(&edits->lock);
	struct edit *e;
	while ((e = next_posted(edits))) {
		answer_closing(&e->request->answer);
		request_ready(e->request);
		free(e);
	}
	while ((e = TAILQ_FIRST(&edits->running))) {
		TAILQ_REMOVE(&edits->running, e, link);
		e->edits = NULL;
		answer_closing(&e->request->answer);
		request_ready(e->request);
	}
}

struct edits *edits_free(struct edits *edits)
{
	if (!edits)
		return NULL;
	loop_fd_remove(edits->watch);
	if (edits->wake >= 0)
		close(edits->wake);
	pthread_mutex_destroy(&edits->lock);
	free(edits);
	return NULL;
}
