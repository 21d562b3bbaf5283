#include "agent/cmd/status_watch.h"

#include "agent/cmd/clean.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/screen.h"
#include "agent/cmd/status_changes.h"
#include "agent/cmd/status_print.h"
#include "agent/engine/facts.h"
#include "agent/fleet/view_json.h"

#include <stdio.h>
#include <string.h>

struct watching {
	bool json, screen;             /* no screen before there is something to show */
	const struct fleet_view *view; /* the last one; lent; NULL: none yet */
	char why[512];                 /* etcd is not heard; "": it is */
};

static void write_picture(const struct watching *w, struct text *t, const char *at)
{
	text_addf(t, "%s   revision %lld   q: quit\n%s\n", at, (long long)w->view->revision,
		  w->why);
	status_print(t, w->view);
}

static int show(const struct watching *w, const struct fleet_view *before)
{
	char at[STAMP_SIZE];
	struct text t = {0};
	stamp_write(at, stamp_now());
	if (w->json)
		fleet_view_json(&t, w->view, at);
	else if (w->screen)
		write_picture(w, &t, at);
	else if (before)
		status_changes(&t, before, w->view);
	else
		status_print(&t, w->view);
	if (t.failed) {
		text_fini(&t);
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	}
	if (w->screen)
		screen_draw(t.s ? t.s : "");
	else if (w->json)
		print_clean_json(stdout, t.s ? t.s : "");
	else
		fputs(t.s ? t.s : "", stdout);
	bool gone = fflush(stdout) || ferror(stdout);
	text_fini(&t);
	return gone ? CMD_DONE : FOLLOW_ON; /* who read it has gone */
}

static int look(void *arg, const struct fleet_view *view)
{
	struct watching *w = arg;
	const struct fleet_view *before = w->view;
	w->view = view;
	if (!before)
		w->screen = !w->json && screen_open();
	return show(w, before);
}

static int late(void *arg, const struct fleet_view *view, const char *why)
{
	(void)arg;
	return view ? CMD_DONE
		    : cmd_fail(CMD_TIMED_OUT, "timed out%s%s", *why ? ": " : "", why);
}

static void on_link(void *arg, const char *why)
{
	struct watching *w = arg;
	bool news = !*w->why != !*why;
	snprintf(w->why, sizeof w->why, "%s", why);
	if (w->screen && w->view)
		(void)show(w, NULL);
	else if (news && !w->screen)
		cmd_fail(0, "%s", *why ? why : "etcd is heard again");
}

static int idle(void *arg)
{
	const struct watching *w = arg;
	int key = w->screen ? screen_key(0) : screen_sleep(0) ? SCREEN_NONE : SCREEN_END;
	return key == 'q' || key == 'Q' || key == SCREEN_END ? CMD_DONE : FOLLOW_ON;
}

int status_watch(const struct follow_from *from, int64_t timeout_ns, bool json)
{
	struct watching w = {.json = json};
	screen_hear_signals();
	int code =
		follow(from, timeout_ns, &(struct follow_calls){look, late, on_link, idle, &w});
	screen_close();
	return code;
}
