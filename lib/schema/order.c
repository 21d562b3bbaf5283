#include "lib/schema/order.h"

#include <stdlib.h>

static int compare(const flume_value *items, uint32_t a, uint32_t b)
{
	int c = value_compare_keys(&items[2 * (size_t)a], &items[2 * (size_t)b]);
	return c ? c : (a > b) - (a < b);
}

static int compare_numbers(const void *a, const void *b, void *items)
{
	return compare(items, *(const uint32_t *)a, *(const uint32_t *)b);
}

static void insertion_sort(uint32_t *order, const flume_value *items, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = i;
		for (; at > 0 && compare(items, order[at - 1], i) > 0; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
}

void order_keys(uint32_t *order, const flume_value *items, uint32_t n)
{
	if (n <= VALUE_SMALL_MAP) {
		insertion_sort(order, items, n);
		return;
	}
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	union {
		const flume_value *items;
		void *arg;
	} pass = {items};
	qsort_r(order, n, sizeof *order, compare_numbers, pass.arg);
}
