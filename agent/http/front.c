#include "agent/http/front.h"

#include <string.h>

static const struct shelf_item *find(const struct shelf_view *view, const char *name)
{
	const struct shelf_item *item = shelf_find(view, name);
	return item && item->front ? item : NULL;
}

bool front_is_there(struct request *r)
{
	bool there = request_find_binding(r);
	if (there || !r->http->shelf)
		return there;
	const struct shelf_view *view = shelf_take(r->http->shelf);
	there = find(view, r->name);
	shelf_release(r->http->shelf, view);
	return there;
}

bool front_needs(const struct http *http, const char *schema)
{
	const struct shelf_view *view = http->shelf ? shelf_take(http->shelf) : NULL;
	bool needed = false;
	for (size_t i = 0; view && i < view->n; i++)
		needed |= view->items[i].front && ab_find(view->items[i].sw, schema) >= 0;
	if (view)
		shelf_release(http->shelf, view);
	return needed;
}

static void add_side(struct front *f, const struct request *r, const char *name)
{
	if (call_enter(&f->sides[f->n], r, name))
		f->may_block |= f->sides[f->n++].may_block;
}

static bool enter_switch(struct front *f, const struct request *r)
{
	struct shelf *shelf = r->http->shelf;
	const struct shelf_view *view = shelf ? shelf_take(shelf) : NULL;
	const struct shelf_item *item = view ? find(view, r->name) : NULL;
	if (!item && view)
		shelf_release(shelf, view);
	if (!item)
		return false;
	f->shelf = shelf;
	f->view = view;
	f->item = item;
	for (size_t i = 0; i < ab_count(item->sw); i++)
		add_side(f, r, ab_variant(item->sw, i)->name);
	return true;
}

bool front_enter(struct front *f, const struct request *r)
{
	f->view = NULL;
	f->item = NULL;
	f->may_block = false;
	f->n = 0;
	add_side(f, r, r->name);
	return f->n || enter_switch(f, r);
}

void front_leave(struct front *f)
{
	for (size_t i = 0; i < f->n; i++)
		call_leave(&f->sides[i]);
	if (f->view)
		shelf_release(f->shelf, f->view);
}

static struct call_side *find_side(struct front *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->sides[i].name, name))
			return &f->sides[i];
	return NULL;
}

struct call_side *front_choose(struct front *f, const struct flume_call *call,
			       const struct document *document, char out_variant[AB_NAME])
{
	struct switch_answer answer;
	*out_variant = '\0';
	if (!f->item)
		return &f->sides[0];
	switch_ask_as(f->item->slot, f->item->sw, f->view->generation, call, document, &answer);
	memcpy(out_variant, answer.variant, sizeof answer.variant);
	return find_side(f, answer.variant);
}
