/* GET /switches: the A/B switches that run, by name; tagged as the list of schemas is. */
#include "agent/switches/switches.h"

#include "agent/http/inside.h"
#include "agent/http/listed.h"

#include <string.h>

static void add_switch(struct listed *list, const struct shelf_item *item)
{
	listed_add(list);
	listed_text(list, "name", ab_name(item->sw));
	listed_text(list, "version", item->facts.version);
	listed_text(list, "digest", item->facts.digest);
	listed_number(list, "generation", item->generation);
	listed_truth(list, "enabled", ab_enabled(item->sw));
	listed_truth(list, "front", item->front);
}

static void make_tag(const struct shelf_view *view, char out[DIGEST_SIZE])
{
	struct digest digest;
	digest_init(&digest);
	for (size_t i = 0; i < view->n; i++) {
		const struct shelf_item *item = &view->items[i];
		digest_add(&digest, ab_name(item->sw), strlen(ab_name(item->sw)) + 1);
		digest_add(&digest, item->facts.digest, strlen(item->facts.digest) + 1);
		digest_add(&digest, item->front ? "f" : "-", 1);
	}
	digest_end(&digest, out);
}

static void show(struct request *r, const struct shelf_view *view)
{
	struct listed list = {.n = 0};
	char tag[DIGEST_SIZE];
	make_tag(view, tag);
	if (!request_may_read(r, tag, &list.format))
		return;
	listed_begin(&list, "switches");
	for (size_t i = 0; i < view->n; i++)
		add_switch(&list, &view->items[i]);
	listed_end(&list);
	answer_take_text(&r->answer, HTTP_OK,
			 list.format == FLUME_YAML ? ANSWER_YAML : ANSWER_JSON, &list.out);
}

static void run(struct request *r)
{
	struct shelf *shelf = r->http->shelf;
	if (!shelf) {
		answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found", "no switches here");
		return;
	}
	const struct shelf_view *view = shelf_take(shelf);
	show(r, view);
	shelf_release(shelf, view);
}

const struct http_resource resource_switches = {
	"/switches",
	NULL,
	{{.name = "GET", .run = run}},
};
