/*
 * Setting is one step: what is missing between the last parent that exists and the place to be
 * set is built aside, from the inside out, and then put in.  So nothing is left half done.
 */
#include "agent/document/body.h"

/* The element or member that one step leads to; NULL when there is none. */
static json_t *take_step(json_t *value, const struct path_step *step)
{
	if (!step->key)
		return json_array_get(value, step->index);
	return json_object_getn(value, step->key, step->len);
}

/* Follows `n` steps. */
static json_t *follow(json_t *value, const struct path *path, size_t n)
{
	for (size_t i = 0; value && i < n; i++)
		value = take_step(value, &path->steps[i]);
	return value;
}

json_t *body_get(json_t *root, const struct path *path)
{
	return follow(root, path, path->count);
}

bool document_get(const struct document *document, const struct path *path,
		  struct document_view *out)
{
	json_t *value = body_get(document->root, path);
	if (value)
		*out = body_view(value);
	return value;
}

bool document_has(const struct document *document, const struct path *path)
{
	json_t *value = body_get(document->root, path);
	return value && !json_is_null(value);
}

json_t *body_detach(json_t *root, const struct path *path)
{
	const struct path_step *last = &path->steps[path->count - 1];
	json_t *parent = follow(root, path, path->count - 1);
	json_t *value = parent ? take_step(parent, last) : NULL;
	if (!value)
		return NULL;
	json_incref(value);
	if (last->key)
		json_object_deln(parent, last->key, last->len);
	else
		json_array_remove(parent, last->index);
	return value;
}

bool document_remove(struct document *document, const struct path *path)
{
	json_t *value = body_detach(document->root, path);
	json_decref(value);
	return value;
}

static int refuse(const struct path *path, size_t step, const char *why, const char *what,
		  struct flume_err *err)
{
	return flume_fail(err, FLUME_FAILED, "%.*s: %s%s", (int)path->steps[step].end,
			  path->text, why, what);
}

static int no_memory(struct flume_err *err)
{
	return flume_fail(err, FLUME_NOMEM, "out of memory");
}

/* May step `i` put something into `parent`?  NULL stands for one that is still to be made. */
static int check_step(json_t *parent, const struct path *path, size_t i, struct flume_err *err)
{
	const struct path_step *step = &path->steps[i];
	if (parent && (step->key ? !json_is_object(parent) : !json_is_array(parent))) {
		struct document_view view = body_view(parent);
		return refuse(path, i, "parent is ", document_kind_text(view.kind), err);
	}
	size_t size = json_array_size(parent);
	if (step->key || step->index <= size)
		return FLUME_OK;
	return flume_fail(err, FLUME_FAILED, "%.*s: the array has %zu element%s",
			  (int)step->end, path->text, size, size == 1 ? "" : "s");
}

/* Takes `value`, even on failure. */
static int put(json_t *parent, const struct path_step *step, json_t *value)
{
	if (step->key)
		return json_object_setn_new_nocheck(parent, step->key, step->len, value);
	if (step->index == json_array_size(parent))
		return json_array_append_new(parent, value);
	return json_array_set_new(parent, step->index, value);
}

/* A container that holds `value` where the step says.  Takes `value`, even on failure. */
static json_t *wrap(const struct path_step *step, json_t *value)
{
	json_t *outer = step->key ? json_object() : json_array();
	if (!outer) {
		json_decref(value);
		return NULL;
	}
	if (put(outer, step, value)) {
		json_decref(outer);
		return NULL;
	}
	return outer;
}

int body_take_at(json_t *root, const struct path *path, json_t *value, struct flume_err *err)
{
	size_t known = 0, last = path->count - 1;
	json_t *parent = root, *next;
	while (known < last && (next = take_step(parent, &path->steps[known]))) {
		parent = next;
		known++;
	}
	int rc = path->count + body_depth(value) > DOCUMENT_DEPTH
			 ? refuse(path, last, "nested too deep", "", err)
			 : check_step(parent, path, known, err);
	for (size_t i = known + 1; !rc && i <= last; i++)
		rc = check_step(NULL, path, i, err);
	if (rc) {
		json_decref(value);
		return rc;
	}
	for (size_t i = last; value && i > known; i--)
		value = wrap(&path->steps[i], value);
	return value && !put(parent, &path->steps[known], value) ? FLUME_OK : no_memory(err);
}

int document_set(struct document *document, const struct path *path,
		 const struct document *constant, struct flume_err *err)
{
	json_t *value = body_copy(constant->root);
	return value ? body_take_at(document->root, path, value, err) : no_memory(err);
}
