/* gateway.h - etcd's JSON: what a member answers to a request. */
#ifndef FLUME_SIM_GATEWAY_H
#define FLUME_SIM_GATEWAY_H

#include "lib/base/text.h"
#include "tests/sim/members.h"

struct wire;

void gateway_answer(struct wire *);

/* "header":{...} */
void gateway_add_header(struct text *, const struct member *, int64_t revision);
void gateway_add_kv(struct text *, const struct key *, const struct version *, bool value);
/* `to` "": `from` alone. */
bool gateway_in_range(const char *key, const char *from, const char *to);

#endif
