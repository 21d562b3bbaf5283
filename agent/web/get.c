/*
 * One get: the request, its redirects, and what came back.
 *
 * Redirects are followed here and not by libcurl, since each has to be judged: where it may lead,
 * and whether the token may go along.
 */
#include "agent/web/inside.h"
#include "agent/web/origin.h"
#include "lib/base/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)

struct web_get {
	struct web *web;
	CURL *curl;
	struct curl_slist *headers;
	char *url; /* as asked for */
	char *at;  /* where the redirects have led; NULL: nowhere */
	char *etag, *modified, *token;
	size_t body_max;
	struct text body;
	bool too_big;
	unsigned hops;
	int64_t end;              /* of its time */
	struct loop_timer *limit; /* the first byte, then the end */
	web_done_fn *done;
	void *arg;
	char error[CURL_ERROR_SIZE];
};

/* ---- what libcurl calls ---- */

/* NOLINTNEXTLINE(readability-non-const-parameter): that is the type libcurl calls */
static size_t take_header(char *line, size_t size, size_t count, void *arg)
{
	struct web_get *g = arg;
	(void)line;
	int64_t left = g->end - loop_now();
	loop_timer_arm(g->limit, left > 0 ? left : 0);
	return size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct web_get *g = arg;
	size_t n = size * count;
	g->too_big = g->body.len + n > g->body_max;
	if (!g->too_big)
		text_add_n(&g->body, bytes, n);
	return g->too_big || g->body.failed ? 0 : n; /* which ends the transfer */
}

/* A program that is started gets no copy. */
static int tune_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg, (void)purpose;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return CURL_SOCKOPT_OK;
}

/* ---- the request ---- */

static bool add_header(struct web_get *g, const char *name, const char *value)
{
	struct text line = {0};
	text_addf(&line, "%s: %s", name, value);
	struct curl_slist *grown = line.failed ? NULL : curl_slist_append(g->headers, line.s);
	text_fini(&line);
	if (grown)
		g->headers = grown;
	return grown;
}

static bool sends_token(const struct web_get *g)
{
	return g->token && (!g->at || origin_same(g->url, g->at));
}

static bool add_headers(struct web_get *g)
{
	struct text bearer = {0}, name = {0};
	bool sent = sends_token(g);
	if (sent)
		text_addf(&bearer, "Bearer %s", g->token);
	text_addf(&name, "flume/%s", flume_version());
	bool good = !bearer.failed && !name.failed && add_header(g, "User-Agent", name.s) &&
		    add_header(g, "Accept", "application/json, application/yaml, */*;q=0.5") &&
		    (!g->etag || add_header(g, "If-None-Match", g->etag)) &&
		    (!g->modified || add_header(g, "If-Modified-Since", g->modified)) &&
		    (!sent || add_header(g, "Authorization", bearer.s));
	text_fini(&bearer);
	text_fini(&name);
	return good;
}

/* The options of libcurl fail for want of memory only. */
static bool prepare(struct web_get *g)
{
	CURL *c = g->curl;
	const struct web_options *o = &g->web->options;
	CURLcode bad = add_headers(g) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
#define SET(option, value) (bad = bad ? bad : curl_easy_setopt(c, CURLOPT_##option, value))
	SET(URL, g->at ? g->at : g->url);
	SET(PROTOCOLS_STR, "http,https");
	SET(PROXY, sends_token(g) && !origin_is_secure(g->url) ? "" : NULL);
	SET(NOSIGNAL, 1L);
	SET(PRIVATE, g);
	SET(ERRORBUFFER, g->error);
	SET(HTTPHEADER, g->headers);
	SET(HEADERFUNCTION, take_header);
	SET(HEADERDATA, g);
	SET(WRITEFUNCTION, take_body);
	SET(WRITEDATA, g);
	SET(SOCKOPTFUNCTION, tune_socket);
	SET(MAXFILESIZE_LARGE, (curl_off_t)g->body_max);
	SET(CONNECTTIMEOUT_MS, (long)o->connect_ms);
	if (o->ca_file)
		SET(CAINFO, o->ca_file);
#undef SET
	return !bad;
}

static void release(struct web_get *g)
{
	if (g->curl)
		curl_easy_cleanup(g->curl);
	loop_timer_free(g->limit);
	curl_slist_free_all(g->headers);
	text_fini(&g->body);
	free(g->url);
	free(g->at);
	free(g->etag);
	free(g->modified);
	free(g->token);
	free(g);
}

static bool start(struct web_get *g)
{
	const struct web_options *o = &g->web->options;
	curl_slist_free_all(g->headers);
	g->headers = NULL;
	text_fini(&g->body);
	g->error[0] = '\0';
	if (!prepare(g) || web_multi_add(&g->web->multi, g->curl))
		return false;
	int64_t left = g->end - loop_now();
	int64_t first = o->first_ms * MS;
	loop_timer_arm(g->limit, left < first ? left : first);
	return true;
}

/* ---- the reply ---- */

static const char *header(struct web_get *g, const char *name)
{
	struct curl_header *found = NULL;
	return curl_easy_header(g->curl, name, 0, CURLH_HEADER, -1, &found) ? NULL
									    : found->value;
}

