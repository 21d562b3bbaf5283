#include "agent/etcd/client.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Is it one of these two (NULL: absent)?  Sets *bad when out of memory. */
static bool part_is(CURLU *url, CURLUPart part, const char *a, const char *b, bool *bad)
{
	char *text = NULL;
	CURLUcode rc = curl_url_get(url, part, &text, 0);
	if (rc != CURLUE_OK) {
		*bad |= rc == CURLUE_OUT_OF_MEMORY;
		return !a;
	}
	bool is = (a && !strcasecmp(text, a)) || (b && !strcasecmp(text, b));
	curl_free(text);
	return is;
}

/* What is wrong with it; NULL: nothing.  Sets *bad when out of memory. */
static const char *complaint(CURLU *url, const char *text, bool *bad)
{
	CURLUcode rc = curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
	*bad = rc == CURLUE_OUT_OF_MEMORY;
	if (rc != CURLUE_OK)
		return "is not a URL like http://host:2379";
	if (!part_is(url, CURLUPART_SCHEME, "http", "https", bad))
		return "does not begin with http:// or https://";
	if (!part_is(url, CURLUPART_USER, NULL, NULL, bad) ||
	    !part_is(url, CURLUPART_PASSWORD, NULL, NULL, bad))
		return "must not hold a user name or password";
	if (!part_is(url, CURLUPART_PATH, "/", NULL, bad) ||
	    !part_is(url, CURLUPART_QUERY, NULL, NULL, bad) ||
	    !part_is(url, CURLUPART_FRAGMENT, NULL, NULL, bad))
		return "must end after the port";
	return NULL;
}

static int check(const char *text, struct flume_err *err)
{
	CURLU *url = curl_url();
	bool bad = !url;
	const char *why = url ? complaint(url, text, &bad) : NULL;
	curl_url_cleanup(url);
	if (bad)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (why && strchr(text, '@')) /* there may be a password in it */
		return flume_fail(err, FLUME_INVALID, "an etcd endpoint %s", why);
	return why ? flume_fail(err, FLUME_INVALID, "etcd endpoint '%s' %s", text, why) : 0;
}

static int add(char ***list, size_t *len, const char *s, size_t n, struct flume_err *err)
{
	char **grown = realloc(*list, (*len + 1) * sizeof *grown);
	if (!grown)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*list = grown;
	char *endpoint = strndup(s, n);
	if (!endpoint)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	grown[(*len)++] = endpoint;
	int rc = check(endpoint, err);
	while (!rc && n && endpoint[n - 1] == '/')
		endpoint[--n] = '\0';
	return rc;
}

int etcd_endpoints_parse(const char *given, char ***out, size_t *out_len, struct flume_err *err)
{
	static const char blank[] = " \t,";
	char **list = NULL;
	size_t len = 0;
	for (const char *s = given ? given : ""; *(s += strspn(s, blank));) {
		size_t n = strcspn(s, blank);
		int rc = add(&list, &len, s, n, err);
		if (rc) {
			etcd_endpoints_free(list, len);
			return rc;
		}
		s += n;
	}
	if (len > ETCD_RING_MOST) {
		etcd_endpoints_free(list, len);
		return flume_fail(err, FLUME_INVALID, "more than %d etcd endpoints are given",
				  ETCD_RING_MOST);
	}
	if (!len)
		return flume_fail(err, FLUME_INVALID, "no etcd endpoint is given");
	*out = list;
	*out_len = len;
	return 0;
}

void etcd_endpoints_free(char **endpoints, size_t len)
{
	for (size_t i = 0; i < len; i++)
		free(endpoints[i]);
	free(endpoints);
}
