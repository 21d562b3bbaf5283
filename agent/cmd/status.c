/*
 * Every node says of itself what it wants, what it tried and what it runs, and etcd holds what is
 * wanted: agent/fleet makes one view of the two, and this shows it, once, as it changes, or when it
 * is as it should be.
 */
#include "agent/cmd/clean.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/fetch.h"
#include "agent/cmd/follow.h"
#include "agent/cmd/options.h"
#include "agent/cmd/status_print.h"
#include "agent/cmd/status_watch.h"
#include "agent/cmd/store.h"
#include "agent/cmd/wait.h"
#include "agent/engine/facts.h"
#include "agent/fleet/view_json.h"
#include "agent/source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct status_options {
	const char *etcd, *prefix, *agent, *config;
	struct etcd_how how;
	int64_t timeout;
	int output;
	bool watch, wait, proven, check, raw;
};

static const struct conf_option options[] = {
	{"watch", 'w', CONF_FLAG, "", NULL, NULL, offsetof(struct status_options, watch),
	 "Show it again whenever it changes: the whole on a terminal, elsewhere a line for "
	 "each "
	 "change."},
	{"wait", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct status_options, wait),
	 "Until every live node runs what is wanted (0), or one says why not (1)."},
	{"proven", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct status_options, proven),
	 "With --wait: and no probation is under way any more."},
	{"timeout", 0, CONF_DURATION, "TIME", NULL, NULL,
	 offsetof(struct status_options, timeout),
	 "End --wait (with 6) or --watch then. Default: 5m for --wait, none for --watch."},
	{"check", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct status_options, check),
	 "Exit with 1 when a node is not as wanted or in trouble; with --wait, in the end."},
	{"raw", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct status_options, raw),
	 "What each node says, word for word, as JSON."},
	OPTION_ETCD(status_options),
	OPTION_PREFIX(status_options),
	OPTION_AGENT(status_options),
	OPTION_CONFIG(status_options, "The agent's configuration, for etcd and prefix."),
	OPTION_OUTPUT(status_options),
	{0},
};

#define WAIT_DEFAULT INT64_C(300000000000)

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

static int print(const struct fleet_view *view, int output)
{
	struct text t = {0};
	char at[STAMP_SIZE];
	stamp_write(at, stamp_now());
	if (output == OUTPUT_JSON)
		fleet_view_json(&t, view, at);
	else
		status_print(&t, view);
	bool good = !t.failed && !view->failed;
	if (good && output == OUTPUT_JSON)
		print_clean_json(stdout, t.s ? t.s : "");
	else if (good)
		fputs(t.s ? t.s : "", stdout);
	text_fini(&t);
	return good ? CMD_DONE : out_of_memory();
}

/* ---- once ---- */

#define TOLD 8 /* troubles in the line of --check; the table has them all */

/* What --check has against it; nothing when all is well. */
static void find_faults(struct text *t, const struct fleet_view *view)
{
	size_t n = 0;
	if (!view->nodes && view->n_items)
		text_add(t, "no node has a status");
	if (view->well < view->nodes)
		text_addf(t, "%zu of %zu node%s not as wanted", view->nodes - view->well,
			  view->nodes, view->nodes == 1 ? "" : "s");
	for (size_t i = 0; i < view->n_troubles; i++) {
		const struct fleet_trouble *trouble = &view->troubles[i];
		if (!fleet_ill_counts(trouble->ill) || ++n > TOLD)
			continue;
		text_addf(t, "%s%s: %s%s%s", t->len ? "; " : "", trouble->node,
			  fleet_ill_word(trouble->ill), *trouble->name ? " " : "",
			  trouble->name);
	}
	if (n > TOLD)
		text_addf(t, "; and %zu more", n - TOLD);
}

static int tell_faults(const struct text *faults)
{
	struct text clean = {0};
	if (faults->failed)
		return out_of_memory();
	if (!faults->len)
		return CMD_DONE;
	text_add_clean(&clean, faults->s, faults->len);
	cmd_fail(0, "--check fails (exit code %d): %s", CMD_NEGATIVE, clean.s ? clean.s : "");
	text_fini(&clean);
	return CMD_NEGATIVE;
}

static int finish(const struct status_options *o, const char *only,
		  const struct fleet_view *view)
{
	if (only && !view->n_items)
		return cmd_fail(CMD_NOT_FOUND, "no schema or switch '%s'", only);
	struct text faults = {0};
	int code = print(view, o->output);
	if (!code && o->check) {
		find_faults(&faults, view);
		code = tell_faults(&faults);
	}
	text_fini(&faults);
	return code;
}

static int once(const struct status_options *o, const struct follow_from *from)
{
	struct fleet_view *view = NULL;
	int code = follow_once(from, &view);
	if (!code)
		code = finish(o, from->only, view);
	fleet_view_free(view);
	return code;
}

/* ---- until it is as it should be ---- */

struct shown {
	const struct status_options *options;
	struct text faults;
};

static void show(void *arg, const struct fleet_view *view)
{
	struct shown *s = arg;
	(void)print(view, s->options->output);
	if (s->options->check)
		find_faults(&s->faults, view);
}

static int wait_until_well(const struct status_options *o, const struct follow_from *from)
{
	const struct wait_name name = {.kind = FLEET_KINDS, .name = from->only};
	struct shown shown = {.options = o};
	int code = wait_fleet(
		from, &(struct wait_for){&name, from->only ? 1 : 0, .proven = o->proven},
		o->timeout ? o->timeout : WAIT_DEFAULT, show, &shown);
	if (!code)
		code = tell_faults(&shown.faults);
	text_fini(&shown.faults);
	return code;
}

