/*
 * What the resources that are read as YAML or JSON have in common: the client says which it likes,
 * and which tag it has already.
 */
#include "agent/http/etag.h"
#include "agent/http/inside.h"
#include "agent/http/media.h"

#include <stdlib.h>

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
