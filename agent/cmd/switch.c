#include "agent/cmd/switch.h"

#include "agent/cmd/agent_options.h"
#include "agent/cmd/options.h"
#include "agent/source/slurp.h"
#include "agent/split/weight.h"
#include "lib/base/suggest.h"
#include "lib/base/text.h"

#include <string.h>

static const struct conf_option options[] = {
	{"file", 'f', CONF_TEXTS, "FILE|DIR", NULL, NULL,
	 offsetof(struct switch_options, files), "set: what to write; may be given again."},
	{"weights", 0, CONF_TEXT, "NAME=PERCENT,...", NULL, NULL,
	 offsetof(struct switch_options, weights),
	 "set: the weights of the variants; those that are not named get 0."},
	{"off", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct switch_options, off),
	 "set: everyone gets the default."},
	{"on", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct switch_options, on),
	 "set: the weights count again."},
	{"default", 0, CONF_TEXT, "NAME", NULL, NULL, offsetof(struct switch_options, fallback),
	 "set: the variant of those without a key, and of all when it is off."},
	{"by", 0, CONF_TEXT, "PATH", NULL, NULL, offsetof(struct switch_options, by),
	 "set: where the key lies in a document."},
	{"new-version", 0, CONF_TEXT, "TEXT", NULL, NULL,
	 offsetof(struct switch_options, version),
	 "set: the version that is written. Default: the one after the highest in the "
	 "history."},
	{"why", 'm', CONF_TEXT, "TEXT", NULL, NULL, offsetof(struct switch_options, why),
	 "set, delete: the reason, for those who read the history."},
	{"wait", 'w', CONF_FLAG, "", NULL, NULL, offsetof(struct switch_options, wait),
	 "set: wait until every live node runs it, or one says why not."},
	{"timeout", 0, CONF_DURATION, "TIME", "60s", NULL,
	 offsetof(struct switch_options, timeout), "set: how long to wait."},
	{"dry-run", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct switch_options, dry_run),
	 "set, delete: do everything but write."},
	{"force", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct switch_options, force),
	 "set, delete: although schemas in etcd do not fit, or ask it."},
	{"same-version", 0, CONF_CHOICE, "reject|apply", "reject", "FLUME_SAME_VERSION",
	 offsetof(struct switch_options, same_version),
	 "set: what to do with another content of a version that etcd holds; agents ask the "
	 "same."},
	{"input", 'i', CONF_TEXT, "FILE", NULL, NULL, offsetof(struct switch_options, input),
	 "eval: documents, one a line, to tell the variants of; '-' is stdin."},
	{"keys", 0, CONF_COUNT, "N", "100000", NULL, offsetof(struct switch_options, keys),
	 "eval: without keys, show the shares over those from 1 to N."},
	{"label", 0, CONF_TEXTS, "K=V", NULL, NULL, offsetof(struct switch_options, labels),
	 "eval: a label of the node that asks. May be given again."},
	OPTION_ETCD(switch_options),
	OPTION_PREFIX(switch_options),
	OPTION_AGENT(switch_options),
	OPTION_CONFIG(switch_options, "The agent's configuration, for etcd and prefix."),
	OPTION_OUTPUT(switch_options),
	{0},
};

static const struct switch_verb *const verbs[] = {&switch_set,    &switch_get,  &switch_list,
						  &switch_delete, &switch_eval, &switch_schema};
#define VERBS (sizeof verbs / sizeof *verbs)

/* ---- what the verbs share ---- */

struct ab_switch *switch_of(const struct etcd_kv *kv, const char *name, flume_report *report)
{
	struct ab_switch *sw = NULL;
	int rc = ab_parse(&sw, name, kv->value, kv->value_len,
			  slurp_guess(kv->value, kv->value_len), report);
	return rc ? NULL : sw;
}

void switch_add_weights(struct text *t, const struct ab_switch *sw)
{
	for (size_t i = 0; i < ab_count(sw); i++) {
		const struct ab_variant *variant = ab_variant(sw, i);
		char weight[WEIGHT_TEXT];
		weight_write(weight, variant->weight);
		text_addf(t, "%s%s %s", i ? ", " : "", variant->name, weight);
	}
}

/* ---- the command ---- */

static int unknown_verb(const char *word)
{
	const char *names[VERBS];
	for (size_t i = 0; i < VERBS; i++)
		names[i] = verbs[i]->name;
	const char *near = suggest(word, names, VERBS);
	return near ? cmd_fail(CMD_USAGE, "switch: '%s' is no verb (did you mean '%s'?)", word,
			       near)
		    : cmd_fail(
			      CMD_USAGE,
			      "switch: '%s' is no verb: set, get, list, delete, eval or schema",
			      word);
}

static int run(const struct cmd_call *call)
{
	const struct conf *conf = call->conf;
	const struct switch_verb *verb = NULL;
	for (size_t i = 0; i < VERBS; i++)
		if (!strcmp(conf->words[0], verbs[i]->name))
			verb = verbs[i];
	if (!verb)
		return unknown_verb(conf->words[0]);
	size_t n = conf->n_words - 1;
	if (n < verb->least)
		return cmd_fail(CMD_USAGE, "switch %s: which one?", verb->name);
	if (n > verb->most)
		return cmd_fail(CMD_USAGE, "switch %s: unexpected argument '%s'", verb->name,
				conf->words[1 + verb->most]);
	return verb->run(call->options, conf->words + 1, n);
}

const struct command command_switch = {
	.name = "switch",
	.usage = "set|get|list|delete|eval|schema [OPTION...] [NAME...]",
	.about = "A/B switches and flags: write, show, remove and try them.",
	.details =
		"`set NAME` changes what etcd holds (--weights a=90,b=10, --off, --on, "
		"--default), or makes it (with --by); the rest of the document stays as it is "
		"written there, and its version becomes the next one. `set -f FILE` writes "
		"files, each under its name without suffix. What is written is checked first, "
		"also against the schemas in etcd, and only if nobody changed it in the "
		"meantime. `get NAME` prints one, `list` all, of etcd or, without --etcd, of "
		"the agent. `delete NAME...` removes them. `eval FILE|NAME KEY...` says who "
		"gets which variant, here and on every node. `schema` prints "
		"schemas/flume-switch.schema.json.",
	.negative = "findings, schemas do not fit, or a node refuses",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_CONFLICT | 1U << CMD_NOT_FOUND |
		 1U << CMD_TIMED_OUT | 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct switch_options),
	.least = 1,
	.most = SIZE_MAX,
	.run = run,
};
