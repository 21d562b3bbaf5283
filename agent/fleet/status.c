/*
 * Writing the status moves etcd's revision on, every node proves the new revision, and that is
 * in the status too.  If each proof were written, an idle fleet would keep itself busy for
 * ever.  So a page that differs in nothing but the proof waits until the last write is old.
 *
 * Each write compares the revision of the last one: an answer that was lost, a write that comes
 * late, another agent with the same name are all seen as a conflict, and the key that is there
 * is taken as the one to replace.
 */
#include "agent/fleet/status.h"

#include "agent/log/log.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define MS      INT64_C(1000000)
#define TTL_S   30
#define GATHER  (20 * MS)     /* changes that come together are one write     */
#define PROOF   (300000 * MS) /* between writes for the proof alone */
#define RETRY   (500 * MS)    /* after a failure, doubled each time ...       */
#define RETRIES (30000 * MS)  /* ... up to this                               */

struct sheet {      /* a page as etcd gets it */
	char *text; /* NULL: none             */
	struct page_proof proof;
};

struct fleet_status {
	struct loop *loop;
	struct etcd *etcd;
	struct board *board;
	void (*went_back)(void *arg, int64_t revision, int64_t since);
	void *arg;
	char *key, *node;
	struct etcd_lease *lease;
	struct etcd_call *put;
	struct loop_timer *timer;
	struct sheet written; /* what etcd has under `under` */
	struct sheet writing; /* what is in flight           */
	int64_t under, writing_under;
	int64_t revision; /* of the key, as far as known; 0: not there */
	int64_t at;       /* when `written` was                        */
	int64_t pause;    /* before the next try; 0: nothing failed    */
	bool twice;       /* told that the name may be used twice      */
	bool revoked;
};

static void sheet_fini(struct sheet *sheet)
{
	free(sheet->text);
	*sheet = (struct sheet){0};
}

/* Equal, whatever they have proved. */
static bool say_the_same(const struct sheet *a, const struct sheet *b)
{
	return a->proof.begin == b->proof.begin && !memcmp(a->text, b->text, a->proof.begin) &&
	       !strcmp(a->text + a->proof.end, b->text + b->proof.end);
}

static struct sheet dup_page(const struct fleet_status *s)
{
	const struct page *page = board_take(s->board);
	struct sheet sheet = {strdup(page->brief ? page->brief : page->status), page->proof};
	board_release(s->board, page);
	return sheet;
}

