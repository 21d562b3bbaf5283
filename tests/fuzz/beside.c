/*
 * What stands beside the schemas in the store, written by people: a note of an operator, or a
 * document of cases.  The first byte chooses.  What is accepted can be written, and is the same when
 * it is read again.
 */
#include "agent/engine/extra.h"
#include "agent/engine/note.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void read_note(const char *bytes, size_t len)
{
	struct note note, again;
	int rc = note_read(&note, bytes, len, 7);
	require(note.revision == 7, "the revision is known whatever it says");
	if (rc) {
		require(!*note.by && !note.at && !note.looked, "a refusal says nothing");
		return;
	}
	char *json = note_dup_json(&note);
	require(json, "memory");
	require(!note_read(&again, json, strlen(json), 7), "it can be read again");
	require(!strcmp(note.by, again.by) && !strcmp(note.why, again.why) &&
			!strcmp(note.version, again.version) &&
			!strcmp(note.digest, again.digest) && note.looked == again.looked,
		"and is the same");
	free(json);
}

static void read_cases(const char *bytes, size_t len, enum flume_format format)
{
	flume_schema *schema = NULL, *again = NULL;
	flume_report *report = flume_report_new();
	int rc = extra_read(&schema, bytes, len, format, report);
	if (rc) {
		require(flume_report_size(report), "a refusal has its reason");
		flume_report_free(report);
		return;
	}
	const flume_value *canary = flume_schema_get_canary(schema);
	require(canary && flume_value_get(canary, "cases"), "there are cases");
	require(!flume_canary_check(canary, NULL), "of the right shape");
	char *json = flume_value_dup_json(canary);
	require(json && !extra_read(&again, json, strlen(json), FLUME_JSON, NULL),
		"it can be read again");
	require(!strcmp(flume_schema_get_digest(schema), flume_schema_get_digest(again)),
		"and is the same");
	free(json);
	flume_schema_unref(again);
	flume_schema_unref(schema);
	flume_report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	char *bytes = malloc(size);
	require(bytes, "memory");
	memcpy(bytes, data + 1, size - 1);
	if (*data == 'n')
		read_note(bytes, size - 1);
	else
		read_cases(bytes, size - 1, *data == 'j' ? FLUME_JSON : FLUME_YAML);
	free(bytes);
	return 0;
}
