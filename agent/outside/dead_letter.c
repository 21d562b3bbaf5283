/*
 * What failed, and why, goes to a channel; the channel's own failure is added to the error, and then
 * the document is not dropped: it would be nowhere.
 */
#include "agent/document/caller.h"
#include "agent/document/document.h"
#include "agent/outside/kinds.h"
#include "agent/outside/options.h"
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct flume_field fields[] = {
	{.name = "channel",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "A channel of the node. It gets an object of at, code, error, path, note and "
		  "document."},
	{.name = "note",
	 .type = FLUME_FIELD_ANY,
	 .about = "A constant that goes along, such as the name of the schema."},
	{.name = "then",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "drop",
	 .about = "drop: the document leaves the pipeline, without error; fail: the error goes "
		  "on."},
	{0},
};

static const char *const words[] = {"drop", "fail", NULL};

struct letters {
	struct flume_channel_ref channel;
	char *note; /* JSON; NULL: none */
	bool drops;
};

static void add_member(struct text *t, const char *key, const char *text)
{
	text_addf(t, ",\"%s\":", key);
	text_add_json(t, text, strlen(text));
}

static void write_letter(struct text *t, const struct flume_call *call,
			 const struct letters *letters, const struct flume_err *why,
			 const struct document *document)
{
	char request[CALLER_SIZE];
	struct timespec now;
	struct tm utc;
	char at[32];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
	text_addf(t, "{\"at\":\"%s.%03ldZ\"", at, now.tv_nsec / 1000000);
	add_member(t, "code", flume_code_text(why->code));
	add_member(t, "error", why->text);
	add_member(t, "path", why->path);
	if (*caller_name(call, request))
		add_member(t, "request", request);
	if (letters->note)
		text_addf(t, ",\"note\":%s", letters->note);
	text_add(t, ",\"document\":");
	document_write(document, NULL, t);
	text_add_char(t, '}');
}

static int send_letter(const struct flume_call *call, const struct letters *letters,
		       const struct flume_err *why, const struct document *document,
		       struct flume_err *err)
{
	struct text t = {0};
	struct document *letter = NULL;
	write_letter(&t, call, letters, why, document);
	int rc = t.failed ? flume_fail(err, FLUME_NOMEM, "out of memory")
			  : document_parse(&letter, t.s, t.len, err);
	text_fini(&t);
	return rc ? rc : letters->channel.send(call, letter, letters->channel.arg, err);
}

static void handle(const struct flume_call *call, struct flume_err *why, void **item, void *arg)
{
	const struct letters *letters = arg;
	struct flume_err second = {0};
	bool canary = call && call->flags & FLUME_CALL_CANARY;
	int rc = canary ? FLUME_OK : send_letter(call, letters, why, *item, &second);
	if (!rc && letters->drops)
		*why = (struct flume_err){.code = FLUME_DROPPED};
	if (rc >= 0)
		return;
	struct flume_err first = *why;
	flume_fail(why, first.code, "%s; then the dead letter failed: %s", first.text,
		   second.text);
	memcpy(why->path, first.path, sizeof why->path);
}

static void done(void *arg)
{
	struct letters *letters = arg;
	free(letters->note);
	free(letters);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	char place[512];
	struct letters *letters = calloc(1, sizeof *letters);
	if (!letters)
		return FLUME_NOMEM;
	const flume_value *note = flume_value_get(decl, "note");
	int word = option_word(fields, decl, "then", words, path, report);
	snprintf(place, sizeof place, "%s.channel", path);
	int rc = flume_scope_channel(scope, flume_value_get(decl, "channel"), place,
				     &letters->channel, report);
	letters->drops = word == 0;
	if (note && !(letters->note = flume_value_dup_json(note)))
		rc = FLUME_NOMEM;
	if (rc || word < 0) {
		done(letters);
		return rc ? rc : FLUME_REJECTED;
	}
	out->handle = handle;
	out->arg = letters;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_dead_letter = {
	.of = FLUME_ERROR_HANDLER,
	.kind = "dead-letter",
	.about = "Sends the document that failed, and why, to a channel, then drops it.",
	.fields = fields,
	.make = make,
};
