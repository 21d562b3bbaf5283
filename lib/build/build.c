/*
 * Steps for nodes, depth first.
 *
 * A schema that is referred to becomes part of the pipeline: its steps are built once, however
 * often it is named, so a pipeline never grows beyond its schemas.  What a call may do, though,
 * is counted expanded, and has the same bound as a single document: ten schemas that each name
 * the next one ten times are refused here.
 *
 * Retries multiply.  Where one step may run many times for one item, even without a pause, the
 * work is too long for a thread that others wait for, so the pipeline says that it may block.
 */
#include "lib/build/build.h"

#include "lib/build/seating.h"
#include "lib/build/trail.h"
#include "lib/connector/leaf.h"
#include "lib/schema/get.h"
#include "lib/schema/limits.h"
#include "lib/schema/notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 10 /* of a step for one item, in a pipeline that does not block */

struct unit { /* one schema of those that are joined; the first lies in the builder */
	const char *id;
	const flume_schema *schema;
	struct flume_scope *scope;
	struct step *root;      /* NULL while it is being built */
	size_t nodes;           /* expanded */
	unsigned base, deepest; /* the levels it takes, as counted when it was built */
	int64_t repeats;        /* the most runs of a step of it for one of its own */
	size_t slow;            /* things in it that are not prompt */
	struct unit *next;
};

struct opened { /* one that is joined, with a scope of its own */
	struct unit unit;
	struct flume_scope scope;
};

struct builder {
	const struct build_source *from;
	struct flume_limits limits;
	flume_pipeline *pipeline;
	struct arena arena; /* of the pipeline's memory */
	struct unit first;
	struct unit *units; /* all so far */
	struct unit *unit;  /* the one being built */
	unsigned depth;
	int64_t repeats;       /* runs of the node being built for one of its unit */
	const flume_value *at; /* the node of the document itself that is being built */
	struct trail *trail;   /* the nodes of the unit that are being built */
	struct seating seating;
	flume_report *report;
	int rc; /* the first thing that went wrong */
};

static void *fail(struct builder *builder, int rc)
{
	if (!builder->rc)
		builder->rc = rc;
	return NULL;
}

/* The place is in the document that is built, at the node that led here. */
static void *refuse(struct builder *builder, const char *code, const char *text)
{
	const struct unit *unit = builder->unit;
	if (!builder->rc && unit->next)
		flume_report_add(builder->report, code, "root", builder->at, NULL,
				 "%s (in schema '%s')", text, unit->id);
	else if (!builder->rc)
		flume_report_add(builder->report, code, "root", builder->at, NULL, "%s", text);
	return fail(builder, FLUME_REJECTED);
}

void *builder_take(struct builder *builder, size_t size)
{
	void *memory = arena_get(&builder->arena, size ? size : 1);
	return memory ? memory : fail(builder, FLUME_NOMEM);
}

void *builder_get(struct builder *builder, size_t size)
{
	void *memory = builder_take(builder, size);
	return memory ? memset(memory, 0, size) : NULL;
}

static char *builder_text(struct builder *builder, size_t size)
{
	char *text = arena_get_text(&builder->arena, size);
	return text ? text : fail(builder, FLUME_NOMEM);
}

const struct hub *builder_hub(const struct builder *builder)
{
	return builder->pipeline->hub;
}

void builder_may_block(struct builder *builder)
{
	builder->pipeline->may_block = true;
	builder->unit->slow++;
}

size_t builder_slow(const struct builder *builder)
{
	return builder->unit->slow;
}

flume_pipeline *builder_pipeline(struct builder *builder)
{
	return builder->pipeline;
}

/* Room for one more at powers of two. */
static bool more_schemas(flume_pipeline *pipeline)
{
	size_t n = pipeline->n_schemas;
	bool few = pipeline->schemas == pipeline->few;
	if (!n || n & (n - 1))
		return true;
	flume_schema **more = reallocarray(few ? NULL : pipeline->schemas, 2 * n, sizeof *more);
	if (!more)
		return false;
	if (few)
		more[0] = pipeline->few[0];
	pipeline->schemas = more;
	return true;
}

