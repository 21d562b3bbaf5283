#include "agent/cmd/fetch.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 2000L
#define ANSWER_MS  10000L

static size_t keep(char *s, size_t size, size_t n, void *arg)
{
	struct text *out = arg;
	text_add_n(out, s, size * n);
	return out->failed ? 0 : size * n;
}

static int explain(CURLcode result, const char *url, const char *why, struct flume_err *err)
{
	int code = result == CURLE_OPERATION_TIMEDOUT ? FLUME_TIMED_OUT
		   : result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL
			   ? FLUME_INVALID
		   : result == CURLE_OUT_OF_MEMORY ? FLUME_NOMEM
						   : FLUME_IO;
	return flume_fail(err, code, "%s: %s", url, *why ? why : curl_easy_strerror(result));
}

static int judge(long status, const char *url, struct flume_err *err)
{
	if (status == 200)
		return 0;
	int code = status == 404                    ? FLUME_NOT_FOUND
		   : status == 401 || status == 403 ? FLUME_REFUSED
						    : FLUME_IO;
	return flume_fail(err, code, "%s: status %ld", url, status);
}

static void set_common(CURL *curl, const char *url, struct curl_slist *headers, char *why,
		       struct text *out)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
}

/* ---- what is sent along ---- */

static bool add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (longer)
		*list = longer;
	return longer;
}

static bool add_headers(struct curl_slist **list, const char *first, const char *token)
{
	struct text line = {0};
	bool good = add_header(list, first);
	if (token)
		text_addf(&line, "Authorization: Bearer %s", token);
	if (token && good)
		good = !line.failed && add_header(list, line.s);
	text_fini(&line);
	return good;
}

/* Of a socket curl speaks as if it were port 80 of a host. */
static void say_who_is_missing(CURL *curl, char why[CURL_ERROR_SIZE])
{
	char text[128];
	long number = 0;
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
	snprintf(why, CURL_ERROR_SIZE, "no agent listens there%s%s", number ? ": " : "",
		 number ? strerror_r((int)number, text, sizeof text) : "");
}

static char *join(const char *url, const char *path)
{
	struct text whole = {0};
	size_t len = strlen(url);
	while (len && url[len - 1] == '/')
		len--;
	text_addf(&whole, "%.*s%s", (int)len, url, path);
	return text_take(&whole);
}

/* ---- to read ---- */

