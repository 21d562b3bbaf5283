/*
 * Nodes and store are both in order of kind and name, so each node is one walk along the two.  What
 * is counted is bounded by what the fleet runs; only who is astray takes room for each node, and of
 * those no more than asked for are kept.
 */
#include "agent/fleet/view.h"

#include "lib/base/text.h"
#include "lib/flume.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
	return !strcmp(a, b);
}

static const char *copy(struct fleet_view *v, const char *text)
{
	if (!*text)
		return "";
	char *kept = arena_copy(&v->arena, text, strlen(text));
	v->failed = v->failed || !kept;
	return kept ? kept : "";
}

static struct fleet_version copy_version(struct fleet_view *v, const struct fleet_version *from)
{
	return (struct fleet_version){copy(v, from->version), copy(v, from->digest),
				      from->revision};
}

/* Room for one more of `size` bytes; false when out of memory. */
static bool grow(struct fleet_view *v, void *array, size_t n, size_t *cap, size_t size)
{
	void *old, *grown;
	if (n < *cap)
		return true;
	size_t more = *cap ? 2 * *cap : 8;
	memcpy(&old, array, sizeof old);
	grown = reallocarray(old, more, size);
	if (!grown) {
		v->failed = true;
		return false;
	}
	memcpy(array, &grown, sizeof grown);
	*cap = more;
	return true;
}

/* ---- life ---- */

struct fleet_view *fleet_view_new(const struct fleet_view_options *options)
{
	struct fleet_view *v = calloc(1, sizeof *v);
	if (!v)
		return NULL;
	v->knows_store = options->knows_store;
	v->only = options->only;
	v->most = options->most ? options->most : SIZE_MAX;
	return v;
}

struct fleet_view *fleet_view_free(struct fleet_view *v)
{
	if (!v)
		return NULL;
	for (size_t i = 0; i < v->n_items; i++)
		free(v->items[i]->rows);
	free((void *)v->items);
	for (size_t i = 0; i < v->n_strays; i++)
		free((void *)(uintptr_t)v->strays[i].entry);
	free(v->strays);
	free((void *)v->names);
	free(v->troubles);
	free(v->agents);
	arena_fini(&v->arena);
	free(v);
	return NULL;
}

/* ---- items ---- */

