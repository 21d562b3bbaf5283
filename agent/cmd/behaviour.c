/*
 * Both get a clone of the document, and take turns in being the first, for the second finds warmer
 * caches.
 *
 * A step that was left behind by its call may still say which way it goes; so the turns have a lock,
 * and what comes after the end of the call is not heard.
 */
#include "agent/cmd/behaviour.h"

#include "agent/loop/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define TURNS 256 /* of one document; more are not compared */

/* ---- which way ---- */

struct turn {
	const char *step, *way; /* the pipeline's */
};

struct trail {
	struct turn turns[TURNS];
	size_t n;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct trail *listening; /* NULL: no call is under way */

static void hear(void *user, const char *step, const char *way)
{
	pthread_mutex_lock(&lock);
	if (listening && listening == user && listening->n < TURNS)
		listening->turns[listening->n++] = (struct turn){step, way};
	pthread_mutex_unlock(&lock);
}

static void listen_to(struct trail *trail)
{
	pthread_mutex_lock(&lock);
	listening = trail;
	pthread_mutex_unlock(&lock);
}

static bool meets_before(const struct trail *trail, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(trail->turns[k].step, trail->turns[i].step))
			return true;
	return false;
}

/* All ways at the step, in their order: "gold", "then, else"; "" when it was not met. */
static void find_ways(const struct trail *trail, const char *step, struct text *out)
{
	for (size_t i = 0; i < trail->n; i++) {
		if (strcmp(trail->turns[i].step, step) != 0)
			continue;
		text_add(out, out->len ? ", " : "");
		text_add(out, *trail->turns[i].way ? trail->turns[i].way : "none");
	}
}

/* ---- one document ---- */

struct run {
	struct document *document;
	int code;
	struct flume_err err;
	struct trail trail;
};

struct pair {
	struct run of[BEHAVIOUR_SIDES];
	struct text output, routes, outcomes[BEHAVIOUR_SIDES];
};

static void run(struct behaviour *b, int side, struct run *r)
{
	void *item = r->document;
	int64_t begun = loop_now();
	listen_to(&r->trail);
	r->code = flume_pipeline_process(b->pipelines[side],
					 &(struct flume_call){.flags = FLUME_CALL_CANARY,
							      .user = &r->trail,
							      .turn = hear},
					 &item, &r->err);
	listen_to(NULL);
	quantile_add(&b->took[side], loop_now() - begun);
	r->document = item;
}

static const char *word(const struct run *r)
{
	return r->code == FLUME_DROPPED ? "dropped" : flume_code_text(r->code);
}

/* NULL is as good as no text here. */
static const char *show(const struct text *t)
{
	return t->s ? t->s : "";
}

static char *dup(const char *s, bool *failed)
{
	char *copy = strdup(s);
	*failed = *failed || !copy;
	return copy;
}

static int count_row(struct behaviour *b, const char *step, const char *old, const char *new)
{
	bool failed = false;
	struct behaviour_row *row = b->rows;
	for (; row < b->rows + b->n_rows; row++)
		if (!step == !row->step && (!step || !strcmp(step, row->step)) &&
		    !strcmp(old, row->ways[BEHAVIOUR_OLD]) &&
		    !strcmp(new, row->ways[BEHAVIOUR_NEW])) {
			row->documents++;
			return FLUME_OK;
		}
	if (b->n_rows == BEHAVIOUR_ROWS)
		return FLUME_OK;
	b->n_rows++;
	*row = (struct behaviour_row){
		step ? dup(step, &failed) : NULL, {dup(old, &failed), dup(new, &failed)}, 1};
	return failed ? FLUME_NOMEM : FLUME_OK;
}

static int compare_outcomes(struct behaviour *b, struct pair *p)
{
	const struct run *old = &p->of[BEHAVIOUR_OLD], *new = &p->of[BEHAVIOUR_NEW];
	bool both_failed = old->code < 0 && old->code == new->code;
	if (old->code == new->code && (old->code >= 0 || !strcmp(old->err.text, new->err.text)))
		return FLUME_OK;
	for (int i = 0; i < BEHAVIOUR_SIDES; i++) {
		const struct run *r = &p->of[i];
		text_add(&p->outcomes[i], word(r));
		if (r->code < 0)
			text_addf(&p->outcomes[i], " (%s)", r->err.text);
	}
	return count_row(b, NULL, word(old), both_failed ? "failed otherwise" : word(new));
}

