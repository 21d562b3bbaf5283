/*
 * Strays and troubles of a view are in the order of their nodes, and those of one node in a fixed
 * order, so two views are compared in one walk.
 */
#include "agent/cmd/status_changes.h"

#include "agent/cmd/clean.h"

#include <string.h>

/* A line of text that may have come from outside. */
static void end_line(struct text *t, struct text *line)
{
	if (line->s)
		text_add_clean(t, line->s, line->len);
	text_add_char(t, '\n');
	t->failed = t->failed || line->failed;
	text_fini(line);
}

/* ---- schemas and switches ---- */

static bool same_rows(const struct fleet_item *a, const struct fleet_item *b)
{
	if (a->there != b->there || a->wanted.revision != b->wanted.revision || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct fleet_row *x = &a->rows[i], *y = &b->rows[i];
		if (x->nodes != y->nodes || strcmp(x->state, y->state) != 0 ||
		    strcmp(x->running.version, y->running.version) != 0 ||
		    strcmp(x->running.digest, y->running.digest) != 0)
			return false;
	}
	return true;
}

static void add_item(struct text *t, const struct fleet_item *item)
{
	struct text line = {0};
	text_addf(&line, "%s %s: ", fleet_kind_word(item->kind), item->name);
	if (!item->there)
		text_add(&line, "deleted");
	else
		text_addf(&line, "%s wanted",
			  *item->wanted.version ? item->wanted.version : "-");
	for (size_t i = 0; i < item->n; i++)
		text_addf(&line, ", %s %s %zu",
			  *item->rows[i].running.version ? item->rows[i].running.version : "-",
			  item->rows[i].state, item->rows[i].nodes);
	end_line(t, &line);
}

static void add_items(struct text *t, const struct fleet_view *before,
		      const struct fleet_view *now)
{
	for (size_t i = 0; i < now->n_items; i++) {
		const struct fleet_item *item = now->items[i];
		const struct fleet_item *was = fleet_view_find(before, item->kind, item->name);
		if (!was || !same_rows(was, item))
			add_item(t, item);
	}
	for (size_t i = 0; i < before->n_items; i++) {
		const struct fleet_item *item = before->items[i];
		if (!fleet_view_find(now, item->kind, item->name))
			add_item(t,
				 &(struct fleet_item){.kind = item->kind, .name = item->name});
	}
}

/* ---- nodes ---- */

static void add_node(struct text *t, const char *node, const char *what)
{
	struct text line = {0};
	text_addf(&line, "%s: %s", node, what);
	end_line(t, &line);
}

static void add_nodes(struct text *t, const struct fleet_view *before,
		      const struct fleet_view *now)
{
	size_t i = 0, k = 0;
	if (before->nodes != now->nodes)
		text_addf(t, "%zu node%s, %zu before\n", now->nodes, now->nodes == 1 ? "" : "s",
			  before->nodes);
	while (i < before->nodes || k < now->nodes) {
		int order = i == before->nodes ? 1
			    : k == now->nodes  ? -1
					       : strcmp(before->names[i], now->names[k]);
		if (order)
			add_node(t, order < 0 ? before->names[i] : now->names[k],
				 order < 0 ? "gone" : "new");
		i += order <= 0;
		k += order >= 0;
	}
}

/* That it is in order there cannot be said of a node that has gone. */
static bool has_node(const struct fleet_view *view, const char *node)
{
	size_t low = 0, high = view->nodes;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(view->names[middle], node);
		if (!order)
			return true;
		low = order < 0 ? middle + 1 : low;
		high = order < 0 ? high : middle;
	}
	return false;
}

static int order_of(const struct fleet_stray *a, const struct fleet_stray *b)
{
	int order = strcmp(a->node, b->node);
	return order ? order
		     : fleet_order(a->item->kind, a->item->name, b->item->kind, b->item->name);
}

static void write_stray(struct text *line, const struct fleet_stray *s)
{
	struct text why = {0};
	fleet_stray_why(&why, s);
	text_addf(line, "%s: %s: %s", s->node, s->item->name, s->judgement.state);
	if (s->entry && s->entry->runs)
		text_addf(line, ", runs %s",
			  *s->entry->running.version ? s->entry->running.version : "-");
	if (why.len)
		text_addf(line, ": %s", why.s);
	line->failed = line->failed || why.failed;
	text_fini(&why);
}

static void add_stray(struct text *t, const struct fleet_stray *was,
		      const struct fleet_stray *is)
{
	struct text line = {0}, old = {0};
	write_stray(&line, is);
	if (was)
		write_stray(&old, was);
	bool same = was && line.s && old.s && !strcmp(line.s, old.s);
	text_fini(&old);
	if (same)
		text_fini(&line);
	else
		end_line(t, &line);
}

static void add_recovered(struct text *t, const struct fleet_stray *was)
{
	struct text line = {0};
	text_addf(&line, "%s: %s: not astray any more", was->node, was->item->name);
	end_line(t, &line);
}

static void add_strays(struct text *t, const struct fleet_view *before,
		       const struct fleet_view *now)
{
	size_t i = 0, k = 0;
	while (i < before->n_strays || k < now->n_strays) {
		int order = i == before->n_strays ? 1
			    : k == now->n_strays
				    ? -1
				    : order_of(&before->strays[i], &now->strays[k]);
		if (order < 0 && has_node(now, before->strays[i].node))
			add_recovered(t, &before->strays[i]);
		else if (order >= 0)
			add_stray(t, order ? NULL : &before->strays[i], &now->strays[k]);
		i += order <= 0;
		k += order >= 0;
	}
}

static int order_of_trouble(const struct fleet_trouble *a, const struct fleet_trouble *b)
{
	int order = strcmp(a->node, b->node);
	if (!order && a->ill != b->ill)
		order = a->ill < b->ill ? -1 : 1;
	return order ? order : strcmp(a->name, b->name);
}

static void add_trouble(struct text *t, const struct fleet_trouble *trouble, bool over)
{
	struct text line = {0};
	text_addf(&line, "%s: %s%s%s%s", trouble->node, fleet_ill_word(trouble->ill),
		  *trouble->name ? " " : "", trouble->name, over ? ": over" : "");
	if (!over && *trouble->why)
		text_addf(&line, ": %s", trouble->why);
	end_line(t, &line);
}

static void add_troubles(struct text *t, const struct fleet_view *before,
			 const struct fleet_view *now)
{
	size_t i = 0, k = 0;
	while (i < before->n_troubles || k < now->n_troubles) {
		int order = i == before->n_troubles ? 1
			    : k == now->n_troubles
				    ? -1
				    : order_of_trouble(&before->troubles[i], &now->troubles[k]);
		if (order < 0 && has_node(now, before->troubles[i].node))
			add_trouble(t, &before->troubles[i], true);
		else if (order > 0)
			add_trouble(t, &now->troubles[k], false);
		i += order <= 0;
		k += order >= 0;
	}
}

void status_changes(struct text *t, const struct fleet_view *before,
		    const struct fleet_view *now)
{
	add_nodes(t, before, now);
	add_items(t, before, now);
	add_strays(t, before, now);
	add_troubles(t, before, now);
}
