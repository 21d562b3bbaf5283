/* Why a node runs what it runs: what the store holds, what the node says, and the rules between. */
#include "agent/fleet/explain.h"
#include "agent/cmd/clean.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/fetch.h"
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

struct asked {
	const char *node, *name, *text; /* what the node says, as JSON */
	size_t len;
	struct fleet_store store[FLEET_KINDS];
	bool shown[FLEET_KINDS];
};

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

static int add_answer(struct text *t, int output, const struct fleet_question *q)
{
	struct fleet_answer a;
	bool second = t->len;
	if (fleet_explain(&a, q))
		return out_of_memory();
	if (output == OUTPUT_JSON) {
		if (second)
			add_key(t, "also");
		add_json(t, q, &a);
	} else {
		text_add(t, second ? "\n" : "");
		add_lines(t, q, &a);
	}
	fleet_answer_fini(&a);
	return 0;
}

/* Of a schema and a switch of one name both, as JSON the switch inside of the schema. */
static int show(const struct explain_options *o, const struct asked *x)
{
	struct text t = {0};
	const char *end = o->output == OUTPUT_JSON ? "}" : "";
	int code = CMD_DONE;
	for (int kind = 0; kind < FLEET_KINDS && !code; kind++)
		if (x->shown[kind])
			code = add_answer(&t, o->output,
					  &(struct fleet_question){
						  .node = x->node,
						  .name = x->name,
						  .kind = kind,
						  .store = x->store[kind],
						  .text = x->text,
						  .len = x->len,
					  });
	for (int kind = 0; kind < FLEET_KINDS; kind++)
		text_add(&t, x->shown[kind] ? end : "");
	text_add(&t, *end ? "\n" : "");
	if (!code && t.failed)
		code = out_of_memory();
	if (!code && o->output == OUTPUT_JSON)
		print_clean_json(stdout, t.s);
	else if (!code)
		fputs(t.s, stdout);
	text_fini(&t);
	return code;
}

/* ---- of what kinds it is: the store knows, or else the node does ---- */

static bool is_any(const struct asked *x)
{
	for (int kind = 0; kind < FLEET_KINDS; kind++)
		if (x->shown[kind])
			return true;
	return false;
}

static int show_kinds(const struct explain_options *o, struct asked *x)
{
	struct fleet_said *said = NULL;
	if (fleet_said_read(&said, x->node, x->text, x->len))
		return out_of_memory();
	for (int kind = 0; kind < FLEET_KINDS; kind++)
		x->shown[kind] = x->store[kind].there || fleet_said_find(said, kind, x->name);
	/* What cannot be read may be about either. */
	if (!is_any(x) && said->voice != FLEET_SPEAKS)
		x->shown[FLEET_SCHEMA] = true;
	fleet_said_free(said);
	return is_any(x) ? show(o, x)
			 : cmd_fail(CMD_NOT_FOUND,
				    "neither %s nor the store has a schema or switch '%s'",
				    x->node, x->name);
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

static int look_up(struct etcd_sync *etcd, const struct explain_options *o, struct asked *x)
{
	for (int kind = 0; kind < FLEET_KINDS; kind++) {
		struct etcd_result r = {0};
		int code = get(etcd, o->prefix, fleet_kind_folder(kind), x->name, &r);
		if (code)
			return code;
		x->store[kind] =
			(struct fleet_store){true, r.n > 0, r.n ? r.kvs[0].mod_revision : 0};
		etcd_result_fini(&r);
	}
	return 0;
}

/* What is wanted is read first: see agent/fleet/read.c. */
static int from_etcd(const struct explain_options *o, struct asked *x)
{
	struct etcd_sync *etcd = NULL;
	struct etcd_result node = {0};
	int code = store_open(&etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = look_up(etcd, o, x);
	if (!code)
		code = get(etcd, o->prefix, "nodes", x->node, &node);
	if (!code && node.n) {
		x->text = node.kvs[0].value;
		x->len = node.kvs[0].value_len;
		code = show_kinds(o, x);
	} else if (!code) {
		code = cmd_fail(
			CMD_NOT_FOUND,
			"no live node '%s': it has no key below %snodes/, so its agent is "
			"not running, or cannot reach etcd",
			x->node, o->prefix);
	}
	etcd_result_fini(&node);
	etcd_sync_free(etcd);
	return code;
}

static int from_agent(const struct explain_options *o, struct asked *x)
{
	struct flume_err err = {0};
	struct text body = {0};
	int code = fetch(o->agent, "/status", "application/json", &body, &err);
	if (code) {
		code = cmd_fail(cmd_exit_of(code), "%s", err.text);
	} else {
		x->text = body.s ? body.s : "";
		x->len = body.len;
		code = show_kinds(o, x);
	}
	text_fini(&body);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct explain_options *o = call->options;
	struct asked x = {.node = call->conf->words[0], .name = call->conf->words[1]};
	for (size_t i = 0; i < 2; i++)
		if (!source_name_good(call->conf->words[i]))
			return cmd_fail(CMD_USAGE, "explain: '%s' cannot be a name",
					call->conf->words[i]);
	return o->etcd ? from_etcd(o, &x) : from_agent(o, &x);
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
