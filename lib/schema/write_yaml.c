/*
 * libyaml's emitter knows which text may stand plain as far as YAML's grammar goes.  What it
 * cannot know is what a plain word would be taken for: by us (null, true, 12) and by readers of
 * YAML 1.1 (yes, 0o7, 1_000, 12:30).  Such text gets quotes here.
 */
#include "lib/schema/scalar.h"
#include "lib/schema/value.h"
#include "lib/schema/write.h"

#include <string.h>
#include <yaml.h>

static int on_bytes(void *arg, unsigned char *bytes, size_t n)
{
	struct text *out = arg;
	text_add_n(out, (const char *)bytes, n);
	return !out->failed;
}

/* Would a literal block give back exactly this text?  (A carriage return or one of Unicode's
 * line ends would come back as another one; spaces at the edges depend on who reads.) */
static bool literal_safe(const char *s, size_t n)
{
	if (n == 0 || !memchr(s, '\n', n) || strchr(" \t\n", s[0]) || strchr(" \t", s[n - 1]))
		return false;
	if (strchr(s, '\r') || strstr(s, " \n") || strstr(s, "\t\n") || strstr(s, "\xC2\x85") ||
	    strstr(s, "\xE2\x80\xA8") || strstr(s, "\xE2\x80\xA9"))
		return false;
	return n < 2 || s[n - 1] != '\n' || s[n - 2] != '\n';
}

static yaml_scalar_style_t style_of(const flume_value *v, bool block)
{
	if (v->type != FLUME_TEXT)
		return YAML_PLAIN_SCALAR_STYLE;
	if (block && literal_safe(value_chars(v), v->size))
		return YAML_LITERAL_SCALAR_STYLE;
	if (scalar_ambiguous(value_chars(v), v->size) || memchr(value_chars(v), '\n', v->size))
		return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
	return YAML_PLAIN_SCALAR_STYLE;
}

static bool emit_scalar(yaml_emitter_t *emitter, const flume_value *v, bool block)
{
	yaml_event_t e;
	const char *text = v->type == FLUME_NULL ? "null" : value_chars(v);
	return yaml_scalar_event_initialize(&e, NULL, NULL, (const yaml_char_t *)text,
					    (int)strlen(text), 1, 1, style_of(v, block)) &&
	       yaml_emitter_emit(emitter, &e);
}

/* As deep as the limits allow, LIMIT_MOST_LEVELS at most. */
static bool emit(yaml_emitter_t *emitter, const flume_value *v, bool inside)
{
	yaml_event_t e;
	if (v->type == FLUME_LIST) {
		if (!yaml_sequence_start_event_initialize(&e, NULL, NULL, 1,
							  YAML_BLOCK_SEQUENCE_STYLE) ||
		    !yaml_emitter_emit(emitter, &e))
			return false;
		for (uint32_t i = 0; i < v->size; i++)
			if (!emit(emitter, value_items(v) + i, true))
				return false;
		return yaml_sequence_end_event_initialize(&e) && yaml_emitter_emit(emitter, &e);
	}
	if (v->type == FLUME_MAP) {
		if (!yaml_mapping_start_event_initialize(&e, NULL, NULL, 1,
							 YAML_BLOCK_MAPPING_STYLE) ||
		    !yaml_emitter_emit(emitter, &e))
			return false;
		for (size_t i = 0; i < 2 * (size_t)v->size; i += 2)
			if (!emit_scalar(emitter, value_items(v) + i, false) ||
			    !emit(emitter, value_items(v) + i + 1, true))
				return false;
		return yaml_mapping_end_event_initialize(&e) && yaml_emitter_emit(emitter, &e);
	}
	return emit_scalar(emitter, v, inside);
}

static bool emit_document(yaml_emitter_t *emitter, const flume_value *v)
{
	yaml_event_t e;
	return yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING) &&
	       yaml_emitter_emit(emitter, &e) &&
	       yaml_document_start_event_initialize(&e, NULL, NULL, NULL, 1) &&
	       yaml_emitter_emit(emitter, &e) && emit(emitter, v, false) &&
	       yaml_document_end_event_initialize(&e, 1) && yaml_emitter_emit(emitter, &e) &&
	       yaml_stream_end_event_initialize(&e) && yaml_emitter_emit(emitter, &e);
}

void write_yaml(struct text *out, const flume_value *v)
{
	yaml_emitter_t emitter;
	if (!yaml_emitter_initialize(&emitter)) {
		out->failed = true;
		return;
	}
	yaml_emitter_set_output(&emitter, on_bytes, out);
	yaml_emitter_set_width(&emitter, -1);
	yaml_emitter_set_unicode(&emitter, 1);
	if (!emit_document(&emitter, v))
		out->failed = true;
	yaml_emitter_delete(&emitter);
}
