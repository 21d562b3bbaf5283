#include "agent/outside/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *option_text(const struct flume_field *fields, const flume_value *decl,
			const char *name)
{
	const flume_value *value = flume_value_get(decl, name);
	if (value)
		return flume_value_text(value);
	while (fields->name && strcmp(fields->name, name) != 0)
		fields++;
	return fields->fallback;
}

int64_t option_count(const struct flume_field *fields, const flume_value *decl,
		     const char *name)
{
	const char *text = option_text(fields, decl, name);
	return text ? strtoll(text, NULL, 10) : 0;
}

int64_t option_duration(const struct flume_field *fields, const flume_value *decl,
			const char *name)
{
	int64_t ns = 0;
	const char *text = option_text(fields, decl, name);
	if (text)
		(void)flume_duration_parse(text, &ns);
	return ns;
}

int option_word(const struct flume_field *fields, const flume_value *decl, const char *name,
		const char *const *words, const char *path, flume_report *report)
{
	char place[512], all[200] = "";
	const char *text = option_text(fields, decl, name);
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], text))
			return i;
		snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
			 !i             ? ""
			 : words[i + 1] ? ", "
					: " or ",
			 words[i]);
	}
	snprintf(place, sizeof place, "%s.%s", path, name);
	flume_report_add(report, "bad-value", place, flume_value_get(decl, name), NULL,
			 "'%.64s' is not %s", text, all);
	return -1;
}

struct queue_options option_queue(const struct flume_field *fields, const flume_value *decl,
				  const char *kind, const char *name)
{
	struct queue_options options = {
		.kind = kind,
		.name = name,
		.documents = (size_t)option_count(fields, decl, "queue"),
		.bytes = (size_t)option_count(fields, decl, "queue_bytes"),
		.backoff_ns = option_duration(fields, decl, "backoff"),
		.flush_ns = option_duration(fields, decl, "flush"),
		.batch = 500,
		.batch_bytes = (size_t)1 << 20,
	};
	return options;
}
