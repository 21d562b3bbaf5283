/*
 * findings.h - inside agent/cmd: what is wrong with a document, as people and editors want it.
 *
 *     orders.yaml:4:10: error: processor 'validat' not found [unknown-ref]
 *       - ref: validat
 *              ^
 *     hint: did you mean 'validate'?
 */
#ifndef FLUME_AGENT_CMD_FINDINGS_H
#define FLUME_AGENT_CMD_FINDINGS_H

#include "lib/base/text.h"
#include "lib/flume.h"

#include <stdio.h>

struct finding_source {
	const char *file;
	const char *text; /* of the file; NULL when it is not at hand */
	size_t len;
};

/* Colours only on a terminal, and never when NO_COLOR is set.  Whatever came from outside is
 * written without control characters. */
void findings_print(FILE *, const struct finding_source *, const flume_report *);
/* Objects {file, line, column, code, path, message, hint}, with commas between; `comma` also
 * before the first. */
void findings_add_json(struct text *, bool comma, const char *file, const flume_report *);

bool wants_colour(FILE *);

#endif