static int perform(CURL *curl, const struct fetch_from *from, const char *url,
		   const char *accept, struct text *out, struct flume_err *err)
{
	char why[CURL_ERROR_SIZE] = "";
	char header[128];
	struct curl_slist *headers = NULL;
	snprintf(header, sizeof header, "Accept: %s", accept ? accept : "*/*");
	if (!add_headers(&headers, header, from->token)) {
		curl_slist_free_all(headers);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	set_common(curl, url, headers, why, out);
	if (from->socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, from->socket);
	CURLcode result = curl_easy_perform(curl);
	long status = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (out->failed)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (result == CURLE_COULDNT_CONNECT && from->socket)
		say_who_is_missing(curl, why);
	const char *who = from->socket ? from->socket : url;
	return result ? explain(result, who, why, err) : judge(status, who, err);
}

int fetch_text(const struct fetch_from *from, const char *path, const char *accept,
	       struct text *out, struct flume_err *err)
{
	char *whole = join(from->url, path);
	CURL *curl = whole ? curl_easy_init() : NULL;
	int code = curl ? perform(curl, from, whole, accept, out, err)
			: flume_fail(err, FLUME_NOMEM, "out of memory");
	curl_easy_cleanup(curl);
	free(whole);
	return code;
}

int fetch(const char *url, const char *path, const char *accept, struct text *out,
	  struct flume_err *err)
{
	return fetch_text(&(struct fetch_from){.url = url}, path, accept, out, err);
}

/* ---- to change something ---- */

/* "detail" of a problem, or the status. */
static int explain_problem(long status, const struct text *body, struct flume_err *err)
{
	flume_value *problem = NULL;
	int code = status == 404                    ? FLUME_NOT_FOUND
		   : status == 401 || status == 403 ? FLUME_REFUSED
		   : status == 409                  ? FLUME_CONFLICT
		   : status < 500                   ? FLUME_INVALID
						    : FLUME_IO;
	if (body->s &&
	    !flume_value_parse(&problem, body->s, body->len, FLUME_JSON, NULL, NULL)) {
		const flume_value *detail = flume_value_get(problem, "detail");
		flume_fail(err, code, "%.300s", detail ? flume_value_text(detail) : "refused");
		flume_value_free(problem);
		return code;
	}
	return flume_fail(err, code, "the agent answers with status %ld", status);
}

static int send_request(CURL *curl, const struct fetch_request *r, const char *url,
			struct flume_err *err)
{
	char why[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	struct text body = {0};
	long status = 0;
	if (!add_headers(&headers, "Content-Type: application/json", r->token)) {
		curl_slist_free_all(headers);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	set_common(curl, url, headers, why, &body);
	if (r->socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, r->socket);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
	CURLcode result = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (result == CURLE_COULDNT_CONNECT && r->socket)
		say_who_is_missing(curl, why);
	int code = result ? explain(result, r->socket ? r->socket : url, why, err)
		   : status >= 200 && status < 300 ? 0
						   : explain_problem(status, &body, err);
	text_fini(&body);
	return code;
}

int fetch_send(const struct fetch_request *r, struct flume_err *err)
{
	char *url = join(r->url, r->path);
	CURL *curl = url ? curl_easy_init() : NULL;
	int code = curl ? send_request(curl, r, url, err)
			: flume_fail(err, FLUME_NOMEM, "out of memory");
	curl_easy_cleanup(curl);
	free(url);
	return code;
}

/* ---- to listen ---- */

#define PROBLEM_MOST ((size_t)64 << 10)

struct listening {
	CURL *curl;
	fetch_piece_fn *piece;
	void *arg;
	struct text problem; /* what comes with any status but 200 */
	bool enough;
};

static size_t hear(char *s, size_t size, size_t n, void *arg)
{
	struct listening *l = arg;
	long status = 0;
	curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		l->enough = !l->piece(l->arg, s, size * n);
	else if (l->problem.len < PROBLEM_MOST)
		text_add_n(&l->problem, s, size * n);
	return l->enough ? 0 : size * n;
}

static int listen_to(struct listening *l, const struct fetch_from *from, const char *url,
		     struct flume_err *err)
{
	char why[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	long status = 0;
	if (!add_headers(&headers, "Accept: application/x-ndjson", from->token)) {
		curl_slist_free_all(headers);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	set_common(l->curl, url, headers, why, NULL);
	curl_easy_setopt(l->curl, CURLOPT_TIMEOUT_MS, 0L);
	curl_easy_setopt(l->curl, CURLOPT_WRITEFUNCTION, hear);
	curl_easy_setopt(l->curl, CURLOPT_WRITEDATA, l);
	if (from->socket)
		curl_easy_setopt(l->curl, CURLOPT_UNIX_SOCKET_PATH, from->socket);
	CURLcode result = curl_easy_perform(l->curl);
	curl_easy_getinfo(l->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (l->enough)
		return 0;
	if (result == CURLE_COULDNT_CONNECT && from->socket)
		say_who_is_missing(l->curl, why);
	if (result)
		return explain(result, from->socket ? from->socket : url, why, err);
	return status == 200 ? 0 : explain_problem(status, &l->problem, err);
}

int fetch_stream(const struct fetch_from *from, const char *path, fetch_piece_fn *piece,
		 void *arg, struct flume_err *err)
{
	char *url = join(from->url, path);
	struct listening l = {.piece = piece, .arg = arg};
	l.curl = url ? curl_easy_init() : NULL;
	int code = l.curl ? listen_to(&l, from, url, err)
			  : flume_fail(err, FLUME_NOMEM, "out of memory");
	curl_easy_cleanup(l.curl);
	text_fini(&l.problem);
	free(url);
	return code;
}
