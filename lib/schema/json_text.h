/* json_text.h - inside lib/schema: what is between the quotes of JSON. */
#ifndef FLUME_SCHEMA_JSON_TEXT_H
#define FLUME_SCHEMA_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct json_text {
	const char *stop;    /* the closing quote, or what is wrong               */
	const char *problem; /* NULL: nothing                                     */
	const char *hint;    /* or NULL                                           */
	size_t extra;        /* bytes up to `stop` that do not begin a character  */
	bool escaped;        /* is there a backslash in it?                       */
};

/* Looks at the text from `s`, behind the opening quote, to the closing one. */
struct json_text json_text_scan(const char *s, const char *end);
/* Writes the text that the scan accepted, which never grows; returns its bytes. */
size_t json_text_decode(char *out, const char *s, const char *stop);

#endif
