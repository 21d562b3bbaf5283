/*
 * Live figures of one node, from what it shows to everybody: /metrics, twice, and /status.  What lies
 * between two samples is arithmetic, in top_rates.c.
 */
#include "agent/cmd/cmd.h"
#include "agent/cmd/fetch.h"
#include "agent/cmd/options.h"
#include "agent/cmd/screen.h"
#include "agent/cmd/top_print.h"
#include "agent/loop/loop.h"
#include "agent/source/slurp.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct top_options {
	const char *agent, *socket, *token_file, *config;
	int64_t interval, count;
	int sort, output;
	bool reverse;
};

static const struct conf_option options[] = {
	{"interval", 'i', CONF_DURATION, "TIME", "1s", NULL,
	 offsetof(struct top_options, interval), "How long to count before each picture."},
	{"count", 'n', CONF_COUNT, "N", NULL, NULL, offsetof(struct top_options, count),
	 "End after so many pictures. Default: go on."},
	{"sort", 's', CONF_CHOICE, "name|calls|errors|dropped|p50|p99|busy", "calls", NULL,
	 offsetof(struct top_options, sort), "What stands above: the largest of these."},
	{"reverse", 'r', CONF_FLAG, "", NULL, NULL, offsetof(struct top_options, reverse),
	 "The other way round."},
	OPTION_NODE(top_options),
	OPTION_CONFIG(top_options, "The agent's configuration; what it says of others is not "
				   "looked at."),
	OPTION_OUTPUT(top_options),
	{0},
};

static const char *const orders[TOP_ORDERS] = {"name", "calls", "errors", "dropped",
					       "p50",  "p99",   "busy"};

struct top {
	const struct top_options *options;
	struct fetch_from from;
	bool screen, headed;
	enum top_order order;
	bool reverse;
	struct top_sample before, now;
	struct flume_err err; /* why the last sample was not had; code 0: it was */
};

static double now_seconds(void)
{
	return (double)loop_now() / 1e9;
}

/* ---- a sample ---- */

static int take(struct top *top, struct top_sample *out)
{
	struct text metrics = {0}, status = {0};
	top->err = (struct flume_err){0};
	int rc = fetch_text(&top->from, "/metrics", NULL, &metrics, &top->err);
	out->at = now_seconds();
	if (!rc)
		rc = fetch_text(&top->from, "/status", "application/json", &status, &top->err);
	if (!rc)
		rc = top_sample_metrics(out, metrics.s ? metrics.s : "", metrics.len);
	if (!rc)
		rc = top_sample_status(out, status.s ? status.s : "", status.len);
	if (rc == FLUME_NOMEM)
		flume_fail(&top->err, rc, "out of memory");
	text_fini(&metrics);
	text_fini(&status);
	if (rc)
		top_sample_fini(out);
	return rc;
}

/* ---- a picture ---- */

static void add_title(struct text *t, const struct top *top, const char *at)
{
	text_addf(t, "%s  %s  by %s%s   q: quit  s: sort by the next  r: reverse\n",
		  *top->now.node ? top->now.node : "-", at, orders[top->order],
		  top->reverse ? ", reversed" : "");
	text_addf(t, "%s\n", top->err.code ? top->err.text : "");
}

static void stamp(char out[32])
{
	struct tm tm;
	time_t now = time(NULL);
	gmtime_r(&now, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static int show(struct top *top)
{
	char at[32];
	struct text t = {0};
	struct top_row *rows = top_rates(&top->before, &top->now);
	if (!rows)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	stamp(at);
	const struct top_view view = {rows, top->now.n, top->now.node,
				      top->now.at - top->before.at, at};
	top_sort(rows, view.n, top->order, top->reverse);
	if (top->screen)
		add_title(&t, top, at);
	if (top->options->output == OUTPUT_JSON) {
		top_json(&t, &view);
	} else {
		if (top->screen || !top->headed)
			top_head(&t);
		top_lines(&t, &view);
		top->headed = true;
	}
	free(rows);
	bool good = !t.failed;
	if (good && top->screen)
		screen_draw(t.s ? t.s : "");
	else if (good)
		fputs(t.s ? t.s : "", stdout);
	fflush(stdout);
	text_fini(&t);
	return good ? 0 : cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- time, and keys ---- */

/* False: that is all. */
static bool press(struct top *top, int key)
{
	if (key == 'q' || key == 'Q' || key == SCREEN_END)
		return false;
	if (key == 's')
		top->order = (top->order + 1) % TOP_ORDERS;
	else if (key == 'r')
		top->reverse = !top->reverse;
	if ((key == 's' || key == 'r') && top->now.at > 0)
		show(top);
	return true;
}

static bool wait_until(struct top *top, double until)
{
	if (!top->screen)
		return screen_sleep(until - now_seconds());
	for (double left; (left = until - now_seconds()) > 0;)
		if (!press(top, screen_key(left)))
			return false;
	return press(top, screen_key(0));
}

/* A node that does not answer for a while is waited for: it may be about to be back. */
static int look_again(struct top *top)
{
	struct top_sample next = {0};
	if (take(top, &next)) {
		if (top->screen)
			return top->now.at > 0 ? show(top) : 0;
		cmd_fail(0, "%s", top->err.text);
		return 0;
	}
	if (top->now.at > 0) {
		top_sample_fini(&top->before);
		top->before = top->now;
	}
	top->now = next;
	return show(top);
}

static int watch(struct top *top)
{
	double every = (double)top->options->interval / 1e9, next = now_seconds();
	if (take(top, &top->before))
		return cmd_fail(cmd_exit_of(top->err.code), "%s", top->err.text);
	top->screen = top->options->output == OUTPUT_TEXT && screen_open();
	if (top->screen)
		screen_draw("counting...");
	for (int64_t i = 0; !top->options->count || i < top->options->count; i++) {
		next += every;
		if (next < now_seconds())
			next = now_seconds();
		if (!wait_until(top, next))
			break;
		int code = look_again(top);
		if (code || ferror(stdout))
			return code;
	}
	return 0;
}

static int run(const struct cmd_call *call)
{
	const struct top_options *o = call->options;
	struct top top = {
		.options = o,
		.from = {.url = o->socket ? "http://localhost" : o->agent, .socket = o->socket},
		.order = (enum top_order)o->sort,
		.reverse = o->reverse,
	};
	char *token = NULL;
	struct flume_err err = {0};
	if (o->interval < 100000000)
		return cmd_fail(CMD_USAGE, "top: --interval: expected 100ms at least");
	if (o->token_file && slurp_token(o->token_file, &token, &err))
		return cmd_fail(CMD_USAGE, "top: --token-file: %s", err.text);
	top.from.token = token;
	screen_hear_signals();
	int code = watch(&top);
	screen_close();
	top_sample_fini(&top.before);
	top_sample_fini(&top.now);
	free(token);
	return code;
}

const struct command command_top = {
	.name = "top",
	.usage = "[OPTION...]",
	.about = "Watch the pipelines of one node: calls, errors, how long they take.",
	.details =
		"A picture each second: calls, errors and dropped documents a second, the time "
		"that half (P50) and 99 % (P99) of the calls took at most, and how many were "
		"under way on average (BUSY). On a terminal q ends it, s sorts by the next "
		"column, r turns the order round; elsewhere it prints a line for each "
		"pipeline, "
		"or with -o json one object, for each interval.",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_TIMED_OUT | 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct top_options),
	.run = run,
};
