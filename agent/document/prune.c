/* Sorted paths are a tree already: those below one step lie side by side. */
#include "agent/document/body.h"

#include <string.h>

struct range { /* paths that agree in all steps before the one looked at */
	const struct path *first, *end;
};

static int compare_key(const struct path_step *step, const char *key, size_t len)
{
	if (!step->key)
		return -1;
	int order = memcmp(step->key, key, step->len < len ? step->len : len);
	return order ? order : (step->len > len) - (step->len < len);
}

static int compare_index(const struct path_step *step, size_t index)
{
	return step->key ? 1 : (step->index > index) - (step->index < index);
}

/* The paths of `in` whose step at `depth` is `key`, or `index` when `key` is NULL. */
static struct range narrow(struct range in, size_t depth, const char *key, size_t len,
			   size_t index)
{
	const struct path *low = in.first, *high = in.end;
	while (low < high) {
		const struct path *middle = low + (high - low) / 2;
		const struct path_step *step = &middle->steps[depth];
		if ((key ? compare_key(step, key, len) : compare_index(step, index)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (high < in.end) {
		const struct path_step *step = &high->steps[depth];
		if (key ? compare_key(step, key, len) : compare_index(step, index))
			break;
		high++;
	}
	return (struct range){low, high};
}

static bool prune(json_t *value, struct range paths, size_t depth);

/* Is there anything of `value` that stays? */
static bool stays(json_t *value, struct range below, size_t depth)
{
	if (below.first == below.end)
		return false;
	return below.first->count == depth + 1 || prune(value, below, depth + 1);
}

/* Removes what no path covers; true when something is left. */
static bool prune(json_t *value, struct range paths, size_t depth)
{
	if (json_is_array(value)) {
		for (size_t i = json_array_size(value); i-- > 0;)
			if (!stays(json_array_get(value, i), narrow(paths, depth, NULL, 0, i),
				   depth))
				json_array_remove(value, i);
		return json_array_size(value);
	}
	if (!json_is_object(value))
		return false;
	void *next, *at = json_object_iter(value);
	for (; at; at = next) {
		const char *key = json_object_iter_key(at);
		size_t len = json_object_iter_key_len(at);
		next = json_object_iter_next(value, at);
		if (!stays(json_object_iter_value(at), narrow(paths, depth, key, len, 0),
			   depth))
			json_object_deln(value, key, len);
	}
	return json_object_size(value);
}

int document_keep(struct document *document, const struct path *paths, size_t n,
		  struct flume_err *err)
{
	struct document_view root = document_root(document);
	if (root.kind != DOCUMENT_ARRAY && root.kind != DOCUMENT_OBJECT)
		return flume_fail(err, FLUME_FAILED, "the document is %s",
				  document_kind_text(root.kind));
	prune(document->root, (struct range){paths, paths + n}, 0);
	return FLUME_OK;
}
