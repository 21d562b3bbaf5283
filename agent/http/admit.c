/*
 * What is decided as soon as the headers are there: is the client welcome, is there such a
 * resource, may it be written to.
 */
#include "agent/http/door.h"
#include "agent/http/inside.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- messages that can be read in two ways ---- */

struct seen {
	unsigned hosts, lengths, codings;
};

static enum MHD_Result see(void *arg, enum MHD_ValueKind kind, const char *name,
			   const char *value)
{
	struct seen *seen = arg;
	(void)kind, (void)value;
	seen->hosts += !strcasecmp(name, MHD_HTTP_HEADER_HOST);
	seen->lengths += !strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH);
	seen->codings += !strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	return MHD_YES;
}

/* A proxy before us may have read it in the other way, so what follows on this connection may
 * be somebody else's words. */
static bool ambiguous(struct request *r)
{
	struct seen seen = {0};
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, see, &seen);
	if (seen.hosts < 2 && seen.lengths + seen.codings < 2)
		return false;
	answer_problemf(&r->answer, MHD_HTTP_BAD_REQUEST, "bad-request",
			seen.hosts > 1 ? "more than one Host"
				       : "more than one length: Content-Length and "
					 "Transfer-Encoding, or one of them twice");
	r->hang_up = true;
	return true;
}

void request_refuse_nul(struct request *r)
{
	answer_problemf(&r->answer, MHD_HTTP_BAD_REQUEST, "bad-url",
			"the URL has an encoded NUL");
}

/* ---- who asks, and for what ---- */

static bool only_looks(const char *method)
{
	return !strcmp(method, "GET") || !strcmp(method, "HEAD");
}

static bool stranger(struct request *r, const char *method)
{
	const char *host = request_header(r, MHD_HTTP_HEADER_HOST);
	const char *origin = request_header(r, MHD_HTTP_HEADER_ORIGIN);
	bool any_host = only_looks(method) && door_is_public(r->http->door);
	if (r->local)
		return false;
	if (!any_host && !guard_host(&r->http->guard, host))
		answer_problemf(&r->answer, MHD_HTTP_FORBIDDEN, "bad-host",
				"'%s' is not a name of this node; --allow-host makes it one",
				host);
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
	const char *path = http_socket(http);
	answer_problemf(
		&r->answer, MHD_HTTP_FORBIDDEN, "not-allowed",
		"over TCP, writing takes a bearer token, and this agent has none: write "
		"through %s%s, or give it one (--token-file)",
		*path ? "its unix socket " : "a unix socket (--socket)", path);
	return true;
}

static const struct http_method *find_method(struct request *r, const char *url,
					     const char *name)
{
	const char *rest;
	size_t len;
	const struct http_resource *resource = route_find(url, &rest, &len);
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
	r->name = strndup(rest, len);
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
	if (ambiguous(r) || stranger(r, method))
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
