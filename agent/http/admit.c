/*
 * What is decided as soon as the headers are there: is the client welcome, is there such a
 * resource, may it be written to.
 */
#include "agent/http/inside.h"
#include "agent/serve/door.h"

#include <string.h>
#include <strings.h>

/* ---- who asks, and for what ---- */

static bool only_looks(const char *method)
{
	return !strcmp(method, "GET") || !strcmp(method, "HEAD");
}

static bool is_a_name(const struct http *http, const char *host)
{
	bool good = guard_host(&rules_enter(http)->guard, host);
	live_leave();
	return good;
}

/* `out_any`: is there a token that would do? */
static bool has_the_token(const struct http *http, const char *authorization, bool *out_any)
{
	const struct guard *guard = &rules_enter(http)->guard;
	*out_any = guard->token;
	bool good = guard->token && guard_token(guard, authorization);
	live_leave();
	return good;
}

static bool stranger(struct request *r, const char *method)
{
	const char *host = request_header(r, "Host");
	const char *origin = request_header(r, "Origin");
	bool any_host = only_looks(method) && door_is_public(r->http->door);
	if (r->local)
		return false;
	if (!any_host && !is_a_name(r->http, host))
		answer_problemf(&r->answer, HTTP_FORBIDDEN, "bad-host",
				"'%s' is not a name of this node; --allow-host makes it one",
				host);
	else if (!guard_origin(origin, host))
		answer_problemf(&r->answer, HTTP_FORBIDDEN, "bad-origin",
				"pages of '%s' may not ask this node", origin);
	return r->answer.status;
}

static bool not_allowed_to_write(struct request *r)
{
	struct http *http = r->http;
	const char *authorization = request_header(r, "Authorization");
	bool any;
	if (r->local || has_the_token(http, authorization, &any))
		return false;
	if (any) {
		answer_problemf(&r->answer, HTTP_UNAUTHORIZED, "no-token",
				"writing takes a bearer token: %s",
				authorization ? "this is another one" : "there is none");
		answer_header(&r->answer, "WWW-Authenticate", "Bearer");
		return true;
	}
	const char *path = http_socket(http);
	answer_problemf(
		&r->answer, HTTP_FORBIDDEN, "not-allowed",
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
		answer_problemf(&r->answer, HTTP_NOT_FOUND, "not-found", "nothing at '%s'",
				url);
		return NULL;
	}
	const struct http_method *method = route_method(resource, name);
	if (!method) {
		char allowed[ANSWER_VALUE];
		route_methods(resource, allowed, sizeof allowed);
		answer_problemf(&r->answer, HTTP_BAD_METHOD, "bad-method", "'%s' takes %s", url,
				allowed);
		answer_header(&r->answer, "Allow", allowed);
		return NULL;
	}
	text_add_n(&r->name_text, rest, len); /* what the exchange lends may move */
	if (r->name_text.failed)
		answer_status(&r->answer, HTTP_UNAVAILABLE);
	else
		r->name = len ? r->name_text.s : "";
	return method;
}

void request_too_large(struct request *r)
{
	answer_problemf(&r->answer, HTTP_TOO_LARGE, "too-large", "more than %zu bytes",
			(size_t)r->http->max_body);
}

/* A few bytes of it may be a gigabyte, and on one host it saves nothing. */
static bool is_packed(struct request *r)
{
	const char *coding = request_header(r, "Content-Encoding");
	if (!coding || !strcasecmp(coding, "identity"))
		return false;
	answer_problemf(&r->answer, HTTP_UNSUPPORTED_TYPE, "bad-encoding",
			"a body is taken as it is, without Content-Encoding, not as %.64s",
			coding);
	answer_header(&r->answer, "Accept-Encoding", "identity");
	return true;
}

void request_admit(struct request *r)
{
	const char *method = exchange_method(r->exchange);
	if (stranger(r, method))
		return;
	r->method = find_method(r, exchange_path(r->exchange), method);
	if (r->answer.status)
		return;
	if (r->method->changes && not_allowed_to_write(r))
		return;
	if (r->method->changes && r->http->writes_through)
		exchange_peer(r->exchange, r->note.by, sizeof r->note.by);
	if (is_packed(r))
		return;
	if (r->method->begin)
		r->method->begin(r);
}
