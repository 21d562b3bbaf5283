/*
 * scope.h - which components a schema sees: its own first, then the factory's.
 *
 * Made for one document; its declarations become components here, each once.  The same scope
 * serves check and build, so nothing is compiled twice.  One thread at a time.
 */
#ifndef FLUME_COMPONENT_SCOPE_H
#define FLUME_COMPONENT_SCOPE_H

#include "lib/base/names.h"
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
	struct names known; /* what was noted or found: components, a reference each, or NULL */
	size_t next;        /* of those: what is asked for next, if in the same order */
	struct declared *own[FLUME_KINDS];
	size_t n_own[FLUME_KINDS];
	bool declares; /* any of these */
	struct uses uses;
	const struct flume_maker *maker; /* that is running, the innermost; or NULL */
	unsigned depth;    /* of makers that are running: predicates ask for predicates  */
	bool local;        /* the node's own configuration: local makers are allowed */
	bool failed_alloc; /* something was not made for want of memory              */
	void *keep;
	void *(*ref_keep)(void *);
	void (*unkeep)(void *);
};

/* `components` may be NULL; its shape was checked (components_check).  `keep` is what the
 * declarations lie in: each component made holds a reference to it.  0, or FLUME_NOMEM after which
 * only scope_fini may follow. */
int scope_init(struct flume_scope *, struct registry *, const flume_value *components,
	       bool local, void *keep, void *(*ref_keep)(void *), void (*unkeep)(void *));
void scope_fini(struct flume_scope *);

/* Makes all declared components; findings go to the report, which may not be NULL. */
void scope_make_all(struct flume_scope *, flume_report *);

/* Many names are best noted, each as often as it comes, and looked up together.  They are lent, as
 * are those that scope_find gets. */
void scope_expect(struct flume_scope *, size_t more);
void scope_note(struct flume_scope *, enum flume_kind, const char *name, size_t size);
void scope_look_up(struct flume_scope *);
/* What `name` means here, or NULL.  Looked up once: the scope keeps it. */
const struct component *scope_find(struct flume_scope *, enum flume_kind,
				   const flume_value *name);
/* References to all that was found, and to all that the document declares, whether a node names
 * it or not.  Fills no more than scope_count says and returns how many.  The scope is of no more
 * use. */
size_t scope_count(const struct flume_scope *);
size_t scope_take_all(struct flume_scope *, struct component **out);
/* Also true for a declaration of its own that could not be made: that has findings already. */
bool scope_has(struct flume_scope *, enum flume_kind, const flume_value *name);
/* "did you mean '...'?" with the nearest known name, or "".  `others` adds candidates. */
void scope_suggest(struct flume_scope *, enum flume_kind, const char *word, char *const *others,
		   char *hint, size_t size);

/* The kinds of components that a `components` section may hold, and what every declaration
 * says. */
extern const struct flume_field components_fields[], declaration_fields[];

/* The shape of a `components` section, which needs no factory. */
void components_check(const flume_value *components, struct place *, flume_report *);

#endif
