#include "agent/cmd/status_print.h"

#include "agent/cmd/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *number(char out[24], size_t n)
{
	snprintf(out, 24, "%zu", n);
	return out;
}

/* A table with more than its heading, behind an empty line. */
static void add_table(struct text *t, struct table *table)
{
	if (table->n > table->columns) {
		text_add(t, "\n");
		table_write(t, table);
	}
	t->failed = t->failed || table->failed;
	table_fini(table);
}

static void add_title(struct text *t, const struct fleet_view *v)
{
	text_addf(t, "%zu node%s", v->nodes, v->nodes == 1 ? "" : "s");
	if (v->well < v->nodes)
		text_addf(t, ", %zu of them not as wanted", v->nodes - v->well);
	text_add(t, "\n");
}

static void add_items(struct text *t, const struct fleet_view *v, enum fleet_kind kind,
		      const char *heading)
{
	struct table table = {.columns = 5};
	char count[24];
	table_row(&table, (const char *[]){heading, "WANTED", "RUNNING", "STATE", "NODES"});
	for (size_t i = 0; i < v->n_items; i++) {
		const struct fleet_item *item = v->items[i];
		if (item->kind != kind)
			continue;
		for (size_t k = 0; k < item->n; k++)
			table_row(&table, (const char *[]){item->name, item->wanted.version,
							   item->rows[k].running.version,
							   item->rows[k].state,
							   number(count, item->rows[k].nodes)});
		if (!item->n)
			table_row(&table, (const char *[]){item->name, item->wanted.version, "",
							   "", "0"});
	}
	add_table(t, &table);
}

/* As in the table above it; the node is asked where nobody knows the store. */
static const char *wanted_of(const struct fleet_view *v, const struct fleet_stray *s)
{
	if (v->knows_store)
		return s->item->wanted.version;
	return s->entry ? s->entry->wanted.version : "";
}

static void add_stray(struct table *table, const struct fleet_view *v,
		      const struct fleet_stray *s)
{
	const struct fleet_entry *e = s->entry;
	struct text why = {0};
	fleet_stray_why(&why, s);
	table_row(table,
		  (const char *[]){s->node, s->item->name, s->judgement.state, wanted_of(v, s),
				   e ? e->running.version : "", why.s ? why.s : ""});
	table->failed = table->failed || why.failed;
	text_fini(&why);
}

static void add_strays(struct text *t, const struct fleet_view *v, enum fleet_kind kind,
		       const char *heading)
{
	struct table table = {.columns = 6};
	table_row(&table,
		  (const char *[]){"NODE", heading, "STATE", "WANTED", "RUNNING", "WHY"});
	for (size_t i = 0; i < v->n_strays; i++)
		if (v->strays[i].item->kind == kind)
			add_stray(&table, v, &v->strays[i]);
	add_table(t, &table);
}

static void add_troubles(struct text *t, const struct fleet_view *v)
{
	struct table table = {.columns = 4};
	table_row(&table, (const char *[]){"NODE", "TROUBLE", "OF", "WHY"});
	for (size_t i = 0; i < v->n_troubles; i++) {
		const struct fleet_trouble *trouble = &v->troubles[i];
		table_row(&table, (const char *[]){trouble->node, fleet_ill_word(trouble->ill),
						   trouble->name, trouble->why});
	}
	add_table(t, &table);
}

/* Of one version there is nothing to say. */
static void add_agents(struct text *t, const struct fleet_view *v)
{
	struct table table = {.columns = 3};
	char count[24];
	table_row(&table, (const char *[]){"AGENT", "NODES", "SUCH AS"});
	for (size_t i = 0; v->n_agents > 1 && i < v->n_agents; i++)
		table_row(&table, (const char *[]){v->agents[i].version,
						   number(count, v->agents[i].nodes),
						   v->agents[i].one});
	add_table(t, &table);
}

void status_print(struct text *t, const struct fleet_view *v)
{
	static const char *const headings[] = {
		[FLEET_SCHEMA] = "SCHEMA", [FLEET_SWITCH] = "SWITCH"};
	add_title(t, v);
	for (size_t kind = 0; kind < FLEET_KINDS; kind++)
		add_items(t, v, kind, headings[kind]);
	for (size_t kind = 0; kind < FLEET_KINDS; kind++)
		add_strays(t, v, kind, headings[kind]);
	add_troubles(t, v);
	add_agents(t, v);
	if (v->spare)
		text_addf(t, "\nand %zu more\n", v->spare);
	t->failed = t->failed || v->failed;
}
