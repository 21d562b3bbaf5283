/*
 * Everything is read anew as at the start, flags and variables too, since they win over the file.  So a file
 * that the agent would not start with is refused here, for the same reason and in the same words.
 *
 * What runs is then what the agent was started with, and over it what is live of the new reading: options that
 * wait for a restart keep their first values, whatever the file said in between.
 */
#include "agent/cmd/reload.h"

#include "agent/cmd/bench.h"
#include "agent/engine/engine.h"
#include "agent/log/log.h"
#include "agent/source/file_watch.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WAITING_MOST  64
#define FINDINGS_MOST 10

static const char *const sections[] = {"components", "plugins"};

struct reading {
	struct conf conf;
	struct agent_options options; /* as they are told                   */
	struct agent_options merged;  /* as they run: what is live of these */
	struct agent_facts facts;     /* of those                           */
	flume_report *report;
	struct flume_err err;
};

struct reload {
	struct loop *loop;
	const struct cmd_call *first;
	const struct agent_facts *first_facts;
	struct reload_user user;
	struct reading *now; /* NULL: nothing was taken since the start */
	struct file_watch *on_file, *on_token;
	char *token_file; /* that is watched */
	char *why;        /* of the last reading, when it was refused */
	int64_t at;
	uint64_t applied, rejected;
	const char *waiting[WAITING_MOST + 1];
};

static struct reading *reading_free(struct reading *r)
{
	if (!r)
		return NULL;
	agent_facts_fini(&r->facts);
	conf_fini(&r->conf);
	flume_report_free(r->report);
	free(r);
	return NULL;
}

static const struct conf *conf_now(const struct reload *r)
{
	return r->now ? &r->now->conf : r->first->conf;
}

static const struct agent_options *options_now(const struct reload *r)
{
	return r->now ? &r->now->options : r->first->options;
}

/* ---- reading ---- */

static int merge(const struct reload *r, struct reading *next)
{
	next->merged = *(const struct agent_options *)r->first->options;
	for (const struct conf_option *o = r->first->request->own; o->name; o++)
		if (o->reload == CONF_LIVE)
			conf_lend(o, &next->merged, &next->options);
	agent_facts_fini(&next->facts);
	return agent_facts(&next->facts, &next->merged, &next->err);
}

/* New plug-ins would be loaded to look at them, and stay; that is for the start. */
static int check_components(const struct reload *r, struct reading *next)
{
	bool plugins, components;
	if (conf_same_section(r->first->conf, &next->conf, "plugins", &plugins) ||
	    conf_same_section(r->first->conf, &next->conf, "components", &components))
		return flume_fail(&next->err, FLUME_NOMEM, "out of memory");
	if (!plugins || components)
		return 0;
	return bench_look(&next->conf, next->report, &next->err);
}

static int read_again(const struct reload *r, struct reading *next)
{
	int code = conf_read(&next->conf, r->first->request, &next->options, next->report,
			     &next->err);
	if (!code)
		code = agent_facts(&next->facts, &next->options, &next->err);
	if (!code)
		code = check_components(r, next);
	return code ? code : merge(r, next);
}

static bool same_token(const struct reload *r, const struct reading *next)
{
	const char *now = r->now ? r->now->facts.token : r->first_facts->token;
	const char *then = next->facts.token;
	return now && then ? !strcmp(now, then) : now == then;
}

static bool is_new(const struct reload *r, const struct reading *next)
{
	const struct conf *now = conf_now(r);
	return next->conf.len != now->len ||
	       (now->len && memcmp(next->conf.text, now->text, now->len) != 0) ||
	       !same_token(r, next);
}

/* ---- saying ---- */

static void tell(const struct reload *r)
{
	if (!conf_now(r)->file)
		return;
	r->user.say(r->user.arg, &(struct engine_config){.why = r->why,
							 .at = r->at,
							 .applied = r->applied,
							 .rejected = r->rejected,
							 .waiting = r->waiting});
}

static void log_refusal(const char *place, const char *why, const char *hint)
{
	log_event(LOG_ERROR, "configuration rejected, the one before stays",
		  LOG_STR("place", place), LOG_STR("reason", why), LOG_STR("hint", hint));
}

/* Each finding has a line; the first one is what the status says. */
static char *say_findings(const struct reading *next)
{
	struct text first = {0};
	for (size_t i = 0; i < flume_report_size(next->report) && i < FINDINGS_MOST; i++) {
		const struct flume_issue *issue = flume_report_get_issue(next->report, i);
		struct text place = {0};
		if (!issue)
			continue;
		text_addf(&place, "%s:%u:%u", next->conf.file, issue->line, issue->column);
		log_refusal(place.s ? place.s : next->conf.file, issue->text, issue->hint);
		if (!first.len)
			text_addf(&first, "%s: %s", place.s, issue->text);
		text_fini(&place);
	}
	return text_take(&first);
}

static char *say_error(const struct reading *next)
{
	char place[512] = "";
	struct text why = {0};
	if (next->facts.blame && next->conf.file)
		conf_place(&next->conf, next->facts.blame, place, sizeof place);
	log_refusal(place, next->err.text, NULL);
	text_addf(&why, "%s%s%s", place, *place ? ": " : "", next->err.text);
	return text_take(&why);
}

