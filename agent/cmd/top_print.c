#include "agent/cmd/top_print.h"

#include "lib/base/utf8.h"

#include <stdio.h>
#include <string.h>

#define LINE "%-24s %-12s %-12s %5s %10s %9s %9s %8s %8s %7s\n"

/* As long as fits, without control characters. */
static const char *fit(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", *text ? text : "-");
	utf8_mend(out);
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	return out;
}

/* "12345", "123.4", "0.25", "0" */
static const char *figure(char out[24], double value)
{
	int digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
	snprintf(out, 24, "%.*f", value < 0.005 ? 0 : digits, value < 0.005 ? 0 : value);
	return out;
}

/* "85us", "1.2ms", "3.4s" */
static const char *duration(char out[24], double seconds)
{
	if (seconds < 0)
		snprintf(out, 24, "-");
	else if (seconds < 1e-3)
		snprintf(out, 24, "%.0fus", seconds * 1e6);
	else if (seconds < 1)
		snprintf(out, 24, "%.*fms", seconds < 0.1 ? 1 : 0, seconds * 1e3);
	else
		snprintf(out, 24, "%.1fs", seconds);
	return out;
}

void top_head(struct text *t)
{
	text_addf(t, LINE, "PIPELINE", "STATE", "VERSION", "GEN", "CALLS/S", "ERRORS/S",
		  "DROPPED/S", "P50", "P99", "BUSY");
}

static void add_line(struct text *t, const struct top_row *row)
{
	const struct top_counts *c = row->now;
	char name[25], state[13], version[13], generation[24], f[6][24];
	snprintf(generation, sizeof generation, "%.0f", c->generation);
	text_addf(t, LINE, fit(name, sizeof name, c->name), fit(state, sizeof state, c->state),
		  fit(version, sizeof version, c->version),
		  c->generation > 0 ? generation : "-", figure(f[0], row->rate),
		  figure(f[1], row->errors), figure(f[2], row->dropped),
		  duration(f[3], row->p50), duration(f[4], row->p99), figure(f[5], row->busy));
}

void top_lines(struct text *t, const struct top_view *view)
{
	for (size_t i = 0; i < view->n; i++)
		add_line(t, &view->rows[i]);
}

/* ---- JSON ---- */

static void add_text(struct text *t, const char *key, const char *value)
{
	text_addf(t, "\"%s\":", key);
	text_add_json(t, value, strlen(value));
}

static void add_seconds(struct text *t, const char *key, double seconds)
{
	if (seconds < 0)
		text_addf(t, ",\"%s\":null", key);
	else
		text_addf(t, ",\"%s\":%.9f", key, seconds);
}

static void add_row(struct text *t, const struct top_row *row)
{
	text_add(t, "{");
	add_text(t, "name", row->now->name);
	text_add(t, ",");
	add_text(t, "state", row->now->state);
	text_add(t, ",");
	add_text(t, "version", row->now->version);
	text_addf(t, ",\"generation\":%.0f,\"calls\":%.3f,\"errors\":%.3f,\"dropped\":%.3f",
		  row->now->generation, row->rate, row->errors, row->dropped);
	add_seconds(t, "p50", row->p50);
	add_seconds(t, "p99", row->p99);
	text_addf(t, ",\"busy\":%.6f}", row->busy);
}

void top_json(struct text *t, const struct top_view *view)
{
	text_add(t, "{");
	add_text(t, "at", view->at);
	text_add(t, ",");
	add_text(t, "node", view->node);
	text_addf(t, ",\"interval\":%.3f,\"pipelines\":[", view->seconds);
	for (size_t i = 0; i < view->n; i++) {
		text_add(t, i ? "," : "");
		add_row(t, &view->rows[i]);
	}
	text_add(t, "]}\n");
}