static void compare_outputs(struct behaviour *b, struct pair *p)
{
	char why[600];
	const struct document_rules rules = {
		.exact = true, .except = b->except, .n_except = b->n_except};
	if (p->of[0].code || p->of[1].code)
		return;
	if (!document_matches(p->of[BEHAVIOUR_NEW].document, p->of[BEHAVIOUR_OLD].document,
			      &rules, why, sizeof why))
		text_add(&p->output, why);
}

static int compare_step(struct behaviour *b, const char *step, struct pair *p)
{
	struct text ways[BEHAVIOUR_SIDES] = {{0}, {0}};
	int code = FLUME_OK;
	for (int i = 0; i < BEHAVIOUR_SIDES; i++)
		find_ways(&p->of[i].trail, step, &ways[i]);
	if (ways[0].failed || ways[1].failed)
		code = FLUME_NOMEM;
	else if (ways[0].len && ways[1].len && strcmp(ways[0].s, ways[1].s) != 0) {
		text_addf(&p->routes, "%s%s: %s -> %s", p->routes.len ? "; " : "", step,
			  ways[0].s, ways[1].s);
		code = count_row(b, step, ways[0].s, ways[1].s);
	}
	text_fini(&ways[0]);
	text_fini(&ways[1]);
	return code;
}

static int compare_routes(struct behaviour *b, struct pair *p)
{
	const struct trail *old = &p->of[BEHAVIOUR_OLD].trail;
	int code = FLUME_OK;
	for (size_t i = 0; i < old->n && !code; i++)
		if (!meets_before(old, i))
			code = compare_step(b, old->turns[i].step, p);
	return code;
}

static int keep_example(struct behaviour *b, uint64_t line, const struct pair *p)
{
	bool failed = false;
	if (!b->examples)
		b->examples = calloc(b->n_examples, sizeof *b->examples);
	if (!b->examples)
		return FLUME_NOMEM;
	struct behaviour_example *e = &b->examples[b->n_kept++];
	e->line = line;
	for (int i = 0; i < BEHAVIOUR_SIDES; i++)
		if (p->outcomes[i].len)
			e->outcomes[i] = dup(show(&p->outcomes[i]), &failed);
	if (p->output.len)
		e->output = dup(show(&p->output), &failed);
	if (p->routes.len)
		e->routes = dup(show(&p->routes), &failed);
	return failed ? FLUME_NOMEM : FLUME_OK;
}

static int compare(struct behaviour *b, uint64_t line, struct pair *p)
{
	int code = compare_outcomes(b, p);
	compare_outputs(b, p);
	if (!code)
		code = compare_routes(b, p);
	if (p->output.failed || p->routes.failed || p->outcomes[0].failed ||
	    p->outcomes[1].failed)
		code = FLUME_NOMEM;
	b->outcomes += p->outcomes[0].len != 0;
	b->outputs += p->output.len != 0;
	b->routes += p->routes.len != 0;
	if (code || !(p->outcomes[0].len || p->output.len || p->routes.len))
		return code;
	b->differ++;
	return b->n_kept < b->n_examples ? keep_example(b, line, p) : FLUME_OK;
}

int behaviour_compare(struct behaviour *b, uint64_t line, const struct document *document)
{
	struct pair *p = calloc(1, sizeof *p);
	int code = FLUME_NOMEM;
	if (!p)
		return code;
	for (int i = 0; i < BEHAVIOUR_SIDES; i++)
		p->of[i].document = document_clone(document);
	if (p->of[0].document && p->of[1].document) {
		int first = (int)(b->documents++ % BEHAVIOUR_SIDES);
		run(b, first, &p->of[first]);
		run(b, !first, &p->of[!first]);
		code = compare(b, line, p);
	}
	for (int i = 0; i < BEHAVIOUR_SIDES; i++) {
		document_free(p->of[i].document);
		text_fini(&p->outcomes[i]);
	}
	text_fini(&p->output);
	text_fini(&p->routes);
	free(p);
	return code;
}

void behaviour_fini(struct behaviour *b)
{
	for (size_t i = 0; i < b->n_rows; i++) {
		free(b->rows[i].step);
		free(b->rows[i].ways[0]);
		free(b->rows[i].ways[1]);
	}
	for (size_t i = 0; i < b->n_kept; i++) {
		free(b->examples[i].outcomes[0]);
		free(b->examples[i].outcomes[1]);
		free(b->examples[i].output);
		free(b->examples[i].routes);
	}
	free(b->examples);
}
