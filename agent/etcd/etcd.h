/*
 * etcd.h - a client of etcd's JSON gateway (etcd 3.4 to 3.6), on the loop.
 *
 * Nothing here blocks: a call is started and its callback runs later, on the loop's thread,
 * never before the function that started it has returned.  Keys are text; values are bytes.
 * Every request demands that the member has a leader, so that a member cut off from its
 * cluster answers with an error instead of the past.
 *
 * Reads go from endpoint to endpoint until one answers.  Writes do so only while it is certain
 * that nothing was sent; otherwise they fail with FLUME_IO or FLUME_TIMED_OUT, which for a
 * write means "may have happened, now or later": read again, and write with etcd_put_if.
 *
 * With a user, calls and watches wait for a token as need be, and go again, once, when etcd does
 * not take it any more; that changes nothing in the order of things.
 *
 * Codes of a result: FLUME_IO (unreachable, not understood, without leader, or a file that
 * cannot be read), FLUME_TIMED_OUT, FLUME_NOT_FOUND (the lease), FLUME_CONFLICT (the revision
 * compared with, or read at, is gone), FLUME_LIMITED (too big, too much, out of space),
 * FLUME_REFUSED (not allowed), FLUME_INVALID, FLUME_NOMEM.  The text names the endpoint and what
 * etcd said.
 */
#ifndef FLUME_AGENT_ETCD_H
#define FLUME_AGENT_ETCD_H

#include "lib/flume.h"

struct loop;
struct etcd;
struct etcd_call;

/* 0 or NULL in any field but the first takes the default in brackets.  Texts are copied. */
struct etcd_options {
	const char *endpoints; /* "http://a:2379,https://b:2379"; proxies are never used */

	/* For https.  Files that are replaced are read again for the next connection; while they
	 * cannot be read, what was read before is used, and calls fail if there is nothing. */
	const char *ca_file;     /* who vouches for the servers, in PEM [the system's CAs] */
	const char *cert_file;   /* the client's certificate and ... [none]                */
	const char *key_file;    /* ... its key                                            */
	const char *server_name; /* in the servers' certificates [the endpoint's host]   */

	/* The password is the line in the file, read when a token is needed.  With neither,
	 * requests carry no token. */
	const char *user, *password_file;

	int silence_ms;   /* a member that is silent for so long is left [10000]; what
			   * follows, and the times of a watch, keep to it               */
	int connect_ms;   /* [2000]                                                      */
	int request_ms;   /* one try of a call at one endpoint [4000]                    */
	int list_ms;      /* the same for one page of a range of keys [35000] ...        */
	int first_ms;     /* ... whose first byte has to come within [5000]              */
	unsigned page;    /* keys asked for at once [500]                                */
	size_t reply_max; /* bytes of one reply, or of one line of a watch [16 MiB]      */

	/* Something that people should know, `bad` or that it is good again: a password that is
	 * refused, certificates that cannot be read.  Not for every call that fails of it. */
	void (*notice)(void *arg, bool bad, const char *text);
	void *notice_arg;
};

/* The order of the endpoints is random, and stays.  An endpoint that fails is avoided for a
 * while.  NULL with `err` filled: FLUME_INVALID (what is given makes no sense), FLUME_NOMEM. */
struct etcd *etcd_new(struct loop *, const struct etcd_options *, struct flume_err *);
/* The next calls begin at another endpoint, if there is one. */
void etcd_turn(struct etcd *);
/* Calls in flight are dropped without their callback; watches and leases must be gone.  Not
 * from a callback of this client.  Returns NULL. */
struct etcd *etcd_free(struct etcd *);

struct etcd_kv {
	char *key,
		*value; /* NUL-terminated beyond their lengths; value is "" where none came */
	size_t key_len, value_len;
	int64_t create_revision, mod_revision, version;
	int64_t lease; /* 0: none */
};

