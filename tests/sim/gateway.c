#include "tests/sim/gateway.h"

#include "agent/etcd/wire.h"
#include "tests/sim/streams.h"
#include "tests/sim/trace.h"
#include "tests/sim/wires.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LEASE_LEAST 2 /* seconds */

/* ---- pieces ---- */

void gateway_add_header(struct text *t, const struct member *m, int64_t revision)
{
	text_addf(
		t,
		"\"header\":{\"cluster_id\":\"1\",\"member_id\":\"%u\",\"revision\":\"%" PRId64
		"\",\"raft_term\":\"%" PRId64 "\"}",
		m->index + 1, revision, cluster.term);
}

void gateway_add_kv(struct text *t, const struct key *key, const struct version *v, bool value)
{
	text_add_char(t, '{');
	etcd_add_bytes(t, "key", key->name, strlen(key->name));
	text_addf(t, ",\"mod_revision\":\"%" PRId64 "\"", v->revision);
	if (!v->deleted) {
		text_addf(t, ",\"create_revision\":\"%" PRId64 "\",\"version\":\"%" PRId64 "\"",
			  v->create_revision, v->number);
		if (v->lease)
			text_addf(t, ",\"lease\":\"%" PRId64 "\"", v->lease);
		if (value && v->len) {
			text_add_char(t, ',');
			etcd_add_bytes(t, "value", v->value, v->len);
		}
	}
	text_add_char(t, '}');
}

bool gateway_in_range(const char *key, const char *from, const char *to)
{
	return *to ? strcmp(key, from) >= 0 && strcmp(key, to) < 0 : !strcmp(key, from);
}

/* ---- reading ---- */

/* NUL-terminated; "" when absent. */
static char *dup_bytes(const json_t *object, const char *name, size_t *out_len)
{
	const json_t *value = json_object_get(object, name);
	size_t len = 0;
	char *bytes = etcd_base64_decode(value ? json_string_value(value) : "",
					 value ? json_string_length(value) : 0, &len);
	if (!bytes)
		abort();
	if (out_len)
		*out_len = len;
	return bytes;
}

static int64_t get_int(const json_t *object, const char *name)
{
	int64_t n = 0;
	(void)etcd_read_int(object, name, &n);
	return n;
}

/* ---- answering ---- */

static void answer(struct wire *w, long status, struct text *t)
{
	wire_send(w, status, t->s, t->len);
	text_fini(t);
	wire_end(w, WIRE_ENDS);
}

static void refuse(struct wire *w, int code, long http, const char *message)
{
	struct text t = {0};
	if (!strcmp(wire_path(w), "/v3/watch"))
		text_addf(&t, "{\"error\":{\"%s\":%d,\"message\":\"%s\"}}",
			  cluster.old_dialect ? "grpc_code" : "code", code, message);
	else if (cluster.old_dialect)
		text_addf(&t, "{\"error\":\"%s\",\"message\":\"%s\",\"code\":%d}", message,
			  message, code);
	else
		text_addf(&t, "{\"code\":%d, \"message\":\"%s\"}", code, message);
	answer(w, http, &t);
}

static void begin(struct text *t, const struct wire *w)
{
	text_add_char(t, '{');
	gateway_add_header(t, wire_member(w), wire_member(w)->applied);
}

static void done(struct wire *w, struct text *t)
{
	text_add_char(t, '}');
	answer(w, 200, t);
}

/* ---- keys ---- */

struct query {
	char *from, *to;
	int64_t revision, limit, newer;
	bool keys_only, count_only, newest_first;
};

static const struct key *newest_of(const struct query *q, int64_t revision)
{
	const struct key *best = NULL;
	int64_t when = 0;
	for (size_t i = 0; i < cluster.store.keys_len; i++) {
		const struct key *key = &cluster.store.keys[i];
		const struct version *v = key_at(key, revision);
		if (v && gateway_in_range(key->name, q->from, q->to) && v->revision > when &&
		    v->revision >= q->newer) {
			best = key;
			when = v->revision;
		}
	}
	return best;
}

static void add_range(struct text *t, const struct query *q, int64_t revision)
{
	const struct key *newest = q->newest_first ? newest_of(q, revision) : NULL;
	int64_t count = 0, given = 0;
	for (size_t i = 0; i < cluster.store.keys_len; i++) {
		const struct key *key = &cluster.store.keys[i];
		const struct version *v = key_at(key, revision);
		if (!v || !gateway_in_range(key->name, q->from, q->to))
			continue;
		count++;
		bool wanted = q->newest_first ? key == newest : v->revision >= q->newer;
		if (!wanted || q->count_only || (q->limit && given >= q->limit))
			continue;
		text_add(t, given++ ? "," : ",\"kvs\":[");
		gateway_add_kv(t, key, v, !q->keys_only);
	}
	if (given)
		text_add_char(t, ']');
	if (!q->newest_first && !q->count_only && given < count)
		text_add(t, ",\"more\":true");
	if (count)
		text_addf(t, ",\"count\":\"%" PRId64 "\"", count);
}

