#include "agent/document/document.h"

#include "agent/document/body.h"

#include <stdlib.h>

struct document *body_take(json_t *root)
{
	struct document *document = malloc(sizeof *document);
	if (!document) {
		json_decref(root);
		return NULL;
	}
	document->root = root;
	return document;
}

static json_t *copy_object(json_t *object)
{
	json_t *copy = json_object();
	void *at = copy ? json_object_iter(object) : NULL;
	for (; at; at = json_object_iter_next(object, at)) {
		json_t *value = body_copy(json_object_iter_value(at));
		if (!value ||
		    json_object_setn_new_nocheck(copy, json_object_iter_key(at),
						 json_object_iter_key_len(at), value)) {
			json_decref(copy);
			return NULL;
		}
	}
	return copy;
}

static json_t *copy_array(json_t *array)
{
	json_t *copy = json_array();
	for (size_t i = 0; copy && i < json_array_size(array); i++) {
		json_t *value = body_copy(json_array_get(array, i));
		if (!value || json_array_append_new(copy, value)) {
			json_decref(copy);
			return NULL;
		}
	}
	return copy;
}

json_t *body_copy(json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return copy_object(value);
	case JSON_ARRAY:
		return copy_array(value);
	case JSON_STRING:
		return json_stringn_nocheck(json_string_value(value),
					    json_string_length(value));
	case JSON_INTEGER:
		return json_integer(json_integer_value(value));
	case JSON_REAL:
		return json_real(json_real_value(value));
	case JSON_TRUE:
	case JSON_FALSE:
	case JSON_NULL:
		break;
	}
	return value; /* there is one of each */
}

size_t body_depth(json_t *value)
{
	size_t deepest = 0, depth;
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			if ((depth = body_depth(json_array_get(value, i))) > deepest)
				deepest = depth;
		return deepest + 1;
	}
	if (json_is_object(value)) {
		void *at = json_object_iter(value);
		for (; at; at = json_object_iter_next(value, at))
			if ((depth = body_depth(json_object_iter_value(at))) > deepest)
				deepest = depth;
		return deepest + 1;
	}
	return 0;
}

struct document *document_clone(const struct document *document)
{
	json_t *root = body_copy(document->root);
	return root ? body_take(root) : NULL;
}

struct document *document_free(struct document *document)
{
	if (document) {
		json_decref(document->root);
		free(document);
	}
	return NULL;
}

static void *clone_item(const void *item)
{
	return document_clone(item);
}

static void free_item(void *item)
{
	document_free(item);
}

const struct flume_item_type document_type = {
	.name = "document", .clone = clone_item, .free = free_item};