/* Where it is, or belongs. */
static size_t place_of(const struct fleet_view *v, enum fleet_kind kind, const char *name)
{
	size_t low = 0, high = v->n_items;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct fleet_item *item = v->items[middle];
		if (fleet_order(item->kind, item->name, kind, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_item(const struct fleet_view *v, size_t at, enum fleet_kind kind,
		    const char *name)
{
	return at < v->n_items &&
	       !fleet_order(v->items[at]->kind, v->items[at]->name, kind, name);
}

const struct fleet_item *fleet_view_find(const struct fleet_view *v, enum fleet_kind kind,
					 const char *name)
{
	size_t at = place_of(v, kind, name);
	return is_item(v, at, kind, name) ? v->items[at] : NULL;
}

/* NULL when out of memory. */
static struct fleet_item *add_item(struct fleet_view *v, size_t at, enum fleet_kind kind,
				   const char *name)
{
	if (!grow(v, &v->items, v->n_items, &v->cap_items, sizeof *v->items))
		return NULL;
	struct fleet_item *item = arena_get(&v->arena, sizeof *item);
	v->failed = v->failed || !item;
	if (!item)
		return NULL;
	*item = (struct fleet_item){
		.kind = kind, .name = copy(v, name), .wanted = {.version = "", .digest = ""}};
	memmove((void *)&v->items[at + 1], (void *)&v->items[at],
		(v->n_items - at) * sizeof *v->items);
	v->items[at] = item;
	v->n_items++;
	return item;
}

static bool is_left_aside(const struct fleet_view *v, const char *name)
{
	return v->only && !same(v->only, name);
}

void fleet_view_want(struct fleet_view *v, enum fleet_kind kind, const char *name,
		     int64_t revision)
{
	if (is_left_aside(v, name))
		return;
	size_t at = place_of(v, kind, name);
	struct fleet_item *item =
		is_item(v, at, kind, name) ? v->items[at] : add_item(v, at, kind, name);
	if (!item)
		return;
	item->there = true;
	item->wanted.revision = revision;
}

/* ---- counting ---- */

static void count_row(struct fleet_view *v, struct fleet_item *item,
		      const struct fleet_entry *entry, const char *state)
{
	const struct fleet_version none = {.version = "", .digest = ""};
	const struct fleet_version *runs = entry ? &entry->running : &none;
	for (size_t i = 0; i < item->n; i++) {
		struct fleet_row *row = &item->rows[i];
		if (same(row->state, state) && same(row->running.version, runs->version) &&
		    same(row->running.digest, runs->digest)) {
			row->nodes++;
			return;
		}
	}
	if (!grow(v, &item->rows, item->n, &item->cap, sizeof *item->rows))
		return;
	struct fleet_version running = copy_version(v, runs);
	running.revision = 0;
	item->rows[item->n++] = (struct fleet_row){running, copy(v, state), 1};
}

static struct fleet_entry *copy_entry(struct fleet_view *v, const struct fleet_item *item,
				      const struct fleet_entry *from)
{
	struct fleet_entry *e = malloc(sizeof *e);
	v->failed = v->failed || !e;
	if (!e)
		return NULL;
	*e = *from;
	e->name = item->name;
	e->state = copy(v, from->state);
	e->reason = copy(v, from->reason);
	e->why = copy(v, from->why);
	e->wanted = copy_version(v, &from->wanted);
	e->attempted = copy_version(v, &from->attempted);
	e->running = copy_version(v, &from->running);
	e->stage = copy(v, from->stage);
	e->error = copy(v, from->error);
	e->at = copy(v, from->at);
	e->since = copy(v, from->since);
	e->held_by = copy(v, from->held_by);
	e->held_why = copy(v, from->held_why);
	e->finding.code = copy(v, from->finding.code);
	e->finding.path = copy(v, from->finding.path);
	e->finding.message = copy(v, from->finding.message);
	e->finding.hint = copy(v, from->finding.hint);
	return e;
}

static void add_stray(struct fleet_view *v, const struct fleet_said *said, const char *node,
		      const struct fleet_item *item, const struct fleet_entry *entry,
		      const struct fleet_judgement *judgement)
{
	if (v->n_strays >= v->most) {
		v->spare++;
		return;
	}
	if (!grow(v, &v->strays, v->n_strays, &v->cap_strays, sizeof *v->strays))
		return;
	v->strays[v->n_strays++] = (struct fleet_stray){
		.node = node,
		.proved_revision = said->proved_revision,
		.judgement = {judgement->verdict, copy(v, judgement->state),
			      copy(v, judgement->reason)},
		.entry = entry ? copy_entry(v, item, entry) : NULL,
		.item = item,
	};
}

static struct fleet_store store_of(const struct fleet_view *v, const struct fleet_item *item)
{
	return (struct fleet_store){v->knows_store, item->there, item->wanted.revision};
}

/* Returns whether all of it is as wanted. */
static bool count_one(struct fleet_view *v, const struct fleet_said *said, const char *node,
		      struct fleet_item *item, const struct fleet_entry *entry)
{
	struct fleet_judgement judgement;
	if (entry && item->there && entry->wanted.revision == item->wanted.revision &&
	    !*item->wanted.digest && !entry->deleted) {
		int64_t revision = item->wanted.revision;
		item->wanted = copy_version(v, &entry->wanted);
		item->wanted.revision = revision;
	}
	if (!fleet_judge(&judgement, store_of(v, item), said, entry))
		return true;
	item->by[judgement.verdict]++;
	count_row(v, item, entry, judgement.state);
	if (judgement.verdict == FLEET_WELL)
		return true;
	add_stray(v, said, node, item, entry, &judgement);
	return false;
}

static size_t next_entry(const struct fleet_view *v, const struct fleet_said *said, size_t i)
{
	while (i < said->n && is_left_aside(v, said->entries[i].name))
		i++;
	return i;
}

static void count_entries(struct fleet_view *v, const struct fleet_said *said, const char *node)
{
	size_t i = next_entry(v, said, 0), k = 0;
	bool well = true;
	for (; i < said->n || k < v->n_items; k++) {
		const struct fleet_entry *next = &said->entries[i];
		int order = k == v->n_items ? -1
			    : i == said->n  ? 1
					    : fleet_order(next->kind, next->name,
							  v->items[k]->kind, v->items[k]->name);
		if (order < 0 && !add_item(v, k, next->kind, next->name))
			return;
		well = count_one(v, said, node, v->items[k], order <= 0 ? next : NULL) && well;
		i = order <= 0 ? next_entry(v, said, i + 1) : i;
	}
	v->well += well;
}

/* ---- nodes ---- */

static void add_trouble(struct fleet_view *v, const char *node, enum fleet_ill ill,
			const char *name, const char *why)
{
	if (v->n_troubles >= v->most) {
		v->spare++;
		return;
	}
	if (!grow(v, &v->troubles, v->n_troubles, &v->cap_troubles, sizeof *v->troubles))
		return;
	v->troubles[v->n_troubles++] = (struct fleet_trouble){
		node,
		ill,
		copy(v, name),
		copy(v, why),
	};
}

static void add_blind(struct fleet_view *v, const char *node, const struct fleet_said *said)
{
	struct text why = {0};
	text_addf(&why, "%s%s", *said->proved_at ? "since " : "never saw anything",
		  said->proved_at);
	if (said->proved_revision)
		text_addf(&why, ", revision %" PRId64, said->proved_revision);
	if (*said->link_why)
		text_addf(&why, ": %s", said->link_why);
	v->failed = v->failed || why.failed;
	add_trouble(v, node, FLEET_BLIND, "", why.s ? why.s : "");
	text_fini(&why);
}

static void add_cut(struct fleet_view *v, const char *node, const struct fleet_said *said)
{
	struct text why = {0};
	text_addf(&why, "%" PRId64 " schemas are left out, its status is too big",
		  said->left_out);
	v->failed = v->failed || why.failed;
	add_trouble(v, node, FLEET_CUT, "", why.s ? why.s : "");
	text_fini(&why);
}

static void add_config(struct fleet_view *v, const char *node, const struct fleet_said *said)
{
	struct text why = {0};
	text_addf(&why, FLEET_CONFIG_WORDS, said->config_why);
	v->failed = v->failed || why.failed;
	add_trouble(v, node, FLEET_CONFIG, "", why.s ? why.s : "");
	text_fini(&why);
}

static void count_agent(struct fleet_view *v, const char *node, const struct fleet_said *said)
{
	for (size_t i = 0; i < v->n_agents; i++) {
		if (same(v->agents[i].version, said->agent)) {
			v->agents[i].nodes++;
			return;
		}
	}
	if (!grow(v, &v->agents, v->n_agents, &v->cap_agents, sizeof *v->agents))
		return;
	v->agents[v->n_agents++] = (struct fleet_agents){copy(v, said->agent), node, 1};
}

void fleet_view_add(struct fleet_view *v, const struct fleet_said *said)
{
	if (!grow(v, &v->names, v->nodes, &v->cap_names, sizeof *v->names))
		return;
	const char *node = copy(v, said->node);
	v->names[v->nodes++] = node;
	if (said->voice == FLEET_UNREADABLE)
		add_trouble(v, node, FLEET_NO_STATUS, "", said->problem);
	if (said->voice == FLEET_SILENT)
		add_trouble(v, node, FLEET_NO_WORD, "", "");
	if (*said->agent)
		count_agent(v, node, said);
	if (said->blind)
		add_blind(v, node, said);
	if (said->left_out > 0)
		add_cut(v, node, said);
	if (*said->disk_why)
		add_trouble(v, node, FLEET_DISK, "", said->disk_why);
	if (*said->config_why)
		add_config(v, node, said);
	for (size_t i = 0; i < said->n_broken; i++)
		add_trouble(v, node, FLEET_CASES, said->broken[i].name, said->broken[i].error);
	if (said->voice == FLEET_SPEAKS)
		count_entries(v, said, node);
}

const char *fleet_ill_word(enum fleet_ill ill)
{
	static const char *const words[] = {
		[FLEET_NO_STATUS] = "unreadable",
		[FLEET_NO_WORD] = "silent",
		[FLEET_BLIND] = "blind",
		[FLEET_CUT] = "truncated",
		[FLEET_DISK] = "disk",
		[FLEET_CONFIG] = "config",
		[FLEET_CASES] = "cases",
	};
	return words[ill];
}

bool fleet_ill_counts(enum fleet_ill ill)
{
	return ill != FLEET_CUT;
}

void fleet_stray_why(struct text *t, const struct fleet_stray *s)
{
	fleet_why(t, &s->judgement, s->entry,
		  (struct fleet_store){true, s->item->there, s->item->wanted.revision},
		  s->proved_revision);
}

/* ---- the end ---- */

static int by_nodes(const void *a, const void *b)
{
	const struct fleet_agents *x = a, *y = b;
	return x->nodes != y->nodes ? (x->nodes < y->nodes ? 1 : -1)
				    : strcmp(x->version, y->version);
}

static int by_count(const void *a, const void *b)
{
	const struct fleet_row *x = a, *y = b;
	if (x->nodes != y->nodes)
		return x->nodes < y->nodes ? 1 : -1;
	int order = strcmp(x->running.version, y->running.version);
	return order ? order : strcmp(x->state, y->state);
}

void fleet_view_end(struct fleet_view *v)
{
	for (size_t i = 0; i < v->n_items; i++)
		if (v->items[i]->n)
			qsort(v->items[i]->rows, v->items[i]->n, sizeof(struct fleet_row),
			      by_count);
	if (v->n_agents)
		qsort(v->agents, v->n_agents, sizeof *v->agents, by_nodes);
}