struct etcd_result {
	int code;             /* 0 or negative; then err says more */
	struct flume_err err; /* err.code is `code`                */
	int64_t revision;     /* of the store when it answered     */
	uint64_t cluster_id, raft_term;
	struct etcd_kv *kvs; /* a range, sorted by key; the present entry after a lost put_if;
			      * of a transaction: all its ranges, one behind the other */
	size_t n;
	int64_t count;      /* of a range: matching keys, however many were asked for */
	int64_t deleted;    /* keys                                                   */
	bool succeeded;     /* of a transaction: everything compared was true         */
	int64_t lease, ttl; /* of lease calls; seconds                                */
};
void etcd_result_fini(struct etcd_result *);

/* The result is lent.  To keep it, copy the struct and zero what `r` points to; then call
 * etcd_result_fini on the copy. */
typedef void etcd_done_fn(struct etcd_result *r, void *arg);

/* The functions that start a call return NULL when out of memory; then `done` will not run.
 * The handle is void once `done` has been called.  Text and values passed in are copied. */

/* The callback will not run; what the server makes of the call is unknown.  NULL is fine;
 * returns NULL. */
struct etcd_call *etcd_cancel(struct etcd_call *);

struct etcd_query { /* zero in any field but `key` is "no" */
	const char *key;
	bool prefix; /* every key that begins with `key` ...                               */
	const char *end; /* ... or, if not NULL, every one from `key` up to this, without it */
	bool keys_only; /* without values                                                     */
	bool count_only; /* result.count alone */
	unsigned limit; /* at most so many keys                                               */
	int64_t revision; /* as it was then; FLUME_CONFLICT when that has been compacted */
};
/* Linearizable.  Many keys come in pages, all read at the revision of the first. */
struct etcd_call *etcd_range(struct etcd *, const struct etcd_query *, etcd_done_fn *,
			     void *arg);
/* `lease` 0: none.  FLUME_NOT_FOUND: there is no such lease (any more). */
struct etcd_call *etcd_put(struct etcd *, const char *key, const char *value, size_t len,
			   int64_t lease, etcd_done_fn *, void *arg);
struct etcd_call *etcd_delete(struct etcd *, const char *key, etcd_done_fn *, void *arg);
/* Writes only if the key was last changed at `expected` (0: if there is no such key); otherwise
 * FLUME_CONFLICT, with the present entry, if any, in kvs. */
struct etcd_call *etcd_put_if(struct etcd *, const char *key, const char *value, size_t len,
			      int64_t expected, int64_t lease, etcd_done_fn *, void *arg);
struct etcd_call *etcd_delete_if(struct etcd *, const char *key, int64_t expected,
				 etcd_done_fn *, void *arg);

/* ---- transactions -------------------------------------------------------------------------- */

enum etcd_target { ETCD_MOD_REVISION, ETCD_CREATE_REVISION, ETCD_VERSION, ETCD_VALUE };
enum etcd_relation { ETCD_EQUAL, ETCD_NOT_EQUAL, ETCD_GREATER, ETCD_LESS };
/* Of a key that is not there the revisions and the version are 0, and comparing its value is
 * false.  With `prefix` it has to be true of every key that begins with `key`; where there is none,
 * of one that is not there. */
struct etcd_compare {
	const char *key;
	bool prefix;
	enum etcd_target target;
	enum etcd_relation relation;
	int64_t number;    /* but for a value */
	const char *value; /* of `len` bytes  */
	size_t len;
};

enum etcd_action { ETCD_PUT, ETCD_DELETE, ETCD_RANGE };
struct etcd_operation {
	enum etcd_action action;
	const char *key;
	bool prefix;       /* delete, range: every key that begins with `key` */
	const char *value; /* put: `len` bytes                                */
	size_t len;
	int64_t lease; /* put; 0: none */
};

struct etcd_txn {
	const struct etcd_compare *compares; /* all of them have to be true */
	size_t n_compares;
	const struct etcd_operation *success, *failure;
	size_t n_success, n_failure;
};
/* All of one list, in one revision, or nothing: one message to each watch.  A key may be put
 * once.  FLUME_LIMITED: more than etcd takes (by default 128 in a list, 1.5 MiB in all). */
