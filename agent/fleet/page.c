#include "agent/fleet/page.h"

#include "agent/engine/facts.h"
#include "agent/fleet/read.h"
#include "agent/fleet/view_json.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define SECOND INT64_C(1000000000)
#define FRESH  (2 * SECOND)  /* kept so long, or as long as TIMES the reading took */
#define WITHIN (20 * SECOND) /* of a reading */
enum { TIMES = 10, STRAYS_MOST = 1000 };

struct asking {
	fleet_page_fn *done;
	void *arg;
	STAILQ_ENTRY(asking) link;
};

struct fleet_page {
	struct etcd *etcd;
	char *prefix;
	struct loop_timer *late;
	struct fleet_read *read;
	struct fleet_view *view; /* while it is read */
	STAILQ_HEAD(, asking) waiting;
	char *json; /* NULL: none yet */
	size_t len;
	char tag[DIGEST_SIZE];
	int64_t began, at, fresh; /* of the last one: loop_now, and how long it is kept */
	bool closed;
};

/* ---- answers ---- */

static void answer_all(struct fleet_page *p, const struct flume_err *err)
{
	struct fleet_sheet sheet = {.json = p->json, .len = p->len};
	struct asking *a;
	memcpy(sheet.tag, p->tag, sizeof sheet.tag);
	sheet.age_ns = loop_now() - p->at;
	while ((a = STAILQ_FIRST(&p->waiting))) {
		STAILQ_REMOVE_HEAD(&p->waiting, link);
		a->done(a->arg, err ? NULL : &sheet, err);
		free(a);
	}
}

static void answer_code(struct fleet_page *p, int code, const char *why)
{
	struct flume_err err = {0};
	flume_fail(&err, code, "%s", why);
	answer_all(p, &err);
}

static void give_up(struct fleet_page *p)
{
	p->read = fleet_read_cancel(p->read);
	p->view = fleet_view_free(p->view);
	loop_timer_disarm(p->late);
}

static void on_late(void *arg)
{
	struct fleet_page *p = arg;
	give_up(p);
	answer_code(p, FLUME_TIMED_OUT, "etcd did not say what the nodes do within 20 s");
}

/* ---- reading ---- */

static void on_begin(void *arg)
{
	struct fleet_page *p = arg;
	fleet_view_free(p->view);
	p->view = fleet_view_new(
		&(struct fleet_view_options){.knows_store = true, .most = STRAYS_MOST});
}

static void on_want(void *arg, enum fleet_kind kind, const char *name, int64_t revision)
{
	const struct fleet_page *p = arg;
	if (p->view)
		fleet_view_want(p->view, kind, name, revision);
}

static void on_say(void *arg, struct fleet_said *said)
{
	const struct fleet_page *p = arg;
	if (p->view)
		fleet_view_add(p->view, said);
	fleet_said_free(said);
}

/* False when out of memory. */
static bool write_page(struct fleet_page *p, int64_t revision)
{
	char at[STAMP_SIZE];
	struct text t = {0};
	struct digest digest;
	if (!p->view)
		return false;
	stamp_write(at, stamp_now());
	p->view->revision = revision;
	fleet_view_end(p->view);
	size_t same = fleet_view_json(&t, p->view, at);
	size_t len = t.len;
	char *json = p->view->failed ? NULL : text_take(&t);
	text_fini(&t);
	if (!json)
		return false;
	digest_init(&digest);
	digest_add(&digest, json + same, len - same);
	digest_end(&digest, p->tag);
	free(p->json);
	p->json = json;
	p->len = len;
	p->at = loop_now();
	p->fresh = TIMES * (p->at - p->began);
	if (p->fresh < FRESH)
		p->fresh = FRESH;
	return true;
}

static void on_end(void *arg, int64_t revision, const struct flume_err *err)
{
	struct fleet_page *p = arg;
	p->read = NULL;
	bool written = !err && write_page(p, revision);
	give_up(p);
	if (err || written)
		answer_all(p, err);
	else
		answer_code(p, FLUME_NOMEM, "out of memory");
}

static void begin(struct fleet_page *p)
{
	static const struct fleet_read_calls calls = {on_begin, on_want, on_say, on_end};
	p->began = loop_now();
	p->read = fleet_read_new(p->etcd, p->prefix, &calls, p);
	if (p->read)
		loop_timer_arm(p->late, WITHIN);
	else
		answer_code(p, FLUME_NOMEM, "out of memory");
}

void fleet_page_ask(struct fleet_page *p, fleet_page_fn *done, void *arg)
{
	struct asking *a = malloc(sizeof *a);
	if (!a) {
		struct flume_err err = {0};
		flume_fail(&err, FLUME_NOMEM, "out of memory");
		done(arg, NULL, &err);
		return;
	}
	*a = (struct asking){.done = done, .arg = arg};
	STAILQ_INSERT_TAIL(&p->waiting, a, link);
	if (p->closed)
		answer_code(p, FLUME_CANCELLED, "the agent is on its end");
	else if (p->json && loop_now() - p->at < p->fresh && !p->read)
		answer_all(p, NULL);
	else if (!p->read)
		begin(p);
}

/* ---- life ---- */

struct fleet_page *fleet_page_new(struct loop *loop, struct etcd *etcd, const char *prefix)
{
	struct fleet_page *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	STAILQ_INIT(&p->waiting);
	p->etcd = etcd;
	p->prefix = strdup(prefix);
	p->late = loop_timer_new(loop, on_late, p);
	return p->prefix && p->late ? p : fleet_page_free(p);
}

void fleet_page_close(struct fleet_page *p)
{
	p->closed = true;
	give_up(p);
	answer_code(p, FLUME_CANCELLED, "the agent is on its end");
}

struct fleet_page *fleet_page_free(struct fleet_page *p)
{
	if (!p)
		return NULL;
	fleet_read_cancel(p->read);
	fleet_view_free(p->view);
	loop_timer_free(p->late);
	free(p->json);
	free(p->prefix);
	free(p);
	return NULL;
}
