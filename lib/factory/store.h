/* store.h - inside lib/factory: who refers to whom. */
#ifndef FLUME_FACTORY_STORE_H
#define FLUME_FACTORY_STORE_H

#include "lib/factory/factory.h"

/* Adds to `set` (ids to anything) those of the stored schemas that refer to one in it, directly
 * or through others, as id to struct slot.  Lock held.  0 or FLUME_NOMEM. */
int store_add_dependents(const flume_factory *, struct map *set);
/* Notes that somebody more, or less, refers to each of `uses`.  Lock held. */
void store_count_users(flume_factory *, const struct map *uses, int more);

/* "from -> id -> ... -> from" when `id` leads back to `from`; NULL when it does not.  free(3).
 */
char *store_dup_cycle(const flume_factory *, const char *id, const char *from);

#endif
