/*
 * A deletion is confirmed by the revision at which its key was seen to be gone: nodes carry out
 * what they run from before that, and nothing that is put, and deleted, later.
 */
#include "agent/cmd/operate.h"
#include "agent/cmd/store.h"
#include "lib/base/map.h"

#include <stdlib.h>
#include <string.h>

static const struct conf_option options[] = {
	OPERATE_OPTIONS("Confirm every deletion that a node holds as one of too many.",
			"The reason."),
	{0},
};

/* ---- one ---- */

static int confirm_one(struct operate *o, const char *name)
{
	struct operate_seen schema = {0}, lever = {0}, seen = {0};
	int code = operate_look(o, "schemas/", name, &schema);
	if (!code)
		code = operate_look(o, "switches/", name, &lever);
	if (!code && (schema.revision || lever.revision))
		code = cmd_fail(CMD_CONFLICT, "'%s' is in etcd, so nobody has to delete it",
				name);
	o->note.looked = schema.store;
	if (!code)
		code = operate_look(o, "confirm/", name, &seen);
	if (!code)
		code = operate_put(o, "confirm/", name, &seen);
	if (!code)
		operate_tell(o, name, "confirmed");
	free(schema.value);
	free(lever.value);
	free(seen.value);
	return code;
}

/* ---- all that are held ---- */

static const char *text_of(const flume_value *map, const char *key)
{
	const flume_value *v = map ? flume_value_get(map, key) : NULL;
	return v ? flume_value_text(v) : "";
}

/* Schemas, or switches. */
static int add_held_of(struct map *names, const flume_value *all)
{
	int rc = 0;
	for (size_t i = 0; rc != FLUME_NOMEM && i < flume_value_size(all); i++)
		if (!strcmp(text_of(flume_value_at(all, i), "reason"), "mass-delete"))
			rc = map_add(names, flume_value_text(flume_value_key(all, i)), names);
	return rc == FLUME_EXISTS ? 0 : rc;
}

static int add_held(struct map *names, const struct etcd_kv *kv)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	flume_value *status;
	int rc =
		flume_value_parse(&status, kv->value, kv->value_len, FLUME_JSON, &limits, NULL);
	if (rc)
		return rc == FLUME_NOMEM ? rc : 0;
	rc = add_held_of(names, flume_value_get(status, "schemas"));
	if (!rc)
		rc = add_held_of(names, flume_value_get(status, "switches"));
	flume_value_free(status);
	return rc;
}

static int find_held(struct operate *o, struct map *names)
{
	struct etcd_result nodes = {0};
	int code = store_list(o->etcd, o->options->prefix, "nodes/", &nodes);
	for (size_t i = 0; !code && i < nodes.n; i++)
		if (add_held(names, &nodes.kvs[i]))
			code = cmd_fail(CMD_NEGATIVE, "out of memory");
	etcd_result_fini(&nodes);
	return code;
}

static int in_fleet(struct operate *o)
{
	struct map names = {0};
	if (o->name)
		return confirm_one(o, o->name);
	int code = find_held(o, &names);
	if (!code && !names.len)
		code = cmd_fail(CMD_NOT_FOUND, "no node holds a deletion as one of too many");
	for (size_t i = 0; !code && i < names.len; i++)
		code = confirm_one(o, names.entries[i].name);
	map_fini(&names);
	return code;
}

/* ---- the command ---- */

static int on_node(struct operate *o)
{
	char *path = operate_path(o, "/confirm", "/confirm");
	int code = operate_ask(o, "POST", path);
	if (!code)
		operate_tell(o, o->name, "confirmed");
	free(path);
	return code;
}

static int run(const struct cmd_call *call)
{
	struct operate o;
	int code = operate_begin(&o, call, "confirm", OPERATE_ALL_SCHEMAS);
	if (!code)
		code = o.fleet ? in_fleet(&o) : on_node(&o);
	return operate_end(&o, code);
}

const struct command command_confirm = {
	.name = "confirm",
	.usage = "[OPTION...] NAME | --all",
	.about = "Agree to deletions that are held since they are too many at once.",
	.details =
		"Nodes hold deletions that take away more than half of their schemas. With "
		"--etcd every node is told, those that are away when they come back; with "
		"--agent or --socket one node. A schema that is put again later is not meant.",
	.exits = OPERATE_EXITS,
	.options = options,
	.size = sizeof(struct operate_options),
	.most = 1,
	.run = run,
};
