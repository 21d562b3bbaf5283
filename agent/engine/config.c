/* What the node says of its configuration file: written once when it was read, for every page. */
#include "agent/engine/inside.h"
#include "agent/engine/json.h"
#include "agent/engine/metrics.h"

#include <stdlib.h>
#include <string.h>

static void write_status(struct text *t, const struct engine_config *c)
{
	text_add_char(t, '{');
	add_truth(t, "ok", !c->why);
	if (c->why)
		add_cut(t, "why", c->why, 300);
	add_stamp(t, "at", c->at);
	if (c->waiting && *c->waiting) {
		add_key(t, "waits_for_restart");
		text_add_char(t, '[');
		for (const char *const *name = c->waiting; *name; name++) {
			text_add(t, name == c->waiting ? "" : ", ");
			text_add_json(t, *name, strlen(*name));
		}
		text_add_char(t, ']');
	}
	text_add_char(t, '}');
}

enum { RELOADS, SUCCESSFUL, SUCCESS_TIMESTAMP, WAITING };

const struct metric config_metrics[] = {
	[RELOADS] = {"flume_config_reload_total",
		     METRIC_COUNTER,
		     "Readings of a changed configuration file, by what became of them.",
		     {"result"}},
	[SUCCESSFUL] = {"flume_config_reload_successful",
			METRIC_GAUGE,
			"Whether the configuration file, as it is now, was taken.",
			{NULL}},
	[SUCCESS_TIMESTAMP] = {"flume_config_reload_success_timestamp_seconds",
			       METRIC_GAUGE,
			       "When the configuration file was last taken.",
			       {NULL}},
	[WAITING] = {"flume_config_restart_options",
		     METRIC_GAUGE,
		     "Options that the file has changed and that wait for a restart.",
		     {NULL}},
	{0},
};

static void add_single(struct text *t, int metric, int64_t value)
{
	metric_begin(t, &config_metrics[metric]);
	metric_add(t, &config_metrics[metric], NULL, value);
}

static void write_metrics(struct text *t, const struct engine_config *c)
{
	const struct metric *reloads = &config_metrics[RELOADS];
	int64_t waiting = 0;
	while (c->waiting && c->waiting[waiting])
		waiting++;
	metric_begin(t, reloads);
	metric_add(t, reloads, METRIC_OF("applied"), (int64_t)c->applied);
	metric_add(t, reloads, METRIC_OF("rejected"), (int64_t)c->rejected);
	add_single(t, SUCCESSFUL, !c->why);
	add_single(t, SUCCESS_TIMESTAMP, c->at);
	add_single(t, WAITING, waiting);
}

int engine_say_config(struct engine *e, const struct engine_config *c)
{
	struct text status = {0}, metrics = {0};
	write_status(&status, c);
	write_metrics(&metrics, c);
	char *said = text_take(&status), *counted = text_take(&metrics);
	if (!said || !counted) {
		free(said);
		free(counted);
		return FLUME_NOMEM;
	}
	free(e->config.status);
	free(e->config.metrics);
	e->config.status = said;
	e->config.metrics = counted;
	board_changed(e);
	return 0;
}
