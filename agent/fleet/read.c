/*
 * What is wanted is read first, by name alone, and the nodes at that revision: so no node is said to
 * be behind for a change that came while the fleet was read.  Where the revision is compacted
 * meanwhile, it begins again.
 */
#include "agent/fleet/read.h"

#include "agent/source/source.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 16 /* nodes: up to a megabyte each */
enum { BEGINNINGS = 3 };

struct fleet_read {
	struct etcd *etcd;
	const struct fleet_read_calls *calls;
	void *arg;
	char *prefix;
	size_t prefix_len;
	struct etcd_call *call;
	int64_t revision;
	int begun;
};

int fleet_key(const char *key, size_t prefix_len, const char **out_name)
{
	static const char *const folders[] = {[FLEET_KEY_SCHEMA] = "schemas/",
					      [FLEET_KEY_SWITCH] = "switches/",
					      [FLEET_KEY_NODE] = "nodes/"};
	const char *rest = key + prefix_len;
	for (int i = 0; i < FLEET_KEY_OTHER; i++) {
		size_t n = strlen(folders[i]);
		if (strncmp(rest, folders[i], n) != 0 || !source_name_good(rest + n))
			continue;
		*out_name = rest + n;
		return i;
	}
	return FLEET_KEY_OTHER;
}

struct fleet_read *fleet_read_cancel(struct fleet_read *r)
{
	if (r) {
		etcd_cancel(r->call);
		free(r->prefix);
		free(r);
	}
	return NULL;
}

static void end(struct fleet_read *r, const struct flume_err *err)
{
	const struct fleet_read_calls *calls = r->calls;
	void *arg = r->arg;
	int64_t revision = r->revision;
	fleet_read_cancel(r);
	calls->end(arg, revision, err);
}

static void end_without_memory(struct fleet_read *r)
{
	struct flume_err err = {0};
	flume_fail(&err, FLUME_NOMEM, "out of memory");
	end(r, &err);
}

static void begin(struct fleet_read *r);

static void fail(struct fleet_read *r, const struct etcd_result *said)
{
	if (said->code == FLUME_CONFLICT && ++r->begun < BEGINNINGS)
		begin(r);
	else
		end(r, &said->err);
}

/* ---- nodes ---- */

static void ask_nodes(struct fleet_read *r, const char *after);

/* Returns the last key; NULL when out of memory. */
static const char *say_page(struct fleet_read *r, const struct etcd_result *page)
{
	const char *key = "";
	for (size_t i = 0; i < page->n; i++) {
		const struct etcd_kv *kv = &page->kvs[i];
		struct fleet_said *said;
		const char *name;
		key = kv->key;
		if (fleet_key(key, r->prefix_len, &name) != FLEET_KEY_NODE)
			continue;
		if (fleet_said_read(&said, name, kv->value, kv->value_len))
			return NULL;
		r->calls->say(r->arg, said);
	}
	return key;
}

static void on_nodes(struct etcd_result *page, void *arg)
{
	struct fleet_read *r = arg;
	r->call = NULL;
	if (page->code) {
		fail(r, page);
		return;
	}
	const char *last = say_page(r, page);
	if (!last)
		end_without_memory(r);
	else if (page->n && page->count > (int64_t)page->n)
		ask_nodes(r, last);
	else
		end(r, NULL);
}

/* A name has no character below '-', so the next one comes behind this. */
static void ask_nodes(struct fleet_read *r, const char *after)
{
	struct text key = {0}, last = {0};
	if (after)
		text_addf(&key, "%s\x01", after);
	else
		text_addf(&key, "%snodes/", r->prefix);
	text_addf(&last, "%snodes0", r->prefix);
	if (!key.failed && !last.failed)
		r->call = etcd_range(r->etcd,
				     &(struct etcd_query){.key = key.s,
							  .end = last.s,
							  .limit = PAGE,
							  .revision = r->revision},
				     on_nodes, r);
	text_fini(&key);
	text_fini(&last);
	if (!r->call)
		end_without_memory(r);
}

/* ---- what is wanted ---- */

static void on_wanted(struct etcd_result *list, void *arg)
{
	struct fleet_read *r = arg;
	r->call = NULL;
	if (list->code) {
		fail(r, list);
		return;
	}
	r->revision = list->revision;
	for (size_t i = 0; i < list->n; i++) {
		const char *name;
		int key = fleet_key(list->kvs[i].key, r->prefix_len, &name);
		if (key < FLEET_KEY_NODE)
			r->calls->want(r->arg, (enum fleet_kind)key, name,
				       list->kvs[i].mod_revision);
	}
	ask_nodes(r, NULL);
}

static bool ask_wanted(struct fleet_read *r)
{
	struct text key = {0}, last = {0};
	text_addf(&key, "%sschemas/", r->prefix);
	text_addf(&last, "%sswitches0", r->prefix);
	if (!key.failed && !last.failed)
		r->call = etcd_range(
			r->etcd,
			&(struct etcd_query){.key = key.s, .end = last.s, .keys_only = true},
			on_wanted, r);
	text_fini(&key);
	text_fini(&last);
	return r->call;
}

static void begin(struct fleet_read *r)
{
	r->calls->begin(r->arg);
	if (!ask_wanted(r))
		end_without_memory(r);
}

struct fleet_read *fleet_read_new(struct etcd *etcd, const char *prefix,
				  const struct fleet_read_calls *calls, void *arg)
{
	struct fleet_read *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	*r = (struct fleet_read){.etcd = etcd, .calls = calls, .arg = arg};
	r->prefix = strdup(prefix);
	r->prefix_len = strlen(prefix);
	if (r->prefix)
		calls->begin(arg);
	if (!r->prefix || !ask_wanted(r))
		return fleet_read_cancel(r);
	return r;
}
