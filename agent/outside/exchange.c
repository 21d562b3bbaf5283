/*
 * libcurl's multi interface with a single transfer: that waits in poll, so it can be left when
 * nobody waits for the reply any more.  Names are looked up on a thread of libcurl's, which is not
 * waited for either.
 */
#include "agent/outside/exchange.h"

#include "agent/web/web.h"
#include "lib/base/text.h"

#include <ctype.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LOOK_MS 20

struct exchange {
	CURLM *multi;
	CURL *curl;
	struct text body;
	size_t reply_max;
	bool too_big;
	char error[CURL_ERROR_SIZE];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool have_curl;

static void init(void)
{
	have_curl = !curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct exchange *exchange_new(void)
{
	pthread_once(&once, init);
	struct exchange *x = have_curl ? calloc(1, sizeof *x) : NULL;
	if (!x)
		return NULL;
	x->multi = curl_multi_init();
	x->curl = curl_easy_init();
	return x->multi && x->curl ? x : exchange_free(x);
}

struct exchange *exchange_free(struct exchange *x)
{
	if (!x)
		return NULL;
	if (x->curl)
		curl_easy_cleanup(x->curl);
	if (x->multi)
		curl_multi_cleanup(x->multi);
	text_fini(&x->body);
	free(x);
	return NULL;
}

static int64_t now_ns(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg);
}

/* ---- what libcurl calls ---- */

static size_t take_body(char *bytes, size_t size, size_t count, void *arg)
{
	struct exchange *x = arg;
	size_t n = size * count;
	x->too_big = x->body.len + n > x->reply_max;
	if (!x->too_big)
		text_add_n(&x->body, bytes, n);
	return x->too_big || x->body.failed ? 0 : n; /* which ends the transfer */
}

/* A program that is started gets no copy. */
static int tune_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg, (void)purpose;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return CURL_SOCKOPT_OK;
}

/* ---- the request ---- */

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	struct text line = {0};
	text_addf(&line, *value ? "%s: %s" : "%s;%s", name, value);
	struct curl_slist *grown = line.failed ? NULL : curl_slist_append(*list, line.s);
	text_fini(&line);
	if (grown)
		*list = grown;
	return grown;
}

static bool add_headers(struct curl_slist **list, const struct exchange_request *r)
{
	char agent[64];
	snprintf(agent, sizeof agent, "flume/%s", flume_version());
	bool good = add_header(list, "User-Agent", agent) &&
		    add_header(list, "Accept", "application/json") &&
		    (!r->body || (add_header(list, "Content-Type", r->type) &&
				  curl_slist_append(*list, "Expect:")));
	bool named = !r->request_id || !*r->request_id;
	for (size_t i = 0; good && i < flume_value_size(r->headers); i++) {
		const char *name = flume_value_text(flume_value_key(r->headers, i));
		named = named || !strcasecmp(name, "X-Request-Id");
		good = add_header(list, name, flume_value_text(flume_value_at(r->headers, i)));
	}
	return good && (named || add_header(list, "X-Request-Id", r->request_id));
}

