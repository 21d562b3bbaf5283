/*
 * What is wanted, heard, decided, tried and kept are separate things, each said by whoever knows it:
 * the store says what is wanted, the node all else.  The chain is those, in the order in which one
 * follows from the other.
 */
#include "agent/fleet/explain.h"

#include "agent/fleet/rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct explaining {
	struct fleet_answer *out;
	const struct fleet_question *q;
	const flume_value *status, *one; /* the node's, and of what is asked about */
	const struct fleet_entry *entry; /* NULL: it says nothing of it */
	bool failed;
};

static void keep(struct explaining *x, const char *step, struct text *text)
{
	struct fleet_answer *out = x->out;
	char *line = text_take(text);
	if (line && out->n == out->cap) {
		size_t cap = out->cap ? 2 * out->cap : 16;
		struct fleet_reason *grown = reallocarray(out->reasons, cap, sizeof *grown);
		if (!grown) {
			x->failed = true;
			free(line);
			return;
		}
		out->reasons = grown;
		out->cap = cap;
	}
	if (line)
		out->reasons[out->n++] = (struct fleet_reason){step, line};
	else
		x->failed = true;
}

static void say(struct explaining *x, const char *step, const char *line)
{
	struct text t = {0};
	text_add(&t, line);
	keep(x, step, &t);
}

static const char *word(const flume_value *map, const char *key)
{
	return flume_value_text(flume_value_get(map, key));
}

static void add_facts(struct text *t, const char *version, const char *digest)
{
	text_addf(t, "version %s", *version ? version : "(none)");
	if (*digest)
		text_addf(t, ", %.19s",
			  digest); /* "sha256:" and twelve digits tell them apart */
}

/* "prefix" before it, where there is something. */
static void add_part(struct text *t, const char *prefix, const char *part)
{
	if (*part)
		text_addf(t, "%s%s", prefix, part);
}

/* ---- the node ---- */

static void say_node(struct explaining *x)
{
	const struct fleet_said *said = x->out->said;
	struct text t = {0};
	if (said->voice == FLEET_UNREADABLE)
		text_addf(&t, "its status cannot be read: %s", said->problem);
	else if (said->voice == FLEET_SILENT)
		text_add(&t, "it lives, and has said nothing of its schemas yet");
	else
		text_addf(&t, "agent %s, since %s", *said->agent ? said->agent : "(unknown)",
			  *said->started ? said->started : "(unknown)");
	keep(x, "node", &t);
	if (said->blind) {
		struct text sight = {0};
		text_addf(&sight, "blind: it has proved nothing since %s, revision %" PRId64,
			  *said->proved_at ? said->proved_at : "it started",
			  said->proved_revision);
		add_part(&sight, ": ", said->link_why);
		keep(x, "sight", &sight);
	}
	if (*said->disk_why)
		say(x, "disk", said->disk_why);
	if (*said->config_why) {
		struct text config = {0};
		text_addf(&config, FLEET_CONFIG_WORDS, said->config_why);
		keep(x, "config", &config);
	}
}

/* ---- what is wanted ---- */

static void say_wanted(struct explaining *x)
{
	const struct fleet_store *store = &x->q->store;
	const struct fleet_entry *e = x->entry;
	bool heard = e && !e->deleted && e->wanted.revision == store->revision;
	struct text t = {0};
	if (!store->known)
		text_add(&t, "what the store holds was not asked; the node wants ");
	else if (!store->there)
		text_addf(&t, "the store has no %s of that name: it is to be gone",
			  fleet_kind_word(x->q->kind));
	else
		text_add(&t, "the store holds ");
	if (!store->known && (!e || e->deleted))
		text_add(&t, "it gone");
	else if (heard || (e && !store->known))
		add_facts(&t, e->wanted.version, e->wanted.digest);
	else if (store->there)
		text_add(&t, "a version that the node has not heard of");
	if (store->there)
		text_addf(&t, ", revision %" PRId64, store->revision);
	keep(x, "wanted", &t);
}

/* A proof is written less often than what is heard, so one that is older says nothing. */
static void add_proved(struct text *t, const struct explaining *x)
{
	int64_t proved = x->out->said->proved_revision;
	if (proved && (!x->entry || proved >= x->entry->wanted.revision))
		text_addf(t, "; it had seen all up to %" PRId64 " when it last said so",
			  proved);
}

