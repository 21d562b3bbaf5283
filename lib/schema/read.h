/* read.h - inside lib/schema: text into a tree.  0, or a negative code after which the tree
 * holds nothing of use; what is wrong is in its report. */
#ifndef FLUME_SCHEMA_READ_H
#define FLUME_SCHEMA_READ_H

#include "lib/schema/tree.h"

int read_json(struct tree *, const char *text, size_t len);
int read_yaml(struct tree *, const char *text, size_t len);

/* As flume_value_parse, with so many bytes of room before and after. */
int read_block(struct packed *out, size_t before, size_t after, const char *text, size_t len,
	       enum flume_format, const struct flume_limits *, flume_report *);

/* What libyaml has to complain about, in plain words. */
struct complaint {
	const char *text;
	const char *hint;  /* or NULL                                             */
	bool at_beginning; /* better shown where the thing begins than where it breaks */
};

/* `problem` as libyaml says it; NULL when there are no better words for it. */
const struct complaint *complaint_find(const char *problem);
/* What libyaml was at: "the map"; NULL when that helps nobody. */
const char *complaint_thing(const char *context);

#endif
