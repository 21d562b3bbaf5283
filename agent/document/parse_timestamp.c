#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/moment.h"
#include "agent/document/parsing.h"
#include "agent/document/settings.h"
#include "agent/document/since.h"

#include <stdlib.h>
#include <string.h>

static const struct flume_field fields[] = {
	PARSING_FIELDS,
	{.name = "format",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "rfc3339",
	 .about = "What the field holds: rfc3339, seconds, milliseconds (since 1970), or a "
		  "pattern such as '%d/%b/%Y:%H:%M:%S %z'; names are English."},
	{.name = "zone",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "Z",
	 .about = "The zone of a text that names none: Z, or an offset such as +02:00."},
	{.name = "as",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "rfc3339",
	 .about = "What it becomes: rfc3339 (a text, in UTC), seconds or milliseconds (whole "
		  "ones, since 1970)."},
	{0},
};

struct timestamp {
	struct parsing parsing;
	enum { RFC3339, SECONDS, MILLISECONDS, PATTERN } from;
	unsigned as;
	const char *pattern;
	int zone;
};

static int store(const struct timestamp *timestamp, const struct moment *moment,
		 struct document *document, struct flume_err *err)
{
	const struct path *to = &timestamp->parsing.to;
	char text[MOMENT_TEXT];
	if (timestamp->as == SECONDS)
		return document_set_integer(document, to, moment->seconds, err);
	if (timestamp->as == MILLISECONDS)
		return document_set_integer(
			document, to, moment->seconds * 1000 + moment->nanos / 1000000, err);
	return document_set_text(document, to, text, moment_write(text, moment), err);
}

static bool read_text(const struct timestamp *timestamp, const struct document_view *view,
		      struct moment *out)
{
	if (timestamp->from == RFC3339)
		return moment_read(view->text, view->len, out);
	if (timestamp->from == PATTERN)
		return moment_read_format(timestamp->pattern, timestamp->zone, view->text,
					  view->len, out);
	return since_read_text(view->text, view->len,
			       timestamp->from == SECONDS ? SINCE_SECONDS : SINCE_MILLISECONDS,
			       out);
}

static bool read_view(const struct timestamp *timestamp, const struct document_view *view,
		      struct moment *out)
{
	if (view->kind == DOCUMENT_TEXT)
		return read_text(timestamp, view, out);
	return (timestamp->from == SECONDS && since_read(view, SINCE_SECONDS, out)) ||
	       (timestamp->from == MILLISECONDS && since_read(view, SINCE_MILLISECONDS, out));
}

static int parse(const struct parsing *parsing, const struct document_view *view,
		 struct document *document, const void *arg, struct flume_err *err)
{
	const struct timestamp *timestamp = arg;
	struct moment moment;
	if (read_view(timestamp, view, &moment))
		return store(timestamp, &moment, document, err);
	return flume_fail(err, FLUME_FAILED, "%.160s: not a time as of '%.64s'",
			  parsing->from.text, timestamp->pattern);
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	(void)call;
	const struct timestamp *timestamp = arg;
	return parsing_run(&timestamp->parsing, *item, false, parse, timestamp, err);
}

static void done(void *arg)
{
	struct timestamp *timestamp = arg;
	parsing_fini(&timestamp->parsing);
	free(timestamp);
}

static const char *const forms[] = {"rfc3339", "seconds", "milliseconds", NULL};

static int read_format(struct timestamp *out, const flume_value *decl, const char *at,
		       flume_report *report)
{
	struct flume_err err = {0};
	unsigned form = PATTERN;
	out->pattern = setting_text(fields, decl, "format");
	if (!strchr(out->pattern, '%')) {
		int rc = setting_choice(&form, forms, fields, decl, "format", at, report);
		out->from = form;
		return rc;
	}
	out->from = PATTERN;
	if (!moment_check_format(out->pattern, &err))
		return FLUME_OK;
	return setting_refuse(decl, "format", at, report, NULL, "%s", err.text);
}

static int read_settings(struct timestamp *out, const flume_value *decl, const char *at,
			 flume_report *report)
{
	const char *zone = setting_text(fields, decl, "zone");
	int bad_format = read_format(out, decl, at, report);
	int rc = setting_choice(&out->as, forms, fields, decl, "as", at, report);
	if (!moment_read_zone(zone, strlen(zone), &out->zone))
		rc = setting_refuse(decl, "zone", at, report, "write it like +02:00",
				    "'%.32s' is not an offset", zone);
	return rc ? rc : bad_format;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct timestamp *timestamp = calloc(1, sizeof *timestamp);
	if (!timestamp)
		return FLUME_NOMEM;
	int bad_settings = read_settings(timestamp, decl, path, report);
	int rc = parsing_make(&timestamp->parsing, fields, decl, path, report);
	if (rc || bad_settings) {
		done(timestamp);
		return rc ? rc : bad_settings;
	}
	out->run = run;
	out->prompt = true;
	out->arg = timestamp;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_parse_timestamp = {
	.of = FLUME_PROCESSOR,
	.kind = "parse-timestamp",
	.about = "Reads a point in time, and writes it as RFC 3339 or as a number.",
	.fields = fields,
	.example = "{kind: parse-timestamp, field: at}",
	.make = make,
};
