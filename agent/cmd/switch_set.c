/*
 * flume switch set: what is to be written is made, checked, compared with what etcd holds, and put only
 * if nobody else wrote the key since.
 */
#include "agent/cmd/agent_options.h"
#include "agent/cmd/change.h"
#include "agent/cmd/findings.h"
#include "agent/cmd/records.h"
#include "agent/cmd/switch_edit.h"
#include "agent/cmd/switch_store.h"
#include "agent/cmd/wait.h"
#include "agent/engine/version.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"
#include "lib/base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct wish { /* one switch that is to be written */
	const char *name;
	const char *path; /* for findings */
	const char *text;
	size_t len;
	enum flume_format format;
	struct ab_switch *sw;
};

struct setting {
	const struct switch_options *options;
	struct switch_store store;
	struct text json;
	struct wait_name *wanted; /* one for each switch */
	size_t n_wanted;
	struct store_change *changes; /* one for each that was written */
	size_t n_changes;
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- is it right? ---- */

static int check(struct setting *s, struct wish *w)
{
	flume_report *report = flume_report_new();
	int rc = report ? ab_parse(&w->sw, w->name, w->text, w->len, w->format, report)
			: FLUME_NOMEM;
	if (!rc && !s->options->force)
		rc = switch_store_check(&s->store, w->sw, report);
	if (rc && rc != FLUME_NOMEM)
		findings_print(stderr, &(struct finding_source){w->path, w->text, w->len},
			       report);
	flume_report_free(report);
	if (rc == FLUME_NOMEM)
		return out_of_memory();
	return rc ? cmd_fail(CMD_NEGATIVE, "%s: nothing was written", w->name) : 0;
}

/* What agents would make of it, each by itself. */
static int foresee(struct setting *s, const struct wish *w, const struct etcd_kv *kv)
{
	struct ab_switch *old = kv ? switch_of(kv, w->name, NULL) : NULL;
	flume_schema *before = old ? ab_document(old) : NULL, *after = ab_document(w->sw);
	const char *version = flume_schema_get_version(after);
	const char *from = before ? flume_schema_get_version(before) : "";
	bool reused =
		before && *version && !strcmp(version, from) &&
		strcmp(flume_schema_get_digest(before), flume_schema_get_digest(after)) != 0;
	if (*from && *version && version_order(version, from) == -1)
		cmd_fail(
			0,
			"%s: from %s to %s is a downgrade: agents with --downgrade deny refuse "
			"it",
			w->name, from, version);
	ab_unref(old);
	if (!reused || s->options->same_version == SAME_VERSION_APPLY)
		return 0;
	return cmd_fail(CMD_CONFLICT,
			"%s: version %s is in etcd with other content: raise `version`, or "
			"say --same-version apply where the agents do",
			w->name, version);
}

/* ---- the write ---- */

static int put(struct setting *s, const struct wish *w, const struct etcd_kv *seen,
	       int64_t *out_revision)
{
	struct store_change *c = &s->changes[s->n_changes++];
	*c = (struct store_change){
		.prefix = s->options->prefix,
		.folder = SWITCHES,
		.name = w->name,
		.seen = seen,
		.text = w->text,
		.len = w->len,
		.action = "set",
		.why = s->options->why,
	};
	int code = change_write(s->store.etcd, c);
	if (!code)
		*out_revision = c->revision;
	else
		change_fini(&s->changes[--s->n_changes]);
	return code;
}

static void tell(struct setting *s, const struct wish *w, const char *word, int64_t revision)
{
	const struct switch_options *o = s->options;
	flume_schema *document = ab_document(w->sw);
	const char *version = flume_schema_get_version(document);
	if (o->output == OUTPUT_TEXT) {
		struct text weights = {0};
		switch_add_weights(&weights, w->sw);
		printf("%s %s%s: %s, default %s%s\n", w->name, word,
		       o->dry_run ? " (dry run)" : "", weights.s ? weights.s : "",
		       ab_variant(w->sw, ab_default(w->sw))->name,
		       ab_enabled(w->sw) ? "" : ", off");
		fflush(stdout);
		text_fini(&weights);
		return;
	}
	text_add(&s->json, s->json.len ? ",\n{\"name\":" : "\n{\"name\":");
	text_add_json(&s->json, w->name, strlen(w->name));
	text_addf(&s->json, ",\"result\":\"%s\",\"version\":", word);
	text_add_json(&s->json, version, strlen(version));
	text_addf(&s->json, ",\"digest\":\"%s\",\"revision\":%" PRId64 "}",
		  flume_schema_get_digest(document), revision);
}

static int write_one(struct setting *s, const struct wish *w)
{
	const struct etcd_kv *kv = switch_store_find(&s->store, w->name);
	bool same = kv && kv->value_len == w->len && !memcmp(kv->value, w->text, w->len);
	int64_t revision = kv ? kv->mod_revision : 0;
	int code = foresee(s, w, kv);
	if (!code && !same && !s->options->dry_run)
		code = put(s, w, kv, &revision);
	if (code)
		return code;
	tell(s, w, same ? "unchanged" : kv ? "configured" : "created", revision);
	switch_store_tell_unasked(&s->store, w->sw);
	s->wanted[s->n_wanted++] = (struct wait_name){FLEET_SWITCH, w->name, revision};
	return 0;
}

/* Until every live node has them. */
static int await(struct setting *s)
{
	const struct switch_options *o = s->options;
	const struct follow_from from = {
		.endpoints = o->etcd, .prefix = o->prefix, .how = &o->how, .patient = true};
	const struct wait_for what = {
		.names = s->wanted, .n = s->n_wanted, .tell = o->output == OUTPUT_TEXT};
	if (!o->wait || o->dry_run)
		return 0;
	int code = wait_fleet(&from, &what, o->timeout, NULL, NULL);
	change_note_outcomes(s->store.etcd, s->changes, s->n_changes);
	return code;
}

/* All of them are right. */
static int write_all(struct setting *s, const struct wish *wishes, size_t n)
{
	s->wanted = calloc(n ? n : 1, sizeof *s->wanted);
	s->changes = calloc(n ? n : 1, sizeof *s->changes);
	int code = s->wanted && s->changes ? CMD_DONE : CMD_NEGATIVE;
	if (code)
		out_of_memory();
	for (size_t i = 0; !code && i < n; i++)
		code = write_one(s, &wishes[i]);
	if (!code)
		code = await(s);
	while (s->n_changes)
		change_fini(&s->changes[--s->n_changes]);
	free(s->changes);
	free(s->wanted);
	return code;
}

/* ---- files ---- */

static int check_file(struct setting *s, const struct file *f, const char *name, struct wish *w)
{
	*w = (struct wish){name, f->path, f->text, f->len, f->format, NULL};
	if (!source_name_good(name))
		return cmd_fail(CMD_USAGE, "'%s' cannot be the name of a switch", name);
	return check(s, w);
}

/* `name`: of a single file; "": each has its own. */
static int set_files(struct setting *s, const char *name)
{
	struct files files = {0};
	const char *const *given = s->options->files;
	size_t n = 0;
	while (given[n])
		n++;
	int code = files_read(&files, (char *const *)(uintptr_t)given, n);
	if (!code && *name && files.n > 1)
		code = cmd_fail(CMD_USAGE, "switch set: one NAME, and %zu files", files.n);
	struct wish *wishes = calloc(files.n ? files.n : 1, sizeof *wishes);
	if (!code && !wishes)
		code = out_of_memory();
	for (size_t i = 0; wishes && !code && i < files.n; i++)
		code = check_file(s, &files.all[i], *name ? name : files.all[i].name,
				  &wishes[i]);
	if (!code && wishes)
		code = write_all(s, wishes, files.n);
	for (size_t i = 0; wishes && i < files.n; i++)
		ab_unref(wishes[i].sw);
	free(wishes);
	files_fini(&files);
	return code;
}

/* ---- what is there, with changes ---- */

struct words { /* of --weights, cut up */
	char *text;
	struct switch_weight all[AB_VARIANTS];
	size_t n;
};

static int read_weights(struct words *w, const char *given)
{
	char *save = NULL;
	w->text = strdup(given);
	if (!w->text)
		return out_of_memory();
	for (char *word = strtok_r(w->text, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		char *percent = strchr(word, '=');
		if (!percent || percent == word || !percent[1] || w->n == AB_VARIANTS)
			return cmd_fail(CMD_USAGE,
					"--weights: '%s': expected NAME=PERCENT, %d at most",
					word, AB_VARIANTS);
		*percent = '\0';
		if (percent[1 + strspn(percent + 1, "0123456789.")])
			return cmd_fail(CMD_USAGE,
					"--weights: '%s' of '%s' is no weight: expected a "
					"number like 12.5",
					percent + 1, word);
		w->all[w->n++] = (struct switch_weight){word, percent + 1};
	}
	return w->n ? 0 : cmd_fail(CMD_USAGE, "--weights: nothing is named");
}

static bool says_nothing(const struct switch_options *o)
{
	return !o->weights && !o->on && !o->off && !o->fallback && !o->by && !o->version;
}

/* The text that is to be written; free(3). */
static int make_text(const struct switch_options *o, const struct etcd_kv *kv, const char *name,
		     const struct words *weights, char **out)
{
	struct flume_err err = {0};
	struct switch_change change = {.weights = weights->n ? weights->all : NULL,
				       .n_weights = weights->n,
				       .enabled = o->on    ? "true"
						  : o->off ? "false"
							   : NULL,
				       .by = o->by,
				       .fallback = o->fallback,
				       .version = o->version};
	if (!kv && !weights->n)
		return cmd_fail(CMD_NOT_FOUND,
				"no switch '%s' below %s" SWITCHES
				"; --weights and --by make one",
				name, o->prefix);
	*out = kv ? switch_edit(kv->value, kv->value_len, slurp_guess(kv->value, kv->value_len),
				&change, &err)
		  : switch_compose(&change);
	if (*out)
		return 0;
	return kv ? cmd_fail(CMD_NEGATIVE, "%s: %s", name, err.text) : out_of_memory();
}

/* The highest that it ever had, as far as the history goes: after a rollback it is not the one that etcd holds. */
static const char *highest(const struct records *records, const char *version)
{
	for (size_t i = 0; i < records->n; i++) {
		const char *other = records->all[i].record.version.version;
		if (version_order(other, version) == 1)
			version = other;
	}
	return version;
}

/* A new version, where the text is another one and says none of its own. */
static int raise_version(struct setting *s, const struct etcd_kv *kv, const char *name,
			 char **text)
{
	const struct switch_options *o = s->options;
	struct records records = {0};
	struct flume_err err = {0};
	bool changed = kv && (strlen(*text) != kv->value_len ||
			      memcmp(*text, kv->value, kv->value_len) != 0);
	struct ab_switch *old = changed && !o->version ? switch_of(kv, name, NULL) : NULL;
	const char *version = old ? flume_schema_get_version(ab_document(old)) : "";
	int code =
		*version ? records_read(&records, s->store.etcd, o->prefix, SWITCHES, name) : 0;
	if (*version && !code) {
		char *next = switch_next_version(highest(&records, version));
		char *raised =
			next ? switch_edit(*text, strlen(*text),
					   slurp_guess(*text, strlen(*text)),
					   &(struct switch_change){.version = next}, &err)
			     : NULL;
		if (!next)
			code = cmd_fail(CMD_USAGE,
					"%s: what comes after version %s? --new-version TEXT",
					name, version);
		else if (!raised)
			code = cmd_fail(CMD_NEGATIVE, "%s: %s", name, err.text);
		else
			free(*text);
		*text = raised ? raised : *text;
		free(next);
	}
	records_fini(&records);
	ab_unref(old);
	return code;
}

static int set_changes(struct setting *s, const char *name)
{
	const struct switch_options *o = s->options;
	const struct etcd_kv *kv = switch_store_find(&s->store, name);
	struct words weights = {0};
	char *text = NULL;
	int code = o->weights ? read_weights(&weights, o->weights) : 0;
	if (!code)
		code = make_text(o, kv, name, &weights, &text);
	if (!code && text)
		code = raise_version(s, kv, name, &text);
	if (!code && text) {
		size_t len = strlen(text);
		struct wish w = {name, name, text, len, slurp_guess(text, len), NULL};
		code = check(s, &w);
		if (!code)
			code = write_all(s, &w, 1);
		ab_unref(w.sw);
	}
	free(text);
	free(weights.text);
	return code;
}

/* ---- the verb ---- */

static int check_words(const struct switch_options *o, size_t n, const char *name)
{
	bool files = *o->files;
	if (files && !says_nothing(o))
		return cmd_fail(CMD_USAGE, "switch set: either -f, or what is to be changed");
	if (!files && (!n || says_nothing(o)))
		return cmd_fail(CMD_USAGE, "switch set: expected NAME and what is to be "
					   "changed, or -f FILE");
	if (o->on && o->off)
		return cmd_fail(CMD_USAGE, "switch set: --on, or --off");
	if (n && !source_name_good(name))
		return cmd_fail(CMD_USAGE, "'%s' cannot be the name of a switch", name);
	return 0;
}

static int set(const struct switch_options *o, char *const *words, size_t n)
{
	struct setting s = {.options = o};
	const char *name = n ? words[0] : "";
	int code = check_words(o, n, name);
	if (code)
		return code;
	code = switch_store_open(&s.store, o->etcd, &o->how, o->prefix);
	if (!code)
		code = *o->files ? set_files(&s, name) : set_changes(&s, name);
	char *rows = o->output == OUTPUT_JSON ? text_take(&s.json) : NULL;
	if (rows)
		printf("[%s%s]\n", rows, *rows ? "\n" : "");
	free(rows);
	text_fini(&s.json);
	switch_store_fini(&s.store);
	return code;
}

const struct switch_verb switch_set = {.name = "set", .most = 1, .run = set};
