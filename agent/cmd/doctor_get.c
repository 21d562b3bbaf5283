#include "agent/cmd/doctor.h"

#include "agent/loop/loop.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MOST ((size_t)4 << 20)

static size_t keep(char *s, size_t size, size_t n, void *arg)
{
	struct text *body = arg;
	if (body->len < BODY_MOST)
		text_add_n(body, s, size * n);
	return body->failed ? 0 : size * n;
}

static size_t on_header(char *s, size_t size, size_t n, void *arg)
{
	struct doctor_reply *reply = arg;
	char line[64];
	size_t len = size * n;
	if (len > 5 && len < sizeof line && !strncasecmp(s, "date:", 5)) {
		memcpy(line, s + 5, len - 5);
		line[len - 5] = '\0';
		time_t date = curl_getdate(line, NULL);
		reply->date = date > 0 ? (int64_t)date : 0;
	}
	return len;
}

static bool add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (longer)
		*list = longer;
	return longer;
}

/* Where the certificate has another name than the host, libcurl is told that name, and to connect to
 * the host instead. */
static bool address(const struct doctor_request *r, struct text *url, struct curl_slist **to)
{
	const char *host = strstr(r->url, "://");
	if (!r->server_name || !host || strncasecmp(r->url, "https:", 6) != 0) {
		text_addf(url, "%s%s", r->url, r->path);
		return !url->failed;
	}
	host += 3;
	const char *port = strrchr(host, ':');
	if (port && strchr(port, ']'))
		port = NULL;
	struct text line = {0};
	const char *number = port ? port + 1 : "443";
	text_addf(url, "https://%s:%s%s", r->server_name, number, r->path);
	text_addf(&line, "%s:%s:%.*s:%s", r->server_name, number,
		  (int)(port ? (size_t)(port - host) : strlen(host)), host, number);
	bool good = !url->failed && !line.failed && add_line(to, line.s);
	text_fini(&line);
	return good;
}

static void set_tls(CURL *c, const struct doctor_request *r)
{
	if (r->ca) {
		curl_easy_setopt(c, CURLOPT_CAINFO, r->ca);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	if (r->cert)
		curl_easy_setopt(c, CURLOPT_SSLCERT, r->cert);
	if (r->key)
		curl_easy_setopt(c, CURLOPT_SSLKEY, r->key);
}

static int explain(CURL *c, CURLcode result, const struct doctor_request *r, const char *why,
		   struct flume_err *err)
{
	long number = 0;
	curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &number);
	int code = result == CURLE_OPERATION_TIMEDOUT ? FLUME_TIMED_OUT
		   : result == CURLE_OUT_OF_MEMORY    ? FLUME_NOMEM
						      : FLUME_IO;
	if (r->socket && result == CURLE_COULDNT_CONNECT)
		return flume_fail(err, code, "no agent listens there%s%s", number ? ": " : "",
				  number ? strerror((int)number) : "");
	return flume_fail(err, code, "%s", *why ? why : curl_easy_strerror(result));
}

int doctor_get(const struct doctor_request *r, struct doctor_reply *reply,
	       struct flume_err *err)
{
	CURL *c = curl_easy_init();
	struct text url = {0};
	struct curl_slist *to = NULL;
	char why[CURL_ERROR_SIZE] = "";
	int64_t begun = loop_now();
	int rc = 0;
	*reply = (struct doctor_reply){0};
	if (!c || !address(r, &url, &to)) {
		rc = flume_fail(err, FLUME_NOMEM, "out of memory");
	} else {
		curl_easy_setopt(c, CURLOPT_URL, url.s);
		curl_easy_setopt(c, CURLOPT_CONNECT_TO, to);
		curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
		curl_easy_setopt(c, CURLOPT_PROXY, "");
		curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)r->within_ms);
		curl_easy_setopt(c, CURLOPT_ERRORBUFFER, why);
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep);
		curl_easy_setopt(c, CURLOPT_WRITEDATA, &reply->body);
		curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
		curl_easy_setopt(c, CURLOPT_HEADERDATA, reply);
		if (r->socket)
			curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, r->socket);
		set_tls(c, r);
		CURLcode result = curl_easy_perform(c);
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &reply->status);
		if (result)
			rc = explain(c, result, r, why, err);
	}
	reply->took_ns = loop_now() - begun;
	text_fini(&url);
	curl_slist_free_all(to);
	curl_easy_cleanup(c);
	return rc;
}
