/*
 * Walks the nodes of a schema with the field tables of their connectors.  Aliases of YAML are
 * shared in the tree and counted here each time they are met.
 *
 * Most schemas are right.  So a first walk only asks whether the structure is, up to the first
 * finding, which is thrown away, and notes the names, which are then looked up together.  Only
 * when something is wrong does a second walk tell what and where.
 */
#include "lib/check/check.h"

#include "lib/base/report.h"
#include "lib/base/suggest.h"
#include "lib/check/shape.h"
#include "lib/connector/connector.h"
#include "lib/connector/leaf.h"
#include "lib/schema/get.h"
#include "lib/schema/limits.h"
#include "lib/schema/synonym.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
	struct flume_scope *scope;
	const struct store_view *store;
	struct flume_limits limits;
	struct map *uses;
	struct place *place;
	flume_report *report;
	size_t nodes;
	unsigned depth, deepest;
	bool first;     /* is anything wrong?  Names are noted, no more */
	bool overflown; /* a limit was met: one finding is enough       */
	bool failed_alloc;
};

/* Keys that are not the connector's own; a form, having no type, begins at the second. */
static const struct flume_field *const of_root[] = {type_fields, node_fields, document_fields,
						    NULL};
static const struct flume_field *const of_node[] = {type_fields, node_fields, NULL};

static void check_node(struct walk *walk, const flume_value *node);

static void find(struct walk *walk, const flume_value *at, const char *code, const char *text)
{
	flume_report_add(walk->report, code, place_text(walk->place), at, NULL, "%s", text);
}

/* ---- names ---- */

static void remember_use(struct walk *walk, const char *id)
{
	walk->failed_alloc |= map_add(walk->uses, id, walk) == FLUME_NOMEM;
}

static void check_schema_ref(struct walk *walk, const flume_value *value)
{
	const char *id = flume_value_text(value);
	char *cycle = walk->store->dup_cycle(walk->store->arg, id);
	if (cycle)
		flume_report_add(walk->report, "cycle", place_text(walk->place), value, NULL,
				 "schemas that refer to one another: %s", cycle);
	else
		remember_use(walk, id);
	free(cycle);
}

static void tell_unknown(struct walk *walk, enum flume_kind kind, const flume_value *value,
			 bool ref)
{
	const char *name = value_text(value);
	char hint[160] = "";
	char **ids = NULL;
	if (!report_full(walk->report)) {
		ids = ref ? walk->store->dup_ids(walk->store->arg) : NULL;
		scope_suggest(walk->scope, kind, name, ids, hint, sizeof hint);
	}
	flume_report_add(walk->report, ref ? "unknown-ref" : "unknown-component",
			 place_text(walk->place), value, *hint ? hint : NULL,
			 "%s '%.128s' not found", flume_kind_text(kind), name);
	free(ids);
}

/* A processor's name may be a schema's. */
static void check_name(struct walk *walk, enum flume_kind kind, const flume_value *value)
{
	struct flume_scope *scope = walk->scope;
	bool ref = kind == FLUME_PROCESSOR;
	if (!scope)
		return;
	if (walk->first)
		scope_note(scope, kind, value_text(value), value->size);
	else if (scope_has(scope, kind, value) || scope->failed_alloc)
		;
	else if (ref && walk->store->has(walk->store->arg, value_text(value)))
		check_schema_ref(walk, value);
	else
		tell_unknown(walk, kind, value, ref);
}

/* ---- children ---- */

/* Is there no need to go on? */
static bool over(const struct walk *walk)
{
	return walk->overflown || (walk->first && report_size(walk->report));
}

static void check_nodes(struct walk *walk, const struct connector *connector,
			const struct flume_field *row, const flume_value *list)
{
	size_t n = flume_value_size(list);
	if (flume_value_type(list) != FLUME_LIST) {
		find(walk, list, "wrong-type", "expected a list of nodes");
		return;
	}
	if (row->max && (n < (size_t)row->min || n > (size_t)row->max))
		flume_report_add(
			walk->report, "child-count", place_text(walk->place), list, NULL,
			row->min == row->max ? "needs exactly %lld children, found %zu"
					     : "needs at least %lld children, found %zu",
			(long long)row->min, n);
	else if (n < (size_t)row->min)
		find(walk, list, "child-count", "needs at least one child");
	if (walk->first && walk->scope)
		scope_expect(walk->scope, n);
	for (size_t i = 0; i < n && !over(walk); i++) {
		bool labelled = connector->labels && row->max && i < (size_t)row->max;
		size_t back =
			place_index(walk->place, i, labelled ? connector->labels[i] : NULL);
		check_node(walk, value_item_at(list, i));
		place_back(walk->place, back);
	}
}

