#include "agent/fleet/outcome.h"

#include "lib/base/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const flume_value *map, const char *key)
{
	return flume_value_text(flume_value_get(map, key));
}

static bool has_ended(const char *state)
{
	return !strcmp(state, "rejected") || !strcmp(state, "rolled-back") ||
	       !strcmp(state, "held");
}

static void refuse(struct record_outcome *o, const char *node, const flume_value *of)
{
	const flume_value *attempted = flume_value_get(of, "attempted");
	const char *words[] = {node, text_of(of, "state"), text_of(of, "reason"),
			       text_of(attempted, "stage"), text_of(attempted, "error")};
	size_t n = 0;
	if (o->refused++)
		return;
	for (size_t i = 0; i < sizeof words / sizeof *words && n < sizeof o->why; i++)
		if (*words[i])
			n += (size_t)snprintf(o->why + n, sizeof o->why - n, "%s%s",
					      n ? ": " : "", words[i]);
	utf8_mend(o->why);
}

void outcome_add(struct record_outcome *o, const struct outcome_of *is, const char *node,
		 const flume_value *status)
{
	const flume_value *of = flume_value_get(flume_value_get(status, is->folder), is->name);
	const char *runs = text_of(flume_value_get(of, "running"), "digest");
	const char *wanted = text_of(flume_value_get(of, "wanted"), "revision");
	bool gone = !*is->version->digest && !*runs;
	o->nodes++;
	if (gone || (*runs && !strcmp(runs, is->version->digest)))
		o->running++;
	else if (has_ended(text_of(of, "state")) &&
		 strtoll(wanted, NULL, 10) >= is->version->revision)
		refuse(o, node, of);
}

void outcome_end(struct record_outcome *o, int64_t now)
{
	const char *state = !o->nodes                ? "no-nodes"
			    : o->refused             ? "refused"
			    : o->running == o->nodes ? "running"
						     : "pending";
	snprintf(o->state, sizeof o->state, "%s", state);
	o->at = now;
}

void outcome_line(const struct record_outcome *o, char out[OUTCOME_LINE])
{
	int64_t n = strcmp(o->state, "refused") != 0 ? o->running : o->refused;
	if (!o->nodes)
		snprintf(out, OUTCOME_LINE, "%s", o->state);
	else
		snprintf(out, OUTCOME_LINE, "%s %" PRId64 " of %" PRId64 "%s%s", o->state, n,
			 o->nodes, *o->why ? ": " : "", o->why);
}
