/* flume switch schema: what editors ask of the document of a switch. */
#include "agent/cmd/switch.h"

#include <stdio.h>
#include <stdlib.h>

static int print_schema(const struct switch_options *o, char *const *words, size_t n)
{
	(void)o, (void)words, (void)n;
	char *json = ab_dup_json_schema();
	if (!json)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	fputs(json, stdout);
	free(json);
	return CMD_DONE;
}

const struct switch_verb switch_schema = {.name = "schema", .run = print_schema};