static void check_routes(struct walk *walk, const flume_value *routes)
{
	if (flume_value_type(routes) != FLUME_MAP) {
		find(walk, routes, "wrong-type", "expected a map of routes");
		return;
	}
	if (!flume_value_size(routes))
		find(walk, routes, "child-count", "needs at least one route");
	for (size_t i = 0; i < flume_value_size(routes) && !over(walk); i++) {
		size_t back =
			place_key(walk->place, flume_value_text(flume_value_key(routes, i)));
		check_node(walk, flume_value_at(routes, i));
		place_back(walk->place, back);
	}
}

/* A name that means nothing is the node's own fault and is told by the node's path. */
static bool is_name(enum flume_field_type type)
{
	return type >= FLUME_FIELD_REF;
}

static bool is_plain(const flume_value *name)
{
	return name->type == FLUME_TEXT && name->size;
}

static void check_field(struct walk *walk, const struct connector *connector,
			const struct flume_field *row, const flume_value *value)
{
	if (!is_name(row->type) || !is_plain(value)) {
		size_t before = report_size(walk->report);
		fields_check_value(row, value, walk->place, walk->report);
		if (report_size(walk->report) != before)
			return;
	}
	switch (row->type) {
	case FLUME_FIELD_NODE:
		check_node(walk, value);
		break;
	case FLUME_FIELD_NODES:
		check_nodes(walk, connector, row, value);
		break;
	case FLUME_FIELD_ROUTES:
		check_routes(walk, value);
		break;
	case FLUME_FIELD_REF:
		check_name(walk, FLUME_PROCESSOR, value);
		break;
	case FLUME_FIELD_PREDICATE:
		check_name(walk, FLUME_PREDICATE, value);
		break;
	case FLUME_FIELD_CONDITION:
		check_name(walk, FLUME_CONDITION, value);
		break;
	case FLUME_FIELD_REDUCER:
		check_name(walk, FLUME_REDUCER, value);
		break;
	case FLUME_FIELD_ERROR_HANDLER:
		check_name(walk, FLUME_ERROR_HANDLER, value);
		break;
	case FLUME_FIELD_CHANNEL:
		check_name(walk, FLUME_CHANNEL, value);
		break;
	case FLUME_FIELD_TEXT:
	case FLUME_FIELD_BOOL:
	case FLUME_FIELD_COUNT:
	case FLUME_FIELD_NUMBER:
	case FLUME_FIELD_PERCENT:
	case FLUME_FIELD_DURATION:
	case FLUME_FIELD_SCALAR:
	case FLUME_FIELD_ANY:
	case FLUME_FIELD_TEXTS:
	case FLUME_FIELD_MAP:
	case FLUME_FIELD_TEXT_MAP:
	case FLUME_FIELD_PREDICATES:
		break;
	}
}

/* ---- nodes ---- */

/* NULL when it means nothing, with a finding. */
static const struct connector *read_type(struct walk *walk, const flume_value *type)
{
	const char *word = flume_value_text(type);
	const struct connector *found = connector_find(word);
	const char *names[32];
	size_t n = 0;
	if (found)
		return found;
	size_t before = report_size(walk->report);
	fields_check_value(type_fields, type, walk->place, walk->report);
	if (report_size(walk->report) != before)
		return NULL;
	for (size_t i = 0; connectors[i] && n < sizeof names / sizeof *names; i++)
		if (!connectors[i]->form)
			names[n++] = connectors[i]->type;
	const char *near = suggest(word, names, n);
	char hint[64] = "";
	if (connector_form(word))
		snprintf(hint, sizeof hint, "write '%s: NAME', without a type", word);
	else if (near)
		snprintf(hint, sizeof hint, "did you mean '%s'?", near);
	flume_report_add(walk->report, "unknown-type", place_text(walk->place), type,
			 *hint ? hint : NULL, "unknown type '%.64s'", word);
	return NULL;
}

