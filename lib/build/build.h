/*
 * build.h - a schema that was checked becomes a pipeline.
 */
#ifndef FLUME_BUILD_BUILD_H
#define FLUME_BUILD_BUILD_H

#include "lib/build/pipeline.h"
#include "lib/component/scope.h"

struct build_source {
	struct hub *hub;
	struct registry *registry;
	/* A new reference to the schema of that id, or NULL. */
	flume_schema *(*dup_schema)(void *arg, const char *id);
	void *arg;
};

/* `scope` is the one the schema was checked with.  The pipeline comes with one reference and no
 * generation.  FLUME_NOMEM, or FLUME_REJECTED with a finding when a limit is met over all the
 * schemas that are joined, or something named has gone since the check. */
int build_pipeline(flume_pipeline **out, const struct build_source *, flume_schema *,
		   struct flume_scope *scope, const char *id, flume_report *);

/* A scope whose components keep `schema` alive; as scope_init. */
int build_scope(struct flume_scope *, struct registry *, flume_schema *);

#endif
