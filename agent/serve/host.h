/* host.h - the host and the port in an address. */
#ifndef FLUME_AGENT_SERVE_HOST_H
#define FLUME_AGENT_SERVE_HOST_H

#include <stddef.h>

/* The host of "HOST:PORT", "HOST" or "[V6]:PORT": length, and where it begins; the port is "" when
 * there is none.  0: not that. */
size_t host_split(const char *text, const char **out_host, const char **out_port);

#endif