/* A key that says by another name what the node is? */
static void refuse_empty(struct walk *walk, const flume_value *node)
{
	static const char *const ways[] = {"ref", "type", "stream"};
	const char *meant = NULL;
	for (size_t i = 0; i < value_entries(node) && !meant; i++)
		meant = synonym(value_text(value_key_at(node, i)), ways, 3);
	char hint[64];
	snprintf(hint, sizeof hint, "did you mean '%s'?", meant ? meant : "");
	flume_report_add(walk->report, "empty-node", place_text(walk->place), node,
			 meant ? hint : NULL, "a node needs one of 'ref', 'type' and 'stream'");
}

static const struct connector *find_connector(struct walk *walk, const flume_value *node,
					      const struct said *said)
{
	if (said->ways == 1)
		return said->form ? said->form : read_type(walk, said->type);
	if (said->ways)
		find(walk, node, "exclusive",
		     "a node has only one of 'ref', 'type' and 'stream'");
	else
		refuse_empty(walk, node);
	return NULL;
}

static bool within_limits(struct walk *walk, const flume_value *node)
{
	if (++walk->nodes > walk->limits.nodes && !walk->overflown) {
		flume_report_add(walk->report, "too-many-nodes", place_text(walk->place), node,
				 NULL, "more than %zu nodes", walk->limits.nodes);
		walk->overflown = true;
	} else if (walk->depth > walk->limits.depth) {
		flume_report_add(walk->report, "too-deep", place_text(walk->place), node, NULL,
				 "nodes lie more than %u levels deep", walk->limits.depth);
		walk->overflown = true;
	}
	if (walk->depth > walk->deepest)
		walk->deepest = walk->depth;
	return !walk->overflown;
}

struct at_node {
	struct walk *walk;
	const struct connector *connector;
};

static void check_entry(void *arg, const struct flume_field *row, const flume_value *value)
{
	const struct at_node *at = arg;
	struct place *place = at->walk->place;
	size_t back = place->n;
	if (!is_name(row->type))
		place_key(place, row->name);
	check_field(at->walk, at->connector, row, value);
	place_back(place, back);
}

/* What any node may say of itself. */
static void check_own(struct walk *walk, const struct flume_field *row,
		      const flume_value *value)
{
	if (!value)
		return;
	size_t back = place_key(walk->place, row->name);
	fields_check_value(row, value, walk->place, walk->report);
	place_back(walk->place, back);
}

static void check_either(struct walk *walk, const struct connector *connector,
			 const flume_value *node)
{
	const char *const *keys = connector->either;
	const flume_value *second = keys[1] ? flume_value_get(node, keys[1]) : NULL;
	if (second && flume_value_get(node, keys[0]))
		flume_report_add(walk->report, "exclusive", place_text(walk->place), second,
				 NULL, "a %s has '%s' or '%s', not both", connector->type,
				 keys[0], keys[1]);
}

static void check_map(struct walk *walk, const flume_value *node, bool root)
{
	const struct said said = node_read(node);
	check_own(walk, &node_fields[NODE_NAME], said.name);
	check_own(walk, &node_fields[NODE_DESCRIPTION], said.description);
	const struct connector *connector = find_connector(walk, node, &said);
	if (!connector)
		return;
	const struct flume_field *const *also = root ? of_root : of_node;
	fields_check_keys(connector->fields, also + connector->form, node, walk->place,
			  walk->report, check_entry, &(struct at_node){walk, connector});
	check_either(walk, connector, node);
}

static void check_node(struct walk *walk, const flume_value *node)
{
	bool root = walk->depth++ == 0;
	const flume_value *leaf = node_leaf(node);
	if (!within_limits(walk, node))
		;
	else if (leaf && is_plain(leaf))
		check_name(walk, FLUME_PROCESSOR, leaf);
	else if (flume_value_type(node) != FLUME_MAP)
		find(walk, node, "wrong-type", "a node must be a map");
	else
		check_map(walk, node, root);
	walk->depth--;
}

/* ---- the document ---- */

typedef void section_fn(const flume_value *, struct place *, flume_report *);
static section_fn *const sections[DOCUMENT_FIELDS] = {
	[DOCUMENT_COMPONENTS] = components_check,
	[DOCUMENT_CANARY] = canary_check,
};

static void check_section(struct walk *walk, size_t i, const flume_value *value)
{
	const struct flume_field *row = &document_fields[i];
	struct place place;
	place_init(&place, row->name);
	fields_check_value(row, value, &place, walk->report);
	if (sections[i])
		sections[i](value, &place, walk->report);
	walk->failed_alloc |= place.failed;
	place_fini(&place);
}