static void say_heard(struct explaining *x)
{
	const struct fleet_entry *e = x->entry;
	struct text t = {0};
	if (!x->q->store.known)
		return;
	if (!e) {
		text_addf(&t, "the node says nothing of it");
	} else if (e->deleted) {
		text_addf(&t, "the node knows that it was deleted, at revision %" PRId64,
			  e->wanted.revision);
	} else {
		text_add(&t, "the node wants ");
		add_facts(&t, e->wanted.version, e->wanted.digest);
		text_addf(&t, ", revision %" PRId64, e->wanted.revision);
	}
	if (!strcmp(x->out->judgement.state, "behind"))
		add_proved(&t, x);
	keep(x, "heard", &t);
}

/* ---- what was decided ---- */

static void say_hold(struct explaining *x)
{
	const flume_value *hold = flume_value_get(x->one, "hold");
	struct text t = {0};
	if (!hold)
		return;
	bool here = !strcmp(word(hold, "scope"), "node");
	text_addf(&t, "a %s of %s", *word(hold, "kind") ? word(hold, "kind") : "hold",
		  here ? "this node alone" : "the fleet");
	add_part(&t, " by ", word(hold, "by"));
	add_part(&t, ", since ", word(hold, "at"));
	add_part(&t, ": ", word(hold, "why"));
	add_part(&t, "; may come: version ", word(hold, "version"));
	add_part(&t, "; may come: ", word(hold, "digest"));
	keep(x, "hold", &t);
}

static void say_cleared(struct explaining *x)
{
	const flume_value *cleared = flume_value_get(x->one, "cleared");
	struct text t = {0};
	if (!cleared)
		return;
	text_add(&t, "its failures were forgotten");
	add_part(&t, " by ", word(cleared, "by"));
	add_part(&t, ", at ", word(cleared, "at"));
	add_part(&t, ": ", word(cleared, "why"));
	keep(x, "cleared", &t);
}

static void say_attempted(struct explaining *x)
{
	const struct fleet_entry *e = x->entry;
	struct text t = {0};
	if (!e || (!*e->stage && !*e->error))
		return;
	add_facts(&t, e->attempted.version, e->attempted.digest);
	add_part(&t, ", at ", e->at);
	add_part(&t, ", stage ", e->stage);
	add_part(&t, ": ", *e->error ? e->error : "nothing was wrong");
	keep(x, "attempted", &t);
}

static void say_findings(struct explaining *x)
{
	const flume_value *errors =
		flume_value_get(flume_value_get(x->one, "attempted"), "errors");
	for (size_t i = 0; i < flume_value_size(errors); i++) {
		const flume_value *one = flume_value_at(errors, i);
		struct text t = {0};
		const char *line = word(one, "line");
		if (*line && strcmp(line, "0") != 0) {
			text_addf(&t, "line %s", line);
			add_part(&t, ", column ", word(one, "column"));
			text_add(&t, ": ");
		}
		text_addf(&t, "%s [%s]", word(one, "message"), word(one, "code"));
		add_part(&t, " (", word(one, "hint"));
		text_add(&t, *word(one, "hint") ? ")" : "");
		keep(x, "finding", &t);
	}
}

static void say_trial(struct explaining *x)
{
	static const char *const counts[] = {"compared",      "differed", "skipped",
					     "served",        "failed",   "running_served",
					     "running_failed"};
	const flume_value *trial = flume_value_get(x->one, "trial");
	struct text t = {0};
	if (!trial)
		return;
	text_addf(&t, "%s of ", word(trial, "stage"));
	add_facts(&t, word(trial, "version"), word(trial, "digest"));
	add_part(&t, ", since ", word(trial, "since"));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		if (flume_value_get(trial, counts[i]))
			text_addf(&t, ", %s %s", counts[i], word(trial, counts[i]));
	keep(x, "trial", &t);
}

/* ---- what is kept ---- */

static void say_running(struct explaining *x)
{
	const struct fleet_entry *e = x->entry;
	struct text t = {0};
	if (!e || !e->runs) {
		say(x, "running", "nothing runs under this name");
		return;
	}
	add_facts(&t, e->running.version, e->running.digest);
	if (e->generation)
		text_addf(&t, ", generation %" PRId64, e->generation);
	add_part(&t, ", since ", e->since);
	const char *verdict = word(flume_value_get(x->one, "running"), "verdict");
	text_add(&t,
		 e->proven ? ", proven"
		 : strcmp(verdict, "inconclusive") != 0
			 ? ", not proven yet"
			 : ", inconclusive: it saw too few calls on probation to be proven");
	keep(x, "running", &t);
}

/* ---- what to do ---- */

#define DOCTOR "flume doctor --config FILE"

