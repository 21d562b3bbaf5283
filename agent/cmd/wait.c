/*
 * An operator who has just let go, or cleared, and waits then, must not hear what a node said before it
 * heard of that: so what a node refuses counts when it has said so for a moment.
 */
#include "agent/cmd/wait.h"

#include "agent/cmd/clean.h"
#include "agent/cmd/cmd.h"
#include "agent/loop/loop.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MOMENT INT64_C(500000000)

struct waiting {
	const struct follow_from *from;
	const struct wait_for *what;
	void (*show)(void *arg, const struct fleet_view *);
	void *arg;
	bool bar;
	const struct fleet_view *view; /* the last one */
	int64_t refused_at;            /* since when a node refuses; 0: none does */
};

/* ---- how far it is ---- */

static bool is_meant(const struct wait_name *name, const struct fleet_item *item)
{
	return (name->kind == FLEET_KINDS || name->kind == item->kind) &&
	       !strcmp(name->name, item->name);
}

static bool is_waited_for(const struct wait_for *what, const struct fleet_item *item)
{
	for (size_t i = 0; i < what->n; i++)
		if (is_meant(&what->names[i], item))
			return true;
	return !what->n;
}

static size_t on_probation(const struct fleet_item *item)
{
	size_t n = 0;
	for (size_t i = 0; i < item->n; i++)
		n += strcmp(item->rows[i].state, "probation") != 0 ? 0 : item->rows[i].nodes;
	return n;
}

/* Of what is to be gone those nodes count that still have it. */
static void add_item(struct wait_state *s, const struct wait_for *what,
		     const struct fleet_view *view, const struct fleet_item *item)
{
	size_t unwell = item->by[FLEET_COMING] + item->by[FLEET_ASTRAY];
	s->refused += item->by[FLEET_ASTRAY];
	s->all += item->there ? view->nodes : unwell;
	if (item->there)
		s->well += item->by[FLEET_WELL] - (what->proven ? on_probation(item) : 0);
}

static void look_up(struct wait_state *s, const struct wait_name *name,
		    const struct fleet_view *view)
{
	const struct fleet_item *found = NULL;
	for (size_t i = 0; i < view->n_items; i++)
		if (is_meant(name, view->items[i]))
			found = view->items[i];
	bool there = found && found->there;
	if (!found && !name->revision)
		s->unknown = name->name;
	if (name->revision && (!there || found->wanted.revision > name->revision))
		s->lost = name->name;
}

void wait_read(struct wait_state *s, const struct wait_for *what, const struct fleet_view *view)
{
	*s = (struct wait_state){0};
	for (size_t i = 0; i < what->n; i++)
		look_up(s, &what->names[i], view);
	for (size_t i = 0; i < view->n_items; i++)
		if (is_waited_for(what, view->items[i]))
			add_item(s, what, view, view->items[i]);
}

void wait_bar(char out[80], size_t well, size_t all)
{
	enum { WIDTH = 30 };
	char bar[WIDTH + 1];
	size_t done = all ? well * WIDTH / all : 0, percent = all ? well * 100 / all : 0;
	memset(bar, '-', WIDTH);
	memset(bar, '#', done > WIDTH ? WIDTH : done);
	bar[WIDTH] = '\0';
	snprintf(out, 80, "[%s] %3zu %%, %zu of %zu", bar, percent, well, all);
}

/* ---- what is told ---- */

static void clear_bar(const struct waiting *w)
{
	if (w->bar)
		fputs("\r\033[K", stderr);
}

static void tell(const struct fleet_stray *stray)
{
	struct text line = {0}, why = {0};
	fleet_stray_why(&why, stray);
	text_addf(&line, "%s: %s: %s", stray->node, stray->item->name, stray->judgement.state);
	if (why.len)
		text_addf(&line, ": %s", why.s);
	if (line.s && !why.failed)
		print_clean(stderr, line.s, line.len);
	fputc('\n', stderr);
	text_fini(&line);
	text_fini(&why);
}

