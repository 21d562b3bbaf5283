#include "agent/document/body.h"
#include "agent/document/number.h"

static void write_array(struct text *text, json_t *array)
{
	text_add_char(text, '[');
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (i)
			text_add_char(text, ',');
		body_write(text, json_array_get(array, i));
	}
	text_add_char(text, ']');
}

static void write_object(struct text *text, json_t *object)
{
	void *at = json_object_iter(object);
	text_add_char(text, '{');
	for (bool first = true; at; at = json_object_iter_next(object, at), first = false) {
		if (!first)
			text_add_char(text, ',');
		text_add_json(text, json_object_iter_key(at), json_object_iter_key_len(at));
		text_add_char(text, ':');
		body_write(text, json_object_iter_value(at));
	}
	text_add_char(text, '}');
}

void body_write(struct text *text, json_t *value)
{
	char number[NUMBER_TEXT];
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(text, value);
		break;
	case JSON_ARRAY:
		write_array(text, value);
		break;
	case JSON_STRING:
		text_add_json(text, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		text_add_n(text, number,
			   number_write_integer(number, json_integer_value(value)));
		break;
	case JSON_REAL:
		text_add_n(text, number, number_write_real(number, json_real_value(value)));
		break;
	case JSON_TRUE:
		text_add(text, "true");
		break;
	case JSON_FALSE:
		text_add(text, "false");
		break;
	case JSON_NULL:
		text_add(text, "null");
		break;
	}
}

char *document_dump(const struct document *document, size_t *out_len)
{
	struct text text = {0};
	body_write(&text, document->root);
	size_t len = text.len;
	char *s = text_take(&text);
	if (s && out_len)
		*out_len = len;
	return s;
}
