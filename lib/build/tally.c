/*
 * A page has a row of counters for each processor; a pipeline gets one place in all rows.  A line
 * of the cache for each pipeline and processor would be most of what a small pipeline holds.
 */
#include "lib/build/tally.h"

#include <stdlib.h>
#include <string.h>

#define LINE 64
#define FULL ((1U << TALLY_ROW) - 1)

struct tally_page {
	struct tally_page *next, **link; /* in the hub's list of those with room */
	uint32_t taken;                  /* a bit for each place                 */
	_Alignas(LINE) struct tally rows[];
};

static void link_page(struct hub *hub, struct tally_page *page)
{
	page->next = hub->tallies;
	page->link = &hub->tallies;
	if (page->next)
		page->next->link = &page->next;
	hub->tallies = page;
}

static void unlink_page(struct tally_page *page)
{
	*page->link = page->next;
	if (page->next)
		page->next->link = page->link;
}

static struct tally_page *page_with_room(struct hub *hub)
{
	struct tally_page *page = hub->tallies;
	if (page)
		return page;
	page = aligned_alloc(LINE, sizeof *page + (size_t)hub->stripes * TALLY_ROW *
							  sizeof *page->rows);
	if (page) {
		page->taken = 0;
		link_page(hub, page);
	}
	return page;
}

struct tally *tally_take(struct hub *hub, uint8_t *out_place)
{
	struct tally_page *page = page_with_room(hub);
	if (!page)
		return NULL;
	unsigned place = (unsigned)__builtin_ctz(~page->taken);
	struct tally *first = &page->rows[place];
	page->taken |= 1U << place;
	if (page->taken == FULL)
		unlink_page(page);
	for (unsigned i = 0; i < hub->stripes; i++) {
		struct tally *tally = tally_of(first, i);
		atomic_init(&tally->calls, 0);
		atomic_init(&tally->failures, 0);
	}
	*out_place = (uint8_t)place;
	return first;
}

void tally_give(struct hub *hub, struct tally *first, uint8_t place)
{
	struct tally_page *page = (struct tally_page *)((char *)(first - place) -
							offsetof(struct tally_page, rows));
	if (page->taken == FULL)
		link_page(hub, page);
	page->taken &= ~(1U << place);
	if (!page->taken) {
		unlink_page(page);
		free(page);
	}
}

struct tally_sum tally_sum(struct tally *first, const struct hub *hub)
{
	struct tally_sum sum = {0};
	for (unsigned i = 0; i < hub->stripes; i++)
		sum.failures += atomic_load_explicit(&tally_of(first, i)->failures,
						     memory_order_acquire);
	for (unsigned i = 0; i < hub->stripes; i++)
		sum.calls +=
			atomic_load_explicit(&tally_of(first, i)->calls, memory_order_relaxed);
	return sum;
}