static void tell_all(const struct waiting *w, const struct fleet_view *view,
		     enum fleet_verdict verdict)
{
	clear_bar(w);
	if (w->show) {
		w->show(w->arg, view);
		return;
	}
	for (size_t i = 0; i < view->n_strays; i++)
		if (view->strays[i].judgement.verdict == verdict &&
		    is_waited_for(w->what, view->strays[i].item))
			tell(&view->strays[i]);
}

/* Nodes of which nothing is known hold it up, too. */
static void tell_mute(const struct fleet_view *view)
{
	for (size_t i = 0; i < view->n_troubles; i++)
		if (view->troubles[i].ill <= FLEET_NO_WORD)
			cmd_fail(0, "node '%s' is %s", view->troubles[i].node,
				 fleet_ill_word(view->troubles[i].ill));
}

static void tell_done(const struct wait_for *what, const struct fleet_view *view)
{
	for (size_t i = 0; i < what->n; i++)
		for (size_t j = 0; j < view->n_items; j++)
			if (is_meant(&what->names[i], view->items[j]))
				printf("%s running on %zu of %zu node%s\n", what->names[i].name,
				       view->items[j]->by[FLEET_WELL], view->nodes,
				       view->nodes == 1 ? "" : "s");
	fflush(stdout);
}

static int end_done(const struct waiting *w, const struct fleet_view *view)
{
	clear_bar(w);
	if (w->what->tell)
		tell_done(w->what, view);
	if (w->show)
		w->show(w->arg, view);
	return CMD_DONE;
}

static int idle(void *arg)
{
	const struct waiting *w = arg;
	if (!w->refused_at || loop_now() - w->refused_at < MOMENT)
		return FOLLOW_ON;
	tell_all(w, w->view, FLEET_ASTRAY);
	return CMD_NEGATIVE;
}

static void draw_bar(const struct wait_state *s)
{
	char bar[80];
	wait_bar(bar, s->well, s->all);
	fprintf(stderr, "\r\033[K%s", bar);
}

static int look(void *arg, const struct fleet_view *view)
{
	struct waiting *w = arg;
	struct wait_state s;
	wait_read(&s, w->what, view);
	w->view = view;
	if (s.unknown || s.lost)
		clear_bar(w);
	if (s.unknown)
		return cmd_fail(CMD_NOT_FOUND, "no schema or switch '%s'", s.unknown);
	if (s.lost)
		return cmd_fail(CMD_CONFLICT, "%s: somebody else has changed it since", s.lost);
	if (view->nodes && s.well == s.all)
		return end_done(w, view);
	if (!s.refused || !w->refused_at)
		w->refused_at = s.refused ? loop_now() : 0;
	if (w->bar && view->nodes)
		draw_bar(&s);
	return FOLLOW_ON;
}

static int late(void *arg, const struct fleet_view *view, const char *why)
{
	const struct waiting *w = arg;
	if (w->refused_at) {
		tell_all(w, view, FLEET_ASTRAY);
		return CMD_NEGATIVE;
	}
	if (view) {
		tell_all(w, view, FLEET_COMING);
		tell_mute(view);
	}
	if (view && !view->nodes)
		cmd_fail(0, "no node has a status below %snodes/", w->from->prefix);
	return *why ? cmd_fail(CMD_TIMED_OUT, "timed out: %s", why)
		    : cmd_fail(CMD_TIMED_OUT, "timed out");
}

int wait_fleet(const struct follow_from *from, const struct wait_for *what, int64_t timeout_ns,
	       void (*show)(void *arg, const struct fleet_view *), void *arg)
{
	struct waiting w = {.from = from,
			    .what = what,
			    .show = show,
			    .arg = arg,
			    .bar = isatty(STDERR_FILENO)};
	return follow(from, timeout_ns, &(struct follow_calls){look, late, NULL, idle, &w});
}
