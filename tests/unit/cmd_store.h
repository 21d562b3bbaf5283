/* cmd_store.h - commands beside a real etcd, which FLUME_ETCD names. */
#ifndef FLUME_TESTS_UNIT_CMD_STORE_H
#define FLUME_TESTS_UNIT_CMD_STORE_H

#include "agent/etcd/sync.h"
#include "tests/unit/cmd_fixture.h"
#include "tests/unit/etcd_server.h"

extern struct etcd_server server;
extern struct etcd_sync *etcd; /* a client of it */

/* A case in which each test has an empty etcd, and a folder of its own. */
TCase *cmd_store_tests(Suite *, const char *name);
void store(const char *key, const char *value);

#define SCHEMA(version, x)                                                 \
	"version: \"" version "\"\n"                                       \
	"components: {processors: {s: {kind: set, fields: {x: " x "}}}}\n" \
	"ref: s\n"

#endif
