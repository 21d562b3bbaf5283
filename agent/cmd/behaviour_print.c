#include "agent/cmd/behaviour.h"
#include "agent/cmd/clean.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- for people ---- */

static void print_rows(const struct behaviour *b, FILE *out, bool steps)
{
	for (size_t i = 0; i < b->n_rows; i++) {
		const struct behaviour_row *row = &b->rows[i];
		if (!row->step == steps)
			continue;
		fputs("  ", out);
		if (row->step) {
			print_clean(out, row->step, strlen(row->step));
			fputs(": ", out);
		}
		print_clean(out, row->ways[0], strlen(row->ways[0]));
		fputs(" -> ", out);
		print_clean(out, row->ways[1], strlen(row->ways[1]));
		fprintf(out, ": %" PRIu64 "\n", row->documents);
	}
}

static void print_time(FILE *out, int64_t ns)
{
	if (ns < 1000)
		fprintf(out, "%" PRId64 " ns", ns);
	else if (ns < 1000000)
		fprintf(out, "%.1f us", (double)ns / 1e3);
	else if (ns < INT64_C(1000000000))
		fprintf(out, "%.1f ms", (double)ns / 1e6);
	else
		fprintf(out, "%.2f s", (double)ns / 1e9);
}

static void print_latency(const struct behaviour *b, FILE *out)
{
	static const struct {
		const char *name;
		unsigned of_1000;
	} marks[] = {{"latency: median ", 500}, {", p99 ", 990}};
	for (size_t i = 0; i < 2; i++) {
		fputs(marks[i].name, out);
		print_time(out, quantile_get(&b->took[BEHAVIOUR_OLD], marks[i].of_1000));
		fputs(" -> ", out);
		print_time(out, quantile_get(&b->took[BEHAVIOUR_NEW], marks[i].of_1000));
	}
	fputc('\n', out);
}

static void print_example(const struct behaviour_example *e, FILE *out)
{
	const char *between = "";
	fprintf(out, "line %" PRIu64 ": ", e->line);
	if (e->outcomes[0]) {
		print_clean(out, e->outcomes[0], strlen(e->outcomes[0]));
		fputs(" -> ", out);
		print_clean(out, e->outcomes[1], strlen(e->outcomes[1]));
		between = "; ";
	}
	if (e->output) {
		fputs(between, out);
		print_clean(out, e->output, strlen(e->output));
		between = "; ";
	}
	if (e->routes) {
		fputs(between, out);
		print_clean(out, e->routes, strlen(e->routes));
	}
	fputc('\n', out);
}

void behaviour_print(const struct behaviour *b, FILE *out)
{
	fprintf(out, "%" PRIu64 " documents, %" PRIu64 " differ\n", b->documents, b->differ);
	if (b->outcomes)
		fprintf(out, "outcomes: %" PRIu64 "\n", b->outcomes);
	print_rows(b, out, false);
	if (b->outputs)
		fprintf(out, "outputs: %" PRIu64 "\n", b->outputs);
	if (b->routes)
		fprintf(out, "routes: %" PRIu64 "\n", b->routes);
	print_rows(b, out, true);
	if (b->documents)
		print_latency(b, out);
	for (size_t i = 0; i < b->n_kept; i++)
		print_example(&b->examples[i], out);
}

/* ---- for programs ---- */

static void add_text(struct text *t, const char *name, const char *value)
{
	text_addf(t, "\"%s\":", name);
	text_add_json(t, value, strlen(value));
}

static void add_rows(struct text *t, const struct behaviour *b, const char *name, bool steps)
{
	const char *comma = "";
	text_addf(t, ",\"%s\":[", name);
	for (size_t i = 0; i < b->n_rows; i++) {
		const struct behaviour_row *row = &b->rows[i];
		if (!row->step == steps)
			continue;
		text_addf(t, "%s\n{", comma);
		if (row->step) {
			add_text(t, "step", row->step);
			text_add_char(t, ',');
		}
		add_text(t, "old", row->ways[BEHAVIOUR_OLD]);
		text_add_char(t, ',');
		add_text(t, "new", row->ways[BEHAVIOUR_NEW]);
		text_addf(t, ",\"documents\":%" PRIu64 "}", row->documents);
		comma = ",";
	}
	text_add(t, "]");
}

static void add_latency(struct text *t, const struct quantile *q, const char *name)
{
	text_addf(t, "\"%s\":{\"median_ms\":%.6f,\"p99_ms\":%.6f}", name,
		  (double)quantile_get(q, 500) / 1e6, (double)quantile_get(q, 990) / 1e6);
}

static void add_example(struct text *t, const struct behaviour_example *e)
{
	text_addf(t, "\n{\"line\":%" PRIu64, e->line);
	if (e->outcomes[0]) {
		text_add(t, ",\"outcome\":{");
		add_text(t, "old", e->outcomes[BEHAVIOUR_OLD]);
		text_add_char(t, ',');
		add_text(t, "new", e->outcomes[BEHAVIOUR_NEW]);
		text_add_char(t, '}');
	}
	if (e->output) {
		text_add_char(t, ',');
		add_text(t, "output", e->output);
	}
	if (e->routes) {
		text_add_char(t, ',');
		add_text(t, "routes", e->routes);
	}
	text_add_char(t, '}');
}

int behaviour_print_json(const struct behaviour *b, FILE *out)
{
	struct text t = {0};
	text_addf(&t, "{\"documents\":%" PRIu64 ",\"differ\":%" PRIu64 ",\"outputs\":%" PRIu64,
		  b->documents, b->differ, b->outputs);
	add_rows(&t, b, "outcomes", false);
	add_rows(&t, b, "routes", true);
	text_add(&t, ",\"latency\":{");
	add_latency(&t, &b->took[BEHAVIOUR_OLD], "old");
	text_add_char(&t, ',');
	add_latency(&t, &b->took[BEHAVIOUR_NEW], "new");
	text_add(&t, "},\"examples\":[");
	for (size_t i = 0; i < b->n_kept; i++) {
		text_add(&t, i ? "," : "");
		add_example(&t, &b->examples[i]);
	}
	text_add(&t, "]}\n");
	char *json = text_take(&t);
	if (!json)
		return FLUME_NOMEM;
	fputs(json, out);
	free(json);
	return FLUME_OK;
}
