#include "agent/cmd/fetch.h"

#include <curl/curl.h>
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

static int perform(CURL *curl, const char *url, const char *accept, struct text *out,
		   struct flume_err *err)
{
	char why[CURL_ERROR_SIZE] = "";
	char header[128];
	snprintf(header, sizeof header, "Accept: %s", accept ? accept : "*/*");
	struct curl_slist *headers = curl_slist_append(NULL, header);
	if (!headers)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
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
	CURLcode result = curl_easy_perform(curl);
	long status = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	if (out->failed)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	return result ? explain(result, url, why, err) : judge(status, url, err);
}

int fetch(const char *url, const char *path, const char *accept, struct text *out,
	  struct flume_err *err)
{
	size_t len = strlen(url);
	while (len && url[len - 1] == '/')
		len--;
	struct text whole = {0};
	text_addf(&whole, "%.*s%s", (int)len, url, path);
	CURL *curl = whole.failed ? NULL : curl_easy_init();
	int code = curl ? perform(curl, whole.s, accept, out, err)
			: flume_fail(err, FLUME_NOMEM, "out of memory");
	curl_easy_cleanup(curl);
	text_fini(&whole);
	return code;
}
