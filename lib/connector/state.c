/* All there are, by seat, in a tree of the hub: pipelines may outlive their factory. */
#include "lib/connector/state.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#define LINE 64 /* of the cache */

int seat_compare(const struct seat *one, const struct seat *other)
{
	uintptr_t kind = (uintptr_t)one->kind, other_kind = (uintptr_t)other->kind;
	int order = strcmp(one->place, other->place);
	if (!order)
		order = strcmp(one->schema_id, other->schema_id);
	if (!order)
		order = (one->nth > other->nth) - (one->nth < other->nth);
	return order ? order : (kind > other_kind) - (kind < other_kind);
}

static int by_seat(const void *a, const void *b)
{
	return seat_compare(a, b);
}

static struct state *state_new(const struct seat *seat, const struct step *step, int64_t now_ns)
{
	size_t id = strlen(seat->schema_id) + 1, place = strlen(seat->place) + 1;
	size_t size = (seat->kind->size + id + place + LINE - 1) / LINE * LINE;
	struct state *state = aligned_alloc(LINE, size);
	if (!state)
		return NULL;
	memset(state, 0, size);
	char *texts = (char *)state + seat->kind->size;
	state->seat = *seat;
	state->seat.schema_id = memcpy(texts, seat->schema_id, id);
	state->seat.place = memcpy(texts + id, seat->place, place);
	pthread_mutex_init(&state->lock, NULL);
	if (seat->kind->adopt)
		seat->kind->adopt(state, step, now_ns);
	return state;
}

static void state_free(struct state *state)
{
	pthread_mutex_destroy(&state->lock);
	free(state);
}

/* Lock held.  The tree knows a state by its seat, which is where it begins. */
static struct state *find_or_add(struct hub *hub, const struct seat *seat,
				 const struct step *step, int64_t now_ns)
{
	void *found = tfind(seat, &hub->states, by_seat);
	if (found)
		return *(struct state **)found;
	struct state *state = state_new(seat, step, now_ns);
	if (state && !tsearch(state, &hub->states, by_seat)) {
		state_free(state);
		return NULL;
	}
	return state;
}

struct state *state_ref(struct hub *hub, const struct seat *seat, const struct step *step,
			int64_t now_ns)
{
	if (!*seat->schema_id) {
		struct state *own = state_new(seat, step, now_ns);
		if (own)
			own->refs = 1;
		return own;
	}
	pthread_mutex_lock(&hub->lock);
	struct state *state = find_or_add(hub, seat, step, now_ns);
	if (state)
		state->refs++;
	pthread_mutex_unlock(&hub->lock);
	return state;
}

void state_unref(struct hub *hub, struct state *state)
{
	pthread_mutex_lock(&hub->lock);
	bool last = --state->refs == 0;
	if (last && *state->seat.schema_id)
		tdelete(state, &hub->states, by_seat);
	pthread_mutex_unlock(&hub->lock);
	if (last)
		state_free(state);
}
