/*
 * scope.h - which components a schema sees: its own first, then the factory's.
 *
 * Made for one document; its declarations become components here, each once.  The same scope
 * serves check and build, so nothing is compiled twice.  One thread at a time.
 */
#ifndef FLUME_COMPONENT_SCOPE_H
#define FLUME_COMPONENT_SCOPE_H

#include "lib/component/registry.h"
#include "lib/schema/fields.h"

struct declared { /* one entry of `components.predicates`, say */
	const flume_value *name, *decl;
	struct component *made; /* NULL until then, and when it failed  */
	enum { DECLARED_NEW, DECLARED_BEGUN, DECLARED_DONE } state;
};

struct uses { /* predicates that the component being made asked for */
	struct component **list;
	size_t n;
};

struct flume_scope {
	struct registry *registry;
	struct declared *own[FLUME_KINDS];
	size_t n_own[FLUME_KINDS];
	struct uses uses;
	unsigned depth;    /* of makers that are running: predicates ask for predicates  */
	bool local;        /* the node's own configuration: local makers are allowed */
	bool failed_alloc; /* something was not made for want of memory              */
	void *keep;
	void *(*ref_keep)(void *);
	void (*unkeep)(void *);
};

/* `components` may be NULL; its shape was checked (components_check).  `keep` is what the
 * declarations lie in: each component made holds a reference to it.  NULL when out of memory.
 */
struct flume_scope *scope_new(struct registry *, const flume_value *components, bool local,
			      void *keep, void *(*ref_keep)(void *), void (*unkeep)(void *));
struct flume_scope *scope_free(struct flume_scope *);

/* Makes all declared components; findings go to the report, which may not be NULL. */
void scope_make_all(struct flume_scope *, flume_report *);

/* A new reference to what `name` means here, or NULL. */
struct component *scope_ref(struct flume_scope *, enum flume_kind, const char *name);
/* Also true for a declaration of its own that could not be made: that has findings already. */
bool scope_has(struct flume_scope *, enum flume_kind, const char *name);
/* "did you mean '...'?" with the nearest known name, or "".  `others` adds candidates. */
void scope_suggest(struct flume_scope *, enum flume_kind, const char *word, char *const *others,
		   char *hint, size_t size);

/* The shape of a `components` section, which needs no factory. */
void components_check(const flume_value *components, struct place *, flume_report *);

#endif
