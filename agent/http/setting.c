/* What the resources that are set have in common: a name, a right, and a format. */
#include "agent/http/inside.h"
#include "agent/http/media.h"
#include "agent/source/source.h"

bool request_good_name(struct request *r, const char *what)
{
	bool good = source_name_good(r->name);
	if (!good)
		answer_problemf(
			&r->answer, HTTP_BAD_REQUEST, "bad-name",
			"'%.200s' cannot name a %s: expected a lower-case letter or a "
			"digit, then those, '.', '_' or '-', 128 characters at the most",
			r->name, what);
	return good;
}

bool request_may_change(struct request *r)
{
	if (r->http->read_only)
		answer_problemf(&r->answer, HTTP_CONFLICT, "read-only", "%s",
				r->http->read_only);
	return !r->answer.status;
}

bool request_may_set(struct request *r, const char *what)
{
	const char *type = request_header(r, "Content-Type");
	if (!request_good_name(r, what) ||
	    (!request_flag(r, "dry_run") && !request_may_change(r)))
		return false;
	bool good = media_type(type, &r->format);
	if (!good)
		answer_problemf(&r->answer, HTTP_UNSUPPORTED_TYPE, "bad-type",
				"a %s is application/yaml or application/json, not %s", what,
				type);
	return good;
}
