/*
 * A fleet of a thousand nodes with a hundred schemas each says forty megabytes, and the tree of a
 * parsed status is several times its text.  So each is read into what the views need and the tree
 * goes at once.
 */
#include "agent/fleet/said.h"

#include "lib/flume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *fleet_kind_word(enum fleet_kind kind)
{
	return kind == FLEET_SWITCH ? "switch" : "schema";
}

const char *fleet_kind_folder(enum fleet_kind kind)
{
	return kind == FLEET_SWITCH ? "switches" : "schemas";
}

int fleet_order(enum fleet_kind a_kind, const char *a, enum fleet_kind b_kind, const char *b)
{
	return a_kind != b_kind ? (a_kind < b_kind ? -1 : 1) : strcmp(a, b);
}

/* ---- members ---- */

struct reading {
	struct fleet_said *said;
	bool failed; /* out of memory */
};

static const char *copy(struct reading *r, const char *text)
{
	if (!*text)
		return "";
	char *kept = arena_copy(&r->said->arena, text, strlen(text));
	r->failed = r->failed || !kept;
	return kept ? kept : "";
}

static const char *text_of(struct reading *r, const flume_value *map, const char *key)
{
	return copy(r, flume_value_text(flume_value_get(map, key)));
}

static int64_t number_of(const flume_value *map, const char *key)
{
	return strtoll(flume_value_text(flume_value_get(map, key)), NULL, 10);
}

static bool truth_of(const flume_value *map, const char *key)
{
	return !strcmp(flume_value_text(flume_value_get(map, key)), "true");
}

/* Most versions of an entry are the same one. */
static struct fleet_version version_of(struct reading *r, const flume_value *map,
				       const struct fleet_version *known)
{
	const char *version = flume_value_text(flume_value_get(map, "version"));
	const char *digest = flume_value_text(flume_value_get(map, "digest"));
	bool same = !strcmp(version, known->version) && !strcmp(digest, known->digest);
	return (struct fleet_version){.version = same ? known->version : copy(r, version),
				      .digest = same ? known->digest : copy(r, digest),
				      .revision = number_of(map, "revision")};
}

/* ---- one schema or switch ---- */

static struct fleet_finding finding_of(struct reading *r, const flume_value *one)
{
	return (struct fleet_finding){.code = text_of(r, one, "code"),
				      .path = text_of(r, one, "path"),
				      .message = text_of(r, one, "message"),
				      .hint = text_of(r, one, "hint"),
				      .line = number_of(one, "line"),
				      .column = number_of(one, "column")};
}

static void read_entry(struct reading *r, struct fleet_entry *e, const flume_value *one)
{
	static const struct fleet_version none = {.version = "", .digest = ""};
	const flume_value *wanted = flume_value_get(one, "wanted");
	const flume_value *attempted = flume_value_get(one, "attempted");
	const flume_value *running = flume_value_get(one, "running");
	const flume_value *hold = flume_value_get(one, "hold");
	const flume_value *errors = flume_value_get(attempted, "errors");
	e->state = text_of(r, one, "state");
	e->reason = text_of(r, one, "reason");
	e->why = text_of(r, one, "why");
	e->deleted = truth_of(wanted, "deleted");
	e->wanted = version_of(r, wanted, &none);
	e->attempted = version_of(r, attempted, &e->wanted);
	e->stage = text_of(r, attempted, "stage");
	e->error = text_of(r, attempted, "error");
	e->at = text_of(r, attempted, "at");
	e->findings = flume_value_size(errors);
	e->finding = finding_of(r, flume_value_at(errors, 0));
	e->runs = flume_value_type(running) == FLUME_MAP;
	e->running = version_of(r, running, &e->wanted);
	e->generation = number_of(running, "generation");
	e->since = text_of(r, running, "since");
	e->proven = truth_of(running, "proven");
	e->held_by = text_of(r, hold, "by");
	e->held_why = text_of(r, hold, "why");
}

static const flume_value *map_of(const flume_value *status, const char *key)
{
	const flume_value *map = flume_value_get(status, key);
	return flume_value_type(map) == FLUME_MAP ? map : NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct fleet_entry *x = a, *y = b;
	return fleet_order(x->kind, x->name, y->kind, y->name);
}

