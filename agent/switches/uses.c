#include "agent/switches/uses.h"

#include "agent/split/routes.h"

#include <stdlib.h>

struct adding {
	struct uses *uses;
	const char *schema;
};

static struct map *users_of(struct uses *uses, const char *name)
{
	struct map *users = map_get(&uses->switches, name);
	if (users)
		return users;
	users = calloc(1, sizeof *users);
	if (users && map_add(&uses->switches, name, users)) {
		free(users);
		return NULL;
	}
	return users;
}

static int add(void *arg, const char *name)
{
	const struct adding *a = arg;
	struct map *users = users_of(a->uses, name);
	return users ? map_put(users, a->schema, users, NULL) : FLUME_NOMEM;
}

void uses_fini(struct uses *uses)
{
	for (size_t i = 0; i < uses->switches.len; i++) {
		map_fini(uses->switches.entries[i].thing);
		free(uses->switches.entries[i].thing);
	}
	map_fini(&uses->switches);
	*uses = (struct uses){0};
}

static int add_schema(struct uses *uses, const struct uses_from *from, const char *id)
{
	flume_schema *schema = flume_factory_dup_schema(from->factory, id);
	int rc =
		schema ? ab_each_name(schema, from->components, add, &(struct adding){uses, id})
		       : 0;
	flume_schema_unref(schema);
	return rc;
}

static int look(struct uses *uses, const struct uses_from *from)
{
	char **ids = flume_factory_dup_schema_ids(from->factory);
	int rc = ids ? 0 : FLUME_NOMEM;
	for (size_t i = 0; !rc && ids[i]; i++)
		rc = add_schema(uses, from, ids[i]);
	free((void *)ids);
	return rc;
}

int uses_find(struct uses *uses, const struct uses_from *from, const char *name,
	      const struct map **out)
{
	static const struct map nobody;
	uint64_t now = engine_get_commits(from->engine) + 1;
	if (uses->as_of != now) {
		uses_fini(uses);
		int rc = look(uses, from);
		if (rc) {
			uses_fini(uses);
			return rc;
		}
		uses->as_of = now;
	}
	const struct map *users = map_get(&uses->switches, name);
	*out = users ? users : &nobody;
	return 0;
}
