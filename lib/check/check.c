/*
 * Walks the nodes of a schema with the field tables of their connectors.  Aliases of YAML are
 * shared in the tree and counted here each time they are met.
 */
#include "lib/check/check.h"

#include "lib/base/report.h"
#include "lib/base/suggest.h"
#include "lib/check/shape.h"
#include "lib/connector/connector.h"
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
	struct met met;
	struct place *place;
	flume_report *report;
	size_t nodes;
	unsigned depth, deepest;
	bool overflown; /* a limit was met: one finding is enough */
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
	int rc = map_add(walk->uses, id, walk);
	if (!rc)
		met_add(&walk->met, FLUME_PROCESSOR, true, id);
	walk->failed_alloc |= rc == FLUME_NOMEM;
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

static void check_name(struct walk *walk, enum flume_kind kind, const flume_value *value,
		       bool ref)
{
	struct flume_scope *scope = walk->scope;
	const char *name = value_text(value);
	size_t known = scope ? scope->known.n : 0;
	if (!scope)
		return;
	bool found = scope_has(scope, kind, name);
	if (scope->known.n > known)
		met_add(&walk->met, kind, ref, name);
	if (found || scope->failed_alloc)
		return;
	if (ref && walk->store->has(walk->store->arg, name)) {
		check_schema_ref(walk, value);
		return;
	}
	char hint[160] = "";
	char **ids = NULL;
	if (!report_full(walk->report)) {
		ids = ref ? walk->store->dup_ids(walk->store->arg) : NULL;
		scope_suggest(scope, kind, name, ids, hint, sizeof hint);
	}
	flume_report_add(walk->report, ref ? "unknown-ref" : "unknown-component",
			 place_text(walk->place), value, *hint ? hint : NULL,
			 "%s '%.128s' not found", flume_kind_text(kind), name);
	free(ids);
}

/* ---- children ---- */

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
	for (size_t i = 0; i < n && !walk->overflown; i++) {
		bool labelled = connector->labels && row->max && i < (size_t)row->max;
		size_t back =
			place_index(walk->place, i, labelled ? connector->labels[i] : NULL);
		check_node(walk, flume_value_at(list, i));
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
	for (size_t i = 0; i < flume_value_size(routes) && !walk->overflown; i++) {
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

static void check_field(struct walk *walk, const struct connector *connector,
			const struct flume_field *row, const flume_value *value)
{
	size_t before = flume_report_size(walk->report);
	if (!is_name(row->type) || value->type != FLUME_TEXT || !*value_chars(value))
		fields_check_value(row, value, walk->place, walk->report);
	if (flume_report_size(walk->report) != before)
		return;
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
		check_name(walk, FLUME_PROCESSOR, value, true);
		break;
	case FLUME_FIELD_PREDICATE:
		check_name(walk, FLUME_PREDICATE, value, false);
		break;
	case FLUME_FIELD_CONDITION:
		check_name(walk, FLUME_CONDITION, value, false);
		break;
	case FLUME_FIELD_REDUCER:
		check_name(walk, FLUME_REDUCER, value, false);
		break;
	case FLUME_FIELD_ERROR_HANDLER:
		check_name(walk, FLUME_ERROR_HANDLER, value, false);
		break;
	case FLUME_FIELD_CHANNEL:
		check_name(walk, FLUME_CHANNEL, value, false);
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
	size_t before = flume_report_size(walk->report);
	fields_check_value(type_fields, type, walk->place, walk->report);
	if (flume_report_size(walk->report) != before)
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
	if (!within_limits(walk, node))
		;
	else if (flume_value_type(node) != FLUME_MAP)
		find(walk, node, "wrong-type", "a node must be a map");
	else
		check_map(walk, node, root);
	walk->depth--;
}

/* ---- the document ---- */

static const struct {
	const char *key;
	void (*check)(const flume_value *, struct place *, flume_report *);
} sections[] = {
	{"components", components_check},
	{"canary", canary_check},
};

/* Can the declarations be looked at by their makers? */
static bool check_document(struct walk *walk, const flume_value *root)
{
	bool declared = true;
	for (const struct flume_field *row = document_fields; row->name; row++) {
		const flume_value *value = flume_value_get(root, row->name);
		if (!value)
			continue;
		struct place place;
		size_t before = flume_report_size(walk->report);
		place_init(&place, row->name);
		fields_check_value(row, value, &place, walk->report);
		for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
			if (!strcmp(sections[i].key, row->name))
				sections[i].check(value, &place, walk->report);
		if (!strcmp(row->name, "components"))
			declared = flume_report_size(walk->report) == before;
		walk->failed_alloc |= place.failed;
		place_fini(&place);
	}
	return declared && !report_full(walk->report);
}

static bool has_findings(const struct walk *walk, size_t before)
{
	return flume_report_size(walk->report) > before || report_full(walk->report);
}

/* Nodes that were walked before are right; do their names still mean something?  When one does
 * not, a walk has to say where. */
static bool still_right(struct walk *walk, const flume_schema *schema)
{
	const struct shape *shape = shape_get(schema);
	if (!shape || shape->nodes > walk->limits.nodes || shape->depth > walk->limits.depth)
		return false;
	for (size_t i = 0; walk->scope && i < shape->n; i++) {
		const struct reference *it = &shape->references[i];
		if (scope_find(walk->scope, it->kind, it->name))
			continue;
		if (!it->schema || !walk->store->has(walk->store->arg, it->name))
			return false;
		char *cycle = walk->store->dup_cycle(walk->store->arg, it->name);
		free(cycle);
		if (cycle)
			return false;
		remember_use(walk, it->name);
	}
	return true;
}

static void walk_all(struct walk *walk, flume_schema *schema, size_t before)
{
	const flume_value *root = flume_schema_get_root(schema);
	struct place place;
	place_init(&place, "root");
	walk->place = &place;
	if (check_document(walk, root) && walk->scope)
		scope_make_all(walk->scope, walk->report);
	check_node(walk, root);
	walk->failed_alloc |= place.failed;
	if (walk->scope && !has_findings(walk, before) && !walk->failed_alloc)
		shape_keep(schema, &walk->met, walk->nodes, walk->deepest);
	walk->place = NULL;
	place_fini(&place);
}

int check_schema(flume_schema *schema, struct flume_scope *scope,
		 const struct store_view *store, const struct flume_limits *limits,
		 struct check_result *result, flume_report *given)
{
	flume_report own = {0};
	struct map uses = {0};
	struct walk walk = {.scope = scope,
			    .store = store,
			    .limits = limits_effective(limits),
			    .uses = result ? &result->uses : &uses,
			    .report = given ? given : &own};
	size_t before = flume_report_size(walk.report);
	if (scope && shape_get(schema))
		scope_make_all(scope, walk.report);
	if (has_findings(&walk, before) || !still_right(&walk, schema))
		walk_all(&walk, schema, before);
	bool rejected = has_findings(&walk, before);
	bool failed = walk.failed_alloc || (scope && scope->failed_alloc) ||
		      report_failed_alloc(walk.report);
	met_fini(&walk.met);
	map_fini(&uses);
	report_fini(&own);
	return rejected ? FLUME_REJECTED : failed ? FLUME_NOMEM : FLUME_OK;
}
