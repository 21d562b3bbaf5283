/* document_fixture.h - verbs of the tests about documents.  Each one fails the test by itself.
 */
#ifndef FLUME_TESTS_DOCUMENT_FIXTURE_H
#define FLUME_TESTS_DOCUMENT_FIXTURE_H

#include "agent/document/document.h"

struct document *read_document(const char *text);
/* Frees it. */
void expect_document(struct document *, const char *text);
struct path read_path(const char *text);
flume_value *read_constant(const char *text);
void expect_within(const char *text, const char *part);

/* A factory that knows the kinds. */
flume_factory *new_document_factory(void);
/* What building the schema gives; the findings are written to `found`, one line each. */
int build_schema(flume_factory *, const char *yaml, flume_pipeline **out, char *found,
		 size_t size);
void expect_finding(const char *yaml, const char *finding);
/* Runs one document through a schema and gives what is left of it. */
int process_document(const char *yaml, const char *input, struct document **out,
		     struct flume_err *err);
void expect_output(const char *yaml, const char *input, const char *output);
void expect_failure(const char *yaml, const char *input, const char *why);
/* A schema whose one processor is declared so; lent until the next one. */
const char *with_processor(const char *declaration);

#endif
