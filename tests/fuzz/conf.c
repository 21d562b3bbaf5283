/*
 * The file of the agent, in JSON when it begins with '{': whatever is in it, every finding has
 * its place, and the components that are taken out of it are those that are in it.
 */
#include "agent/conf/inside.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
	const char *etcd;
	const char *const *labels;
	int64_t poll, requests, body;
	double rate;
	int log;
	bool wait;
};

#define ROW(field) offsetof(struct told, field)
static const struct conf_option rows[] = {
	{"etcd", 0, CONF_TEXT, "URL", NULL, "X_ETCD", ROW(etcd), ""},
	{"label", 0, CONF_TEXTS, "K=V", NULL, "X_LABEL", ROW(labels), ""},
	{"poll", 0, CONF_DURATION, "TIME", "30s", "X_POLL", ROW(poll), ""},
	{"requests", 0, CONF_COUNT, "N", "50", "X_REQUESTS", ROW(requests), ""},
	{"max-body", 0, CONF_SIZE, "SIZE", "1MiB", "X_BODY", ROW(body), ""},
	{"rate", 0, CONF_PERCENT, "RATE", "1%", "X_RATE", ROW(rate), ""},
	{"log", 0, CONF_CHOICE, "text|json|auto", "auto", "X_LOG", ROW(log), ""},
	{"wait", 0, CONF_FLAG, "", NULL, "X_WAIT", ROW(wait), ""},
	{0},
};

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void look_at_findings(int code, const flume_report *report)
{
	size_t n = flume_report_size(report);
	require((code == 0) == (n == 0), "what is refused has a finding, and nothing else");
	for (size_t i = 0; i < n; i++)
		require(flume_report_get_issue(report, i)->line > 0, "a finding has its place");
}

static void look_at_components(const struct conf *conf)
{
	const flume_value *section = flume_value_get(conf->root, "components");
	flume_value *components = NULL;
	require(conf_dup_components(conf, &components) == 0, "memory");
	if (!section || flume_value_type(section) == FLUME_NULL) {
		require(!components, "no components are none");
		return;
	}
	char *wanted = flume_value_dup_json(section), *got = flume_value_dup_json(components);
	require(wanted && got && !strcmp(wanted, got), "the components are those of the file");
	require(flume_value_line(components) == flume_value_line(section) &&
			flume_value_column(components) == flume_value_column(section),
		"and stand where they stood");
	free(wanted);
	free(got);
	flume_value_free(components);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf conf = {.text = malloc(size + 1), .len = size};
	struct told told = {0};
	flume_report *report = flume_report_new();
	require(conf.text && report, "memory");
	if (size)
		memcpy(conf.text, data, size);
	conf.text[size] = '\0';
	conf.format = size && data[0] == '{' ? FLUME_JSON : FLUME_YAML;
	int code = conf_read_text(&conf, &(struct conf_request){.own = rows}, &told, report);
	look_at_findings(code, report);
	if (!code)
		look_at_components(&conf);
	flume_report_free(report);
	conf_fini(&conf);
	return 0;
}
