/* refusals.h - inside agent/cmd: refused lines, told when it is known how many lines came before. */
#ifndef FLUME_AGENT_CMD_REFUSALS_H
#define FLUME_AGENT_CMD_REFUSALS_H

#include "agent/ndjson/ndjson.h"

/* Copies it behind those that are kept.  Without memory `failed` is set, and it is not kept. */
void refusals_keep(struct text *kept, const struct ndjson_refusal *);
/* Tells each, in the order they came, with `before` added to its line.  `kept` is only read. */
void refusals_tell(const struct text *kept, uint64_t before, ndjson_refused_fn *, void *arg);

#endif
