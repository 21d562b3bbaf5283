/*
 * A document that has heard of one version hears of no other on its way.  So what is swapped out stays behind
 * what came, as long as there are calls that began with it.  Those say which generation of the board they
 * heard of first (agent/document/caller.h), which is all that asking costs: nobody counts references.
 *
 * The end of an entry: no call that is under way has heard of its time, and nobody is inside any more; then
 * its counts are added to those of all before.  So no answer goes uncounted, and none is counted twice.
 */
#include "agent/split/switch_slot.h"

#include <stdlib.h>
#include <string.h>

/* ---- entries ---- */

struct entry *entry_free(struct entry *entry)
{
	if (entry) {
		ab_unref(entry->sw);
		counts_free(entry->counts);
	}
	free(entry);
	return NULL;
}

struct entry *entry_new(struct ab_switch *sw, char *const *labels)
{
	struct entry *entry = calloc(1, sizeof *entry);
	if (!entry)
		return NULL;
	counted_init(&entry->counted);
	entry->counts = counts_new(ab_count(sw));
	if (!entry->counts)
		return entry_free(entry);
	entry->sw = ab_ref(sw);
	entry->applies = ab_applies(sw, (const char *const *)labels);
	return entry;
}

struct entry *switch_slot_newest(const struct switch_slot *slot)
{
	return (struct entry *)slot->live.now;
}

struct entry *switch_slot_now(const struct switch_slot *slot)
{
	struct entry *entry = switch_slot_newest(slot);
	return entry && entry->sw ? entry : NULL;
}

struct entry *switch_slot_before(const struct entry *entry)
{
	return atomic_load_explicit(&entry->before, memory_order_acquire);
}

static bool is_after(const struct entry *entry, uint32_t generation)
{
	return atomic_load_explicit(&entry->since, memory_order_relaxed) > generation;
}

/* ---- what is kept ---- */

/* Whoever comes for what is gone gets the oldest that is left. */
static void cut_behind(struct switch_slot *slot, struct entry *last)
{
	struct entry *gone = switch_slot_before(last), *next;
	if (!gone)
		return;
	atomic_store_explicit(&last->since, 0, memory_order_relaxed);
	atomic_store_explicit(&last->before, NULL, memory_order_release);
	live_settle();
	for (; gone; gone = next) {
		next = switch_slot_before(gone);
		if (gone->sw)
			past_add(&slot->past, gone->sw, gone->counts);
		entry_free(gone);
		slot->n--;
	}
}

static void keep_most(struct switch_slot *slot)
{
	struct entry *last = switch_slot_newest(slot);
	if (slot->n <= SWITCH_SLOT_ENTRIES)
		return;
	for (size_t i = 1; i < SWITCH_SLOT_ENTRIES; i++)
		last = switch_slot_before(last);
	cut_behind(slot, last);
}

/* One that was passed was not the newest then, and whoever asked it without a call has done so. */
void switch_slot_tidy(struct switch_slot *slot, uint32_t least)
{
	struct entry *last = switch_slot_newest(slot);
	while (last && switch_slot_before(last) &&
	       (is_after(last, least) || !switch_slot_before(last)->passed))
		last = switch_slot_before(last);
	if (last)
		cut_behind(slot, last);
	for (struct entry *e = last ? switch_slot_before(switch_slot_newest(slot)) : NULL; e;
	     e = switch_slot_before(e))
		e->passed = true;
}

/* ---- what comes ---- */

/* Would the same keys be in the same variants? */
static bool splits_alike(const struct ab_switch *a, const struct ab_switch *b)
{
	if (a->n_variants != b->n_variants || strcmp(a->salt, b->salt) != 0 || !a->by.text ||
	    !b->by.text || strcmp(a->by.text, b->by.text) != 0)
		return false;
	for (size_t i = 0; i < a->n_variants; i++)
		if (a->variants[i].weight != b->variants[i].weight ||
		    strcmp(a->variants[i].name, b->variants[i].name) != 0)
			return false;
	return true;
}

int switch_slot_expect(struct switch_slot *slot, const struct ab_switch *sw)
{
	int rc = past_expect(&slot->past, sw);
	if (rc || slot->farewell)
		return rc;
	slot->farewell = calloc(1, sizeof *slot->farewell);
	if (!slot->farewell)
		return FLUME_NOMEM;
	counted_init(&slot->farewell->counted);
	return FLUME_OK;
}

static void swap(struct switch_slot *slot, struct entry *next, uint32_t generation)
{
	atomic_init(&next->since, generation);
	atomic_init(&next->before, switch_slot_newest(slot));
	slot->n++;
	(void)live_swap(&slot->live, &next->counted);
	keep_most(slot);
}

void switch_slot_put(struct switch_slot *slot, struct entry *next, uint32_t generation)
{
	const struct entry *old = switch_slot_now(slot);
	if (old && splits_alike(old->sw, next->sw))
		counts_take_keys(next->counts, old->counts);
	past_begin(&slot->past, next->sw);
	swap(slot, next, generation);
}

void switch_slot_remove(struct switch_slot *slot, uint32_t generation)
{
	struct entry *last = slot->farewell;
	slot->farewell = NULL;
	swap(slot, last, generation);
}

/* ---- slots ---- */

struct switch_slot *switch_slot_new(struct switchboard *board, const char *name,
				    uint32_t number)
{
	size_t size = strlen(name) + 1;
	struct switch_slot *slot = calloc(1, sizeof *slot + size);
	if (!slot)
		return NULL;
	slot->board = board;
	slot->number = number;
	memcpy(slot->name, name, size);
	return slot;
}

void switch_slot_free(struct switch_slot *slot)
{
	struct entry *entry = switch_slot_newest(slot), *next;
	for (; entry; entry = next) {
		next = switch_slot_before(entry);
		entry_free(entry);
	}
	entry_free(slot->farewell);
	past_fini(&slot->past);
	free(slot);
}

/* ---- in a read section ---- */

struct entry *switch_slot_at(const struct switch_slot *slot, uint32_t generation)
{
	struct entry *entry = (struct entry *)live_look(&slot->live);
	while (entry && is_after(entry, generation)) {
		struct entry *older = switch_slot_before(entry);
		if (!older && !is_after(entry, generation))
			break; /* it has become the oldest just now */
		entry = older;
	}
	return entry;
}

struct entry *switch_slot_of(const struct switch_slot *slot, const struct ab_switch *sw)
{
	struct entry *entry = (struct entry *)live_look(&slot->live);
	while (entry && entry->sw != sw)
		entry = switch_slot_before(entry);
	return entry;
}
