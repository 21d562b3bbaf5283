/*
 * The view of a large fleet, from what its nodes say to what is shown, beside what jansson takes to
 * parse the same statuses.  In one run, in turns.
 */
#include "agent/cmd/status_print.h"
#include "agent/fleet/view_json.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NODES = 1000, SCHEMAS = 100, ROUNDS = 5 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *status_of(int node)
{
	struct text t = {0};
	text_addf(
		&t,
		"{\"node\": \"node-%d\", \"agent\": \"0.1.0\", \"labels\": {\"zone\": \"a\"}, "
		"\"proved_revision\": 1000, \"schemas\": {",
		node);
	for (int i = 0; i < SCHEMAS; i++) {
		bool bad = !i && node < 10;
		text_addf(
			&t,
			"%s\"schema-%03d\": {\"state\": \"%s\", \"wanted\": {\"version\": "
			"\"1.2.0\", \"digest\": \"sha256:%064d\", \"revision\": %d}, "
			"\"attempted\": {\"version\": \"1.2.0\", \"digest\": \"sha256:%064d\", "
			"\"revision\": %d, \"stage\": \"%s\", \"at\": "
			"\"2026-11-22T10:00:00Z\"}, \"running\": {\"version\": \"1.2.0\", "
			"\"digest\": \"sha256:%064d\", \"generation\": 7, \"since\": "
			"\"2026-11-22T10:00:00Z\", \"proven\": true}}",
			i ? ", " : "", i, bad ? "rejected" : "running", i, i + 2, i, i + 2,
			bad ? "canary" : "", i);
	}
	text_add(&t, "}}");
	return text_take(&t);
}

static struct fleet_view *view_of(char *const *texts)
{
	struct fleet_view *v =
		fleet_view_new(&(struct fleet_view_options){.knows_store = true});
	char name[32];
	for (int i = 0; v && i < SCHEMAS; i++) {
		snprintf(name, sizeof name, "schema-%03d", i);
		fleet_view_want(v, FLEET_SCHEMA, name, i + 2);
	}
	for (int i = 0; v && i < NODES; i++) {
		struct fleet_said *said = NULL;
		if (fleet_said_read(&said, "n", texts[i], strlen(texts[i])))
			return fleet_view_free(v);
		fleet_view_add(v, said);
		fleet_said_free(said);
	}
	if (v)
		fleet_view_end(v);
	return v;
}

static void parse_all(char *const *texts)
{
	for (int i = 0; i < NODES; i++)
		json_decref(json_loads(texts[i], 0, NULL));
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(double *all)
{
	qsort(all, ROUNDS, sizeof *all, by_size);
	return all[ROUNDS / 2];
}

int main(void)
{
	static char *texts[NODES];
	double views[ROUNDS], shows[ROUNDS], parses[ROUNDS];
	size_t bytes = 0;
	for (int i = 0; i < NODES; i++) {
		texts[i] = status_of(i);
		if (!texts[i])
			return 1;
		bytes += strlen(texts[i]);
	}
	for (int i = 0; i < ROUNDS; i++) {
		struct text t = {0};
		double begun = now();
		struct fleet_view *v = view_of(texts);
		double viewed = now();
		if (!v || v->well != NODES - 10)
			return 1;
		status_print(&t, v);
		fleet_view_json(&t, v, "now");
		double shown = now();
		text_fini(&t);
		fleet_view_free(v);
		double freed = now();
		parse_all(texts);
		views[i] = viewed - begun;
		shows[i] = shown - viewed;
		parses[i] = now() - freed;
	}
	double view = median(views), show = median(shows), parse = median(parses);
	printf("%d nodes, %d schemas each, %.1f MB of statuses\n", NODES, SCHEMAS,
	       (double)bytes / 1e6);
	printf("  read and judged   %6.1f ms\n  shown as both     %6.1f ms\n", view * 1e3,
	       show * 1e3);
	printf("  jansson's parse   %6.1f ms: %.1f times as long\n", parse * 1e3,
	       parse / (view + show));
	for (int i = 0; i < NODES; i++)
		free(texts[i]);
	return 0;
}
