/*
 * The store decides the order of writes, and this node decides what it runs.  So a write compares
 * the revision of the key that it read, the text goes there byte for byte, and what comes back on
 * the watch is checked, tried and swapped in as everybody else's.  The client hears what became of
 * that very revision here.
 *
 * What If-Match asks for is compared with what runs here, and the store may be ahead of that, so such a
 * write goes out only over the revision that this node has heard of, and is compared again then.
 *
 * A write whose answer got lost may have happened.  Then the key is read again: when it holds our
 * text, under a newer revision, it did.
 */
#include "agent/http/through.h"

#include "agent/etcd/etcd.h"
#include "agent/fleet/change.h"
#include "agent/fleet/record.h"
#include "agent/http/uses.h"
#include "agent/http/verdict.h"
#include "agent/loop/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct writing {
	struct through *through;
	struct request *request;
	enum edit_kind kind; /* EDIT_SET or EDIT_DELETE */
	bool of_switch;
	char *key;
	struct etcd_call *call;
	struct fleet_change *change;
	struct loop_timer *deadline;
	int64_t seen;     /* revision of the key when it was read; 0: there was none */
	int64_t revision; /* of the write; 0: not done yet */
	TAILQ_ENTRY(writing) link;
};
TAILQ_HEAD(writing_list, writing);

struct through {
	struct http *http;
	struct etcd *etcd;
	char *prefix, *node;
	struct writing_list all;
};

static const char *folder_of(bool of_switch)
{
	return of_switch ? "switches" : "schemas";
}

static const char *path_of(bool of_switch)
{
	return of_switch ? "switches/" : "schemas/";
}

/* ---- the answer ---- */

static void writing_free(struct writing *w)
{
	TAILQ_REMOVE(&w->through->all, w, link);
	etcd_cancel(w->call);
	fleet_change_cancel(w->change);
	loop_timer_free(w->deadline);
	free(w->key);
	free(w);
}

/* It is there. */
static void end(struct writing *w)
{
	struct request *r = w->request;
	writing_free(w);
	request_ready(r);
}

/* The store has it no more; if the deletion is held here, this confirms it. */
static void end_confirming(struct writing *w)
{
	struct request *r = w->request;
	struct edits *edits = w->through->http->edits;
	if (w->of_switch) {
		answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found",
				"no switch '%s' in etcd", r->name);
		end(w);
		return;
	}
	writing_free(w);
	edits_push(edits, r, EDIT_CONFIRM);
}

static void end_with_status(struct writing *w, unsigned status)
{
	answer_status(&w->request->answer, status);
	end(w);
}

static void end_conflict(struct writing *w)
{
	answer_problemf(
		&w->request->answer, HTTP_CONFLICT, "superseded",
		"somebody else wrote '%s' to etcd at the same time; nothing was changed",
		w->request->name);
	end(w);
}

static void end_failed(struct writing *w, const struct flume_err *err)
{
	bool refused = err->code == FLUME_REFUSED;
	answer_problemf(&w->request->answer, refused ? HTTP_FORBIDDEN : HTTP_UNAVAILABLE,
			refused ? "not-allowed" : "etcd", "etcd: %s", err->text);
	end(w);
}

static void end_unknown(struct writing *w)
{
	answer_problemf(&w->request->answer, HTTP_UNAVAILABLE, "etcd",
			"etcd did not answer the write; it may still happen");
	end(w);
}

static void answer_rejected_here(struct request *r, const struct verdict *v)
{
	char *errors = v->errors ? flume_value_dup_json(v->errors) : NULL;
	answer_problem(&r->answer, &(struct problem){.status = HTTP_BAD_REQUEST,
						     .code = "rejected",
						     .detail = v->reason,
						     .errors = errors});
	free(errors);
}

static void answer_runs(struct writing *w, const struct verdict *v)
{
	struct answer *a = &w->request->answer;
	answer_status(a, HTTP_NO_CONTENT);
	answer_headerf(a, "Flume-Generation", "%" PRId64, v->generation);
	answer_headerf(a, "ETag", "\"%s\"", w->request->digest);
}

