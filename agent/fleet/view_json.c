#include "agent/fleet/view_json.h"

#include "agent/engine/json.h"

void fleet_add_version(struct text *t, const char *key, const struct fleet_version *version)
{
	add_key(t, key);
	text_add_char(t, '{');
	add_text(t, "version", version->version);
	add_known(t, "digest", version->digest);
	if (version->revision)
		add_number(t, "revision", version->revision);
	text_add_char(t, '}');
}

/* Before each element of a list but the first: a line of its own. */
static void add_element(struct text *t, size_t i)
{
	text_add(t, i ? ",\n  {" : "\n  {");
}

/* ---- what runs ---- */

static void add_rows(struct text *t, const struct fleet_item *item)
{
	add_key(t, "versions");
	text_add_char(t, '[');
	for (size_t i = 0; i < item->n; i++) {
		const struct fleet_row *row = &item->rows[i];
		text_add(t, i ? ", {" : "{");
		add_text(t, "version", row->running.version);
		add_known(t, "digest", row->running.digest);
		add_text(t, "state", row->state);
		add_number(t, "nodes", (int64_t)row->nodes);
		text_add_char(t, '}');
	}
	text_add_char(t, ']');
}

static void add_items(struct text *t, const struct fleet_view *v, enum fleet_kind kind)
{
	size_t n = 0;
	add_key(t, fleet_kind_folder(kind));
	text_add_char(t, '[');
	for (size_t i = 0; i < v->n_items; i++) {
		const struct fleet_item *item = v->items[i];
		if (item->kind != kind)
			continue;
		add_element(t, n++);
		add_text(t, "name", item->name);
		if (item->there)
			fleet_add_version(t, "wanted", &item->wanted);
		add_number(t, "well", (int64_t)item->by[FLEET_WELL]);
		add_number(t, "coming", (int64_t)item->by[FLEET_COMING]);
		add_number(t, "astray", (int64_t)item->by[FLEET_ASTRAY]);
		add_rows(t, item);
		text_add_char(t, '}');
	}
	text_add_char(t, ']');
}

/* ---- who is not where it should be ---- */

static void add_attempted(struct text *t, const struct fleet_entry *e)
{
	if (!*e->stage && !*e->error)
		return;
	add_known(t, "stage", e->stage);
	add_known(t, "error", e->error);
	add_known(t, "at", e->at);
	if (!e->findings)
		return;
	add_known(t, "code", e->finding.code);
	add_known(t, "path", e->finding.path);
	if (e->finding.line) {
		add_number(t, "line", e->finding.line);
		add_number(t, "column", e->finding.column);
	}
	add_known(t, "message", e->finding.message);
	add_known(t, "hint", e->finding.hint);
	add_number(t, "findings", (int64_t)e->findings);
}

static void add_stray(struct text *t, const struct fleet_stray *s)
{
	const struct fleet_entry *e = s->entry;
	struct text why = {0};
	add_text(t, "node", s->node);
	add_text(t, "kind", fleet_kind_word(s->item->kind));
	add_text(t, "name", s->item->name);
	add_text(t, "state", s->judgement.state);
	add_known(t, "reason", s->judgement.reason);
	if (e && e->deleted)
		add_truth(t, "deleted", true);
	else if (e && e->wanted.revision)
		fleet_add_version(t, "wanted", &e->wanted);
	if (e && e->runs)
		fleet_add_version(t, "running", &e->running);
	if (e)
		add_attempted(t, e);
	fleet_stray_why(&why, s);
	add_known(t, "why", why.s ? why.s : "");
	t->failed = t->failed || why.failed;
	text_fini(&why);
	text_add_char(t, '}');
}

static void add_strays(struct text *t, const struct fleet_view *v)
{
	add_key(t, "astray");
	text_add_char(t, '[');
	for (size_t i = 0; i < v->n_strays; i++) {
		add_element(t, i);
		add_stray(t, &v->strays[i]);
	}
	text_add_char(t, ']');
}

static void add_troubles(struct text *t, const struct fleet_view *v)
{
	add_key(t, "troubles");
	text_add_char(t, '[');
	for (size_t i = 0; i < v->n_troubles; i++) {
		const struct fleet_trouble *trouble = &v->troubles[i];
		add_element(t, i);
		add_text(t, "node", trouble->node);
		add_text(t, "trouble", fleet_ill_word(trouble->ill));
		add_known(t, "name", trouble->name);
		add_known(t, "why", trouble->why);
		text_add_char(t, '}');
	}
	text_add_char(t, ']');
}

static void add_agents(struct text *t, const struct fleet_view *v)
{
	add_key(t, "agents");
	text_add_char(t, '[');
	for (size_t i = 0; i < v->n_agents; i++) {
		text_add(t, i ? ", {" : "{");
		add_text(t, "version", v->agents[i].version);
		add_number(t, "nodes", (int64_t)v->agents[i].nodes);
		text_add_char(t, '}');
	}
	text_add_char(t, ']');
}

size_t fleet_view_json(struct text *t, const struct fleet_view *v, const char *at)
{
	text_add_char(t, '{');
	add_text(t, "at", at);
	if (v->revision)
		add_number(t, "revision", v->revision);
	size_t same = t->len;
	add_number(t, "nodes", (int64_t)v->nodes);
	add_number(t, "well", (int64_t)v->well);
	add_agents(t, v);
	for (size_t kind = 0; kind < FLEET_KINDS; kind++)
		add_items(t, v, kind);
	add_strays(t, v);
	add_troubles(t, v);
	if (v->spare)
		add_number(t, "left_out", (int64_t)v->spare);
	text_add(t, "}\n");
	return same;
}
