/* flume switch delete NAME...: as long as no schema in etcd asks it, and nobody wrote it meanwhile. */
#include "agent/cmd/change.h"
#include "agent/cmd/options.h"
#include "agent/cmd/switch_store.h"

#include <stdio.h>

static int delete_key(struct switch_store *s, const struct switch_options *o,
		      const struct etcd_kv *kv, const char *name)
{
	struct store_change c = {
		.prefix = o->prefix,
		.folder = SWITCHES,
		.name = name,
		.seen = kv,
		.action = "delete",
		.why = o->why,
	};
	int code = change_write(s->etcd, &c);
	change_fini(&c);
	return code;
}

static int delete_one(struct switch_store *s, const struct switch_options *o, const char *name)
{
	const struct etcd_kv *kv = switch_store_find(s, name);
	const char *user = kv && !o->force ? switch_store_user(s, name) : NULL;
	if (!kv)
		return cmd_fail(CMD_NOT_FOUND, "no switch '%s' below %s" SWITCHES, name,
				o->prefix);
	if (user)
		return cmd_fail(CMD_CONFLICT,
				"%s: schema '%s' asks it, and agents would keep it; --force "
				"deletes it all the same",
				name, user);
	int code = o->dry_run ? 0 : delete_key(s, o, kv, name);
	if (!code && o->output == OUTPUT_TEXT)
		printf("%s deleted%s\n", name, o->dry_run ? " (dry run)" : "");
	return code;
}

static int delete_all(const struct switch_options *o, char *const *words, size_t n)
{
	struct switch_store s = {0};
	int code = switch_store_open(&s, o->etcd, &o->how, o->prefix);
	size_t done = 0;
	while (!code && done < n) {
		code = delete_one(&s, o, words[done]);
		done += !code;
	}
	if (o->output == OUTPUT_JSON) { /* names are plain */
		for (size_t i = 0; i < done; i++)
			printf("%s{\"name\":\"%s\",\"result\":\"deleted\"}", i ? ",\n" : "[\n",
			       words[i]);
		puts(done ? "\n]" : "[]");
	}
	switch_store_fini(&s);
	return code;
}

const struct switch_verb switch_delete = {
	.name = "delete", .least = 1, .most = SIZE_MAX, .run = delete_all};
