#include "tests/sim/book.h"

#include "tests/sim/members.h"
#include "tests/sim/promises.h"
#include "tests/sim/trace.h"

#include <stdio.h>
#include <string.h>

static struct book books[NODES_MOST];

void promises_open(void)
{
	memset(books, 0, sizeof books);
}

void promises_close(void)
{
}

struct book *book_of(const struct node *n)
{
	return &books[node_index(n)];
}

struct page_of *book_page(const struct node *n, const struct draft *d)
{
	return &book_of(n)->drafts[d->number];
}

const struct draft *book_serving(struct node *n, unsigned name)
{
	flume_binding *binding = flume_factory_dup_binding(node_factory(n), name_text(name));
	flume_pipeline *pipeline = binding ? flume_binding_dup_pipeline(binding) : NULL;
	struct flume_pipeline_info info = {0};
	const struct draft *d = NULL;
	if (pipeline) {
		flume_pipeline_read(pipeline, &info);
		d = draft_by_digest(info.digest);
	}
	flume_pipeline_unref(pipeline);
	flume_binding_unref(binding);
	return d;
}

json_t *book_status(struct node *n)
{
	const struct page *page = node_take_page(n);
	if (!page)
		return NULL;
	json_t *root = json_loads(page->status, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		promise_broken("the status is JSON: %s", page->status);
	node_release_page(n, page);
	return root;
}

const char *book_text(const json_t *at, const char *key, const char *below)
{
	const json_t *found = json_object_get(at, key);
	if (below)
		found = json_object_get(found, below);
	const char *text = json_string_value(found);
	return text ? text : "";
}

const struct key *book_key(unsigned name)
{
	char text[64];
	snprintf(text, sizeof text, "/flume/schemas/%s", name_text(name));
	for (size_t i = 0; i < cluster.store.keys_len; i++)
		if (!strcmp(cluster.store.keys[i].name, text) && cluster.store.keys[i].n)
			return &cluster.store.keys[i];
	return NULL;
}

const struct draft *book_wanted(unsigned name, int64_t *out_revision)
{
	const struct key *key = book_key(name);
	const struct version *v = key ? key_at(key, cluster.store.last) : NULL;
	if (!v)
		return NULL;
	*out_revision = v->revision;
	for (unsigned i = drafts_count(); i; i--)
		if (!strcmp(draft_at(i - 1)->text, v->value))
			return draft_at(i - 1);
	return NULL;
}