static void read_entries(struct reading *r, const flume_value *status)
{
	const flume_value *maps[FLEET_KINDS];
	size_t n = 0, at = 0;
	for (size_t kind = 0; kind < FLEET_KINDS; kind++) {
		maps[kind] = map_of(status, fleet_kind_folder(kind));
		n += flume_value_size(maps[kind]);
	}
	struct fleet_entry *all = n ? arena_get_array(&r->said->arena, n, sizeof *all) : NULL;
	if (n && !all)
		r->failed = true;
	for (size_t kind = 0; all && kind < FLEET_KINDS; kind++) {
		for (size_t i = 0; i < flume_value_size(maps[kind]); i++) {
			const char *name = flume_value_text(flume_value_key(maps[kind], i));
			all[at] = (struct fleet_entry){.kind = kind, .name = copy(r, name)};
			read_entry(r, &all[at++], flume_value_at(maps[kind], i));
		}
	}
	if (at > 1 && !r->failed)
		qsort(all, at, sizeof *all, by_name);
	r->said->entries = all;
	r->said->n = at;
}

/* ---- the node ---- */

static void read_broken(struct reading *r, const flume_value *status)
{
	const flume_value *cases = map_of(status, "canaries");
	size_t n = flume_value_size(cases), at = 0;
	struct fleet_cases *all = n ? arena_get_array(&r->said->arena, n, sizeof *all) : NULL;
	if (n && !all)
		r->failed = true;
	for (size_t i = 0; all && i < n; i++) {
		const char *error =
			flume_value_text(flume_value_get(flume_value_at(cases, i), "error"));
		if (!*error)
			continue;
		const char *name = flume_value_text(flume_value_key(cases, i));
		all[at++] = (struct fleet_cases){copy(r, name), copy(r, error)};
	}
	r->said->broken = all;
	r->said->n_broken = at;
}

static void read_status(struct reading *r, const flume_value *status)
{
	struct fleet_said *said = r->said;
	const flume_value *fresh = flume_value_get(status, "freshness");
	said->agent = text_of(r, status, "agent");
	said->started = text_of(r, status, "started");
	said->blind = truth_of(fresh, "blind");
	said->proved_at = text_of(r, fresh, "proved_at");
	said->proved_revision = number_of(status, "proved_revision");
	said->link_why = text_of(r, flume_value_get(status, "link"), "why");
	said->disk_why = text_of(r, flume_value_get(status, "disk"), "why");
	said->config_why = text_of(r, flume_value_get(status, "config"), "why");
	said->left_out = number_of(status, "left_out");
	said->voice = map_of(status, "schemas") || map_of(status, "switches") ? FLEET_SPEAKS
									      : FLEET_SILENT;
	read_broken(r, status);
	read_entries(r, status);
}

static void read_problem(struct reading *r, const flume_report *report)
{
	char line[512] = "it is no JSON object";
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	/* One that was lost for want of memory has no place. */
	r->failed = r->failed || (issue && !issue->line);
	if (issue)
		snprintf(line, sizeof line, "line %u, column %u: %.400s", issue->line,
			 issue->column, issue->text);
	r->said->voice = FLEET_UNREADABLE;
	r->said->problem = copy(r, line);
}

static int read_text(struct reading *r, const char *text, size_t len)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	flume_report *report = flume_report_new();
	flume_value *status = NULL;
	int code = report ? flume_value_parse(&status, text, len, FLUME_JSON, &limits, report)
			  : FLUME_NOMEM;
	if (code == FLUME_NOMEM)
		r->failed = true;
	else if (code || flume_value_type(status) != FLUME_MAP)
		read_problem(r, report);
	else
		read_status(r, status);
	flume_value_free(status);
	flume_report_free(report);
	return r->failed ? FLUME_NOMEM : 0;
}

int fleet_said_read(struct fleet_said **out, const char *node, const char *text, size_t len)
{
	struct fleet_said *said = calloc(1, sizeof *said);
	struct reading r = {.said = said};
	if (!said)
		return FLUME_NOMEM;
	said->node = copy(&r, node);
	said->agent = said->started = said->problem = said->proved_at = "";
	said->link_why = said->disk_why = said->config_why = "";
	if (!len)
		said->voice = FLEET_SILENT;
	if (r.failed || (len && read_text(&r, text, len))) {
		fleet_said_free(said);
		return FLUME_NOMEM;
	}
	*out = said;
	return 0;
}

const struct fleet_entry *fleet_said_find(const struct fleet_said *said, enum fleet_kind kind,
					  const char *name)
{
	const struct fleet_entry wanted = {.kind = kind, .name = name};
	return said->n ? bsearch(&wanted, said->entries, said->n, sizeof wanted, by_name)
		       : NULL;
}

struct fleet_said *fleet_said_free(struct fleet_said *said)
{
	if (said) {
		arena_fini(&said->arena);
		free(said);
	}
	return NULL;
}