/* ---- word for word ---- */

/* What is no JSON cannot be shown as such. */
static int print_raw(const char *node, const char *text, size_t len, const char **comma)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	flume_value *status = NULL;
	int code = flume_value_parse(&status, text, len, FLUME_JSON, &limits, NULL);
	char *json = code ? NULL : flume_value_dup_json(status);
	flume_value_free(status);
	if (code && code != FLUME_NOMEM)
		return cmd_fail(0, "node '%s': its status does not parse", node);
	if (!json)
		return out_of_memory();
	fputs(*comma, stdout);
	print_clean_json(stdout, json);
	*comma = ",\n";
	free(json);
	return 0;
}

static int raw_from_etcd(const struct status_options *o)
{
	struct etcd_sync *etcd = NULL;
	struct etcd_result list = {0};
	const char *comma = "\n";
	int code = store_open(&etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = store_list(etcd, o->prefix, "nodes/", &list);
	if (!code)
		fputs("{\"nodes\":[", stdout);
	for (size_t i = 0; i < list.n && !code; i++)
		code = print_raw(store_name(&list.kvs[i], o->prefix, "nodes/"),
				 list.kvs[i].value, list.kvs[i].value_len, &comma);
	if (!code)
		fputs("]}\n", stdout);
	etcd_result_fini(&list);
	etcd_sync_free(etcd);
	return code;
}

/* ---- one agent ---- */

/* Its own name, where it says one. */
static int read_said(struct fleet_said **out, const char *agent, const struct text *body)
{
	flume_value *status = NULL;
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	const char *text = body->s ? body->s : "";
	int code = flume_value_parse(&status, text, body->len, FLUME_JSON, &limits, NULL);
	const char *name = flume_value_text(flume_value_get(status, "node"));
	if (code && code != FLUME_NOMEM)
		code = cmd_fail(CMD_UNREACHABLE, "%s: its status does not parse", agent);
	else if (code || fleet_said_read(out, *name ? name : agent, text, body->len))
		code = out_of_memory();
	flume_value_free(status);
	return code;
}

static int view_one(const struct status_options *o, const char *only, const struct text *body)
{
	struct fleet_said *said = NULL;
	int code = read_said(&said, o->agent, body);
	struct fleet_view *view =
		code ? NULL : fleet_view_new(&(struct fleet_view_options){.only = only});
	if (view) {
		fleet_view_add(view, said);
		fleet_view_end(view);
		code = finish(o, only, view);
	} else if (!code) {
		code = out_of_memory();
	}
	fleet_view_free(view);
	fleet_said_free(said);
	return code;
}

static int raw_from_agent(const struct status_options *o, const struct text *body)
{
	const char *comma = "\n";
	fputs("{\"nodes\":[", stdout);
	int code = print_raw(o->agent, body->s ? body->s : "", body->len, &comma);
	fputs("]}\n", stdout);
	return code;
}

static int from_agent(const struct status_options *o, const char *only)
{
	struct flume_err err = {0};
	struct text body = {0};
	int code = fetch(o->agent, "/status", "application/json", &body, &err);
	if (code)
		code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	else if (o->raw)
		code = raw_from_agent(o, &body);
	else
		code = view_one(o, only, &body);
	text_fini(&body);
	return code;
}

/* ---- the command ---- */

static int check_words(const struct status_options *o, const char *name)
{
	if (o->watch + o->wait + o->raw > 1)
		return cmd_fail(CMD_USAGE, "status: --watch, --wait and --raw: one of them");
	if (o->check && (o->watch || o->raw))
		return cmd_fail(CMD_USAGE,
				"status: --check goes neither with --watch nor with --raw");
	if (name && !source_name_good(name))
		return cmd_fail(CMD_USAGE, "status: '%s' cannot be a name", name);
	if (o->raw && name)
		return cmd_fail(CMD_USAGE, "status: --raw is of all there is");
	if (!o->etcd && (o->watch || o->wait))
		return cmd_fail(CMD_USAGE, "status: --watch and --wait need --etcd URL or "
					   "FLUME_ETCD");
	return 0;
}

static int run(const struct cmd_call *call)
{
	const struct status_options *o = call->options;
	const char *name = call->conf->n_words ? call->conf->words[0] : NULL;
	const struct follow_from from = {
		.endpoints = o->etcd, .prefix = o->prefix, .how = &o->how, .only = name};
	int code = check_words(o, name);
	if (code)
		return code;
	if (!o->etcd)
		return from_agent(o, name);
	return o->raw     ? raw_from_etcd(o)
	       : o->watch ? status_watch(&from, o->timeout, o->output == OUTPUT_JSON)
	       : o->wait  ? wait_until_well(o, &from)
			  : once(o, &from);
}

const struct command command_status = {
	.name = "status",
	.usage = "[OPTION...] [NAME]",
	.about = "Which node runs what, and who does not run what is wanted.",
	.details =
		"Counts the nodes by schema or switch, running version and state, then lists "
		"every node that does not run what is wanted, and why, and the nodes that are "
		"blind, silent or cannot be read. With NAME that schema or switch alone. "
		"Without --etcd one agent is asked for its own status.",
	.negative = "--check: a node is not well; --wait: one says why not",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_NOT_FOUND | 1U << CMD_TIMED_OUT |
		 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct status_options),
	.most = 1,
	.run = run,
};
