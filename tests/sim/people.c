#include "tests/sim/people.h"

#include "tests/sim/book.h"
#include "tests/sim/members.h"
#include "tests/sim/promises.h"
#include "tests/sim/trace.h"

#include <stdio.h>
#include <string.h>

static struct {
	unsigned minor[NAMES_MOST];           /* of the next version */
	const struct draft *last[NAMES_MOST]; /* that was written */
} desk;

void people_open(void)
{
	memset(&desk, 0, sizeof desk);
}

static unsigned any_name(struct chance *c)
{
	return (unsigned)chance_below(c, fleet_options()->names);
}

static void key_of(char out[64], unsigned name)
{
	snprintf(out, 64, "/flume/schemas/%s", name_text(name));
}

/* ---- drafts ---- */

static enum trait any_trait(struct chance *c)
{
	if (chance_in(c, 2))
		return chance_in(c, 4) ? DRAFT_SLOW : DRAFT_GOOD;
	return (enum trait)chance_below(c, DRAFT_TRAITS);
}

static struct draft *any_draft(struct chance *c, unsigned name)
{
	unsigned minor = desk.minor[name]++;
	if (minor && chance_in(c, 12))
		minor = (unsigned)chance_below(c, minor); /* a downgrade, or used before */
	int refers_to = chance_in(c, 6) ? (int)any_name(c) : -1;
	return draft_new(name, any_trait(c), minor, refers_to == (int)name ? -1 : refers_to);
}

/* ---- writing ---- */

static bool may_write(void)
{
	return cluster_writes() && !cluster.no_space;
}

static void put(const struct draft *d)
{
	char key[64];
	key_of(key, d->name);
	store_put(&cluster.store, key, d->text, d->len, 0);
	desk.last[d->name] = d;
}

static void announce(const struct draft *d)
{
	trace("people write %s %s, %s%s%s, at %lld", name_text(d->name), d->version,
	      trait_text(d->trait), d->refers_to >= 0 ? ", refers to " : "",
	      d->refers_to >= 0 ? name_text((unsigned)d->refers_to) : "",
	      (long long)cluster.store.last);
	promise_written(d);
}

static void write_one(const struct draft *d)
{
	if (!d || !may_write())
		return;
	store_begin(&cluster.store);
	put(d);
	store_end(&cluster.store);
	announce(d);
	cluster_written();
}

void people_write(struct chance *c)
{
	write_one(any_draft(c, any_name(c)));
}

struct careful { /* a write that compares */
	const struct draft *draft;
	int64_t revision;
};

static struct careful carefuls[DRAFTS_MOST];

static int64_t revision_of(unsigned name)
{
	int64_t revision = 0;
	(void)book_wanted(name, &revision);
	return revision;
}

static void write_if(void *arg)
{
	const struct careful *careful = arg;
	if (revision_of(careful->draft->name) == careful->revision)
		write_one(careful->draft);
}

void people_compare_and_put(struct chance *c)
{
	unsigned name = any_name(c);
	const struct draft *d = any_draft(c, name);
	if (!d)
		return;
	carefuls[d->number] = (struct careful){d, revision_of(name)};
	sim_after(chance_span(c, SIM_MS, 500 * SIM_MS), write_if, &carefuls[d->number]);
}

void people_write_two(struct chance *c)
{
	unsigned name = any_name(c), other = any_name(c);
	const struct draft *a = any_draft(c, name);
	const struct draft *b = other != name ? any_draft(c, other) : NULL;
	if (!a || !b || !may_write())
		return;
	store_begin(&cluster.store);
	put(a);
	put(b);
	store_end(&cluster.store);
	announce(a);
	announce(b);
	cluster_written();
}

void people_revert(struct chance *c)
{
	unsigned name = any_name(c), n = 0;
	const struct draft *found = NULL;
	for (unsigned i = 0; i < drafts_count(); i++)
		if (draft_at(i)->name == name && chance_in(c, ++n))
			found = draft_at(i);
	write_one(found);
}

void people_delete(struct chance *c)
{
	char key[64];
	unsigned name = any_name(c);
	if (!cluster_writes())
		return;
	key_of(key, name);
	store_begin(&cluster.store);
	bool gone = store_delete(&cluster.store, key);
	store_end(&cluster.store);
	if (gone)
		trace("people delete %s, at %lld", name_text(name),
		      (long long)cluster.store.last);
	cluster_written();
}

void people_delete_most(struct chance *c)
{
	if (!cluster_writes())
		return;
	store_begin(&cluster.store);
	for (unsigned i = 0; i < fleet_options()->names; i++) {
		char key[64];
		key_of(key, i);
		if (!chance_in(c, 5))
			(void)store_delete(&cluster.store, key);
	}
	store_end(&cluster.store);
	trace("people delete most, at %lld", (long long)cluster.store.last);
	cluster_written();
}

void people_confirm(struct chance *c)
{
	struct node *n = node_at((unsigned)chance_below(c, fleet_options()->nodes));
	unsigned name = any_name(c);
	trace("an operator confirms the deletion of %s on %s", name_text(name), node_name(n));
	promise_confirmed(n, name);
	node_confirm(n, name_text(name));
}

void people_write_all_again(void)
{
	for (unsigned i = 0; i < fleet_options()->names; i++)
		if (desk.last[i])
			write_one(desk.last[i]);
}

void people_mend(void)
{
	for (unsigned i = 0; i < fleet_options()->names; i++)
		if (promise_crash_loop(i))
			write_one(draft_new(i, DRAFT_GOOD, ++desk.minor[i] + 1, -1));
}