static void refuse(struct reload *r, const struct reading *next)
{
	char *why = flume_report_size(next->report) ? say_findings(next) : say_error(next);
	free(r->why);
	r->why = why ? why : strdup("out of memory");
	r->rejected++;
	tell(r);
}

/* ---- taking ---- */

static void add_name(struct text *t, const char *name)
{
	text_addf(t, "%s%s", t->len ? "," : "", name);
}

/* What the file now wants and does not get, and what is new of the rest. */
static void compare(struct reload *r, const struct reading *next, struct text *changed)
{
	size_t n = 0;
	bool same;
	for (const struct conf_option *o = r->first->request->own; o->name; o++) {
		if (o->reload == CONF_LIVE) {
			if (!conf_same(o, options_now(r), &next->options))
				add_name(changed, o->name);
		} else if (!conf_same(o, r->first->options, &next->options) &&
			   n < WAITING_MOST) {
			r->waiting[n++] = o->name;
		}
	}
	for (size_t i = 0; i < sizeof sections / sizeof *sections && n < WAITING_MOST; i++)
		if (conf_same_section(r->first->conf, &next->conf, sections[i], &same) || !same)
			r->waiting[n++] = sections[i];
	r->waiting[n] = NULL;
}

static void say_taken(const struct reload *r, const char *because, const struct text *changed)
{
	struct text waiting = {0};
	for (const char *const *name = r->waiting; *name; name++)
		add_name(&waiting, *name);
	log_event(LOG_INFO, "configuration reloaded", LOG_STR("file", conf_now(r)->file),
		  LOG_STR("because", because), LOG_STR("changed", changed->s));
	if (waiting.len)
		log_event(LOG_WARN, "some of the configuration waits for a restart",
			  LOG_STR("options", waiting.s));
	text_fini(&waiting);
}

/* The token's file may be another one now. */
static void follow_token(struct reload *r);

static void take(struct reload *r, struct reading *next, const char *because)
{
	struct text changed = {0};
	compare(r, next, &changed);
	if (!changed.len && !same_token(r, next))
		add_name(&changed, "token-file");
	reading_free(r->now);
	r->now = next;
	free(r->why);
	r->why = NULL;
	r->at = time(NULL);
	r->applied++;
	say_taken(r, because, &changed);
	tell(r);
	text_fini(&changed);
	follow_token(r);
}

/* The file is what runs, after one that was refused. */
static void calm(struct reload *r)
{
	log_event(LOG_INFO, "the configuration file is again what runs",
		  LOG_STR("file", conf_now(r)->file));
	free(r->why);
	r->why = NULL;
	tell(r);
}

static struct reading *reading_new(void)
{
	struct reading *next = calloc(1, sizeof *next);
	if (next)
		next->report = flume_report_new();
	return next && next->report ? next : reading_free(next);
}

/* `because` NULL: only if something is new. */
static void look(struct reload *r, const char *because)
{
	struct reading *next = reading_new();
	if (!next) {
		log_refusal(NULL, "out of memory", NULL);
		return;
	}
	bool good = !read_again(r, next);
	bool news = !good || is_new(r, next);
	if (good && !news && !because) {
		if (r->why)
			calm(r);
	} else if (good &&
		   !r->user.change(r->user.arg, &next->merged, &next->facts, &next->err)) {
		take(r, next, because ? because : "changed");
		return;
	} else {
		refuse(r, next);
	}
	reading_free(next);
}

static void look_between(struct reload *r, const char *because)
{
	r->user.begin(r->user.arg);
	look(r, because);
	r->user.end(r->user.arg);
}

void reload_now(struct reload *r, const char *because)
{
	look_between(r, because);
}

static void on_change(void *arg)
{
	look_between(arg, NULL);
}

/* ---- life ---- */

static void follow_token(struct reload *r)
{
	const char *file = options_now(r)->token_file;
	if (r->token_file && file && !strcmp(r->token_file, file))
		return;
	r->on_token = file_watch_free(r->on_token);
	free(r->token_file);
	r->token_file = file ? strdup(file) : NULL;
	if (r->token_file)
		r->on_token = file_watch_new(r->loop, r->token_file, on_change, r);
	if (file && !r->on_token)
		log_event(LOG_WARN, "out of memory: the token is read again at SIGHUP alone",
			  LOG_STR("file", file));
}

int reload_new(struct reload **out, struct loop *loop, const struct cmd_call *call,
	       const struct agent_facts *facts, const struct reload_user *user)
{
	struct reload *r = calloc(1, sizeof *r);
	if (!r)
		return FLUME_NOMEM;
	*r = (struct reload){.loop = loop,
			     .first = call,
			     .first_facts = facts,
			     .user = *user,
			     .at = time(NULL)};
	follow_token(r);
	if (call->conf->file) {
		r->on_file = file_watch_new(loop, call->conf->file, on_change, r);
		if (!r->on_file) {
			reload_free(r);
			return FLUME_NOMEM;
		}
		tell(r);
		look(r, NULL); /* it may have changed since it was read */
	}
	*out = r;
	return 0;
}

struct reload *reload_free(struct reload *r)
{
	if (!r)
		return NULL;
	file_watch_free(r->on_file);
	file_watch_free(r->on_token);
	reading_free(r->now);
	free(r->token_file);
	free(r->why);
	free(r);
	return NULL;
}
