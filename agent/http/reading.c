/*
 * What the resources that are read as YAML or JSON have in common: the client says which it likes,
 * and which tag it has already.
 */
#include "agent/http/etag.h"
#include "agent/http/inside.h"
#include "agent/http/media.h"

#include <stdlib.h>
#include <string.h>

static void answer_unacceptable(struct request *r)
{
	answer_problemf(&r->answer, HTTP_NOT_ACCEPTABLE, "not-acceptable",
			"there is application/yaml and application/json");
}

bool request_may_read(struct request *r, const char *digest, enum flume_format *out)
{
	struct answer *a = &r->answer;
	char *accept = NULL, *none_match = NULL;
	if (request_dup_list(r, "Accept", &accept) ||
	    request_dup_list(r, "If-None-Match", &none_match)) {
		answer_status(a, HTTP_UNAVAILABLE);
	} else if (!media_accept(accept, out)) {
		answer_unacceptable(r);
	} else {
		answer_header(a, "Vary", "Accept");
		answer_headerf(a, "ETag", "\"%s\"", digest);
		if (none_match && etag_listed(none_match, digest, true))
			answer_status(a, HTTP_NOT_MODIFIED);
	}
	free(accept);
	free(none_match);
	return !a->status;
}

void request_show(struct request *r, const flume_schema *schema)
{
	struct answer *a = &r->answer;
	enum flume_format format = FLUME_YAML;
	if (!request_may_read(r, flume_schema_get_digest(schema), &format))
		return;
	char *text;
	size_t len;
	if (format == flume_schema_get_format(schema)) {
		/* As it was received. */
		const char *original = flume_schema_get_text(schema, &len);
		text = malloc(len + 1);
		if (text)
			memcpy(text, original, len);
	} else {
		text = flume_schema_dup_text(schema, format);
		len = text ? strlen(text) : 0;
	}
	answer_take(a, HTTP_OK, format == FLUME_YAML ? ANSWER_YAML : ANSWER_JSON, text, len);
}
