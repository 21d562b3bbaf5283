/* Components declared by the node's own configuration: made by a scope, kept by the registry.
 */
#include "lib/factory/event.h"
#include "lib/factory/factory.h"

#include "lib/base/report.h"

#include <stdlib.h>

struct document { /* the declarations, as long as a component was made of them */
	struct counted counted;
	flume_value *root;
};

static void *document_ref(void *arg)
{
	counted_ref(&((struct document *)arg)->counted);
	return arg;
}

static void document_unref(void *arg)
{
	struct document *document = arg;
	if (!counted_unref(&document->counted))
		return;
	flume_value_free(document->root);
	free(document);
}

/* Takes back what add_all added before entry `i` of kind `k`.  Lock held. */
static void take_back(flume_factory *factory, struct flume_scope *scope, int k, size_t i)
{
	for (; k >= 0; i = --k >= 0 ? scope->n_own[k] : 0) {
		while (i-- > 0) {
			struct component *made = scope->own[k][i].made;
			made->removed = true;
			component_unref(registry_remove(&factory->registry, k, made->is.name));
		}
	}
}

/* Registers all that the scope made, or nothing.  Lock held, so that no commit comes between;
 * the scope has references of its own, so no `done` runs. */
static int add_all(flume_factory *factory, struct flume_scope *scope, flume_report *report)
{
	for (int k = 0; k < FLUME_KINDS; k++) {
		for (size_t i = 0; i < scope->n_own[k]; i++) {
			struct flume_err err = {0};
			const struct declared *own = &scope->own[k][i];
			int rc = registry_take(&factory->registry, component_ref(own->made),
					       &err);
			if (!rc)
				continue;
			if (rc != FLUME_NOMEM)
				flume_report_add(report, "exists", "components", own->name,
						 NULL, "%s", err.text);
			take_back(factory, scope, k, i);
			return rc;
		}
	}
	return FLUME_OK;
}

static void emit_added(flume_factory *factory, const struct flume_scope *scope)
{
	for (int k = 0; k < FLUME_KINDS; k++)
		for (size_t i = 0; i < scope->n_own[k]; i++)
			emit_registered(factory->hub, scope->own[k][i].made);
}

static int declare(flume_factory *factory, struct document *document, flume_report *report)
{
	struct place place;
	size_t before = flume_report_size(report);
	place_init(&place, "components");
	components_check(document->root, &place, report);
	place_fini(&place);
	if (flume_report_size(report) > before)
		return FLUME_REJECTED;
	struct flume_scope own, *scope = &own;
	int rc = scope_init(scope, &factory->registry, document->root, true, document,
			    document_ref, document_unref);
	if (!rc)
		scope_make_all(scope, report);
	rc = rc || scope->failed_alloc            ? FLUME_NOMEM
	     : flume_report_size(report) > before ? FLUME_REJECTED
						  : FLUME_OK;
	if (!rc) {
		factory_lock(factory);
		rc = add_all(factory, scope, report);
		factory_unlock(factory);
	}
	if (!rc)
		emit_added(factory, scope);
	scope_fini(scope);
	return rc;
}

int flume_factory_take_declared(flume_factory *factory, flume_value *components,
				flume_report *given)
{
	if (!components)
		return FLUME_OK;
	struct document *document = malloc(sizeof *document);
	flume_report *own = given ? NULL : flume_report_new();
	int rc = FLUME_NOMEM;
	if (!document || (!given && !own)) {
		flume_value_free(components);
		free(document);
	} else {
		counted_init(&document->counted);
		document->root = components;
		rc = declare(factory, document, given ? given : own);
		document_unref(document);
	}
	flume_report_free(own);
	return rc;
}