static bool hold_schema(struct builder *builder, flume_schema *schema)
{
	flume_pipeline *pipeline = builder->pipeline;
	if (!more_schemas(pipeline)) {
		flume_schema_unref(schema);
		return fail(builder, FLUME_NOMEM);
	}
	pipeline->schemas[pipeline->n_schemas++] = schema;
	return true;
}

const struct flume_component *builder_component(struct builder *builder, enum flume_kind kind,
						const flume_value *name)
{
	const struct component *component = scope_find(builder->unit->scope, kind, name);
	if (builder->unit->scope->failed_alloc)
		return fail(builder, FLUME_NOMEM);
	if (!component && kind != FLUME_PROCESSOR) /* a processor's name may be a schema's */
		return refuse(builder, "unknown-component",
			      "a component was removed in the meantime");
	if (!component)
		return NULL;
	builder->pipeline->may_block |= component->is.blocks;
	builder->unit->slow += !component->is.prompt || component->is.blocks;
	return &component->is;
}

/* The name of the node being built, or its path; NULL when out of memory. */
static const char *place_here(struct builder *builder)
{
	if (builder->trail->name)
		return builder->trail->name;
	struct text path = {0};
	trail_path(builder->trail, &path);
	char *place = path.failed ? NULL : builder_get(builder, path.len + 1);
	if (place)
		memcpy(place, path.s, path.len);
	text_fini(&path);
	return place;
}

struct state *builder_state(struct builder *builder, const struct state_kind *kind,
			    const struct step *step)
{
	flume_pipeline *pipeline = builder->pipeline;
	struct seat seat = {.kind = kind, .schema_id = "", .place = ""};
	if (*pipeline->id) {
		seat.schema_id = builder->unit->id;
		seat.place = place_here(builder);
		if (!seat.place || !seating_take(&builder->seating, &seat))
			return fail(builder, FLUME_NOMEM);
	}
	struct state *state = state_ref(pipeline->hub, &seat, step, hub_now(pipeline->hub));
	if (!state || !pipeline_take_kept(pipeline, state, step))
		return fail(builder, FLUME_NOMEM);
	return state;
}

static const char *default_name(struct builder *builder, const struct connector *connector,
				const struct said *said, const flume_value *node)
{
	if (connector == &connector_ref)
		return value_text(said->of);
	const struct naming naming = connector_naming(connector, node);
	if (!naming.by)
		return naming.stem;
	const char *by = value_text(flume_value_get(node, naming.by));
	size_t stem = strlen(naming.stem), between = strlen(naming.between);
	size_t size = strlen(by) + 1;
	char *name = builder_text(builder, stem + between + size);
	if (name) {
		memcpy(name, naming.stem, stem);
		memcpy(name + stem, naming.between, between);
		memcpy(name + stem + between, by, size);
	}
	return name;
}

/* Notes how deep the calls of this unit will go; a schema built before may lie deeper here. */
static bool reach(struct builder *builder, unsigned depth)
{
	if (depth > builder->limits.depth)
		return refuse(builder, "too-deep",
			      "nested too deep, with the schemas it refers to");
	if (depth > builder->unit->deepest)
		builder->unit->deepest = depth;
	return true;
}

/* A node that is more than a leaf. */
static struct step *build_joint(struct builder *builder, const flume_value *node)
{
	const struct said said = node_read(node);
	const struct connector *connector = node_connector(&said);
	const char *name = said.name ? value_text(said.name)
				     : default_name(builder, connector, &said, node);
	if (!name)
		return NULL;
	struct trail here = {.up = builder->trail,
			     .node = node,
			     .connector = connector,
			     .name = said.name ? name : NULL};
	builder->trail = &here;
	struct step *step = connector->build(builder, node, name);
	builder->trail = here.up;
	return step;
}

