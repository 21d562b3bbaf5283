/*
 * Schemas from a web server.
 *
 * A round asks for every document at once, and ends when each was answered.  Only a round that was
 * all good proves anything, and one that fails does not slow down the others.
 *
 * What was said of the last good answer goes along with the next question, so that "304 Not
 * Modified" is all that usually comes.
 */
#include "agent/source/url.h"

#include "agent/source/pace.h"
#include "agent/source/slurp.h"
#include "agent/source/url_answer.h"
#include "agent/source/url_names.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define S           INT64_C(1000000000)
#define PAUSE_LEAST (1 * S)
#define PAUSE_MOST  (60 * S)
#define RETRY_MOST  300 /* seconds: whoever asks for more gets that */

struct question { /* one document of a round */
	struct source_url *source;
	struct url_document document;
	struct web_get *get; /* NULL: answered */
};

struct source_url {
	struct source source;
	struct sink sink;
	struct web *web;
	struct loop_timer *pause; /* until the next round */
	struct pace pace;
	struct question *questions;
	size_t n;
	size_t asked, good; /* in this round: open, answered well */
	bool listed;
	int64_t retry_after;      /* seconds, as an answer of this round demands; or 0 */
	struct flume_err trouble; /* of this round, the first */
	char *token_file, *token; /* NULL: none */
	char *told_why;           /* of the link */
	bool told_link, up;
};

static uint32_t any_number(void)
{
	uint32_t random = 0;
	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
		random = (uint32_t)loop_now();
	return random;
}

/* ---- the link ---- */

/* Another reason is news, too. */
static void tell_link(struct source_url *s, bool up, const char *why)
{
	bool same = s->told_link && s->up == up &&
		    (up || (s->told_why && !strcmp(s->told_why, why)));
	if (same)
		return;
	free(s->told_why);
	s->told_why = up ? NULL : strdup(why);
	s->told_link = true;
	s->up = up;
	s->sink.link(s->sink.arg, up, why);
}

/* ---- rounds ---- */

/* The first that all single schemas are known: what else this node has from before is deleted. */
static void list_schemas(struct source_url *s)
{
	struct change *changes = calloc(s->n ? s->n : 1, sizeof *changes);
	bool all = changes;
	for (size_t i = 0; all && i < s->n; i++) {
		all = s->questions[i].document.known;
		if (all)
			changes[i] = url_change(&s->questions[i].document);
	}
	s->listed = all && !s->sink.batch(s->sink.arg, BATCH_LIST, changes, s->n, 0);
	free(changes);
}

static void end_round(struct source_url *s)
{
	bool single = s->questions[0].document.name;
	if (!single)
		s->listed = s->questions[0].document.known;
	else if (!s->listed)
		list_schemas(s);
	if (s->good == s->n && s->listed) {
		tell_link(s, true, NULL);
		s->sink.proved(s->sink.arg, 0);
	} else {
		tell_link(s, false, s->trouble.code ? s->trouble.text : "out of memory");
	}
	int64_t asked_for = s->retry_after < RETRY_MOST ? s->retry_after : RETRY_MOST;
	loop_timer_arm(s->pause, s->good && !asked_for
					 ? pace_good(&s->pace, any_number())
					 : pace_bad(&s->pace, any_number(), asked_for * S));
}

static void on_reply(const struct web_reply *r, void *arg)
{
	struct question *q = arg;
	struct source_url *s = q->source;
	struct flume_err err = {0};
	q->get = NULL;
	if (!url_take(&q->document, r, &s->sink, &err))
		s->good++;
	else if (!s->trouble.code)
		s->trouble = err;
	if (r->status != 200 && r->retry_after > s->retry_after)
		s->retry_after = r->retry_after;
	if (--s->asked == 0)
		end_round(s);
}

/* A file that is just being replaced is no reason to ask without, nor is one that is not there yet:
 * whoever gives no token may be shown other schemas.  False: there is none. */
static bool read_token(struct source_url *s)
{
	char *token;
	struct flume_err err = {0};
	if (s->token_file && slurp_token(s->token_file, &token, &err)) {
		s->trouble = err;
	} else if (s->token_file) {
		free(s->token);
		s->token = token;
	}
	return s->token || !s->token_file;
}

static void begin_round(void *arg)
{
	struct source_url *s = arg;
	s->trouble = (struct flume_err){0};
	bool may_ask = read_token(s);
	s->retry_after = 0;
	s->asked = s->good = 0;
	for (size_t i = 0; may_ask && i < s->n; i++) {
		struct question *q = &s->questions[i];
		const struct url_document *d = &q->document;
		q->get = web_get(s->web,
				 &(struct web_request){
					 .url = d->url,
					 .etag = d->etag,
					 .modified = d->modified,
					 .token = s->token,
					 .body_max = d->name ? URL_SCHEMA_MOST : URL_WHOLE_MOST,
				 },
				 on_reply, q);
		s->asked += q->get != NULL;
	}
	if (!s->asked)
		end_round(s);
}

/* ---- life ---- */

static void source_url_free(struct source *source)
{
	struct source_url *s = (struct source_url *)source;
	for (size_t i = 0; i < s->n; i++) {
		web_cancel(s->questions[i].get);
		url_document_fini(&s->questions[i].document);
	}
	free(s->questions);
	web_free(s->web);
	loop_timer_free(s->pause);
	free(s->told_why);
	free(s->token_file);
	free(s->token);
	free(s);
}

static bool add_question(struct source_url *s, const char *text)
{
	struct question *q = &s->questions[s->n++];
	size_t n = url_name_length(text);
	q->source = s;
	q->document.name = n ? strndup(text, n) : NULL;
	q->document.url = strdup(url_behind_name(text));
	return q->document.url && !q->document.name == !n;
}

static int set_up(struct source_url *s, struct loop *loop, const struct source_url_options *o,
		  struct flume_err *err)
{
	size_t n = 0;
	while (o->urls[n])
		n++;
	s->web = web_new(loop,
			 &(struct web_options){.ca_file = o->ca_file, .first_ms = o->first_ms},
			 err);
	if (!s->web)
		return err->code;
	s->pause = loop_timer_new(loop, begin_round, s);
	s->questions = calloc(n ? n : 1, sizeof *s->questions);
	s->token_file = o->token_file ? strdup(o->token_file) : NULL;
	bool good = s->pause && s->questions && !s->token_file == !o->token_file;
	for (size_t i = 0; good && i < n; i++)
		good = add_question(s, o->urls[i]);
	return good ? 0 : flume_fail(err, FLUME_NOMEM, "out of memory");
}

int source_url_new(struct source **out, struct loop *loop, const struct source_url_options *o,
		   const struct sink *sink, struct flume_err *err)
{
	struct source_url *s = calloc(1, sizeof *s);
	if (!s)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int64_t poll = o->poll_ns > 0 ? o->poll_ns : SOURCE_URL_POLL;
	*s = (struct source_url){
		.source.free = source_url_free,
		.sink = *sink,
		.pace = {.poll = poll,
			 .least = poll < PAUSE_LEAST ? poll : PAUSE_LEAST,
			 .most = poll > PAUSE_MOST ? poll : PAUSE_MOST},
	};
	struct flume_err why = {0};
	int code = source_url_check(o, &why);
	if (!code)
		code = set_up(s, loop, o, &why);
	if (code) {
		source_url_free(&s->source);
		if (err)
			*err = why;
		return code;
	}
	loop_timer_arm(s->pause, 0);
	*out = &s->source;
	return 0;
}
