#include "agent/document/settings.h"

#include "agent/document/split.h"
#include "lib/base/suggest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *setting_text(const struct flume_field *table, const flume_value *decl,
			 const char *name)
{
	const flume_value *value = flume_value_get(decl, name);
	if (value)
		return flume_value_text(value);
	while (table->name && strcmp(table->name, name) != 0)
		table++;
	return table->name ? table->fallback : NULL;
}

int64_t setting_count(const struct flume_field *table, const flume_value *decl,
		      const char *name)
{
	const char *text = setting_text(table, decl, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

int64_t setting_duration(const struct flume_field *table, const flume_value *decl,
			 const char *name)
{
	int64_t ns = 0;
	const char *text = setting_text(table, decl, name);
	return text && !flume_duration_parse(text, &ns) ? ns : 0;
}

uint32_t setting_share(const struct flume_field *table, const flume_value *decl,
		       const char *name)
{
	const char *text = setting_text(table, decl, name);
	double percent = text ? strtod(text, NULL) : 0;
	return (uint32_t)(percent * (SPLIT_WHOLE / 100.0) + 0.5);
}

int setting_refuse(const flume_value *decl, const char *name, const char *at,
		   flume_report *report, const char *hint, const char *fmt, ...)
{
	char place[512], text[400];
	const flume_value *value = flume_value_get(decl, name);
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	snprintf(place, sizeof place, "%s.%s", at, name);
	flume_report_add(report, "bad-value", place, value ? value : decl, hint, "%s", text);
	return FLUME_REJECTED;
}

int setting_choice(unsigned *out, const char *const *words, const struct flume_field *table,
		   const flume_value *decl, const char *name, const char *at,
		   flume_report *report)
{
	char list[200] = "", hint[100];
	const char *text = setting_text(table, decl, name);
	size_t n = 0;
	for (; words[n]; n++) {
		if (text && !strcmp(words[n], text)) {
			*out = (unsigned)n;
			return FLUME_OK;
		}
		size_t len = strlen(list);
		snprintf(list + len, sizeof list - len, "%s%s", n ? ", " : "", words[n]);
	}
	const char *near = suggest(text ? text : "", words, n);
	if (near)
		snprintf(hint, sizeof hint, "did you mean '%s'?", near);
	return setting_refuse(decl, name, at, report, near ? hint : NULL,
			      "'%.64s' is none of %s", text ? text : "", list);
}
