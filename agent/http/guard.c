#include "agent/http/guard.h"

#include "agent/serve/host.h"
#include "lib/base/digest.h"
#include "lib/flume.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- life ---- */

static char **copy_list(const char *const *list)
{
	size_t n = 0;
	while (list[n])
		n++;
	char **copy = calloc(n + 1, sizeof *copy);
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = strdup(list[i]);
		if (!copy[i]) {
			while (i)
				free(copy[--i]);
			free((void *)copy);
			return NULL;
		}
	}
	return copy;
}

int guard_init(struct guard *g, const char *listen, const char *node,
	       const char *const *allow_hosts, const char *token)
{
	const char *host = "", *port;
	size_t len = listen ? host_split(listen, &host, &port) : 0;
	*g = (struct guard){.listen_host = strndup(host, len),
			    .node = strdup(node ? node : "")};
	if (allow_hosts)
		g->allow_hosts = copy_list(allow_hosts);
	if (token)
		g->token = strdup(token);
	if (g->listen_host && g->node && (g->allow_hosts || !allow_hosts) &&
	    (g->token || !token))
		return 0;
	guard_fini(g);
	return FLUME_NOMEM;
}

void guard_fini(struct guard *g)
{
	for (char **host = g->allow_hosts; host && *host; host++)
		free(*host);
	free((void *)g->allow_hosts);
	free(g->listen_host);
	free(g->node);
	free(g->token);
	*g = (struct guard){0};
}

/* ---- Host and Origin ---- */

static bool same(const char *name, const char *host, size_t len)
{
	return strlen(name) == len && !strncasecmp(name, host, len);
}

bool guard_host(const struct guard *g, const char *text)
{
	if (!text)
		return true;
	const char *host, *port;
	size_t len = host_split(text, &host, &port);
	char address[64];
	if (!len)
		return false;
	if (*text != '[' && same(g->listen_host, host, len)) /* as it mostly is */
		return true;
	if (len < sizeof address) {
		struct in6_addr parsed;
		memcpy(address, host, len);
		address[len] = '\0';
		if (inet_pton(*text == '[' ? AF_INET6 : AF_INET, address, &parsed) == 1)
			return true;
	}
	if (*text == '[')
		return false;
	if (same("localhost", host, len) || same(g->node, host, len))
		return true;
	for (char **name = g->allow_hosts; name && *name; name++)
		if (same(*name, host, len))
			return true;
	return false;
}

bool guard_origin(const char *origin, const char *host)
{
	if (!origin)
		return true;
	const char *authority = strstr(origin, "://");
	return authority && host && *host && !strcasecmp(authority + 3, host);
}

/* ---- token ---- */

static void hash(const char *text, char out[DIGEST_SIZE])
{
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, text, strlen(text));
	digest_end(&digest, out);
}

bool guard_token(const struct guard *g, const char *authorization)
{
	static const char scheme[] = "Bearer ";
	if (!authorization || strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
		return false;
	const char *token = authorization + sizeof scheme - 1;
	token += strspn(token, " ");
	char given[DIGEST_SIZE], wanted[DIGEST_SIZE];
	hash(token, given);
	hash(g->token, wanted);
	unsigned difference = 0;
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		difference |= (unsigned char)(given[i] ^ wanted[i]);
	return !difference;
}
