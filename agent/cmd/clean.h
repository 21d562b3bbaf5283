/*
 * clean.h - inside agent/cmd: what came from outside, as a terminal may have it.
 */
#ifndef FLUME_AGENT_CMD_CLEAN_H
#define FLUME_AGENT_CMD_CLEAN_H

#include "lib/base/text.h"

#include <stdio.h>

/* The text with U+FFFD for each control character. */
void print_clean(FILE *, const char *s, size_t n);
void text_add_clean(struct text *, const char *s, size_t n);
/* JSON that means what it meant: what would be a control character is escaped. */
void print_clean_json(FILE *, const char *json);
/* The same of what stands in a list, each in a line of its own; on stdout. */
void print_clean_list(const char *rows);

#endif
