/*
 * Going back is a change like any other: an earlier text is put again, if nobody was faster, and
 * recorded.  Agents decide about it by their rules; a text that does not pass here what they check is
 * not put at all, for anybody may have put it, and it may never have run.
 *
 * The text is in the record, or, where it was too long for that, in the store's own past as far as
 * that was not compacted.
 */
#include "agent/cmd/agent_options.h"
#include "agent/cmd/change.h"
#include "agent/cmd/clean.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/earlier.h"
#include "agent/cmd/records.h"
#include "agent/cmd/store.h"
#include "agent/cmd/trial.h"
#include "agent/cmd/wait.h"
#include "agent/engine/version.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"
#include "lib/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rollback_options {
	const char *etcd, *prefix, *config, *by, *why, *to;
	struct etcd_how how;
	int64_t timeout, case_limit;
	int output, same_version;
	bool wait, dry_run, is_switch, force;
};

static const struct conf_option options[] = {
	{"to", 0, CONF_TEXT, "VERSION|REVISION|DIGEST", NULL, NULL,
	 offsetof(struct rollback_options, to),
	 "Where to go back to, as 'flume history' shows it; or a digest, in full. Default: the "
	 "last content before this one that passes, and that no node was seen to refuse."},
	{"switch", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct rollback_options, is_switch),
	 "NAME is a switch, though there is a schema of that name."},
	OPTION_WHO(rollback_options),
	OPTION_ETCD(rollback_options),
	OPTION_PREFIX(rollback_options),
	{"wait", 'w', CONF_FLAG, "", NULL, NULL, offsetof(struct rollback_options, wait),
	 "Wait until every live node runs it, or one says why not."},
	{"timeout", 0, CONF_DURATION, "TIME", "60s", NULL,
	 offsetof(struct rollback_options, timeout), "How long to wait."},
	{"dry-run", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct rollback_options, dry_run),
	 "Do everything but write."},
	{"force", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct rollback_options, force),
	 "Neither lint nor canary cases."},
	OPTION_CASE_LIMIT(rollback_options, CONF_RESTART),
	{"same-version", 0, CONF_CHOICE, "reject|apply", "reject", "FLUME_SAME_VERSION",
	 offsetof(struct rollback_options, same_version),
	 "What to do with another content of the version that etcd holds; agents ask the "
	 "same."},
	OPTION_CONFIG(rollback_options,
		      "The agent's configuration, for etcd, prefix and components."),
	OPTION_OUTPUT(rollback_options),
	{0},
};