static void retry(struct fleet_status *s)
{
	uint32_t random = 0;
	(void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
	s->pause = s->pause > RETRIES / 2 ? RETRIES : s->pause ? 2 * s->pause : RETRY;
	loop_timer_arm(s->timer, s->pause / 2 + (int64_t)(random % 1000) * s->pause / 2000);
}

/* ---- the answer ---- */

static void on_written(struct fleet_status *s, const struct etcd_result *r)
{
	if (s->pause)
		log_event(LOG_INFO, "status written again", LOG_STR("key", s->key));
	sheet_fini(&s->written);
	s->written = s->writing;
	s->writing = (struct sheet){0};
	s->under = s->writing_under;
	s->revision = r->revision;
	s->at = loop_now();
	s->pause = 0;
	loop_timer_arm(s->timer, 0); /* there may be a newer page by now */
}

static void on_conflict(struct fleet_status *s, const struct etcd_result *r)
{
	bool foreign = r->n && s->revision && r->kvs[0].lease != s->under &&
		       r->kvs[0].lease != s->writing_under;
	if (foreign && !s->twice) {
		s->twice = true;
		log_event(LOG_WARN, "another agent writes this node's status",
			  LOG_STR("node", s->node), LOG_STR("key", s->key));
	}
	bool back = r->revision < s->revision;
	s->revision = r->n ? r->kvs[0].mod_revision : 0;
	if (back && s->went_back)
		s->went_back(s->arg, r->revision, s->at);
	if (foreign)
		retry(s); /* two that take turns should do so slowly */
	else
		loop_timer_arm(s->timer, 0);
}

static void on_put(struct etcd_result *r, void *arg)
{
	struct fleet_status *s = arg;
	s->put = NULL;
	if (r->code != 0) {
		/* What is there is not what was written, or may soon not be. */
		sheet_fini(&s->written);
	}
	if (r->code == 0) {
		on_written(s, r);
	} else if (r->code == FLUME_CONFLICT) {
		on_conflict(s, r);
	} else {
		if (!s->pause)
			log_event(LOG_WARN, "status not written", LOG_STR("key", s->key),
				  LOG_STR("reason", r->err.text));
		/* Its keeper would notice too, only later. */
		if (r->code == FLUME_NOT_FOUND)
			s->lease = etcd_lease_free(s->lease);
		retry(s);
	}
	sheet_fini(&s->writing);
}

/* ---- the write ---- */

static void on_held(int64_t lease, void *arg)
{
	struct fleet_status *s = arg;
	(void)lease;
	loop_timer_arm(s->timer, 0);
}

/* How long until it is due; 0: now; negative: there is nothing to write. */
static int64_t due_in(const struct fleet_status *s, const struct sheet *page, int64_t lease)
{
	if (!s->written.text || s->under != lease || !say_the_same(&s->written, page))
		return 0;
	if (!strcmp(s->written.text, page->text))
		return -1;
	int64_t age = loop_now() - s->at;
	return age >= PROOF ? 0 : PROOF - age;
}

static void write_page(void *arg)
{
	struct fleet_status *s = arg;
	if (!s->lease)
		s->lease = etcd_lease_new(s->etcd, TTL_S, on_held, s);
	if (!s->lease)
		retry(s);
	int64_t lease = s->lease ? etcd_lease_id(s->lease) : 0;
	if (s->put || !lease)
		return; /* on_put and on_held come back here */
	struct sheet page = dup_page(s);
	int64_t due = page.text ? due_in(s, &page, lease) : RETRY;
	if (due == 0) {
		s->writing = page;
		s->writing_under = lease;
		s->put = etcd_put_if(s->etcd, s->key, page.text, strlen(page.text), s->revision,
				     lease, on_put, s);
		if (s->put)
			return;
		s->writing = (struct sheet){0};
		due = RETRY;
	}
	sheet_fini(&page);
	if (due > 0)
		loop_timer_arm(s->timer, due);
}

void fleet_status_changed(void *arg)
{
	struct fleet_status *s = arg;
	if (!s->put && !s->pause)
		loop_timer_arm(s->timer, GATHER);
}

/* ---- life ---- */

int fleet_status_new(struct fleet_status **out, struct loop *loop, struct etcd *etcd,
		     struct board *board, const struct fleet_status_options *options,
		     struct flume_err *err)
{
	struct fleet_status *s = calloc(1, sizeof *s);
	if (!s)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*s = (struct fleet_status){.loop = loop,
				   .etcd = etcd,
				   .board = board,
				   .went_back = options->went_back,
				   .arg = options->arg};
	struct text key = {0};
	text_addf(&key, "%snodes/%s", options->prefix, options->node);
	s->key = text_take(&key);
	s->node = strdup(options->node);
	s->timer = loop_timer_new(loop, write_page, s);
	if (s->key && s->node && s->timer)
		s->lease = etcd_lease_new(etcd, TTL_S, on_held, s);
	if (!s->lease) {
		fleet_status_free(s, 0);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	*out = s;
	return 0;
}

static void on_revoked(struct etcd_result *r, void *arg)
{
	struct fleet_status *s = arg;
	(void)r;
	s->revoked = true;
}

static void revoke(struct fleet_status *s, int64_t lease, int64_t within_ns)
{
	int64_t end = loop_now() + within_ns;
	struct etcd_call *call = etcd_lease_revoke(s->etcd, lease, on_revoked, s);
	while (call && !s->revoked && loop_now() < end)
		loop_step(s->loop, 20);
	if (!s->revoked)
		etcd_cancel(call);
}

struct fleet_status *fleet_status_free(struct fleet_status *s, int64_t within_ns)
{
	if (!s)
		return NULL;
	int64_t lease = s->lease ? etcd_lease_id(s->lease) : 0;
	etcd_lease_free(s->lease);
	etcd_cancel(s->put);
	loop_timer_free(s->timer);
	if (lease && within_ns > 0)
		revoke(s, lease, within_ns);
	sheet_fini(&s->written);
	sheet_fini(&s->writing);
	free(s->key);
	free(s->node);
	free(s);
	return NULL;
}
