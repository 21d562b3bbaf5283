#include "tests/sim/operators.h"

#include "tests/sim/members.h"
#include "tests/sim/nodes.h"
#include "tests/sim/promises.h"
#include "tests/sim/trace.h"

#include <stdio.h>
#include <string.h>

#define FREEZE "/flume/freeze"
#define AGAIN  (1 * SIM_SECOND)

static const char *const folders[] = {"pins", "canaries"};
enum folder { PINS, CANARIES };

static void key_of(char out[64], const char *folder, unsigned name)
{
	snprintf(out, 64, "/flume/%s/%s", folder, name_text(name));
}

static unsigned any_name(struct chance *c)
{
	return (unsigned)chance_below(c, fleet_options()->names);
}

static void disturb(void)
{
	for (unsigned i = 0; i < fleet_options()->nodes; i++)
		promise_disturbed(node_at(i));
}

/* ---- the store ---- */

static bool put(const char *key, const char *value)
{
	if (!cluster_writes() || cluster.no_space)
		return false;
	store_begin(&cluster.store);
	store_put(&cluster.store, key, value, strlen(value), 0);
	store_end(&cluster.store);
	trace("an operator writes %s, at %lld", key, (long long)cluster.store.last);
	cluster_written();
	disturb();
	return true;
}

static void take_back(const char *key)
{
	store_begin(&cluster.store);
	bool gone = store_delete(&cluster.store, key);
	store_end(&cluster.store);
	if (!gone)
		return;
	trace("an operator takes back %s, at %lld", key, (long long)cluster.store.last);
	cluster_written();
	disturb();
}

/* Somebody comes back to it when the store cannot be written. */
static void take_back_one(void *arg)
{
	unsigned which = (unsigned)(uintptr_t)arg;
	char key[64];
	if (!cluster_writes()) {
		sim_after(AGAIN, take_back_one, arg);
		return;
	}
	key_of(key, folders[which / NAMES_MOST], which % NAMES_MOST);
	take_back(key);
}

static void unfreeze(void *arg)
{
	if (cluster_writes())
		take_back(FREEZE);
	else
		sim_after(AGAIN, unfreeze, arg);
}

static void later(int64_t in_ns, enum folder folder, unsigned name)
{
	sim_after(in_ns, take_back_one, (void *)(uintptr_t)(folder * NAMES_MOST + name));
}

/* ---- what they do ---- */

void operators_pin(struct chance *c, int64_t for_ns)
{
	char key[64];
	unsigned name = any_name(c);
	key_of(key, folders[PINS], name);
	if (put(key, "{\"by\": \"ada\", \"why\": \"it is late\"}"))
		later(for_ns, PINS, name);
}

void operators_freeze(struct chance *c, int64_t for_ns)
{
	(void)c;
	if (put(FREEZE, "{\"by\": \"ada\", \"why\": \"it is Friday\"}"))
		sim_after(for_ns, unfreeze, NULL);
}

void operators_add_cases(struct chance *c, int64_t for_ns)
{
	char key[64];
	unsigned name = any_name(c);
	key_of(key, folders[CANARIES], name);
	if (put(key, chance_in(c, 8) ? "cases: [" : "cases: [{name: two, input: {}}]\n"))
		later(for_ns, CANARIES, name);
}

void operators_clear(struct chance *c)
{
	char key[64];
	key_of(key, "bad", any_name(c));
	put(key, "{\"by\": \"ada\", \"why\": \"it was the database\"}");
}

void operators_release(void)
{
	for (unsigned i = 0; i < fleet_options()->names; i++)
		take_back_one((void *)(uintptr_t)(PINS * NAMES_MOST + i));
	unfreeze(NULL);
}

/* ---- what stands ---- */

int64_t operators_pinned(unsigned name)
{
	char key[64];
	key_of(key, folders[PINS], name);
	const struct version *v = store_get(&cluster.store, key, cluster.store.last);
	return v ? v->revision : 0;
}

bool operators_frozen(void)
{
	return store_get(&cluster.store, FREEZE, cluster.store.last);
}
