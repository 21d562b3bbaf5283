/* listed.h - a list of small objects, as YAML or JSON. */
#ifndef FLUME_AGENT_HTTP_LISTED_H
#define FLUME_AGENT_HTTP_LISTED_H

#include "lib/base/text.h"
#include "lib/flume.h"

struct listed { /* all zero but the format is none yet */
	enum flume_format format;
	struct text out;
	size_t n, members; /* objects; of the last one */
};

void listed_begin(struct listed *, const char *key); /* "schemas" */
void listed_add(struct listed *);                    /* an object; its members follow */
void listed_text(struct listed *, const char *key, const char *value);
void listed_number(struct listed *, const char *key, uint64_t value);
void listed_truth(struct listed *, const char *key, bool value);
void listed_end(struct listed *);

#endif
