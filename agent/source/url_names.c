#include "agent/source/url_names.h"

#include "agent/source/url.h"
#include "agent/web/web.h"

#include <string.h>
#include <strings.h>

size_t url_name_length(const char *text)
{
	const char *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) : 0;
	char name[130];
	if (!n || n >= sizeof name)
		return 0;
	memcpy(name, text, n);
	name[n] = '\0';
	return source_name_good(name) ? n : 0;
}

const char *url_behind_name(const char *text)
{
	size_t n = url_name_length(text);
	return n ? text + n + 1 : text;
}

/* Nobody but this host listens there. */
static bool is_local(const char *url)
{
	static const char *const hosts[] = {"http://127.0.0.1", "http://localhost",
					    "http://[::1]"};
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		size_t n = strlen(hosts[i]);
		if (!strncasecmp(url, hosts[i], n) && (!url[n] || strchr(":/?", url[n])))
			return true;
	}
	return false;
}

static int check_one(const struct source_url_options *o, const char *text,
		     struct flume_err *err)
{
	const char *url = url_behind_name(text);
	int code = web_check_url(url, err);
	if (!code && o->token_file && !strncasecmp(url, "http://", 7) && !is_local(url))
		code = flume_fail(err, FLUME_INVALID,
				  "'%s': the token would be seen on the way: expected https://",
				  url);
	return code;
}

/* The names are few. */
static bool is_named_again(const char *const *urls, size_t i)
{
	size_t n = url_name_length(urls[i]);
	for (size_t k = 0; k < i; k++)
		if (url_name_length(urls[k]) == n && !memcmp(urls[k], urls[i], n))
			return true;
	return false;
}

int source_url_check(const struct source_url_options *o, struct flume_err *err)
{
	size_t maps = 0, i = 0;
	for (; o->urls[i]; i++) {
		bool map = !url_name_length(o->urls[i]);
		int code = check_one(o, o->urls[i], err);
		if (code)
			return code;
		if (!map && is_named_again(o->urls, i))
			return flume_fail(err, FLUME_INVALID, "'%s': the name stands twice",
					  o->urls[i]);
		maps += map;
	}
	if (maps && i > 1)
		return flume_fail(err, FLUME_INVALID,
				  "expected one URL of all schemas, or NAME=URL for each");
	return 0;
}