/* Can the declarations be looked at by their makers? */
static bool check_document(struct walk *walk, const flume_value *root)
{
	const flume_value *said[DOCUMENT_FIELDS] = {0};
	bool declared = true;
	for (size_t i = 0; i < value_entries(root); i++) {
		const struct flume_field *row =
			fields_find(document_fields, value_text(value_key_at(root, i)));
		if (row)
			said[row - document_fields] = value_entry_at(root, i);
	}
	for (size_t i = 0; i < DOCUMENT_FIELDS; i++) {
		size_t before = report_size(walk->report);
		if (said[i])
			check_section(walk, i, said[i]);
		if (i == DOCUMENT_COMPONENTS)
			declared = report_size(walk->report) == before;
	}
	return declared && !report_full(walk->report);
}

static bool has_findings(const struct walk *walk, size_t before)
{
	return report_size(walk->report) > before || report_full(walk->report);
}

/* Has what was walked before room in these limits?  Its names are noted. */
static bool recall(struct walk *walk, const struct shape *shape)
{
	if (shape->nodes > walk->limits.nodes || shape->depth > walk->limits.depth)
		return false;
	const char *const *name = shape->names;
	for (unsigned k = 0; walk->scope && k < FLUME_KINDS; k++) {
		scope_expect(walk->scope, shape->n[k]);
		for (size_t i = 0; i < shape->n[k]; i++, name++)
			scope_note(walk->scope, k, *name, strlen(*name));
	}
	return true;
}

/* The first walk: is the structure right? */
static bool learn(struct walk *walk, flume_schema *schema)
{
	const flume_value *root = flume_schema_get_root(schema);
	flume_report thrown = {0}, *report = walk->report;
	walk->report = &thrown;
	walk->first = true;
	check_document(walk, root);
	if (!over(walk))
		check_node(walk, root);
	bool right = !report_size(&thrown) && !walk->place->failed;
	if (right && walk->scope && !walk->scope->failed_alloc)
		shape_keep(schema, &walk->scope->known, walk->nodes, walk->deepest);
	report_fini(&thrown);
	walk->report = report;
	walk->first = walk->overflown = false;
	walk->nodes = 0;
	return right;
}

/* Do all names that were noted mean something? */
static bool all_known(struct walk *walk)
{
	const struct names *names = &walk->scope->known;
	for (size_t i = 0; i < names->n; i++) {
		const struct names_entry *it = &names->entries[i];
		if (it->thing)
			continue;
		if (it->kind != FLUME_PROCESSOR ||
		    !walk->store->has(walk->store->arg, it->name))
			return false;
		char *cycle = walk->store->dup_cycle(walk->store->arg, it->name);
		free(cycle);
		if (cycle)
			return false;
		remember_use(walk, it->name);
	}
	return true;
}

static void check_all(struct walk *walk, flume_schema *schema)
{
	const flume_value *root = flume_schema_get_root(schema);
	const struct shape *shape = shape_get(schema);
	size_t before = report_size(walk->report);
	bool right = shape ? recall(walk, shape) : learn(walk, schema);
	if ((right || check_document(walk, root)) && walk->scope)
		scope_make_all(walk->scope, walk->report);
	right = right && !has_findings(walk, before);
	if (walk->scope) {
		scope_look_up(walk->scope);
		right = right && all_known(walk);
	}
	if (!right)
		check_node(walk, root);
}

int check_schema(flume_schema *schema, struct flume_scope *scope,
		 const struct store_view *store, const struct flume_limits *limits,
		 struct check_result *result, flume_report *given)
{
	flume_report own = {0};
	struct map uses = {0};
	struct place place;
	struct walk walk = {.scope = scope,
			    .store = store,
			    .limits = limits_effective(limits),
			    .uses = result ? &result->uses : &uses,
			    .place = &place,
			    .report = given ? given : &own};
	size_t before = report_size(walk.report);
	place_init(&place, "root");
	check_all(&walk, schema);
	bool rejected = has_findings(&walk, before);
	bool failed = walk.failed_alloc || place.failed || (scope && scope->failed_alloc) ||
		      report_failed_alloc(walk.report);
	place_fini(&place);
	map_fini(&uses);
	report_fini(&own);
	return rejected ? FLUME_REJECTED : failed ? FLUME_NOMEM : FLUME_OK;
}