/* The options of libcurl fail for want of memory only. */
static bool prepare(struct exchange *x, const struct exchange_request *r,
		    const struct curl_slist *headers)
{
	CURLcode bad = CURLE_OK;
	curl_easy_reset(x->curl);
#define SET(option, value) \
	(bad = bad ? bad : curl_easy_setopt(x->curl, CURLOPT_##option, value))
	SET(URL, r->url);
	SET(PROTOCOLS_STR, "http,https");
	SET(PATH_AS_IS, 1L);
	SET(NOSIGNAL, 1L);
	SET(QUICK_EXIT, 1L);
	SET(ERRORBUFFER, x->error);
	SET(HTTPHEADER, headers);
	SET(WRITEFUNCTION, take_body);
	SET(WRITEDATA, x);
	SET(SOCKOPTFUNCTION, tune_socket);
	SET(MAXFILESIZE_LARGE, (curl_off_t)r->reply_max);
	if (r->body) {
		SET(POST, 1L);
		SET(POSTFIELDS, r->body);
		SET(POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
	}
#undef SET
	return !bad;
}

/* ---- the reply ---- */

static int explain(struct exchange *x, const struct exchange_request *r, CURLcode result,
		   struct flume_err *err)
{
	char url[200];
	long os = 0;
	snprintf(url, sizeof url, "%.*s", (int)strcspn(r->url, "?"), r->url);
	curl_easy_getinfo(x->curl, CURLINFO_OS_ERRNO, &os);
	if (x->too_big || result == CURLE_FILESIZE_EXCEEDED)
		return flume_fail(err, FLUME_LIMITED, "%s: more than %zu bytes", url,
				  x->reply_max);
	if (x->body.failed || result == CURLE_OUT_OF_MEMORY)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (result == CURLE_PARTIAL_FILE)
		return flume_fail(err, FLUME_IO, "%s: the answer was cut short", url);
	if (result == CURLE_COULDNT_CONNECT && os)
		return flume_fail(err, FLUME_IO, "%s: %s", url, strerror((int)os));
	/* libcurl's words.  Those about a proxy may show its password. */
	bool shown = x->error[0] && !strchr(x->error, '@') && !strchr(x->error, '?');
	return flume_fail(err, FLUME_IO, "%s: %s", url,
			  shown ? x->error : curl_easy_strerror(result));
}

/* Until the transfer is over, or not waited for any more. */
static int transfer(struct exchange *x, const struct exchange_request *r, CURLcode *result,
		    struct flume_err *err)
{
	for (;;) {
		int running = 0, left;
		CURLMcode bad = curl_multi_perform(x->multi, &running);
		if (bad)
			return flume_fail(err,
					  bad == CURLM_OUT_OF_MEMORY ? FLUME_NOMEM : FLUME_IO,
					  "%s", curl_multi_strerror(bad));
		CURLMsg *message = curl_multi_info_read(x->multi, &left);
		if (message && message->msg == CURLMSG_DONE) {
			*result = message->data.result;
			return FLUME_OK;
		}
		if (now_ns() >= r->until_ns)
			return flume_fail(err, FLUME_TIMED_OUT, "%.*s: no answer in time",
					  (int)strcspn(r->url, "?"), r->url);
		if (r->is_over && r->is_over(r->arg))
			return flume_fail(err, FLUME_CANCELLED,
					  "%.*s: the call was over before the answer came",
					  (int)strcspn(r->url, "?"), r->url);
		curl_multi_poll(x->multi, NULL, 0, LOOK_MS, NULL);
	}
}

static int exchange(struct exchange *x, const struct exchange_request *r,
		    const struct curl_slist *headers, struct exchange_reply *reply,
		    struct flume_err *err)
{
	CURLcode result = CURLE_OK;
	if (!prepare(x, r, headers) || curl_multi_add_handle(x->multi, x->curl))
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int rc = transfer(x, r, &result, err);
	if (!rc && result)
		rc = explain(x, r, result, err);
	if (!rc) {
		curl_off_t after = 0;
		curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &reply->status);
		curl_easy_getinfo(x->curl, CURLINFO_RETRY_AFTER, &after);
		reply->retry_after_s = after;
		reply->body = x->body.s ? x->body.s : "";
		reply->len = x->body.len;
	}
	curl_multi_remove_handle(x->multi, x->curl);
	return rc;
}

int exchange_run(struct exchange *x, const struct exchange_request *r,
		 struct exchange_reply *reply, struct flume_err *err)
{
	struct curl_slist *headers = NULL;
	text_fini(&x->body);
	x->reply_max = r->reply_max;
	x->too_big = false;
	x->error[0] = '\0';
	int rc = add_headers(&headers, r) ? exchange(x, r, headers, reply, err)
					  : flume_fail(err, FLUME_NOMEM, "out of memory");
	curl_slist_free_all(headers);
	return rc;
}

/* ---- what a declaration may say ---- */

static bool is_header(const char *name, const char *value)
{
	size_t len = strcspn(name, "()<>@,;:\\\"/[]?={} \t");
	bool good = len && !name[len];
	for (const char *c = name; *c; c++)
		good = good && isgraph((unsigned char)*c);
	for (const char *c = value; *c; c++)
		good = good && (unsigned char)*c >= ' ' && *c != 0x7f;
	return good;
}

int exchange_check(const flume_value *decl, const char *path, flume_report *report)
{
	char place[512];
	struct flume_err err = {0};
	size_t before = flume_report_size(report);
	const flume_value *url = flume_value_get(decl, "url");
	if (web_check_url(flume_value_text(url), &err)) {
		snprintf(place, sizeof place, "%s.url", path);
		flume_report_add(report, "bad-value", place, url, NULL, "%s", err.text);
	}
	const flume_value *headers = flume_value_get(decl, "headers");
	for (size_t i = 0; i < flume_value_size(headers); i++) {
		const flume_value *name = flume_value_key(headers, i);
		if (is_header(flume_value_text(name),
			      flume_value_text(flume_value_at(headers, i))))
			continue;
		snprintf(place, sizeof place, "%s.headers", path);
		flume_report_add(report, "bad-value", place, name, NULL,
				 "'%.64s' and its value make no header of HTTP",
				 flume_value_text(name));
	}
	return flume_report_size(report) > before ? FLUME_REJECTED : FLUME_OK;
}
