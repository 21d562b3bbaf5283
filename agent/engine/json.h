/* json.h - a JSON object, member by member; for this room and those above. */
#ifndef FLUME_AGENT_ENGINE_JSON_H
#define FLUME_AGENT_ENGINE_JSON_H

#include "lib/base/text.h"

/* With a comma before it, unless it is the first of an object or a list. */
void add_key(struct text *, const char *key);
void add_text(struct text *, const char *key, const char *value);
/* At most so many bytes of it, and no character cut in two. */
void add_cut(struct text *, const char *key, const char *value, size_t most);
void add_number(struct text *, const char *key, int64_t value);
void add_truth(struct text *, const char *key, bool value);
/* Seconds since 1970. */
void add_stamp(struct text *, const char *key, int64_t seconds);

#endif
