/*
 * wire.h - the gateway's JSON: how requests are written and what replies say.  Bytes are
 * base64, 64-bit numbers are strings, and what is zero is left out.  Pure.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_WIRE_H
#define FLUME_AGENT_ETCD_WIRE_H

#include "agent/etcd/etcd.h"
#include "lib/base/text.h"

#include <jansson.h>

/* "name":"<base64>" */
void etcd_add_bytes(struct text *, const char *name, const char *bytes, size_t n);
/* "key":"..." of one key; with "range_end":"..." for all that begin with it.  `from` (NULL: the
 * first) is where in the range to begin, inclusive. */
void etcd_add_key(struct text *, const char *key);
void etcd_add_prefix(struct text *, const char *prefix, const char *from, size_t from_len);
/* The same up to `end`, without it; NULL: as etcd_add_prefix. */
void etcd_add_range(struct text *, const char *prefix, const char *end, const char *from,
		    size_t from_len);

/* NUL-terminated beyond *len; NULL when `s` is not padded base64, or memory is out (then *len
 * is not touched). */
char *etcd_base64_decode(const char *s, size_t n, size_t *len);

/* 0 when absent; FLUME_IO when it is there and no number, or one that cannot be counted up. */
int etcd_read_int(const json_t *object, const char *name, int64_t *out);
uint64_t etcd_read_id(const json_t *object, const char *name);
/* Of the answer to a password; to be freed.  FLUME_IO, also when it could not stand in a header;
 * FLUME_NOMEM. */
int etcd_read_token(const json_t *reply, char **out);
/* Appends; FLUME_IO or FLUME_NOMEM leaves *kvs and *n whole. */
int etcd_read_kvs(const json_t *array, struct etcd_kv **kvs, size_t *n);
int etcd_read_kv(const json_t *object, struct etcd_kv *out);
void etcd_kv_fini(struct etcd_kv *);

#endif
