/*
 * terms.h - inside this room: what a schema asks for between its cases and the swap.
 *
 * What is not said is as the schema of schemas says.  Values are lent by the schema.
 */
#ifndef FLUME_AGENT_ENGINE_TERMS_H
#define FLUME_AGENT_ENGINE_TERMS_H

#include "agent/engine/live.h"
#include "agent/engine/shadow.h"
#include "lib/flume.h"

struct shadow_terms {
	uint32_t share; /* of SPLIT_WHOLE */
	struct shadow_limits limits;
	const flume_value *except; /* a list of paths; NULL: none */
};

struct live_terms {
	uint32_t share;
	struct live_limits limits;
	const char *by; /* a path; NULL: the whole document */
};

/* False when the schema asks for none. */
bool terms_shadow(const flume_schema *, struct shadow_terms *);
bool terms_live(const flume_schema *, struct live_terms *);

#endif
