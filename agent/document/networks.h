/*
 * networks.h - blocks of addresses, IPv4 and IPv6: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7".  Pure.
 *
 * An IPv4 address that is written as one of IPv6 (::ffff:10.0.0.1) is that IPv4 address.
 */
#ifndef FLUME_AGENT_DOCUMENT_NETWORKS_H
#define FLUME_AGENT_DOCUMENT_NETWORKS_H

#include "lib/flume.h"

struct address {
	uint64_t high, low;
	bool is_v4; /* the lowest 32 bits */
};

struct network { /* from the first address to the last */
	struct address first, last;
};

/* False when it is none: nothing before or behind it. */
bool address_read(const char *text, size_t len, struct address *out);
/* An address and perhaps the length of a prefix.  Returns 0 or FLUME_INVALID ("not an address",
 * "bits are set behind the prefix: did you mean 10.0.0.0/8?"). */
int network_read(const char *text, struct network *out, struct flume_err *err);

/* Sorts them and leaves out those that lie in others; returns how many are left. */
size_t networks_join(struct network *, size_t n);
/* Of joined ones. */
bool networks_have(const struct network *, size_t n, const struct address *);

#endif
