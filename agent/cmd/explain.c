/* Why a node runs what it runs: what the store holds, what the node says, and the rules between. */
#include "agent/fleet/explain.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/fetch.h"
#include "agent/cmd/findings.h"
#include "agent/cmd/options.h"
#include "agent/cmd/store.h"
#include "agent/engine/json.h"
#include "agent/source/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct explain_options {
	const char *etcd, *prefix, *agent, *config;
	struct etcd_how how;
	int output;
};

static const struct conf_option options[] = {
	OPTION_ETCD(explain_options),
	OPTION_PREFIX(explain_options),
	OPTION_AGENT(explain_options),
	OPTION_CONFIG(explain_options, "The agent's configuration, for etcd and prefix."),
	OPTION_OUTPUT(explain_options),
	{0},
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- what is shown ---- */

static void add_json(struct text *t, const struct fleet_question *q,
		     const struct fleet_answer *a)
{
	static const char *const verdicts[] = {
		[FLEET_WELL] = "well", [FLEET_COMING] = "coming", [FLEET_ASTRAY] = "astray"};
	text_add_char(t, '{');
	add_text(t, "node", q->node);
	add_text(t, "kind", fleet_kind_word(q->kind));
	add_text(t, "name", q->name);
	add_text(t, "verdict", verdicts[a->judgement.verdict]);
	add_text(t, "state", a->judgement.state);
	if (*a->judgement.reason)
		add_text(t, "reason", a->judgement.reason);
	add_key(t, "why");
	text_add_char(t, '[');
	for (size_t i = 0; i < a->n; i++) {
		text_add(t, i ? ",\n  {" : "\n  {");
		add_text(t, "step", a->reasons[i].step);
		add_text(t, "text", a->reasons[i].text);
		text_add_char(t, '}');
	}
	text_add_char(t, ']');
	if (*a->command)
		add_text(t, "command", a->command);
	text_add(t, "}\n");
}

static void add_lines(struct text *t, const struct fleet_question *q,
		      const struct fleet_answer *a)
{
	text_addf(t, "%s %s on %s: %s%s%s\n", fleet_kind_word(q->kind), q->name, q->node,
		  *a->judgement.state ? a->judgement.state : "unknown",
		  *a->judgement.reason ? ", " : "", a->judgement.reason);
	for (size_t i = 0; i < a->n; i++) {
		text_addf(t, "  %-10s", a->reasons[i].step);
		text_add_clean(t, a->reasons[i].text, strlen(a->reasons[i].text));
		text_add_char(t, '\n');
	}
	if (*a->command)
		text_addf(t, "  %-10s%s\n", "run", a->command);
}

static int show(const struct explain_options *o, const struct fleet_question *q)
{
	struct fleet_answer a;
	struct text t = {0};
	if (fleet_explain(&a, q))
		return out_of_memory();
	int code = CMD_DONE;
	bool says_it = a.said->voice != FLEET_SPEAKS || *a.judgement.state;
	if (!says_it && !q->store.there)
		code = cmd_fail(CMD_NOT_FOUND,
				"neither %s nor the store has a schema or switch '%s'", q->node,
				q->name);
	else if (o->output == OUTPUT_JSON)
		add_json(&t, q, &a);
	else
		add_lines(&t, q, &a);
	if (t.failed)
		code = out_of_memory();
	else
		fputs(t.s ? t.s : "", stdout);
	text_fini(&t);
	fleet_answer_fini(&a);
	return code;
}

/* ---- of what kind it is: the store knows, or else the node does ---- */

/* 0 or FLUME_NOMEM. */
static int find_kind(struct fleet_question *q)
{
	struct fleet_said *said = NULL;
	if (q->store.there)
		return 0;
	int code = fleet_said_read(&said, q->node, q->text, q->len);
	if (!code && !fleet_said_find(said, FLEET_SCHEMA, q->name) &&
	    fleet_said_find(said, FLEET_SWITCH, q->name))
		q->kind = FLEET_SWITCH;
	fleet_said_free(said);
	return code;
}

static int show_kind(const struct explain_options *o, struct fleet_question *q)
{
	return find_kind(q) ? out_of_memory() : show(o, q);
}

/* ---- where it comes from ---- */

/* One key; not there: n is 0.  0 or an exit code. */
static int get(struct etcd_sync *etcd, const char *prefix, const char *folder, const char *name,
	       struct etcd_result *out)
{
	struct flume_err err = {0};
	struct text key = {0};
	text_addf(&key, "%s%s/%s", prefix, folder, name);
	int code = key.failed ? FLUME_NOMEM
			      : etcd_sync_range(etcd, &(struct etcd_query){.key = key.s}, out,
						&err);
	text_fini(&key);
	if (code == FLUME_NOMEM)
		return out_of_memory();
	return code ? cmd_fail(cmd_exit_of(code), "%s", err.text) : 0;
}

static int look_up(struct etcd_sync *etcd, const struct explain_options *o,
		   struct fleet_question *q)
{
	for (int kind = 0; kind < FLEET_KINDS && !q->store.there; kind++) {
		struct etcd_result r = {0};
		int code = get(etcd, o->prefix, fleet_kind_folder(kind), q->name, &r);
		if (code)
			return code;
		q->store.known = true;
		if (r.n) {
			q->kind = kind;
			q->store.there = true;
			q->store.revision = r.kvs[0].mod_revision;
		}
		etcd_result_fini(&r);
	}
	return 0;
}

/* What is wanted is read first: see agent/fleet/read.c. */
static int from_etcd(const struct explain_options *o, struct fleet_question *q)
{
	struct etcd_sync *etcd = NULL;
	struct etcd_result node = {0};
	int code = store_open(&etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = look_up(etcd, o, q);
	if (!code)
		code = get(etcd, o->prefix, "nodes", q->node, &node);
	if (!code && node.n) {
		q->text = node.kvs[0].value;
		q->len = node.kvs[0].value_len;
		code = show_kind(o, q);
	} else if (!code) {
		code = cmd_fail(
			CMD_NOT_FOUND,
			"no live node '%s': it has no key below %snodes/, so its agent is "
			"not running, or cannot reach etcd",
			q->node, o->prefix);
	}
	etcd_result_fini(&node);
	etcd_sync_free(etcd);
	return code;
}

static int from_agent(const struct explain_options *o, struct fleet_question *q)
{
	struct flume_err err = {0};
	struct text body = {0};
	int code = fetch(o->agent, "/status", "application/json", &body, &err);
	if (code) {
		code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	} else {
		q->text = body.s ? body.s : "";
		q->len = body.len;
		code = show_kind(o, q);
	}
	text_fini(&body);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct explain_options *o = call->options;
	struct fleet_question q = {.node = call->conf->words[0], .name = call->conf->words[1]};
	for (size_t i = 0; i < 2; i++)
		if (!source_name_good(call->conf->words[i]))
			return cmd_fail(CMD_USAGE, "explain: '%s' cannot be a name",
					call->conf->words[i]);
	return o->etcd ? from_etcd(o, &q) : from_agent(o, &q);
}

const struct command command_explain = {
	.name = "explain",
	.usage = "[OPTION...] NODE NAME",
	.about =
		"Why a node runs what it runs of a schema or switch, and what would change it.",
	.details =
		"The chain of reasons, in order: what the store holds, what the node has "
		"heard, "
		"who holds it, what was decided by which rule, what was attempted and what was "
		"wrong with it, what runs and since when, and the command that would change "
		"it. "
		"Without --etcd the agent at --agent is asked, and taken at its word.",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_NOT_FOUND | 1U << CMD_TIMED_OUT |
		 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct explain_options),
	.least = 2,
	.most = 2,
	.run = run,
};
