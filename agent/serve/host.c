#include "agent/serve/host.h"

#include <stdbool.h>
#include <string.h>

size_t host_split(const char *text, const char **out_host, const char **out_port)
{
	bool brackets = *text == '[';
	const char *host = text + brackets;
	size_t len = strcspn(host, brackets ? "]" : ":");
	const char *port = host + len;
	if (brackets && *port++ != ']')
		return 0;
	if (*port == ':')
		port++;
	else if (*port)
		return 0;
	if (port[strspn(port, "0123456789")])
		return 0;
	*out_host = host;
	*out_port = port;
	return len;
}