/* libcurl's words.  Those about a proxy may show its password. */
static const char *said(const struct web_get *g, CURLcode result)
{
	return g->error[0] && !strchr(g->error, '@') ? g->error : curl_easy_strerror(result);
}

/* How much of a URL that a redirect leads to is told: its query may be as good as a password. */
static int shown(const char *url)
{
	return (int)strcspn(url, "?");
}

static int explain(struct web_get *g, CURLcode result, struct flume_err *err)
{
	char url[256];
	snprintf(url, sizeof url, "%.*s", g->at ? shown(g->at) : (int)strlen(g->url),
		 g->at ? g->at : g->url);
	curl_off_t connected = 0;
	long os = 0;
	curl_easy_getinfo(g->curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
	curl_easy_getinfo(g->curl, CURLINFO_OS_ERRNO, &os);
	if (g->too_big || result == CURLE_FILESIZE_EXCEEDED)
		return flume_fail(err, FLUME_LIMITED, "%s: more than %zu bytes", url,
				  g->body_max);
	if (g->body.failed || result == CURLE_OUT_OF_MEMORY)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (result == CURLE_OPERATION_TIMEDOUT)
		return flume_fail(err, FLUME_TIMED_OUT, "%s: no %s in time", url,
				  !connected    ? "connection"
				  : g->body.len ? "end of the answer"
						: "answer");
	if (result == CURLE_PARTIAL_FILE)
		return flume_fail(err, FLUME_IO, "%s: the answer was cut short", url);
	if (result == CURLE_COULDNT_CONNECT && os)
		return flume_fail(err, FLUME_IO, "%s: %s", url, strerror((int)os));
	return flume_fail(err, FLUME_IO, "%s: %s", url, said(g, result));
}

static void answer(struct web_get *g, struct web_reply *reply)
{
	curl_off_t retry = 0;
	curl_easy_getinfo(g->curl, CURLINFO_RETRY_AFTER, &retry);
	reply->retry_after = retry;
	reply->etag = header(g, "ETag");
	reply->modified = header(g, "Last-Modified");
	reply->type = header(g, "Content-Type");
	reply->body = g->body.s ? g->body.s : "";
	reply->len = g->body.len;
	g->done(reply, g->arg);
	release(g);
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 ||
	       status == 308;
}

/* Goes on to where it leads; or says why not. */
static int follow(struct web_get *g, struct flume_err *err)
{
	const char *from = g->at ? g->at : g->url;
	char *to = NULL;
	curl_easy_getinfo(g->curl, CURLINFO_REDIRECT_URL, &to);
	if (!to)
		return flume_fail(err, FLUME_IO, "%.*s: a redirect to nowhere", shown(from),
				  from);
	if (g->hops++ == g->web->options.redirects)
		return flume_fail(err, FLUME_REFUSED, "%s: more than %u redirects", g->url,
				  g->web->options.redirects);
	if (!origin_may_lead(from, to))
		return flume_fail(err, FLUME_REFUSED,
				  "%.*s: a redirect to %.*s is not followed", shown(from), from,
				  shown(to), to);
	char *copy = strdup(to);
	if (!copy)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	free(g->at);
	g->at = copy;
	return start(g) ? 0 : flume_fail(err, FLUME_NOMEM, "out of memory");
}

void web_finish(struct web_get *g, CURLcode result)
{
	struct web_reply reply = {0};
	curl_easy_getinfo(g->curl, CURLINFO_RESPONSE_CODE, &reply.status);
	curl_multi_remove_handle(g->web->multi.curl, g->curl);
	if (result)
		reply.code = explain(g, result, &reply.err);
	else if (is_redirect(reply.status)) {
		reply.code = follow(g, &reply.err);
		if (!reply.code)
			return;
	}
	answer(g, &reply);
}

static void on_limit(void *arg)
{
	web_finish(arg, CURLE_OPERATION_TIMEDOUT);
}

/* ---- life ---- */

struct web_get *web_get(struct web *w, const struct web_request *r, web_done_fn *done,
			void *arg)
{
	struct web_get *g = calloc(1, sizeof *g);
	if (!g)
		return NULL;
	*g = (struct web_get){.web = w,
			      .body_max = r->body_max,
			      .end = loop_now() + w->options.whole_ms * MS,
			      .done = done,
			      .arg = arg};
	g->url = strdup(r->url);
	g->etag = r->etag ? strdup(r->etag) : NULL;
	g->modified = r->modified ? strdup(r->modified) : NULL;
	g->token = r->token ? strdup(r->token) : NULL;
	g->limit = loop_timer_new(w->loop, on_limit, g);
	g->curl = curl_easy_init();
	if (g->url && !g->etag == !r->etag && !g->modified == !r->modified &&
	    !g->token == !r->token && g->limit && g->curl && start(g))
		return g;
	release(g);
	return NULL;
}

struct web_get *web_cancel(struct web_get *g)
{
	if (!g)
		return NULL;
	curl_multi_remove_handle(g->web->multi.curl, g->curl);
	release(g);
	return NULL;
}