static struct query read_query(const json_t *root)
{
	const char *order = json_string_value(json_object_get(root, "sort_order"));
	return (struct query){
		.from = dup_bytes(root, "key", NULL),
		.to = dup_bytes(root, "range_end", NULL),
		.revision = get_int(root, "revision"),
		.limit = get_int(root, "limit"),
		.newer = get_int(root, "min_mod_revision"),
		.keys_only = json_is_true(json_object_get(root, "keys_only")),
		.count_only = json_is_true(json_object_get(root, "count_only")),
		.newest_first = order && !strcmp(order, "DESCEND"),
	};
}

/* Linearizable: the member must have applied all that was committed when it was asked. */
static void range(struct wire *w, const json_t *root)
{
	struct member *m = wire_member(w);
	int64_t needed = wire_waits_for(w) ? wire_waits_for(w) : cluster.store.last;
	struct query q = read_query(root);
	struct text t = {0};
	if (m->applied < needed && wire_deadline(w) && sim.now >= wire_deadline(w))
		refuse(w, 4, 504, "context deadline exceeded");
	else if (m->applied < needed)
		wire_wait(w, needed);
	else if (q.revision && q.revision < cluster.store.compacted)
		refuse(w, 11, 400, "etcdserver: mvcc: required revision has been compacted");
	else if (q.revision > m->applied)
		refuse(w, 11, 400, "etcdserver: mvcc: required revision is a future revision");
	else {
		begin(&t, w);
		add_range(&t, &q, q.revision ? q.revision : m->applied);
		done(w, &t);
	}
	free(q.from);
	free(q.to);
}

/* What a member answers after a write, it has applied. */
static void written(struct wire *w)
{
	struct member *m = wire_member(w);
	if (m->applied < cluster.store.last)
		m->applied = cluster.store.last;
	cluster_written();
	streams_pump(m);
}

static bool may_write(struct wire *w)
{
	if (cluster.no_space)
		refuse(w, 8, 429, "etcdserver: mvcc: database space exceeded");
	return !cluster.no_space;
}

/* False: there is no such lease. */
static bool put(const json_t *root)
{
	size_t len;
	int64_t lease = get_int(root, "lease");
	if (lease && !store_lease(&cluster.store, lease))
		return false;
	char *key = dup_bytes(root, "key", NULL);
	char *value = dup_bytes(root, "value", &len);
	store_put(&cluster.store, key, value, len, lease);
	free(key);
	free(value);
	return true;
}

static void answer_put(struct wire *w, const json_t *root)
{
	struct text t = {0};
	if (!may_write(w))
		return;
	store_begin(&cluster.store);
	bool good = put(root);
	store_end(&cluster.store);
	if (!good) {
		refuse(w, 5, 404, "etcdserver: requested lease not found");
		return;
	}
	written(w);
	begin(&t, w);
	done(w, &t);
}

static void answer_delete(struct wire *w, const json_t *root)
{
	struct text t = {0};
	char *key = dup_bytes(root, "key", NULL);
	store_begin(&cluster.store);
	bool gone = store_delete(&cluster.store, key);
	store_end(&cluster.store);
	free(key);
	written(w);
	begin(&t, w);
	if (gone)
		text_add(&t, ",\"deleted\":\"1\"");
	done(w, &t);
}

/* ---- transactions ---- */

static bool compare(const json_t *condition)
{
	char *key = dup_bytes(condition, "key", NULL);
	const char *target = json_string_value(json_object_get(condition, "target"));
	const struct version *v = store_get(&cluster.store, key, cluster.store.last);
	bool by_mod = target && !strcmp(target, "MOD");
	int64_t wanted = get_int(condition, by_mod ? "mod_revision" : "create_revision");
	free(key);
	return wanted == (!v ? 0 : by_mod ? v->revision : v->create_revision);
}

static bool all_true(const json_t *conditions)
{
	for (size_t i = 0; i < json_array_size(conditions); i++)
		if (!compare(json_array_get(conditions, i)))
			return false;
	return true;
}

static bool carry_out(const json_t *ops, struct text *t)
{
	bool good = true;
	store_begin(&cluster.store);
	for (size_t i = 0; i < json_array_size(ops); i++) {
		const json_t *op = json_array_get(ops, i);
		const json_t *to_put = json_object_get(op, "request_put");
		const json_t *to_delete = json_object_get(op, "request_delete_range");
		const json_t *to_read = json_object_get(op, "request_range");
		text_add(t, i ? "," : ",\"responses\":[");
		if (to_put) {
			good = put(to_put) && good;
			text_add(t, "{\"response_put\":{}}");
		} else if (to_delete) {
			char *key = dup_bytes(to_delete, "key", NULL);
			text_addf(t, "{\"response_delete_range\":{\"deleted\":\"%d\"}}",
				  store_delete(&cluster.store, key));
			free(key);
		} else {
			struct query q = read_query(to_read);
			struct text found = {0};
			add_range(&found, &q, cluster.store.last);
			text_addf(t, "{\"response_range\":{%s}}", found.len ? found.s + 1 : "");
			text_fini(&found);
			free(q.from);
			free(q.to);
		}
	}
	text_add(t, json_array_size(ops) ? "]" : "");
	store_end(&cluster.store);
	return good;
}