struct step *builder_node(struct builder *builder, const flume_value *node)
{
	if (builder->rc)
		return NULL;
	if (!builder->unit->next)
		builder->at = node;
	if (++builder->unit->nodes > builder->limits.nodes)
		return refuse(builder, "too-many-nodes",
			      "too many steps, with those of the schemas it refers to");
	if (!reach(builder, builder->depth + 1))
		return NULL;
	const flume_value *leaf = node_leaf(node);
	builder->depth++;
	struct step *step =
		leaf ? ref_build(builder, leaf, value_text(leaf)) : build_joint(builder, node);
	builder->depth--;
	return step ? step : fail(builder, FLUME_NOMEM);
}

/* How often something `times` in this place may run.  What is more than REPEATS is all one. */
static int64_t repeat(struct builder *builder, int64_t times)
{
	struct unit *unit = builder->unit;
	bool many = times > REPEATS / builder->repeats;
	int64_t product = many ? REPEATS + 1 : builder->repeats * times;
	if (many)
		builder_may_block(builder);
	if (product > unit->repeats)
		unit->repeats = product;
	return product;
}

struct step *builder_repeated(struct builder *builder, const flume_value *node, int64_t times)
{
	int64_t around = builder->repeats;
	builder->repeats = repeat(builder, times);
	struct step *step = builder_node(builder, node);
	builder->repeats = around;
	return step;
}

bool builder_nodes(struct builder *builder, const flume_value *list, struct steps *out)
{
	size_t n = flume_value_size(list);
	out->at = builder_take(builder, n * sizeof *out->at);
	for (out->n = 0; out->at && out->n < n; out->n++)
		if (!(out->at[out->n] = builder_node(builder, value_item_at(list, out->n))))
			return false;
	return out->at;
}

static struct unit *find_unit(const struct builder *builder, const char *id)
{
	struct unit *unit = builder->units;
	while (unit && strcmp(unit->id, id) != 0)
		unit = unit->next;
	return unit;
}

/* Takes the reference to `schema`. */
static bool add_unit(struct builder *builder, struct unit *unit, const char *id,
		     flume_schema *schema, struct flume_scope *scope)
{
	*unit = (struct unit){
		.id = id, .schema = schema, .scope = scope, .next = builder->units};
	builder->units = unit;
	return hold_schema(builder, schema);
}

static struct step *build_unit(struct builder *builder, struct unit *unit)
{
	struct unit *outer = builder->unit;
	struct trail *way = builder->trail;
	int64_t around = builder->repeats;
	unit->base = unit->deepest = builder->depth;
	unit->repeats = builder->repeats = 1;
	builder->unit = unit;
	builder->trail = NULL;
	struct step *root = builder_node(builder, flume_schema_get_root(unit->schema));
	builder->unit = outer;
	builder->trail = way;
	builder->repeats = around;
	return root;
}

/* What a maker accepted when the schema was stored it may refuse today. */
static void refuse_in(struct builder *builder, const struct unit *unit,
		      const struct flume_issue *issue)
{
	flume_report_add(builder->report, issue->code, "root", builder->at, issue->hint,
			 "%s (in schema '%s')", issue->text, unit->id);
	fail(builder, FLUME_REJECTED);
}

/* A scope of its own for a schema that was checked when it was stored. */
static struct unit *open_unit(struct builder *builder, const char *id)
{
	flume_schema *schema = builder->from->dup_schema(builder->from->arg, id);
	if (!schema)
		return refuse(builder, "unknown-ref",
			      "a schema it refers to was removed in the meantime");
	struct opened *opened = malloc(sizeof *opened);
	if (!opened) {
		flume_schema_unref(schema);
		return fail(builder, FLUME_NOMEM);
	}
	struct unit *unit = &opened->unit;
	if (!add_unit(builder, unit, id, schema, NULL))
		return NULL;
	unit->scope = &opened->scope;
	if (build_scope(unit->scope, builder->from->registry, schema))
		return fail(builder, FLUME_NOMEM);
	flume_report *report = flume_report_new();
	if (report)
		scope_make_all(unit->scope, report);
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	if (!report || unit->scope->failed_alloc)
		fail(builder, FLUME_NOMEM);
	else if (issue)
		refuse_in(builder, unit, issue);
	flume_report_free(report);
	return builder->rc ? NULL : unit;
}

