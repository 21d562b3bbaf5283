/* table.h - inside agent/cmd: columns of text, as wide as what is in them. */
#ifndef FLUME_AGENT_CMD_TABLE_H
#define FLUME_AGENT_CMD_TABLE_H

#include "lib/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 8

struct table { /* all zero but `columns` is one without rows */
	size_t columns;
	char **cells;
	size_t n, cap; /* of the cells */
	bool failed;   /* out of memory */
};

/* As many texts as there are columns; NULL or "" is shown as "-". */
void table_row(struct table *, const char *const *cells);
/* The first row is the heading.  False when memory ran out. */
bool table_print(FILE *, const struct table *);
/* The same, to a text, which fails with the table. */
void table_write(struct text *, const struct table *);
void table_fini(struct table *);

#endif
