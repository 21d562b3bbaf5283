#include "agent/fleet/roster.h"

int fleet_roster_want(struct fleet_roster *r, enum fleet_kind kind, const char *name,
		      int64_t revision)
{
	void *old;
	if (revision)
		return map_put(&r->wants[kind], name, (void *)(uintptr_t)revision, &old);
	map_remove(&r->wants[kind], name);
	return 0;
}

int fleet_roster_say(struct fleet_roster *r, struct fleet_said *said)
{
	void *old = NULL;
	int code = map_put(&r->nodes, said->node, said, &old);
	fleet_said_free(code ? said : old);
	return code;
}

void fleet_roster_leave(struct fleet_roster *r, const char *node)
{
	fleet_said_free(map_remove(&r->nodes, node));
}

struct fleet_view *fleet_roster_view(const struct fleet_roster *r, const char *only)
{
	struct fleet_view *v =
		fleet_view_new(&(struct fleet_view_options){.knows_store = true, .only = only});
	if (!v)
		return NULL;
	v->revision = r->revision;
	for (size_t kind = 0; kind < FLEET_KINDS; kind++)
		for (size_t i = 0; i < r->wants[kind].len; i++)
			fleet_view_want(v, (enum fleet_kind)kind,
					r->wants[kind].entries[i].name,
					(int64_t)(uintptr_t)r->wants[kind].entries[i].thing);
	for (size_t i = 0; i < r->nodes.len; i++)
		fleet_view_add(v, r->nodes.entries[i].thing);
	fleet_view_end(v);
	return v->failed ? fleet_view_free(v) : v;
}

void fleet_roster_fini(struct fleet_roster *r)
{
	for (size_t i = 0; i < r->nodes.len; i++)
		fleet_said_free(r->nodes.entries[i].thing);
	map_fini(&r->nodes);
	for (size_t kind = 0; kind < FLEET_KINDS; kind++)
		map_fini(&r->wants[kind]);
	*r = (struct fleet_roster){.revision = 0};
}
