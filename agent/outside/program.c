#include "agent/outside/program.h"
#include "agent/document/settings.h"

#include "agent/outside/jail.h"
#include "agent/outside/options.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_PLACE_NS INT64_C(200000000)   /* that a thread which reads requests may be held up */
#define MOST_NS     INT64_C(10000000000) /* of one run */

const struct flume_field program_fields[] = {
	{.name = "program",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "A jq 1.6 program. It sees no environment, no files and no other input."},
	{.name = "timeout",
	 .type = FLUME_FIELD_DURATION,
	 .fallback = "200ms",
	 .about = "How long it may take for one document; at most 10s."},
	{0},
};

struct program {
	uint64_t id;
	const char *text; /* lent by the declaration */
	int64_t limit_ns;
};

static atomic_uint_fast64_t last_id;

/* "jq: error: syntax error, unexpected '}' (Unix shell quoting issues?) at <top-level>, line 2:" and
 * the program: "line 2: syntax error, unexpected '}'". */
static void add_words(struct text *out, const char *said)
{
	static const char begin[] = "jq: error: ", place[] = " at <top-level>, line ";
	static const char shell[] = " (Unix shell quoting issues?)";
	if (!strncmp(said, begin, sizeof begin - 1))
		said += sizeof begin - 1;
	const char *end = strstr(said, place);
	if (end)
		text_addf(out, "line %.*s: ", (int)strspn(end + sizeof place - 1, "0123456789"),
			  end + sizeof place - 1);
	else
		end = said + strcspn(said, "\n");
	const char *hint = strstr(said, shell);
	text_add_n(out, said, (size_t)((hint && hint < end ? hint : end) - said));
}

static int refuse(const flume_value *decl, const char *path, const char *field,
		  const char *code, const char *said, flume_report *report)
{
	char place[512];
	struct text words = {0};
	snprintf(place, sizeof place, "%s.%s", path, field);
	add_words(&words, said);
	if (words.failed)
		return FLUME_NOMEM;
	flume_report_add(report, code, place, flume_value_get(decl, field), NULL, "%s",
			 words.s && *words.s ? words.s : "jq does not say why");
	text_fini(&words);
	return FLUME_REJECTED;
}

static int compile(const struct program *program, const flume_value *decl, const char *path,
		   flume_report *report)
{
	struct text said = {0};
	struct flume_err err = {0};
	enum jail_outcome outcome = JAIL_RESULT;
	const struct jail_job job = {
		.id = program->id, .program = program->text, .mode = JAIL_COMPILE};
	int rc = jail_run(&job, &outcome, &said, &err);
	if (rc == FLUME_FAILED)
		rc = refuse(decl, path, "program", "bad-program", err.text, report);
	else if (!rc && outcome != JAIL_RESULT)
		rc = refuse(decl, path, "program", "bad-program", said.s ? said.s : "", report);
	text_fini(&said);
	return rc;
}

int program_make(struct program **out, const flume_value *decl, const char *path,
		 flume_report *report)
{
	const char *text = flume_value_text(flume_value_get(decl, "program"));
	int64_t limit = setting_duration(program_fields, decl, "timeout");
	if (!*text)
		return refuse(decl, path, "program", "bad-program",
			      "the program is empty; '.' leaves the document as it is", report);
	if (limit > MOST_NS)
		return refuse(decl, path, "timeout", "bad-value", "at most 10s", report);
	struct program *program = malloc(sizeof *program);
	if (!program)
		return FLUME_NOMEM;
	*program = (struct program){atomic_fetch_add(&last_id, 1) + 1, text, limit};
	jail_hold();
	int rc = compile(program, decl, path, report);
	if (rc) {
		program_free(program);
		return rc;
	}
	*out = program;
	return FLUME_OK;
}

void program_free(void *program)
{
	if (program)
		jail_release();
	free(program);
}

bool program_may_block(const struct program *program)
{
	return program->limit_ns > IN_PLACE_NS;
}

int program_run(const struct program *program, const struct flume_call *call,
		const struct document *document, enum jail_mode mode,
		enum jail_outcome *outcome, struct text *result, struct flume_err *err)
{
	size_t len;
	char *json = document_dump(document, &len);
	if (!json)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	const struct jail_job job = {
		.id = program->id,
		.program = program->text,
		.mode = mode,
		.json = json,
		.len = len,
		.limit_ns = program->limit_ns,
		.call = call,
	};
	int rc = len < INT32_MAX
			 ? jail_run(&job, outcome, result, err)
			 : flume_fail(err, FLUME_FAILED, "%zu bytes are too many for jq", len);
	free(json);
	if (!rc && (*outcome == JAIL_ERROR || *outcome == JAIL_REFUSED))
		rc = flume_fail(err, FLUME_FAILED, "jq: %.280s", result->s ? result->s : "");
	return rc;
}
