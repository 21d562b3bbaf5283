/*
 * What is there under a name is one entry: the switch, whether it is for this node, and what it has
 * counted.  A change makes a new entry, swaps it in, waits until nobody is at the old one any more, and
 * adds its counts to those of all before.  So no answer goes uncounted, and none is counted twice.
 */
#include "agent/split/switchboard.h"

#include "agent/split/inside.h"
#include "agent/split/kinds.h"
#include "agent/split/past.h"
#include "lib/base/map.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	struct counted counted; /* one reference, the slot's: readers stay inside */
	struct ab_switch *sw;
	struct counts *counts;
	bool applies;
};

struct switch_slot {
	struct switchboard *board;
	struct live live;
	struct past past;
};

struct switchboard {
	struct counted counted;
	struct board_kind ab, flag;
	pthread_mutex_t lock; /* of all below; whoever asks needs it not */
	struct map slots;
	char **labels; /* NULL at the end; or NULL */
};

/* ---- labels ---- */

static void free_labels(char **labels)
{
	for (size_t i = 0; labels && labels[i]; i++)
		free(labels[i]);
	free(labels);
}

static int copy_labels(char ***out, const char *const *labels)
{
	size_t n = 0;
	while (labels && labels[n])
		n++;
	char **copy = calloc(n + 1, sizeof *copy);
	if (!copy)
		return FLUME_NOMEM;
	for (size_t i = 0; i < n; i++)
		if (!(copy[i] = strdup(labels[i]))) {
			free_labels(copy);
			return FLUME_NOMEM;
		}
	*out = copy;
	return FLUME_OK;
}

/* ---- entries ---- */

static struct entry *entry_free(struct entry *entry)
{
	if (entry) {
		ab_unref(entry->sw);
		counts_free(entry->counts);
	}
	free(entry);
	return NULL;
}

static struct entry *entry_new(struct ab_switch *sw, char *const *labels)
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

/* By the one who holds the lock. */
static struct entry *entry_of(const struct switch_slot *slot)
{
	return (struct entry *)slot->live.now;
}

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

/* Takes `next`, which may be NULL. */
static void swap(struct switch_slot *slot, struct entry *next)
{
	struct entry *old =
		(struct entry *)live_swap(&slot->live, next ? &next->counted : NULL);
	if (old) {
		live_settle();
		past_add(&slot->past, old->sw, old->counts);
		if (next && splits_alike(old->sw, next->sw))
			counts_take_keys(next->counts, old->counts);
	}
	if (next)
		past_begin(&slot->past, next->sw);
	entry_free(old);
}

/* ---- slots ---- */

static int slot_of(struct switchboard *board, const char *name, struct switch_slot **out)
{
	struct switch_slot *slot = map_get(&board->slots, name);
	if (!slot) {
		slot = calloc(1, sizeof *slot);
		if (slot)
			slot->board = board;
		int rc = slot ? map_add(&board->slots, name, slot) : FLUME_NOMEM;
		if (rc) {
			free(slot);
			return rc;
		}
	}
	*out = slot;
	return FLUME_OK;
}

static void slot_free(struct switch_slot *slot)
{
	entry_free(entry_of(slot));
	past_fini(&slot->past);
	free(slot);
}

int switchboard_slot(struct switchboard *board, const char *name, struct switch_slot **out)
{
	pthread_mutex_lock(&board->lock);
	int rc = slot_of(board, name, out);
	pthread_mutex_unlock(&board->lock);
	return rc;
}

/* ---- the board ---- */

int switchboard_new(struct switchboard **out, const char *const *labels)
{
	struct switchboard *board = calloc(1, sizeof *board);
	if (!board || copy_labels(&board->labels, labels)) {
		free(board);
		return FLUME_NOMEM;
	}
	counted_init(&board->counted);
	pthread_mutex_init(&board->lock, NULL);
	board->ab = (struct board_kind){kind_ab.row, board};
	board->flag = (struct board_kind){kind_flag.row, board};
	*out = board;
	return FLUME_OK;
}

struct switchboard *switchboard_ref(struct switchboard *board)
{
	counted_ref(&board->counted);
	return board;
}

