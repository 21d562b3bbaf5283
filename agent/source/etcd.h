/* etcd.h - what only the source of that kind can be told. */
#ifndef FLUME_AGENT_SOURCE_ETCD_H
#define FLUME_AGENT_SOURCE_ETCD_H

#include "agent/source/source.h"

/* Somebody else learned that the store was wiped or restored, from an answer at `revision`
 * after it had been beyond that.  The source cannot see it when the new store has come just as
 * far as the old one was when it looked last; if it has seen it itself after `since`, when the
 * old store still answered, nothing happens.  `source` is one that source_etcd_new made. */
void source_etcd_reset(struct source *, int64_t revision, int64_t since);

#endif