static void answer_verdict(struct writing *w, const struct verdict *v)
{
	struct request *r = w->request;
	switch (v->kind) {
	case VERDICT_RUNS:
		answer_runs(w, v);
		break;
	case VERDICT_REJECTED:
		if (answer_failed_trial(&r->answer, v->stage, v->reason))
			break;
		if (v->errors)
			answer_rejected_here(r, v);
		else
			answer_conflict(&r->answer, v->reason);
		break;
	case VERDICT_HELD:
		answer_conflict(&r->answer, v->reason);
		break;
	case VERDICT_SUPERSEDED:
		answer_problemf(&r->answer, HTTP_CONFLICT, "superseded",
				"a newer change came before this one was applied");
		break;
	case VERDICT_NONE:
	case VERDICT_GONE:
		answer_status(&r->answer, HTTP_NO_CONTENT);
		break;
	}
}

/* ---- waiting for this node's decision ---- */

static void look(struct writing *w, const flume_value *status)
{
	const char *digest = w->kind == EDIT_SET ? w->request->digest : NULL;
	if (!w->revision)
		return;
	struct verdict v = verdict_read(status, folder_of(w->of_switch), w->request->name,
					digest, w->revision);
	if (v.kind == VERDICT_NONE)
		return;
	answer_verdict(w, &v);
	end(w);
}

/* NULL when out of memory. */
static flume_value *read_status(const struct through *t)
{
	static const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	flume_value *status = NULL;
	const struct page *page = board_take(t->http->board);
	(void)flume_value_parse(&status, page->status, strlen(page->status), FLUME_JSON,
				&limits, NULL);
	board_release(t->http->board, page);
	return status;
}

void through_look(struct through *t)
{
	if (TAILQ_EMPTY(&t->all))
		return;
	flume_value *status = read_status(t);
	struct writing *w, *next;
	for (w = status ? TAILQ_FIRST(&t->all) : NULL; w; w = next) {
		next = TAILQ_NEXT(w, link);
		look(w, status);
	}
	flume_value_free(status);
}

static void on_deadline(void *arg)
{
	struct writing *w = arg;
	if (w->revision)
		answer_problemf(&w->request->answer, HTTP_TIMED_OUT, "undecided",
				"'%s' was written to etcd at revision %" PRId64
				", but this node has not decided on it yet; see /status",
				w->request->name, w->revision);
	else
		answer_problemf(&w->request->answer, HTTP_TIMED_OUT, "undecided",
				"etcd has not answered in time; '%s' may still be written",
				w->request->name);
	end(w);
}

static void written(struct writing *w, int64_t revision)
{
	w->revision = revision;
	through_look(w->through);
}

/* ---- the write ---- */

static bool holds_ours(const struct writing *w, const struct etcd_result *said)
{
	const struct body *body = &w->request->body;
	if (w->kind == EDIT_DELETE)
		return !said->n;
	return said->n && said->kvs[0].value_len == body->len &&
	       !memcmp(said->kvs[0].value, body->s, body->len);
}

static void on_read_again(struct etcd_result *said, void *arg)
{
	struct writing *w = arg;
	w->call = NULL;
	if (said->code)
		end_failed(w, &said->err);
	else if (holds_ours(w, said))
		written(w, said->n ? said->kvs[0].mod_revision : said->revision);
	else
		end_unknown(w);
}

static void read_key(struct writing *w, etcd_done_fn *done)
{
	w->call = etcd_range(w->through->etcd, &(struct etcd_query){.key = w->key}, done, w);
	if (!w->call)
		end_with_status(w, HTTP_UNAVAILABLE);
}

static void on_written(void *arg, int64_t revision, const struct flume_err *err)
{
	struct writing *w = arg;
	w->change = NULL;
	if (!err)
		written(w, revision);
	else if (err->code == FLUME_CONFLICT)
		end_conflict(w);
	else if (err->code == FLUME_IO || err->code == FLUME_TIMED_OUT)
		read_key(w, on_read_again);
	else
		end_failed(w, err);
}