struct switchboard *switchboard_unref(struct switchboard *board)
{
	if (!board || !counted_unref(&board->counted))
		return NULL;
	for (size_t i = 0; i < board->slots.len; i++)
		slot_free(board->slots.entries[i].thing);
	map_fini(&board->slots);
	free_labels(board->labels);
	pthread_mutex_destroy(&board->lock);
	free(board);
	return NULL;
}

int switchboard_register(struct switchboard *board, flume_factory *factory,
			 struct flume_err *err)
{
	const struct board_kind *ab = board ? &board->ab : &kind_ab;
	const struct board_kind *flag = board ? &board->flag : &kind_flag;
	int rc = flume_factory_add_maker(factory, &ab->row, err);
	return rc ? rc : flume_factory_add_maker(factory, &flag->row, err);
}

static int put(struct switchboard *board, struct ab_switch *sw)
{
	struct switch_slot *slot;
	int rc = slot_of(board, ab_name(sw), &slot);
	if (!rc)
		rc = past_expect(&slot->past, sw);
	struct entry *entry = rc ? NULL : entry_new(sw, board->labels);
	if (!entry)
		return FLUME_NOMEM;
	swap(slot, entry);
	return FLUME_OK;
}

int switchboard_put(struct switchboard *board, struct ab_switch *sw)
{
	pthread_mutex_lock(&board->lock);
	int rc = put(board, sw);
	pthread_mutex_unlock(&board->lock);
	return rc;
}

bool switchboard_remove(struct switchboard *board, const char *name)
{
	pthread_mutex_lock(&board->lock);
	struct switch_slot *slot = map_get(&board->slots, name);
	bool found = slot && entry_of(slot);
	if (found)
		swap(slot, NULL);
	pthread_mutex_unlock(&board->lock);
	return found;
}

/* New entries of all that other labels mean something to; nothing is swapped before all are there. */
static int relabel(struct switchboard *board, char **labels)
{
	struct entry **next = calloc(board->slots.len + 1, sizeof(struct entry *));
	int rc = next ? FLUME_OK : FLUME_NOMEM;
	for (size_t i = 0; i < board->slots.len && !rc; i++) {
		struct entry *entry = entry_of(board->slots.entries[i].thing);
		if (!entry ||
		    ab_applies(entry->sw, (const char *const *)labels) == entry->applies)
			continue;
		next[i] = entry_new(entry->sw, labels);
		rc = next[i] ? FLUME_OK : FLUME_NOMEM;
	}
	for (size_t i = 0; next && i < board->slots.len; i++)
		if (rc)
			entry_free(next[i]);
		else if (next[i])
			swap(board->slots.entries[i].thing, next[i]);
	free(next);
	return rc;
}

int switchboard_set_labels(struct switchboard *board, const char *const *labels)
{
	char **copy;
	if (copy_labels(&copy, labels))
		return FLUME_NOMEM;
	pthread_mutex_lock(&board->lock);
	int rc = relabel(board, copy);
	char **gone = rc ? copy : board->labels;
	if (!rc)
		board->labels = copy;
	pthread_mutex_unlock(&board->lock);
	free_labels(gone);
	return rc;
}

struct ab_switch *switchboard_dup(struct switchboard *board, const char *name)
{
	pthread_mutex_lock(&board->lock);
	struct switch_slot *slot = map_get(&board->slots, name);
	struct entry *entry = slot ? entry_of(slot) : NULL;
	struct ab_switch *sw = entry ? ab_ref(entry->sw) : NULL;
	pthread_mutex_unlock(&board->lock);
	return sw;
}

/* ---- asking ---- */

static struct ab_choice ask(const struct ab_switch *sw, bool applies,
			    const struct document *document, char *variant, enum ab_why *why)
{
	struct ab_choice choice = ab_choose(sw, applies, document);
	const char *name = ab_variant(sw, choice.variant)->name;
	memcpy(variant, name, strlen(name) + 1);
	*why = choice.why;
	return choice;
}

