/*
 * Five lines: Host, Origin, Accept, Content-Type, If-Match.  Whatever a client sends, what is
 * let in must be what it looks like.
 */
#include "agent/http/etag.h"
#include "agent/http/guard.h"
#include "agent/http/media.h"
#include "agent/serve/host.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void look_at_host(const char *host, const char *origin)
{
	char *allowed[] = {NULL}, listen[] = "node", node[] = "node-17";
	struct guard guard = {.listen_host = listen, .node = node, .allow_hosts = allowed};
	const char *name, *port;
	size_t len = host_split(host, &name, &port);
	require(!len || (name >= host && name + len <= host + strlen(host)),
		"a host is part of its header");
	require(!len || port[strspn(port, "0123456789")] == '\0', "a port is a number");
	if (guard_host(&guard, host))
		require(len && (strchr("[0123456789", *host) ||
				!strncasecmp(name, "localhost", len) ||
				!strncasecmp(name, "node-17", len)),
			"only addresses, localhost and names we know");
	if (guard_origin(origin, host))
		require(strlen(origin) > strlen(host) &&
				!strcasecmp(origin + strlen(origin) - strlen(host), host),
			"a page comes from the host that is asked");
}

static void look_at_types(const char *accept, const char *type)
{
	enum flume_format format;
	if (media_accept(accept, &format))
		require(!accept[strspn(accept, " \t,")] || strchr(accept, '*') ||
				strcasestr(accept, format == FLUME_JSON ? "json" : "yaml"),
			"what is sent was asked for");
	if (media_type(type, &format) && format == FLUME_JSON)
		require(strcasestr(type, "application/json") != NULL, "JSON says so");
}

static void look_at_tags(const char *tags)
{
	static const char digest[] = "sha256:00";
	require(!etag_listed(tags, NULL, true), "what is not there is in no list");
	if (etag_listed(tags, digest, false)) {
		require(strstr(tags, digest) || strchr(tags, '*'),
			"what matches is in the list");
		require(etag_listed(tags, digest, true), "and matches weakly too");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *lines[5], *rest = text;
	require(text, "memory");
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		size_t len = strcspn(rest, "\n");
		lines[i] = rest;
		rest += len + (rest[len] == '\n');
		lines[i][len] = '\0';
	}
	look_at_host(lines[0], lines[1]);
	look_at_types(lines[2], lines[3]);
	look_at_tags(lines[4]);
	free(text);
	return 0;
}
