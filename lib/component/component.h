/*
 * component.h - a registered function with its name and argument, counted.
 *
 * Pipelines hold what they use: a component that was removed lives until the last of them is
 * gone, and only then is its `done` called.
 */
#ifndef FLUME_COMPONENT_COMPONENT_H
#define FLUME_COMPONENT_COMPONENT_H

#include "lib/base/live.h"
#include "lib/flume.h"

struct component {
	struct counted counted;
	enum flume_kind kind;
	struct flume_component is; /* its texts lie in `texts`                 */
	void *texts;
	struct component **uses; /* predicates it was made from              */
	size_t n_uses;
	unsigned depth; /* 1, and those of what it was made from on the longest way ... */
	size_t weight;  /* ... and on all of them                                       */
	bool shared;    /* it stood in a registry: what it was made from it keeps       */
	bool removed;   /* from the registry; under the factory's lock                  */
	void *keep;     /* the document that declared it ...        */
	void (*unkeep)(void *keep); /* ... and how to let it go; may be NULL    */
};

/* What a name may be, as a regular expression. */
extern const char component_name_pattern[];

/* Which of the six functions is set; FLUME_INVALID unless exactly one is. */
int component_kind(const struct flume_component *);

/* Copies the row and its texts; `done` passes over with success only.  FLUME_INVALID says what
 * is wrong with it. */
int component_new(struct component **out, const struct flume_component *,
		  struct flume_err *err);
/* Is it `other`, or made from it? */
bool component_needs(const struct component *, const struct component *other);
/* Has it not been removed?  Of one that a schema declares: nor what it was made from. */
bool component_uses_whole(const struct component *);
static inline bool component_is_whole(const struct component *component)
{
	return !component->removed && (component->shared || component_uses_whole(component));
}
struct component *component_ref(struct component *);
struct component *component_unref(struct component *);

#endif
