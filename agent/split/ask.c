/*
 * Asking, which any number of threads do at once.
 *
 * The first question of a call says which generation of the board it hears of; that, and a note of who was
 * asked already, is with the call (agent/document/caller.h).  Both are read and left inside of the read section, so
 * that whoever tidies up knows of all who may come back.
 */
#include "agent/split/board.h"

#include <stdio.h>
#include <string.h>

/* What was chosen, as a call notes it down. */
static uint8_t pack(const struct ab_choice *choice)
{
	_Static_assert(AB_VARIANTS <= 32 && AB_WHYS <= 8, "eight bits");
	return (uint8_t)(choice->variant << 3 | choice->why);
}

static size_t unpack_variant(uint8_t said)
{
	return said >> 3;
}

static bool is_canary(const struct flume_call *call)
{
	return call && call->flags & FLUME_CALL_CANARY;
}

/* Has the call not asked this switch before? */
static bool is_news(const struct switch_slot *slot, const struct flume_call *call,
		    const struct ab_choice *choice)
{
	const struct caller_note note = {slot->number, pack(choice)};
	return !is_canary(call) && caller_note(call, &note);
}

static struct ab_choice choose(const struct ab_switch *sw, bool applies,
			       const struct document *document, char *variant, enum ab_why *why)
{
	struct ab_choice choice = ab_choose(sw, applies, document);
	const char *name = ab_variant(sw, choice.variant)->name;
	memcpy(variant, name, strlen(name) + 1);
	*why = choice.why;
	return choice;
}

static void ask(const struct switch_slot *slot, const struct entry *entry,
		const struct flume_call *call, const struct document *document, char *variant,
		enum ab_why *why)
{
	struct ab_choice choice = choose(entry->sw, entry->applies, document, variant, why);
	if (is_news(slot, call, &choice))
		counts_add(entry->counts, &choice);
}

bool slot_ask(struct switch_slot *slot, const struct flume_call *call,
	      const struct document *document, char *variant, enum ab_why *why)
{
	if (!slot)
		return false;
	(void)live_enter(&slot->live);
	const struct entry *entry =
		switch_slot_at(slot, caller_agree(call, switchboard_generation(slot->board)));
	bool there = entry && entry->sw;
	if (there)
		ask(slot, entry, call, document, variant, why);
	live_leave();
	return there;
}

bool switch_ask(struct switch_slot *slot, const struct flume_call *call,
		const struct document *document, struct switch_answer *out)
{
	return slot_ask(slot, call, document, out->variant, &out->why);
}

/* Nothing is left of it, so what it answers goes to what was counted before. */
static void ask_gone(struct switch_slot *slot, const struct ab_switch *sw,
		     const struct flume_call *call, const struct document *document,
		     struct switch_answer *out)
{
	struct switchboard *board = slot->board;
	pthread_mutex_lock(&board->lock);
	bool applies = ab_applies(sw, (const char *const *)board->labels);
	struct ab_choice choice = choose(sw, applies, document, out->variant, &out->why);
	if (is_news(slot, call, &choice))
		past_count(&slot->past, out->variant, out->why);
	pthread_mutex_unlock(&board->lock);
}

void switch_ask_as(struct switch_slot *slot, const struct ab_switch *sw, uint32_t generation,
		   const struct flume_call *call, const struct document *document,
		   struct switch_answer *out)
{
	(void)live_enter(&slot->live);
	(void)caller_agree(call, generation);
	const struct entry *entry = switch_slot_of(slot, sw);
	if (entry)
		ask(slot, entry, call, document, out->variant, &out->why);
	live_leave();
	if (!entry)
		ask_gone(slot, sw, call, document, out);
}

/* ---- what was answered ---- */

static const char *variant_of(const struct switch_slot *slot, uint32_t generation, uint8_t said)
{
	const struct entry *entry = switch_slot_at(slot, generation);
	const struct ab_variant *variant =
		entry && entry->sw ? ab_variant(entry->sw, unpack_variant(said)) : NULL;
	return variant ? variant->name : NULL;
}

#define MORE ", ..."

/* False: there is no room for it and for what would say so of the next. */
static bool add_answer(char *out, size_t size, const char *name, const char *variant)
{
	size_t len = strlen(out);
	int n = snprintf(out + len, size - len, "%s%s=%s", len ? ", " : "", name, variant);
	if (len + (size_t)n + strlen(MORE) < size)
		return true;
	snprintf(out + len, size - len, "%s", len ? MORE : "...");
	return false;
}

void switchboard_told(const struct switchboard *board, const struct flume_call *call,
		      char out[SWITCHBOARD_TOLD])
{
	struct caller_note notes[CALLER_NOTES];
	size_t n = caller_read_notes(call, notes);
	*out = '\0';
	if (!n)
		return;
	const struct slot_table *table = atomic_load(&board->table);
	for (size_t i = 0; i < n && notes[i].of <= table->cap; i++) {
		const struct switch_slot *slot = atomic_load(&table->at[notes[i].of - 1]);
		(void)live_enter(&slot->live);
		const char *variant = variant_of(
			slot, caller_agree(call, switchboard_generation(board)), notes[i].said);
		bool room = !variant || add_answer(out, SWITCHBOARD_TOLD, slot->name, variant);
		live_leave();
		if (!room)
			break;
	}
}
