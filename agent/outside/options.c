#include "agent/outside/options.h"

#include "agent/document/settings.h"

#include <stdio.h>
#include <string.h>

int option_word(const struct flume_field *fields, const flume_value *decl, const char *name,
		const char *const *words, const char *path, flume_report *report)
{
	char place[512], all[200] = "";
	const char *text = setting_text(fields, decl, name);
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
		.documents = (size_t)setting_count(fields, decl, "queue"),
		.bytes = (size_t)setting_count(fields, decl, "queue_bytes"),
		.backoff_ns = setting_duration(fields, decl, "backoff"),
		.flush_ns = setting_duration(fields, decl, "flush"),
		.batch = 500,
		.batch_bytes = (size_t)1 << 20,
	};
	return options;
}
