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

#endif
