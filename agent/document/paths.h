/* paths.h - the paths that a declaration names, compiled once. */
#ifndef FLUME_AGENT_DOCUMENT_PATHS_H
#define FLUME_AGENT_DOCUMENT_PATHS_H

#include "agent/document/path.h"

struct paths {
	struct path *list;
	size_t n;
};

/* Compiles one scalar.  `at` is where it stands.  Returns 0, FLUME_REJECTED with a finding, or
 * FLUME_NOMEM. */
int paths_compile(struct path *out, const flume_value *text, const char *at, flume_report *);
/* The value of `key`, for a declaration that stands at `at`. */
int paths_key(struct path *out, const flume_value *decl, const char *key, const char *at,
	      flume_report *);
/* The value of `field`, for a declaration that stands at `at`. */
int paths_field(struct path *out, const flume_value *decl, const char *at, flume_report *);
/* The same, as what the component is called with, and frees. */
int paths_arg(struct flume_component *out, const flume_value *decl, const char *at,
	      flume_report *);
/* The list `fields`, in its order; every bad path is a finding. */
int paths_fields(struct paths **out, const flume_value *decl, const char *at, flume_report *);
/* The same for the list `key`. */
int paths_list(struct paths **out, const flume_value *decl, const char *key, const char *at,
	       flume_report *);
/* Sorts, and drops those that another one covers. */
void paths_reduce(struct paths *);
void paths_free(void *arg); /* what the two above made; NULL is fine */

#endif
