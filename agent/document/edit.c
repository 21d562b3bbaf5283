/*
 * Values that are made while a document is on its way.
 */
#include "agent/document/body.h"
#include "lib/base/utf8.h"

#include <math.h>

static int take_at(struct document *document, const struct path *path, json_t *value,
		   struct flume_err *err)
{
	if (!value)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	return body_take_at(document->root, path, value, err);
}

int document_set_text(struct document *document, const struct path *path, const char *text,
		      size_t len, struct flume_err *err)
{
	for (size_t i = 0, n; i < len; i += n)
		if (!(n = utf8_length(text + i, len - i)))
			return flume_fail(err, FLUME_FAILED, "%s: not UTF-8", path->text);
	return take_at(document, path, json_stringn_nocheck(text, len), err);
}

int document_set_integer(struct document *document, const struct path *path, int64_t integer,
			 struct flume_err *err)
{
	return take_at(document, path, json_integer(integer), err);
}

int document_set_real(struct document *document, const struct path *path, double real,
		      struct flume_err *err)
{
	if (!isfinite(real))
		return flume_fail(err, FLUME_FAILED, "%s: not a finite number", path->text);
	return take_at(document, path, json_real(real), err);
}

int document_set_truth(struct document *document, const struct path *path, bool truth,
		       struct flume_err *err)
{
	return take_at(document, path, json_boolean(truth), err);
}

int document_set_null(struct document *document, const struct path *path, struct flume_err *err)
{
	return take_at(document, path, json_null(), err);
}

int document_set_json(struct document *document, const struct path *path, const char *json,
		      size_t len, struct flume_err *err)
{
	struct document *parsed;
	struct flume_err why = {0};
	int rc = document_parse(&parsed, json, len, &why);
	if (rc == FLUME_SYNTAX)
		return flume_fail(err, FLUME_FAILED, "%s: %s", path->text, why.text);
	if (rc)
		return flume_fail(err, rc, "%s", why.text);
	rc = document_copy(document, path, parsed, NULL, err);
	document_free(parsed);
	return rc;
}

int document_copy(struct document *document, const struct path *to,
		  const struct document *other, const struct path *from, struct flume_err *err)
{
	json_t *value = from ? body_get(other->root, from) : other->root;
	return value ? take_at(document, to, body_copy(value), err) : FLUME_NOT_FOUND;
}

static int merge(json_t *to, json_t *from)
{
	for (void *at = json_object_iter(from); at; at = json_object_iter_next(from, at)) {
		const char *key = json_object_iter_key(at);
		size_t len = json_object_iter_key_len(at);
		json_t *value = json_object_iter_value(at),
		       *old = json_object_getn(to, key, len);
		json_t *copy = NULL;
		if (json_is_object(old) && json_is_object(value)) {
			if (merge(old, value))
				return FLUME_NOMEM;
		} else if (!(copy = body_copy(value)) ||
			   json_object_setn_new_nocheck(to, key, len, copy)) {
			return FLUME_NOMEM;
		}
	}
	return FLUME_OK;
}

int document_merge(struct document *document, const struct document *from,
		   struct flume_err *err)
{
	if (!json_is_object(document->root) || !json_is_object(from->root))
		return flume_fail(err, FLUME_FAILED, "only objects can be merged");
	int rc = merge(document->root, from->root);
	return rc ? flume_fail(err, rc, "out of memory") : FLUME_OK;
}

int document_each(const struct document *document, const struct path *path,
		  document_each_fn *fn, void *arg)
{
	json_t *at = path ? body_get(document->root, path) : document->root;
	struct document_view view;
	int rc = FLUME_OK;
	if (!json_is_object(at) && !json_is_array(at))
		return FLUME_NOT_FOUND;
	for (size_t i = 0; !rc && i < json_array_size(at); i++) {
		view = body_view(json_array_get(at, i));
		rc = fn(arg, NULL, 0, &view);
	}
	for (void *it = json_object_iter(at); !rc && it; it = json_object_iter_next(at, it)) {
		view = body_view(json_object_iter_value(it));
		rc = fn(arg, json_object_iter_key(it), json_object_iter_key_len(it), &view);
	}
	return rc;
}

bool document_write(const struct document *document, const struct path *path, struct text *to)
{
	json_t *value = path ? body_get(document->root, path) : document->root;
	if (value)
		body_write(to, value);
	return value;
}
