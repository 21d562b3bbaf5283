/*
 * What is decided as soon as the headers are there: is the client welcome, is there such a
 * resource, may it be written to.
 */
#include "agent/http/inside.h"

#include <stdlib.h>
#include <string.h>

static bool stranger(struct request *r)
{
	const char *host = request_header(r, MHD_HTTP_HEADER_HOST);
	const char *origin = request_header(r, MHD_HTTP_HEADER_ORIGIN);
	if (r->local)
		return false;
	if (!guard_host(&r->http->guard, host))
		answer_problemf(&r->answer, MHD_HTTP_FORBIDDEN, "bad-host",
				"'%s' is not a name of this node", host);
	else if (!guard_origin(origin, host))
		answer_problemf(&r->answer, MHD_HTTP_FORBIDDEN, "bad-origin",
				"pages of '%s' may not ask this node", origin);
	return r->answer.status;
}

static bool not_allowed_to_write(struct request *r)
{
	struct http *http = r->http;
	const char *authorization = request_header(r, MHD_HTTP_HEADER_AUTHORIZATION);
	if (r->local)
		return false;
	if (http->guard.token) {
		if (guard_token(&http->guard, authorization))
			return false;
		answer_problemf(&r->answer, MHD_HTTP_UNAUTHORIZED, "no-token",
				"writing takes a bearer token: %s",
				authorization ? "this is another one" : "there is none");
		answer_header(&r->answer, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
		return true;
	}
	if (guard_loopback(request_peer(r)) && !request_header(r, MHD_HTTP_HEADER_ORIGIN))
		return false;
	answer_problemf(&r->answer, MHD_HTTP_FORBIDDEN, "not-allowed",
			"without a token only programs on this host may write");
	return true;
}

static const struct http_method *find_method(struct request *r, const char *url,
					     const char *name)
{
	const char *rest;
	const struct http_resource *resource = route_find(url, &rest);
	if (!resource) {
		answer_problemf(&r->answer, MHD_HTTP_NOT_FOUND, "not-found", "nothing at '%s'",
				url);
		return NULL;
	}
	const struct http_method *method = route_method(resource, name);
	if (!method) {
		char allowed[ANSWER_VALUE];
		route_methods(resource, allowed, sizeof allowed);
		answer_problemf(&r->answer, MHD_HTTP_METHOD_NOT_ALLOWED, "bad-method",
				"'%s' takes %s", url, allowed);
		answer_header(&r->answer, MHD_HTTP_HEADER_ALLOW, allowed);
		return NULL;
	}
	r->name = strdup(rest);
	if (!r->name)
		answer_status(&r->answer, MHD_HTTP_SERVICE_UNAVAILABLE);
	return method;
}

void request_too_large(struct request *r)
{
	answer_problemf(&r->answer, MHD_HTTP_CONTENT_TOO_LARGE, "too-large",
			"more than %zu bytes", r->http->max_body);
}

uint64_t request_announced(const struct request *r)
{
	const char *text = request_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return text ? strtoull(text, NULL, 10) : 0;
}

void request_admit(struct request *r, const char *url, const char *method)
{
	if (stranger(r))
		return;
	r->method = find_method(r, url, method);
	if (r->answer.status)
		return;
	if (r->method->changes && not_allowed_to_write(r))
		return;
	if (r->method->begin)
		r->method->begin(r);
	if (!r->answer.status && request_announced(r) > r->http->max_body)
		request_too_large(r);
}
