/* What the node says of its configuration file: written once when it was read, for every page. */
#include "agent/engine/json.h"
#include "agent/engine/lane.h"

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

static void write_metrics(struct text *t, const struct engine_config *c)
{
	size_t waiting = 0;
	while (c->waiting && c->waiting[waiting])
		waiting++;
	text_addf(t,
		  "# HELP flume_config_reload_total Readings of a changed configuration file, "
		  "by what "
		  "became of them.\n"
		  "# TYPE flume_config_reload_total counter\n"
		  "flume_config_reload_total{result=\"applied\"} %llu\n"
		  "flume_config_reload_total{result=\"rejected\"} %llu\n",
		  (unsigned long long)c->applied, (unsigned long long)c->rejected);
	text_addf(t,
		  "# HELP flume_config_reload_successful Whether the configuration file, as it "
		  "is "
		  "now, was taken.\n"
		  "# TYPE flume_config_reload_successful gauge\n"
		  "flume_config_reload_successful %d\n",
		  !c->why);
	text_addf(t,
		  "# HELP flume_config_reload_success_timestamp_seconds When the configuration "
		  "file "
		  "was last taken.\n"
		  "# TYPE flume_config_reload_success_timestamp_seconds gauge\n"
		  "flume_config_reload_success_timestamp_seconds %lld\n",
		  (long long)c->at);
	text_addf(t,
		  "# HELP flume_config_restart_options Options that the file has changed and "
		  "that "
		  "wait for a restart.\n"
		  "# TYPE flume_config_restart_options gauge\n"
		  "flume_config_restart_options %zu\n",
		  waiting);
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