static void txn(struct wire *w, const json_t *root)
{
	struct text t = {0}, responses = {0};
	bool met = all_true(json_object_get(root, "compare"));
	if (!may_write(w))
		return;
	if (!carry_out(json_object_get(root, met ? "success" : "failure"), &responses)) {
		text_fini(&responses);
		refuse(w, 5, 404, "etcdserver: requested lease not found");
		return;
	}
	written(w);
	begin(&t, w);
	text_addf(&t, "%s%s", met ? ",\"succeeded\":true" : "", responses.s);
	text_fini(&responses);
	done(w, &t);
}

/* ---- leases ---- */

static void grant(struct wire *w, const json_t *root)
{
	struct text t = {0};
	int64_t ttl = get_int(root, "TTL");
	if (!may_write(w))
		return;
	if (ttl < LEASE_LEAST)
		ttl = LEASE_LEAST;
	int64_t id = (int64_t)(chance_draw(&sim.network) >> 2);
	store_grant(&cluster.store, id, ttl * SIM_SECOND, sim.now);
	begin(&t, w);
	text_addf(&t, ",\"ID\":\"%" PRId64 "\",\"TTL\":\"%" PRId64 "\"", id, ttl);
	done(w, &t);
}

static void keep_alive(struct wire *w, const json_t *root)
{
	struct text t = {0};
	int64_t id = get_int(root, "ID");
	struct lease *lease = store_lease(&cluster.store, id);
	text_add(&t, "{\"result\":{");
	gateway_add_header(&t, wire_member(w), wire_member(w)->applied);
	text_addf(&t, ",\"ID\":\"%" PRId64 "\"", id);
	if (lease) {
		lease->ends = sim.now + lease->ttl_ns;
		text_addf(&t, ",\"TTL\":\"%" PRId64 "\"", lease->ttl_ns / SIM_SECOND);
	}
	text_add(&t, "}}\n");
	answer(w, 200, &t);
}

static void revoke(struct wire *w, const json_t *root)
{
	struct text t = {0};
	int64_t id = get_int(root, "ID");
	if (!store_lease(&cluster.store, id)) {
		refuse(w, 5, 404, "etcdserver: requested lease not found");
		return;
	}
	store_revoke(&cluster.store, id);
	written(w);
	begin(&t, w);
	done(w, &t);
}

/* ---- watch ---- */

static void watch(struct wire *w, const json_t *root)
{
	const json_t *create = json_object_get(root, "create_request");
	char *from = dup_bytes(create, "key", NULL), *to = dup_bytes(create, "range_end", NULL);
	stream_new(w,
		   &(struct stream_options){
			   .from = from,
			   .to = to,
			   .start = get_int(create, "start_revision"),
			   .progress = json_is_true(json_object_get(create, "progress_notify")),
			   .fragment = json_is_true(json_object_get(create, "fragment")),
		   });
	free(from);
	free(to);
}

/* ---- which is it? ---- */

static const struct row {
	const char *path;
	void (*answer)(struct wire *, const json_t *root);
} rows[] = {
	{"/v3/kv/range", range},
	{"/v3/kv/put", answer_put},
	{"/v3/kv/deleterange", answer_delete},
	{"/v3/kv/txn", txn},
	{"/v3/lease/grant", grant},
	{"/v3/lease/keepalive", keep_alive},
	{"/v3/lease/revoke", revoke},
	{"/v3/watch", watch},
};

static void (*find_row(const char *path))(struct wire *, const json_t *)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].path, path))
			return rows[i].answer;
	return NULL;
}

void gateway_answer(struct wire *w)
{
	void (*how)(struct wire *, const json_t *) = find_row(wire_path(w));
	json_t *root = json_loads(wire_body(w), 0, NULL);
	if (!how) {
		refuse(w, 5, 404, "Not Found");
	} else if (!root) {
		promise_broken("a request is JSON: %s", wire_body(w));
	} else if (!member_has_leader(wire_member(w))) {
		refuse(w, 14, 503, "etcdserver: no leader");
	} else if (cluster.refuses && how != watch && how != keep_alive) {
		refuse(w, cluster.old_dialect ? 16 : 3, cluster.old_dialect ? 401 : 400,
		       cluster.old_dialect ? "etcdserver: invalid auth token"
					   : "etcdserver: user name is empty");
	} else {
		how(w, root);
	}
	json_decref(root);
}