static void add_command(struct text *t, const char *command, const char *name)
{
	for (const char *c = command; *c; c++)
		if (*c == '@')
			text_add(t, name);
		else
			text_add_char(t, *c);
}

static void set_command(struct explaining *x, const char *command)
{
	struct text t = {0};
	free(x->out->command);
	add_command(&t, command, x->q->name);
	x->out->command = text_take(&t);
	x->failed = x->failed || !x->out->command;
}

/* What is wrong with the node itself is found on it; one that is blind hears of nothing before. */
static void look_at_node(struct explaining *x)
{
	const struct fleet_said *said = x->out->said;
	if (!said->blind && !*said->disk_why && !*said->config_why)
		return;
	say(x, "next",
	    "of the node itself: what is wrong there, and what to do, says 'flume doctor', on "
	    "it "
	    "and as the agent's user");
	if (x->out->command && (!*x->out->command || said->blind))
		set_command(x, DOCTOR);
}

/* What one node alone was told has to be taken back there. */
static void find_command(struct explaining *x, const struct fleet_rule *rule)
{
	const flume_value *hold = flume_value_get(x->one, "hold");
	bool swi = x->q->kind == FLEET_SWITCH && rule->command_of_switch;
	const char *reason = x->out->judgement.reason;
	struct text t = {0};
	add_command(&t, swi ? rule->command_of_switch : rule->command, x->q->name);
	if ((!strcmp(reason, "pinned") || !strcmp(reason, "frozen")) &&
	    !strcmp(word(hold, "scope"), "node"))
		text_add(&t, " --socket PATH");
	x->out->command = text_take(&t);
	x->failed = x->failed || !x->out->command;
}

/* The rule that led to where it is. */
static const struct fleet_rule *find_rule(const struct explaining *x)
{
	const char *state = x->out->judgement.state, *reason = x->out->judgement.reason;
	if (!strcmp(state, "not-in-front") &&
	    fleet_said_find(x->out->said, FLEET_SCHEMA, x->q->name))
		reason = "name-taken";
	return fleet_rule(state, reason, x->entry ? x->entry->stage : "");
}

static void say_all(struct explaining *x)
{
	const struct fleet_rule *rule = find_rule(x);
	say_wanted(x);
	say_heard(x);
	say_hold(x);
	if (*rule->decided)
		say(x, "decided", rule->decided);
	if (x->entry && *x->entry->why)
		say(x, "reason", x->entry->why);
	say_attempted(x);
	say_findings(x);
	say_trial(x);
	say_cleared(x);
	say_running(x);
	if (*rule->next)
		say(x, "next", rule->next);
	find_command(x, rule);
	look_at_node(x);
}

static void say_no_more(struct explaining *x)
{
	bool silent = x->out->said->voice == FLEET_SILENT;
	say_wanted(x);
	say(x, "next",
	    silent ? "its first words, a few seconds after it started"
		   : "whoever else writes the key of this node stops; on the node itself, as "
		     "the "
		     "agent's user:");
	set_command(x, silent ? "flume status @ --wait" : DOCTOR);
}

/* ---- the whole ---- */

static int answer(struct explaining *x)
{
	const struct fleet_said *said = x->out->said;
	say_node(x);
	if (said->voice == FLEET_SPEAKS) {
		if (!fleet_judge(&x->out->judgement, x->q->store, said, x->entry))
			x->out->judgement = (struct fleet_judgement){FLEET_WELL, "", ""};
		say_all(x);
	} else {
		say_no_more(x);
	}
	return x->failed || !x->out->command ? FLUME_NOMEM : 0;
}

int fleet_explain(struct fleet_answer *out, const struct fleet_question *q)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	struct explaining x = {.out = out, .q = q};
	flume_value *status = NULL;
	*out = (struct fleet_answer){.judgement = {FLEET_COMING, "", ""}};
	int code = fleet_said_read(&out->said, q->node, q->text, q->len);
	if (!code && out->said->voice != FLEET_UNREADABLE && q->len)
		code = flume_value_parse(&status, q->text, q->len, FLUME_JSON, &limits, NULL);
	if (!code) {
		x.status = status;
		x.one = flume_value_get(flume_value_get(status, fleet_kind_folder(q->kind)),
					q->name);
		x.entry = fleet_said_find(out->said, q->kind, q->name);
		code = answer(&x);
	}
	flume_value_free(status);
	if (code)
		fleet_answer_fini(out);
	return code;
}

void fleet_answer_fini(struct fleet_answer *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->reasons[i].text);
	free(a->reasons);
	free(a->command);
	fleet_said_free(a->said);
	*a = (struct fleet_answer){0};
}
