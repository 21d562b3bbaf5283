/* Where an error stands is worked out when there is one, not on the way. */
#include "agent/document/body.h"
#include "agent/document/index.h"

#include <string.h>

static int fail(const struct document *document, const struct fault *fault,
		struct flume_err *err)
{
	if (!fault->why)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	size_t line = 1, column = 1;
	for (size_t i = 0; i < fault->at; i++) {
		if (document->bytes[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)document->bytes[i] & 0xC0) != 0x80) {
			column++;
		}
	}
	bool ends = fault->expected && fault->at == document->n_bytes;
	return flume_fail(err, FLUME_SYNTAX, "line %zu, column %zu: %s%s%s", line, column,
			  fault->expected ? "expected " : "", fault->why,
			  ends ? ", but the text ends" : "");
}

int document_parse(struct document **out, const char *text, size_t len, struct flume_err *err)
{
	struct fault fault = {0};
	bool loose;
	if (len > DOCUMENT_SIZE)
		return flume_fail(err, FLUME_SYNTAX, "line 1, column 1: %zu bytes are too many",
				  len);
	struct document *document = body_new();
	if (!document || !body_grow(document, len / 8 + 1, len)) {
		document_free(document);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	memcpy(document->bytes, text, len);
	document->n_bytes = (uint32_t)len;
	body_pad(document);
	if (!index_build(document, &loose, &fault)) {
		int rc = fail(document, &fault, err);
		document_free(document);
		return rc;
	}
	if (loose)
		index_squeeze(document);
	body_fresh(document);
	*out = document;
	return FLUME_OK;
}
