/*
 * The names of a board, and the changes of what is there under them.  A change makes a new entry, aside, and puts it
 * into its slot (switch_slot.h); then the board has another generation, and whoever asks first from now on hears of it.
 * So what was put together is heard of together.
 *
 * Slots have numbers, for what a call notes down.  The table of them is replaced by one of twice the size; the
 * old ones stay, for those who look something up in them.
 */
#include "agent/split/board.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- slots ---- */

/* Room for one more. */
static int expect_slot(struct switchboard *board)
{
	struct slot_table *table = atomic_load(&board->table);
	uint32_t cap = table ? table->cap : 0, more = cap ? cap * 2 : 64;
	if (board->slots.len < cap)
		return FLUME_OK;
	struct slot_table *grown = calloc(1, sizeof *grown + more * sizeof grown->at[0]);
	if (!grown)
		return FLUME_NOMEM;
	grown->cap = more;
	grown->before = table;
	for (uint32_t i = 0; i < cap; i++)
		atomic_init(&grown->at[i], atomic_load(&table->at[i]));
	atomic_store(&board->table, grown);
	return FLUME_OK;
}

static int add_slot(struct switchboard *board, const char *name, struct switch_slot **out)
{
	struct switch_slot *slot = NULL;
	int rc = expect_slot(board);
	if (!rc)
		slot = switch_slot_new(board, name, board->slots.len + 1);
	if (!slot)
		return FLUME_NOMEM;
	rc = map_add(&board->slots, slot->name, slot);
	if (rc) {
		switch_slot_free(slot);
		return rc;
	}
	atomic_store(&atomic_load(&board->table)->at[slot->number - 1], slot);
	*out = slot;
	return FLUME_OK;
}

static int slot_of_name(struct switchboard *board, const char *name, struct switch_slot **out)
{
	*out = map_get(&board->slots, name);
	return *out ? FLUME_OK : add_slot(board, name, out);
}

int switchboard_slot(struct switchboard *board, const char *name, struct switch_slot **out)
{
	pthread_mutex_lock(&board->lock);
	int rc = slot_of_name(board, name, out);
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
	board->slots.lent = true;
	atomic_init(&board->generation, 1);
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

static void free_tables(struct switchboard *board)
{
	struct slot_table *table = atomic_load(&board->table), *before;
	for (; table; table = before) {
		before = table->before;
		free(table);
	}
}

struct switchboard *switchboard_unref(struct switchboard *board)
{
	if (!board || !counted_unref(&board->counted))
		return NULL;
	for (size_t i = 0; i < board->slots.len; i++)
		switch_slot_free(board->slots.entries[i].thing);
	map_fini(&board->slots);
	free_tables(board);
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

/* ---- changes ---- */

static uint32_t next_generation(const struct switchboard *board)
{
	return switchboard_generation(board) + 1;
}

/* After what is of it was put. */
static void begin_generation(struct switchboard *board, uint32_t generation)
{
	atomic_store_explicit(&board->generation, generation, memory_order_release);
}

uint32_t switchboard_generation(const struct switchboard *board)
{
	return atomic_load_explicit(&board->generation, memory_order_acquire);
}

static int put(struct switchboard *board, struct ab_switch *sw)
{
	struct switch_slot *slot;
	uint32_t generation = next_generation(board);
	int rc = slot_of_name(board, ab_name(sw), &slot);
	if (!rc)
		rc = switch_slot_expect(slot, sw);
	struct entry *entry = rc ? NULL : entry_new(sw, board->labels);
	if (!entry)
		return FLUME_NOMEM;
	switch_slot_put(slot, entry, generation);
	begin_generation(board, generation);
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
	uint32_t generation = next_generation(board);
	bool found = slot && switch_slot_now(slot);
	if (found) {
		switch_slot_remove(slot, generation);
		begin_generation(board, generation);
	}
	pthread_mutex_unlock(&board->lock);
	return found;
}

/* New entries of all that other labels mean something to; nothing is swapped before all are there. */
static int relabel(struct switchboard *board, char **labels)
{
	uint32_t generation = next_generation(board);
	struct entry **next = calloc(board->slots.len + 1, sizeof(struct entry *));
	int rc = next ? FLUME_OK : FLUME_NOMEM;
	for (size_t i = 0; i < board->slots.len && !rc; i++) {
		struct entry *entry = switch_slot_now(board->slots.entries[i].thing);
		if (!entry ||
		    ab_applies(entry->sw, (const char *const *)labels) == entry->applies)
			continue;
		rc = switch_slot_expect(board->slots.entries[i].thing, entry->sw);
		next[i] = rc ? NULL : entry_new(entry->sw, labels);
		rc = next[i] ? FLUME_OK : FLUME_NOMEM;
	}
	for (size_t i = 0; next && i < board->slots.len; i++)
		if (rc)
			entry_free(next[i]);
		else if (next[i])
			switch_slot_put(board->slots.entries[i].thing, next[i], generation);
	if (!rc)
		begin_generation(board, generation);
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
	struct entry *entry = slot ? switch_slot_now(slot) : NULL;
	struct ab_switch *sw = entry ? ab_ref(entry->sw) : NULL;
	pthread_mutex_unlock(&board->lock);
	return sw;
}

/* ---- what nobody asks any more ---- */

/* After it all who ask have said of which generation, and those who have not will hear of a later one. */
static uint32_t least_heard(const struct switchboard *board)
{
	live_settle();
	return callers_least(switchboard_generation(board));
}

void switchboard_tidy(struct switchboard *board)
{
	bool any = false;
	pthread_mutex_lock(&board->lock);
	for (size_t i = 0; i < board->slots.len; i++)
		any |= ((const struct switch_slot *)board->slots.entries[i].thing)->n > 1;
	uint32_t least = any ? least_heard(board) : 0;
	for (size_t i = 0; any && i < board->slots.len; i++)
		switch_slot_tidy(board->slots.entries[i].thing, least);
	pthread_mutex_unlock(&board->lock);
}

/* ---- the kinds ---- */

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

static uint64_t count_of(const struct switch_slot *slot, const struct past_variant *variant,
			 enum ab_why why)
{
	uint64_t n = variant->n[why];
	for (const struct entry *e = switch_slot_newest(slot); e; e = switch_slot_before(e)) {
		int there = e->sw ? ab_find(e->sw, variant->name) : -1;
		if (there >= 0)
			n += counts_get(e->counts, (size_t)there, why);
	}
	return n;
}

static void tell_variant(const struct switch_slot *slot, const struct past_variant *variant,
			 switchboard_count_fn *fn, void *arg)
{
	const struct entry *now = switch_slot_now(slot);
	bool there = now && ab_find(now->sw, variant->name) >= 0;
	for (int w = 0; w < AB_WHYS; w++) {
		enum ab_why why = (enum ab_why)w;
		uint64_t n = count_of(slot, variant, why);
		if (n || (there && why == AB_WEIGHT))
			fn(arg, slot->name, variant->name, why, n);
	}
}

void switchboard_counts(struct switchboard *board, switchboard_count_fn *fn, void *arg)
{
	pthread_mutex_lock(&board->lock);
	for (size_t i = 0; i < board->slots.len; i++) {
		const struct switch_slot *slot = board->slots.entries[i].thing;
		for (size_t v = 0; v < slot->past.n; v++)
			tell_variant(slot, &slot->past.list[v], fn, arg);
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
	struct entry *entry = slot ? switch_slot_now(slot) : NULL;
	if (entry)
		*out = judge(entry);
	pthread_mutex_unlock(&board->lock);
	return entry ? FLUME_OK : FLUME_NOT_FOUND;
}