struct session {
	const struct rollback_options *options;
	const struct conf *conf;
	const char *name, *folder;
	struct etcd_sync *etcd;
	struct records records;
	struct record_version now; /* what etcd holds; without a digest: nothing */
	const struct record *target;
	const char *text; /* of the target */
	size_t len;
	size_t passed; /* records that were looked at */
	struct etcd_result past;
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- where to ---- */

static bool is_now(const struct session *s, const struct record *r)
{
	return !strcmp(r->version.digest, s->now.digest);
}

static bool is_switch(const struct session *s)
{
	return !strcmp(s->folder, "switches/");
}

static int nothing_there(const struct session *s)
{
	const char *to = s->options->to;
	if (!to)
		cmd_fail(0, "%s: the history has no earlier content to go back to", s->name);
	else
		cmd_fail(0,
			 "%s: the history has neither a version nor a revision '%s'; 'flume "
			 "history %s%s' shows what it has",
			 s->name, to, is_switch(s) ? "--switch " : "", s->name);
	return CMD_NOT_FOUND;
}

/* What nodes were seen to refuse is passed over, with a line. */
static const struct record *next_target(struct session *s)
{
	const struct record *r = earlier_next(&s->records, &s->now, &s->passed);
	while (r && !strcmp(r->outcome.state, "refused")) {
		cmd_fail(0, "%s: revision %" PRId64 " is passed over: nodes refused it: %s",
			 s->name, r->version.revision, r->outcome.why);
		r = earlier_next(&s->records, &s->now, &s->passed);
	}
	return r;
}

static int find_target(struct session *s)
{
	const char *to = s->options->to;
	const struct record *version = to ? earlier_version(&s->records, to) : NULL;
	const struct record *revision = to ? earlier_revision(&s->records, to) : NULL;
	if (version && revision &&
	    strcmp(version->version.digest, revision->version.digest) != 0)
		return cmd_fail(CMD_USAGE,
				"%s: '%s' is a version and a revision: name the one that is "
				"meant by its digest, %s or %s",
				s->name, to, version->version.digest, revision->version.digest);
	s->target = !to ? next_target(s) : version ? version : revision;
	if (!s->target)
		return nothing_there(s);
	if (record_is_deletion(s->target))
		return cmd_fail(
			CMD_USAGE,
			"%s: at revision %s it was deleted; deleting it does that again",
			s->name, to);
	if (is_now(s, s->target))
		return cmd_fail(CMD_NEGATIVE, "%s: that is what etcd holds already", s->name);
	return 0;
}

/* ---- what it was ---- */

static int read_past(struct session *s)
{
	struct flume_err err = {0};
	struct text t = {0};
	int64_t revision = s->target->version.revision;
	text_addf(&t, "%s%s%s", s->options->prefix, s->folder, s->name);
	char *key = text_take(&t);
	if (!key)
		return out_of_memory();
	int rc =
		etcd_sync_range(s->etcd, &(struct etcd_query){.key = key, .revision = revision},
				&s->past, &err);
	free(key);
	if (rc && rc != FLUME_CONFLICT)
		return cmd_fail(cmd_exit_of(rc), "%s", err.text);
	if (rc || !s->past.n)
		return cmd_fail(
			CMD_NOT_FOUND,
			"%s: the text of revision %" PRId64
			" is too long for the history, and etcd has forgotten it; 'flume "
			"apply' it from a file",
			s->name, revision);
	s->text = s->past.kvs[0].value;
	s->len = s->past.kvs[0].value_len;
	return 0;
}

/* Records can be written by anybody: what is put is what the digest says, or nothing is. */
static int check_text(const struct session *s)
{
	flume_schema *schema = NULL;
	int rc = flume_schema_parse(&schema, s->text, s->len, slurp_guess(s->text, s->len),
				    NULL, NULL);
	bool same =
		schema && !strcmp(flume_schema_get_digest(schema), s->target->version.digest);
	flume_schema_unref(schema);
	if (rc == FLUME_NOMEM)
		return out_of_memory();
	if (rc)
		return cmd_fail(CMD_NEGATIVE,
				"%s: what stood there at revision %" PRId64 " does not parse",
				s->name, s->target->version.revision);
	return same ? 0
		    : cmd_fail(CMD_NEGATIVE,
			       "%s: the text of revision %" PRId64
			       " is not what its digest says",
			       s->name, s->target->version.revision);
}

static int find_text(struct session *s)
{
	etcd_result_fini(&s->past);
	s->past = (struct etcd_result){0};
	s->text = s->target->text;
	s->len = s->target->len;
	int code = s->text ? 0 : read_past(s);
	return code ? code : check_text(s);
}

/* ---- what agents will make of it ---- */

static int try_text(const struct session *s, char *why)
{
	const struct trial t = {s->etcd, s->options->prefix,    s->name, s->text, s->len,
				s->conf, s->options->case_limit};
	if (s->options->force)
		return 0;
	return is_switch(s) ? trial_switch(&t, why) : trial_schema(&t, why);
}

static int take_named(struct session *s)
{
	int code = find_text(s);
	if (!code && (code = try_text(s, NULL)) == CMD_NEGATIVE)
		cmd_fail(0, "%s: nodes would refuse it, so nothing was written; --force does",
			 s->name);
	return code;
}

/* What it cannot take is passed over, each with a line. */
static int choose(struct session *s)
{
	char why[256];
	int code;
	for (;;) {
		code = find_text(s);
		bool said = code == CMD_NEGATIVE || code == CMD_NOT_FOUND;
		if (!said && (code || (code = try_text(s, why)) != CMD_NEGATIVE || !*why))
			return code;
		if (!said)
			cmd_fail(0, "%s: revision %" PRId64 " is passed over: %s", s->name,
				 s->target->version.revision, why);
		s->target = next_target(s);
		if (!s->target)
			return nothing_there(s);
	}
}

/* To what they run agents go back under any version: that changes nothing for them. */
static int foresee(const struct session *s)
{
	const char *from = s->now.version, *to = s->target->version.version;
	bool reused =
		*to && !strcmp(from, to) && s->options->same_version == SAME_VERSION_REJECT;
	bool runs = false;
	int code = reused ? records_ask_running(&runs, s->etcd, s->options->prefix, s->folder,
						s->name, s->target->version.digest)
			  : 0;
	if (code)
		return code;
	if (reused && !runs)
		return cmd_fail(
			CMD_CONFLICT,
			"%s: version %s is in etcd with other content, so agents would "
			"refuse it: apply it under a new version, or say --same-version "
			"apply where the agents do",
			s->name, to);
	if (*from && *to && version_order(to, from) == -1)
		cmd_fail(
			0,
			"%s: from %s to %s is a downgrade: agents with --downgrade deny refuse "
			"it",
			s->name, from, to);
	if (!strcmp(s->target->outcome.state, "refused"))
		cmd_fail(0,
			 "%s: nodes have refused it before (%s): they hold it as known-bad "
			 "until "
			 "'flume clear %s'",
			 s->name, s->target->outcome.why, s->name);
	return 0;
}

/* ---- the command ---- */

static void tell(const struct session *s, const struct store_change *c)
{
	const struct record_version *v = &s->target->version;
	struct text t = {0};
	if (s->options->output == OUTPUT_TEXT) {
		printf("%s rolled back to %s%s(revision %" PRId64 ")%s\n", s->name, v->version,
		       *v->version ? " " : "", v->revision,
		       s->options->dry_run ? " (dry run)" : "");
	} else {
		text_add(&t, "\n{\"name\":");
		text_add_json(&t, s->name, strlen(s->name));
		text_add(&t, ",\"version\":");
		text_add_json(&t, v->version, strlen(v->version));
		text_addf(&t,
			  ",\"result\":\"rolled-back\",\"digest\":\"%s\",\"to\":%" PRId64
			  ",\"revision\":%" PRId64 "}",
			  v->digest, v->revision, c->revision);
		print_clean_list(t.s ? t.s : "");
	}
	text_fini(&t);
	fflush(stdout);
}

static int go_back(struct session *s)
{
	const struct rollback_options *o = s->options;
	struct store_change c = {
		.prefix = o->prefix,
		.folder = s->folder,
		.name = s->name,
		.seen = s->records.now,
		.text = s->text,
		.len = s->len,
		.action = "rollback",
		.by = o->by,
		.why = o->why,
		.to = s->target->version.revision,
	};
	int code = o->dry_run ? 0 : change_write(s->etcd, &c);
	if (!code && !o->dry_run)
		records_note_outcome(&s->records, s->etcd);
	if (!code)
		tell(s, &c);
	if (!code && o->wait && !o->dry_run) {
		const struct follow_from from = {.endpoints = o->etcd,
						 .prefix = o->prefix,
						 .how = &o->how,
						 .patient = true};
		const struct wait_name wanted = {is_switch(s) ? FLEET_SWITCH : FLEET_SCHEMA,
						 s->name, c.revision};
		const struct wait_for what = {
			.names = &wanted, .n = 1, .tell = o->output == OUTPUT_TEXT};
		code = wait_fleet(&from, &what, o->timeout, NULL, NULL);
		change_note_outcomes(s->etcd, &c, 1);
	}
	change_fini(&c);
	return code;
}

static int look(struct session *s)
{
	const struct rollback_options *o = s->options;
	int code = store_open(&s->etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = records_find(&s->records, s->etcd, o->prefix, &s->folder, s->name);
	if (!code) /* worth a note, and no more */
		(void)records_ask_nodes(&s->records, s->etcd, o->prefix, s->folder, s->name);
	const struct etcd_kv *now = s->records.now;
	if (!code && now &&
	    record_version_of(&s->now, now->value, now->value_len, now->mod_revision))
		code = out_of_memory();
	return code;
}

static int run(const struct cmd_call *call)
{
	struct session s = {
		.options = call->options, .conf = call->conf, .name = call->conf->words[0]};
	s.folder = s.options->is_switch ? "switches/" : NULL;
	if (!source_name_good(s.name))
		return cmd_fail(CMD_USAGE, "rollback: '%s' cannot be a name", s.name);
	if (!s.options->etcd)
		return cmd_fail(CMD_USAGE,
				"rollback: in which store? --etcd URL or FLUME_ETCD");
	int code = look(&s);
	if (!code)
		code = find_target(&s);
	if (!code)
		code = s.options->to ? take_named(&s) : choose(&s);
	if (!code)
		code = foresee(&s);
	if (!code)
		code = go_back(&s);
	records_fini(&s.records);
	etcd_result_fini(&s.past);
	etcd_sync_free(s.etcd);
	return code;
}

const struct command command_rollback = {
	.name = "rollback",
	.usage = "[OPTION...] NAME",
	.about = "Put an earlier content of a schema or a switch into etcd again.",
	.details = "Takes the text from the history, checks it as 'flume apply' does, and puts "
		   "it, only if nobody changed the schema "
		   "in the meantime, and records who did it and why. Nodes treat it as any "
		   "change: "
		   "they check and try it, an older version is a downgrade, and what failed on "
		   "them "
		   "before is held as known-bad. A schema that was deleted comes back.",
	.negative = "etcd holds it already, findings, failed cases, or a node refuses",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_CONFLICT | 1U << CMD_NOT_FOUND |
		 1U << CMD_TIMED_OUT | 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct rollback_options),
	.least = 1,
	.most = 1,
	.run = run,
};
