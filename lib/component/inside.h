/* inside.h - inside lib/component: what making (make.c) asks of a scope (scope.c). */
#ifndef FLUME_COMPONENT_INSIDE_H
#define FLUME_COMPONENT_INSIDE_H

#include "lib/component/scope.h"

/* The document's own declaration of this name, or NULL. */
struct declared *scope_find_own(struct flume_scope *, enum flume_kind, const char *name);
/* What `name` means here, a new reference that the scope does not keep, or NULL. */
struct component *scope_look_up_one(struct flume_scope *, enum flume_kind,
				    const flume_value *name);

#endif