bool slot_ask(struct switch_slot *slot, const struct flume_call *call,
	      const struct document *document, char *variant, enum ab_why *why)
{
	if (!slot)
		return false;
	struct entry *entry = (struct entry *)live_enter(&slot->live);
	if (entry) {
		struct ab_choice choice =
			ask(entry->sw, entry->applies, document, variant, why);
		if (!call || !(call->flags & FLUME_CALL_CANARY))
			counts_add(entry->counts, &choice);
	}
	live_leave();
	return entry;
}

bool switch_ask(struct switch_slot *slot, const struct flume_call *call,
		const struct document *document, struct switch_answer *out)
{
	return slot_ask(slot, call, document, out->variant, &out->why);
}

/* It is gone, so what it answers goes to what was counted before. */
static void ask_gone(struct switch_slot *slot, const struct ab_switch *sw,
		     const struct document *document, struct switch_answer *out)
{
	struct switchboard *board = slot->board;
	pthread_mutex_lock(&board->lock);
	bool applies = ab_applies(sw, (const char *const *)board->labels);
	(void)ask(sw, applies, document, out->variant, &out->why);
	past_count(&slot->past, out->variant, out->why);
	pthread_mutex_unlock(&board->lock);
}

void switch_ask_as(struct switch_slot *slot, const struct ab_switch *sw,
		   const struct document *document, struct switch_answer *out)
{
	struct entry *entry = (struct entry *)live_enter(&slot->live);
	bool there = entry && entry->sw == sw;
	if (there) {
		struct ab_choice choice =
			ask(sw, entry->applies, document, out->variant, &out->why);
		counts_add(entry->counts, &choice);
	}
	live_leave();
	if (!there)
		ask_gone(slot, sw, document, out);
}

int kind_slot(const flume_value *decl, flume_scope *scope, struct switchboard **out_board,
	      struct switch_slot **out)
{
	const struct board_kind *kind = (const struct board_kind *)flume_scope_maker(scope);
	const char *name = flume_value_text(flume_value_get(decl, "switch"));
	struct switch_slot *slot = NULL;
	int rc = kind->board ? switchboard_slot(kind->board, name, &slot) : FLUME_OK;
	if (rc)
		return rc;
	*out_board = kind->board ? switchboard_ref(kind->board) : NULL;
	*out = slot;
	return FLUME_OK;
}

/* ---- what was answered ---- */

static void tell_variant(const char *name, const struct entry *entry,
			 const struct past_variant *past, switchboard_count_fn *fn, void *arg)
{
	int there = entry ? ab_find(entry->sw, past->name) : -1;
	for (int w = 0; w < AB_WHYS; w++) {
		enum ab_why why = (enum ab_why)w;
		uint64_t n = past->n[w];
		if (there >= 0)
			n += counts_get(entry->counts, (size_t)there, why);
		if (n || (there >= 0 && why == AB_WEIGHT))
			fn(arg, name, past->name, why, n);
	}
}

void switchboard_counts(struct switchboard *board, switchboard_count_fn *fn, void *arg)
{
	pthread_mutex_lock(&board->lock);
	for (size_t i = 0; i < board->slots.len; i++) {
		const struct switch_slot *slot = board->slots.entries[i].thing;
		for (size_t v = 0; v < slot->past.n; v++)
			tell_variant(board->slots.entries[i].name, entry_of(slot),
				     &slot->past.list[v], fn, arg);
	}
	pthread_mutex_unlock(&board->lock);
}

static struct ratio judge(const struct entry *entry)
{
	uint64_t keys[AB_VARIANTS];
	uint32_t weights[AB_VARIANTS];
	size_t n = ab_count(entry->sw);
	for (size_t i = 0; i < n; i++)
		weights[i] = ab_variant(entry->sw, i)->weight;
	counts_keys(entry->counts, keys, n);
	return ratio_judge(keys, weights, n);
}

int switchboard_ratio(struct switchboard *board, const char *name, struct ratio *out)
{
	pthread_mutex_lock(&board->lock);
	struct switch_slot *slot = map_get(&board->slots, name);
	struct entry *entry = slot ? entry_of(slot) : NULL;
	if (entry)
		*out = judge(entry);
	pthread_mutex_unlock(&board->lock);
	return entry ? FLUME_OK : FLUME_NOT_FOUND;
}