struct step *builder_schema(struct builder *builder, const char *id)
{
	if (builder->rc)
		return NULL;
	struct unit *unit = find_unit(builder, id);
	if (unit && !unit->root)
		return refuse(builder, "cycle", "schemas that refer to one another");
	if (!unit && (unit = open_unit(builder, id)))
		unit->root = build_unit(builder, unit);
	if (!unit || !unit->root)
		return NULL;
	if (!reach(builder, builder->depth + unit->deepest - unit->base))
		return NULL;
	builder->unit->slow += unit->slow;
	builder->unit->nodes += unit->nodes;
	if (builder->unit->nodes > builder->limits.nodes)
		return refuse(builder, "too-many-nodes",
			      "too many steps, with those of the schemas it refers to");
	repeat(builder, unit->repeats);
	return unit->root;
}

static void *ref_schema(void *schema)
{
	return flume_schema_ref(schema);
}

static void unref_schema(void *schema)
{
	flume_schema_unref(schema);
}

int build_scope(struct flume_scope *scope, struct registry *registry, flume_schema *schema)
{
	const flume_value *root = flume_schema_get_root(schema);
	return scope_init(scope, registry, VALUE_GET(root, "components"), false, schema,
			  ref_schema, unref_schema);
}

/* All that the scopes know, once each scope: steps hold what they use through the pipeline. */
static void hold_parts(struct builder *builder)
{
	flume_pipeline *pipeline = builder->pipeline;
	size_t n = 0;
	for (const struct unit *unit = builder->units; unit; unit = unit->next)
		n += scope_count(unit->scope);
	pipeline->parts = builder_get(builder, n * sizeof(struct component *));
	if (!pipeline->parts)
		return;
	for (const struct unit *unit = builder->units; unit; unit = unit->next)
		pipeline->n_parts +=
			scope_take_all(unit->scope, pipeline->parts + pipeline->n_parts);
}

static void close_units(struct builder *builder)
{
	for (struct unit *unit = builder->units, *next; unit != &builder->first; unit = next) {
		next = unit->next;
		if (unit->scope)
			scope_fini(unit->scope);
		free((struct opened *)unit);
	}
}

/* What steps take, near enough: a leaf 32 bytes, a sequence 40 and 8 for each child. */
static size_t guess_bytes(const flume_schema *schema, const struct flume_scope *scope)
{
	const struct schema_size size = schema_size(schema);
	return 24 * (size_t)size.maps + 8 * (size_t)size.members +
	       scope_count(scope) * sizeof(struct component *);
}

static int build(struct builder *builder, flume_schema *schema, struct flume_scope *scope)
{
	flume_pipeline *pipeline = builder->pipeline;
	if (add_unit(builder, &builder->first, pipeline->id, flume_schema_ref(schema), scope))
		pipeline->root = build_unit(builder, &builder->first);
	if (pipeline->root)
		hold_parts(builder);
	close_units(builder);
	seating_fini(&builder->seating);
	pipeline->blocks = arena_take(&builder->arena);
	if (!pipeline->root || builder->rc)
		return builder->rc ? builder->rc : FLUME_NOMEM;
	pipeline->brief = !builder->first.slow && !pipeline->may_block;
	pipeline_sort_kept(pipeline);
	return FLUME_OK;
}

int build_pipeline(flume_pipeline **out, const struct build_source *from, flume_schema *schema,
		   struct flume_scope *scope, const char *id, flume_report *report)
{
	struct builder builder = {
		.from = from, .limits = limits_effective(&from->hub->limits), .report = report};
	builder.pipeline =
		pipeline_new(from->hub, id, guess_bytes(schema, scope), &builder.arena);
	if (!builder.pipeline)
		return FLUME_NOMEM;
	int rc = build(&builder, schema, scope);
	if (rc)
		pipeline_release(builder.pipeline);
	else
		*out = builder.pipeline;
	return rc;
}
