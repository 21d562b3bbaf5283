#include "agent/metric/metric.h"

#include <inttypes.h>
#include <string.h>

#define NS INT64_C(1000000000)

const char *metric_type_word(enum metric_type type)
{
	static const char *const words[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};
	return words[type];
}

void metric_begin(struct text *t, const struct metric *m)
{
	text_addf(t, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name,
		  metric_type_word(m->type));
}

static void add_escaped(struct text *t, const char *s)
{
	while (*s) {
		size_t plain = strcspn(s, "\\\"\n");
		text_add_n(t, s, plain);
		s += plain;
		if (!*s)
			break;
		text_add_char(t, '\\');
		text_add_char(t, *s == '\n' ? 'n' : *s);
		s++;
	}
}

static void add_label(struct text *t, bool first, const char *name, const char *value)
{
	text_add_char(t, first ? '{' : ',');
	text_add(t, name);
	text_add(t, "=\"");
	add_escaped(t, value);
	text_add_char(t, '"');
}

/* All that stands before the value.  `suffix`: "" or "_bucket" ...; `le`: NULL: there is none. */
static void add_series(struct text *t, const struct metric *m, const char *suffix,
		       const char *const *values, const char *le)
{
	text_add(t, m->name);
	text_add(t, suffix);
	size_t n = 0;
	for (; m->labels[n]; n++)
		add_label(t, !n, m->labels[n], values[n] ? values[n] : "");
	if (le)
		add_label(t, !n, "le", le);
	if (n || le)
		text_add_char(t, '}');
	text_add_char(t, ' ');
}

static void add_ns(struct text *t, uint64_t ns)
{
	text_addf(t, "%" PRIu64 ".%09" PRIu64 "\n", ns / (uint64_t)NS, ns % (uint64_t)NS);
}

void metric_add(struct text *t, const struct metric *m, const char *const *values,
		int64_t value)
{
	add_series(t, m, "", values, NULL);
	text_addf(t, "%" PRId64 "\n", value);
}

void metric_add_ns(struct text *t, const struct metric *m, const char *const *values,
		   int64_t ns)
{
	add_series(t, m, "", values, NULL);
	add_ns(t, ns > 0 ? (uint64_t)ns : 0);
}

void metric_add_histogram(struct text *t, const struct metric *m, const char *const *values,
			  const char *const *most, const uint64_t *counts, size_t n,
			  uint64_t sum_ns)
{
	uint64_t count = 0;
	for (size_t i = 0; i < n; i++) {
		count += counts[i];
		add_series(t, m, "_bucket", values, most[i]);
		text_addf(t, "%" PRIu64 "\n", count);
	}
	add_series(t, m, "_sum", values, NULL);
	add_ns(t, sum_ns);
	add_series(t, m, "_count", values, NULL);
	text_addf(t, "%" PRIu64 "\n", count);
}