static void write_document(struct writing *w, const struct etcd_kv *seen)
{
	const struct through *t = w->through;
	const struct request *r = w->request;
	char who[NOTE_BY + RECORD_WHO];
	snprintf(who, sizeof who, "%s via %s", *r->note.by ? r->note.by : "http", t->node);
	w->change = fleet_change_new(
		t->etcd,
		&(struct fleet_change_of){.prefix = t->prefix,
					  .folder = path_of(w->of_switch),
					  .name = r->name,
					  .seen = seen,
					  .text = w->kind == EDIT_SET ? r->body.s : NULL,
					  .len = w->kind == EDIT_SET ? r->body.len : 0,
					  .who = who,
					  .node = t->node},
		on_written, w);
	if (!w->change)
		end_with_status(w, HTTP_UNAVAILABLE);
}

static bool is_conditional(const struct writing *w)
{
	return request_header(w->request, "If-Match") ||
	       request_header(w->request, "If-None-Match");
}

/* Is what the store has what this node has heard of? */
static bool is_known_here(const struct writing *w)
{
	flume_value *status = read_status(w->through);
	bool known = status && verdict_heard(status, folder_of(w->of_switch),
					     w->request->name) == w->seen;
	flume_value_free(status);
	return known;
}

static void on_read(struct etcd_result *said, void *arg)
{
	struct writing *w = arg;
	w->call = NULL;
	w->seen = said->n ? said->kvs[0].mod_revision : 0;
	if (said->code) {
		end_failed(w, &said->err);
	} else if (is_conditional(w) && !is_known_here(w)) {
		end_conflict(w);
	} else if (!edits_expected(w->request, w->of_switch)) {
		end(w);
	} else if (w->kind == EDIT_SET && said->n && holds_ours(w, said)) {
		written(w, w->seen);
	} else if (w->kind == EDIT_DELETE && !said->n) {
		end_confirming(w);
	} else {
		write_document(w, said->n ? said->kvs : NULL);
	}
}

/* ---- life ---- */

static struct writing *new_writing(struct through *t, struct request *r, enum edit_kind kind)
{
	struct writing *w = calloc(1, sizeof *w);
	struct text key = {0};
	if (!w)
		return NULL;
	bool of_switch = kind == EDIT_SET_SWITCH || kind == EDIT_DELETE_SWITCH;
	bool set = kind == EDIT_SET || kind == EDIT_SET_SWITCH;
	text_addf(&key, "%s%s/%s", t->prefix, folder_of(of_switch), r->name);
	*w = (struct writing){.through = t,
			      .request = r,
			      .kind = set ? EDIT_SET : EDIT_DELETE,
			      .of_switch = of_switch};
	w->key = text_take(&key);
	w->deadline = loop_timer_new(t->http->loop, on_deadline, w);
	if (w->key && w->deadline)
		return w;
	loop_timer_free(w->deadline);
	free(w->key);
	free(w);
	return NULL;
}

void through_push(struct through *t, struct request *r, enum edit_kind kind)
{
	struct writing *w = NULL;
	if (kind == EDIT_DELETE && uses_answer(r)) {
		request_ready(r);
		return;
	}
	w = new_writing(t, r, kind);
	if (!w) {
		answer_status(&r->answer, HTTP_UNAVAILABLE);
		request_ready(r);
		return;
	}
	TAILQ_INSERT_TAIL(&t->all, w, link);
	loop_timer_arm(w->deadline, t->http->timeout_ns);
	read_key(w, on_read);
}

struct through *through_new(struct http *http, struct etcd *etcd, const char *prefix,
			    const char *node)
{
	struct through *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	*t = (struct through){.http = http,
			      .etcd = etcd,
			      .prefix = strdup(prefix),
			      .node = strdup(node ? node : "")};
	TAILQ_INIT(&t->all);
	return t->prefix && t->node ? t : through_free(t);
}

struct through *through_free(struct through *t)
{
	if (!t)
		return NULL;
	struct writing *w, *next;
	for (w = TAILQ_FIRST(&t->all); w; w = next) {
		next = TAILQ_NEXT(w, link);
		answer_closing(&w->request->answer);
		end(w);
	}
	free(t->prefix);
	free(t->node);
	free(t);
	return NULL;
}