struct etcd_call *etcd_transact(struct etcd *, const struct etcd_txn *, etcd_done_fn *,
				void *arg);

/* ---- leases -------------------------------------------------------------------------------- */

/* result.lease and result.ttl (the server may raise it). */
struct etcd_call *etcd_lease_grant(struct etcd *, int64_t ttl_s, etcd_done_fn *, void *arg);
/* Once; FLUME_NOT_FOUND when the lease is gone.  `within_ms` 0: request_ms. */
struct etcd_call *etcd_lease_keepalive(struct etcd *, int64_t lease, int within_ms,
				       etcd_done_fn *, void *arg);
struct etcd_call *etcd_lease_revoke(struct etcd *, int64_t lease, etcd_done_fn *, void *arg);

/* ---- a lease that is held ---------------------------------------------------------------- */

struct etcd_lease;
/* A new lease is held from now on: put what belongs under it (again). */
typedef void etcd_held_fn(int64_t lease, void *arg);
/* Grants, keeps alive three times per TTL, grants anew when the lease is gone, and goes on
 * trying while etcd is away.  NULL when out of memory. */
struct etcd_lease *etcd_lease_new(struct etcd *, int64_t ttl_s, etcd_held_fn *, void *arg);
/* 0: none at present. */
int64_t etcd_lease_id(const struct etcd_lease *);
/* Stops keeping; the lease runs out by itself unless etcd_lease_revoke is called.  Also from
 * its own callback.  NULL is fine; returns NULL. */
struct etcd_lease *etcd_lease_free(struct etcd_lease *);

/* ---- watch ------------------------------------------------------------------------------- */

struct etcd_watch;

struct etcd_event {
	bool deleted;      /* then kv has key and mod_revision only */
	struct etcd_kv kv; /* lent                                  */
};

/* Why the watch cannot go on from where it was. */
enum etcd_relist {
	ETCD_COMPACTED, /* the history behind the watch is gone                             */
	ETCD_RESET,     /* the store is another or an older one: wiped, restored; say it    */
	ETCD_LOST,      /* an event went missing, or was too big                            */
};

/* Any may be NULL, and any may free the watch. */
struct etcd_watch_calls {
	/* All that one revision changed; revision by revision, each once. */
	void (*on_events)(const struct etcd_event *, size_t n, void *arg);
	/* The store was at `revision`, and everything up to it has been delivered. */
	void (*on_proved)(int64_t revision, void *arg);
	void (*on_up)(void *arg); /* alternates with on_down */
	void (*on_down)(const struct flume_err *, void *arg);
	/* The watch has ended; free it, list again (after COMPACTED: after a random pause, as
	 * every node is here at the same time), and watch from there.  `revision`: compacted up
	 * to, or the one the store is at. */
	void (*on_relist)(enum etcd_relist, int64_t revision, void *arg);
};

/* 0 in any of the times takes the default in brackets. */
struct etcd_watch_options {
	const char *prefix;
	const char *end; /* as in etcd_query */
	int64_t after;   /* the revision of the list; what came later is delivered */
	int64_t keys; /* how many keys the list found, to notice lost deletes; -1: not known  */
	int first_ms; /* until a new watch must have been answered [50 % of silence_ms]      */
	int prove_ms; /* between proofs, +-10 % [40 % of it]                                 */
	int behind_ms; /* how long the watch may be behind what a read shows [30 % of it]     */
	int pause_min_ms, pause_max_ms; /* before reconnecting [200, 30000] */
};

/* Follows the keys that begin with the prefix, and reconnects by itself.  NULL when out of
 * memory. */
struct etcd_watch *etcd_watch_new(struct etcd *, const struct etcd_watch_options *,
				  const struct etcd_watch_calls *, void *arg);
/* The last revision up to which everything was delivered. */
int64_t etcd_watch_revision(const struct etcd_watch *);
struct etcd_watch *etcd_watch_free(struct etcd_watch *); /* NULL is fine; returns NULL */

#endif
