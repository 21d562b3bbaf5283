/* write.h - a value as text. */
#ifndef FLUME_SCHEMA_WRITE_H
#define FLUME_SCHEMA_WRITE_H

#include "lib/base/text.h"

enum write_style {
	WRITE_COMPACT,   /* one line, keys in document order     */
	WRITE_PRETTY,    /* two spaces a level, for people       */
	WRITE_CANONICAL, /* one line, keys sorted: for digests   */
};

/* The text knows when memory ran out. */
void write_json(struct text *, const flume_value *, enum write_style);
/* Blocks of YAML.  What is read back is the same value: text that YAML would take for something
 * else is quoted. */
void write_yaml(struct text *, const flume_value *);

#endif
