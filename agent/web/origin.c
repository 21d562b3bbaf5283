#include "agent/web/origin.h"

#include "agent/web/web.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

struct origin {
	char *scheme, *host, *port;
};

static void origin_fini(struct origin *o)
{
	curl_free(o->scheme);
	curl_free(o->host);
	curl_free(o->port);
}

static bool origin_read(struct origin *out, const char *url)
{
	*out = (struct origin){0};
	CURLU *u = curl_url();
	bool good = u && !curl_url_set(u, CURLUPART_URL, url, 0) &&
		    !curl_url_get(u, CURLUPART_SCHEME, &out->scheme, 0) &&
		    !curl_url_get(u, CURLUPART_HOST, &out->host, 0) &&
		    !curl_url_get(u, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT);
	curl_url_cleanup(u);
	return good;
}

bool origin_same(const char *a, const char *b)
{
	struct origin x, y;
	bool read_x = origin_read(&x, a), read_y = origin_read(&y, b);
	bool same = read_x && read_y && !strcmp(x.scheme, y.scheme) &&
		    !strcasecmp(x.host, y.host) && !strcmp(x.port, y.port);
	origin_fini(&x);
	origin_fini(&y);
	return same;
}

bool origin_is_secure(const char *url)
{
	return !strncasecmp(url, "https://", 8);
}

bool origin_may_lead(const char *from, const char *to)
{
	struct origin x, y;
	bool read_x = origin_read(&x, from), read_y = origin_read(&y, to);
	bool good = read_x && read_y &&
		    (!strcmp(y.scheme, "https") ||
		     (!strcmp(y.scheme, "http") && !strcmp(x.scheme, "http")));
	origin_fini(&x);
	origin_fini(&y);
	return good;
}

static const char *what_is_wrong(CURLU *u, const char *url)
{
	char *part = NULL;
	const char *wrong = NULL;
	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return "expected http:// or https://";
	if (curl_url_set(u, CURLUPART_URL, url, 0))
		return "it is no URL";
	if (!curl_url_get(u, CURLUPART_USER, &part, 0) ||
	    !curl_url_get(u, CURLUPART_PASSWORD, &part, 0))
		wrong = "a password would be shown: use a token file";
	else if (!curl_url_get(u, CURLUPART_FRAGMENT, &part, 0))
		wrong = "a fragment is never sent: leave out '#' and what follows";
	curl_free(part);
	return wrong;
}

int web_check_url(const char *url, struct flume_err *err)
{
	CURLU *u = curl_url();
	const char *wrong = u ? what_is_wrong(u, url) : "out of memory";
	curl_url_cleanup(u);
	if (!wrong)
		return 0;
	int code = u ? FLUME_INVALID : FLUME_NOMEM;
	if (strchr(url, '@')) /* there may be a password in it */
		return flume_fail(err, code, "the URL: %s", wrong);
	return flume_fail(err, code, "'%s': %s", url, wrong);
}
