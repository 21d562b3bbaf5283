#include "agent/switches/shelf.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct shelf {
	pthread_mutex_t lock;
	struct shelf_view *now;
};

struct shelf_view *shelf_make(size_t n)
{
	struct shelf_view *view = calloc(1, sizeof *view + n * sizeof view->items[0]);
	if (view)
		*view = (struct shelf_view){.n = n, .refs = 1};
	return view;
}

void shelf_drop(struct shelf_view *view)
{
	for (size_t i = 0; view && i < view->n; i++)
		ab_unref(view->items[i].sw);
	free(view);
}

struct shelf *shelf_new(void)
{
	struct shelf *shelf = calloc(1, sizeof *shelf);
	if (!shelf)
		return NULL;
	pthread_mutex_init(&shelf->lock, NULL);
	shelf->now = shelf_make(0);
	return shelf->now ? shelf : shelf_free(shelf);
}

struct shelf *shelf_free(struct shelf *shelf)
{
	if (!shelf)
		return NULL;
	shelf_drop(shelf->now);
	pthread_mutex_destroy(&shelf->lock);
	free(shelf);
	return NULL;
}

static void unref(struct shelf *shelf, struct shelf_view *view)
{
	pthread_mutex_lock(&shelf->lock);
	bool last = --view->refs == 0;
	pthread_mutex_unlock(&shelf->lock);
	if (last)
		shelf_drop(view);
}

void shelf_put(struct shelf *shelf, struct shelf_view *view)
{
	pthread_mutex_lock(&shelf->lock);
	struct shelf_view *before = shelf->now;
	shelf->now = view;
	pthread_mutex_unlock(&shelf->lock);
	unref(shelf, before);
}

const struct shelf_view *shelf_take(struct shelf *shelf)
{
	pthread_mutex_lock(&shelf->lock);
	struct shelf_view *view = shelf->now;
	view->refs++;
	pthread_mutex_unlock(&shelf->lock);
	return view;
}

void shelf_release(struct shelf *shelf, const struct shelf_view *view)
{
	struct shelf_view *own;
	memcpy(&own, &view, sizeof own); /* only the shelf changes it: its count */
	unref(shelf, own);
}

const struct shelf_item *shelf_find(const struct shelf_view *view, const char *name)
{
	size_t low = 0, high = view->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, ab_name(view->items[middle].sw));
		if (!order)
			return &view->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
