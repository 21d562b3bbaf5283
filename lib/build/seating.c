#include "lib/build/seating.h"

#include <search.h>
#include <stdlib.h>

static int by_place(const void *a, const void *b)
{
	struct seat one = *(const struct seat *)a, other = *(const struct seat *)b;
	one.nth = other.nth = 0;
	return seat_compare(&one, &other);
}

bool seating_take(struct seating *seating, struct seat *seat)
{
	seat->nth = 0;
	struct seat **found = tfind(seat, &seating->taken, by_place);
	if (found) {
		seat->nth = ++(*found)->nth;
		return true;
	}
	struct seat *taken = malloc(sizeof *taken);
	if (!taken)
		return false;
	*taken = *seat;
	if (!tsearch(taken, &seating->taken, by_place)) {
		free(taken);
		return false;
	}
	return true;
}

void seating_fini(struct seating *seating)
{
	tdestroy(seating->taken, free);
}
