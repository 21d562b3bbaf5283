/*
 * The questions are in the order in which a node depends on the answers: what it was told, the
 * machine, etcd, the agent.  Nothing is tried that would leave a trace, not even a file in the state
 * folder: whether etcd would let the node write is asked with a transaction whose condition is never
 * true, for etcd looks at the rights before it looks at conditions.
 */
#include "agent/cmd/doctor.h"

#include "agent/cmd/agent_options.h"
#include "agent/cmd/clean.h"
#include "agent/loop/loop.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(field) offsetof(struct doctor_options, field)

static const struct conf_option options[] = {
	OPTION_ETCD(doctor_options),
	OPTION_PREFIX(doctor_options),
	{"dir", 0, CONF_TEXT, "DIR", NULL, "FLUME_DIR", ROW(dir),
	 "The folder that the agent follows, if it follows one."},
	{"url", 0, CONF_TEXTS, "[NAME=]URL", NULL, "FLUME_URL", ROW(urls),
	 "The web server that the agent asks, if it asks one."},
	{"node", 0, CONF_TEXT, "NAME", NULL, "FLUME_NODE", ROW(node),
	 "The name of this node. Default: the host name."},
	{"state", 0, CONF_TEXT, "DIR", NULL, "FLUME_STATE", ROW(state),
	 "Where the agent remembers what was proven."},
	{"listen", 0, CONF_TEXT, "HOST:PORT", "127.0.0.1:8410", "FLUME_LISTEN", ROW(listen),
	 "Where the agent serves HTTP; nothing: only on the socket."},
	{"socket", 0, CONF_TEXT, "PATH", NULL, "FLUME_SOCKET", ROW(socket),
	 "The agent's unix socket; none: it has none. Default: flume.sock in "
	 "$RUNTIME_DIRECTORY or /run/flume, if there is one."},
	{"timeout", 0, CONF_DURATION, "TIME", "20s", NULL, ROW(timeout),
	 "What takes longer, all in all, is given up."},
	OPTION_CONFIG(doctor_options, "The agent's configuration: what it is told there."),
	OPTION_OUTPUT(doctor_options),
	{0},
};

static const char *const words[] = {"ok", "warn", "fail"};

/* ---- one line ---- */

static void add_text(struct text *t, enum doctor_level level, const char *check,
		     const char *what, const char *advice)
{
	text_addf(t, "%-5s %-12s ", words[level], check);
	text_add_clean(t, what, strlen(what));
	if (advice)
		text_addf(t, "; %s", advice);
	text_add_char(t, '\n');
}

static void add_json(struct text *t, enum doctor_level level, const char *check,
		     const char *what, const char *advice)
{
	text_addf(t, "%s\n{\"check\":\"%s\",\"level\":\"%s\",\"found\":", t->len ? "," : "",
		  check, words[level]);
	text_add_json(t, what, strlen(what));
	if (advice) {
		text_add(t, ",\"advice\":");
		text_add_json(t, advice, strlen(advice));
	}
	text_add_char(t, '}');
}

void doctor_say(struct doctor *d, enum doctor_level level, const char *check,
		const char *advice, const char *fmt, ...)
{
	char what[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	d->n++;
	d->failed = d->failed || level == DOCTOR_FAIL;
	if (d->options->output == OUTPUT_JSON) {
		add_json(&d->told, level, check, what, advice);
		return;
	}
	add_text(&d->told, level, check, what, advice);
	if (d->told.s)
		fputs(d->told.s, stdout);
	fflush(stdout);
	text_fini(&d->told);
	d->told = (struct text){0};
}

int doctor_time(struct doctor *d, const char *check, int most)
{
	int64_t left = (d->deadline - loop_now()) / 1000000;
	if (left <= 0) {
		doctor_say(d, DOCTOR_FAIL, check, "say --timeout for more",
			   "not looked at: the time is over");
		return 0;
	}
	return left < most ? (int)left : most;
}

/* ---- what it was told ---- */

/* Of the other options of the agent, a wrong value would only be noticed when it starts. */
static void check_file(struct doctor *d)
{
	const struct conf *conf = d->conf;
	char flag[] = "--config";
	char *argv[] = {flag, (char *)(uintptr_t)conf->file, NULL};
	const struct conf_option *const others[] = {options, NULL};
	struct conf again = {0};
	struct agent_options agent = {0};
	struct flume_err err = {0};
	flume_report *report = flume_report_new();
	int rc = report ? conf_read(&again,
				    &(struct conf_request){agent_option_rows, others, 2, argv},
				    &agent, report, &err)
			: FLUME_NOMEM;
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	if (!rc)
		doctor_say(d, DOCTOR_OK, "config", NULL, "%s", conf->file);
	else if (issue)
		doctor_say(d, DOCTOR_FAIL, "config", "the agent would not start with it",
			   "%s:%u:%u: %s", conf->file, issue->line, issue->column, issue->text);
	else
		doctor_say(d, DOCTOR_FAIL, "config", "the agent would not start with it",
			   "%s: %s", conf->file, err.text);
	conf_fini(&again);
	flume_report_free(report);
}

static void check_told(struct doctor *d)
{
	const struct doctor_options *o = d->options;
	int sources = !!o->etcd + !!o->dir + !!*o->urls;
	if (d->conf->file)
		check_file(d);
	else
		doctor_say(d, DOCTOR_OK, "config", NULL,
			   "no file: flags, variables and defaults");
	if (sources > 1)
		doctor_say(d, DOCTOR_FAIL, "source", "leave out all but one",
			   "--etcd, --dir and --url: schemas come from one place");
	else if (!sources)
		doctor_say(d, DOCTOR_WARN, "source",
			   "say --etcd URL, or name the agent's file with --config",
			   "none is given: schemas come over HTTP alone");
	else
		doctor_say(d, DOCTOR_OK, "source", NULL, "%s",
			   o->etcd  ? o->etcd
			   : o->dir ? o->dir
				    : *o->urls);
}

/* ---- the command ---- */

static int end(struct doctor *d)
{
	char *told = text_take(&d->told);
	if (!told)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	if (d->options->output == OUTPUT_JSON)
		print_clean_list(told);
	free(told);
	return d->failed ? CMD_NEGATIVE : CMD_DONE;
}

static int run(const struct cmd_call *call)
{
	const struct doctor_options *o = call->options;
	struct doctor d = {
		.options = o, .conf = call->conf, .deadline = loop_now() + o->timeout};
	int code = cmd_check_prefix(o->prefix);
	if (code)
		return code;
	if (!agent_node_name(d.node, o->node))
		return cmd_fail(CMD_USAGE, "doctor: --node: '%s' cannot name a node", o->node);
	check_told(&d);
	doctor_host(&d);
	if (o->etcd)
		doctor_etcd(&d);
	doctor_agent(&d);
	return end(&d);
}

const struct command command_doctor = {
	.name = "doctor",
	.usage = "[OPTION...]",
	.about = "Look for what keeps a node from working.",
	.details = "Looks at the configuration, the machine, etcd, and the agent of this node, "
		   "and "
		   "says one line for each: ok, warn or fail, and what to do. It takes the "
		   "agent's "
		   "options, variables and --config, changes nothing and shows no secret. A "
		   "configuration that cannot be read at all is told as by every command.",
	.negative = "something fails",
	.options = options,
	.size = sizeof(struct doctor_options),
	.run = run,
};
