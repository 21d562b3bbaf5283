/* record.h - inside agent/tap: a call, copied where the listener finds it. */
#ifndef FLUME_AGENT_TAP_RECORD_H
#define FLUME_AGENT_TAP_RECORD_H

#include "agent/tap/tap.h"
#include "agent/tap/veil.h"

#include <stdint.h>

#define RECORDS_SIZE ((size_t)512 << 10)

struct records {              /* one behind the other */
	unsigned char *bytes; /* RECORDS_SIZE of them */
	size_t used, count;
};

/* `output` is the JSON of what came out, NULL when nothing did.  False: there is no room. */
bool records_add(struct records *, const struct tap_call *, const char *output, size_t len,
		 int64_t at_ms);

struct record_view {
	const struct veil *fixed, *own;
	bool input, output;
};

/* The record at *at as a line of JSON; *at is the next one's then. */
void record_write(const struct records *, size_t *at, const struct record_view *,
		  struct text *out);

enum tap_outcome record_outcome(int result);

#endif
