/* json.h - a JSON object, member by member, written and read; for this room and those above. */
#ifndef FLUME_AGENT_ENGINE_JSON_H
#define FLUME_AGENT_ENGINE_JSON_H

#include "lib/base/text.h"

/* ---- writing ---- */

/* With a comma before it, unless it is the first of an object or a list. */
void add_key(struct text *, const char *key);
void add_text(struct text *, const char *key, const char *value);
void add_known(struct text *, const char *key, const char *value); /* nothing of "" */
/* At most so many bytes of it, and no character cut in two. */
void add_cut(struct text *, const char *key, const char *value, size_t most);
void add_number(struct text *, const char *key, int64_t value);
void add_truth(struct text *, const char *key, bool value);
/* Seconds since 1970. */
void add_stamp(struct text *, const char *key, int64_t seconds);

/* ---- reading: of what is missing `out` stays as it is; false when it is something else ---- */

/* A text; one that is longer is cut, and no character in two. */
bool take_text(const flume_value *map, const char *key, char *out, size_t size);
/* A whole number from 0. */
bool take_whole(const flume_value *map, const char *key, int64_t *out);
bool take_stamp(const flume_value *map, const char *key, int64_t *out_seconds);

#endif
