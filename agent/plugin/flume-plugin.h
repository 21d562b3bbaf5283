/*
 * flume-plugin.h - kinds of components for the Flume agent, in a shared object of their own.
 *
 * A plug-in exports one thing, `flume_plugin`: who it is, and a row of <flume.h> for each kind it
 * brings.  The agent loads what `plugins` in its own configuration names, and from then on those
 * kinds are declared in schemas as the built-in ones are.
 *
 * A plug-in links against nothing of Flume.  `start` is given the functions there are, and whoever
 * needs them keeps the pointer: it is good until the process ends.  One that brings a libflume of
 * its own, shared or static, is refused.
 *
 *   Items     are JSON documents.  A processor may change its *item, or free it and store another.
 *             What a function returns in a struct flume_item_view lasts until the item changes.
 *   Memory    Whoever makes a thing frees it, with the function its comment names; free(3) is
 *             the same for the agent and for a plug-in.  What `make` stores in `arg` is freed by
 *             `done`.
 *   Threads   One component runs on many threads at once with the same `arg`, so what `make` has
 *             built is only read from then on, or guarded.  `start` and `make` run on one at a
 *             time.  Every function of the host may be called from any thread, those that take
 *             an item or a report by the one that it was given to.
 *   Waiting   A component that may sleep, lock for long or talk to others says `blocks` and keeps
 *             to call->deadline_ns and call->cancel (see `is_over`); one that only computes and
 *             soon returns says `prompt`.
 *   Canaries  In a call with FLUME_CALL_CANARY nothing may leave the process.  When host->checking
 *             is set, schemas are only checked and tried: `make` opens no file and no socket, and
 *             starts no thread.
 *   Trust     A plug-in is code of the agent: when it crashes, so does the agent, and it may do all
 *             that the agent may.  It must not end the process, change its signals, locale,
 *             folder or user, or print.  It is never unloaded.
 *
 * Rules of <flume.h> hold for all the rest: results, errors, and who owns what.
 */
#ifndef FLUME_PLUGIN_H
#define FLUME_PLUGIN_H

#include <flume.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of everything below, and of the structs of <flume.h> that a plug-in reads or writes.  The agent
 * refuses any other. */
#define FLUME_PLUGIN_ABI 1

/* Where in a document: `customer.address.city`, `items[0].sku`.  Only read once it is made. */
typedef struct flume_path flume_path;

enum flume_item_kind {
	FLUME_ITEM_NULL,
	FLUME_ITEM_BOOL,
	FLUME_ITEM_INTEGER, /* one that 64 bits can hold */
	FLUME_ITEM_REAL,    /* any other number          */
	FLUME_ITEM_TEXT,
	FLUME_ITEM_ARRAY,
	FLUME_ITEM_OBJECT,
};

struct flume_item_view {
	enum flume_item_kind kind;
	bool truth;
	int64_t integer;
	double real;      /* of an integer too          */
	const char *text; /* UTF-8, terminated, but may hold a NUL of its own; NULL: no text */
	size_t len;       /* bytes of the text; elements of an array, members of an object */
};

/* `key` is NULL in an array.  Anything but 0 ends the walk. */
typedef int flume_each_fn(void *arg, const char *key, size_t key_len,
			  const struct flume_item_view *);

/* Functions are added at the end, without a new ABI: one that a plug-in built for a later agent
 * needs may be missing in this one. */
#define FLUME_HOST_HAS(host, member) \
	((host)->size >=             \
	 offsetof(struct flume_host, member) + sizeof(((struct flume_host *)0)->member))

struct flume_host {
	uint32_t abi;        /* FLUME_PLUGIN_ABI of the agent */
	uint32_t size;       /* of this struct, in the agent  */
	const char *version; /* of the agent: "0.1.0"         */
	bool checking;       /* nothing outside may be touched */

	/* ---- saying what is wrong: flume_fail and flume_report_add ---- */
	int (*fail)(struct flume_err *err, int code, const char *fmt, ...) FLUME_PRINTF(3, 4);
	void (*report)(flume_report *, const char *code, const char *path,
		       const flume_value *at, const char *hint, const char *fmt, ...)
		FLUME_PRINTF(6, 7);

	/* ---- what a declaration says: flume_value_... ---- */
	enum flume_value_type (*value_type)(const flume_value *);
	const char *(*value_text)(const flume_value *);
	size_t (*value_size)(const flume_value *);
	const flume_value *(*value_at)(const flume_value *, size_t i);
	const flume_value *(*value_key)(const flume_value *, size_t i);
	const flume_value *(*value_get)(const flume_value *, const char *key);
	char *(*value_json)(const flume_value *);
	int (*duration)(const char *text, int64_t *out_ns);
	int (*fields_check)(const struct flume_field *table, const flume_value *map,
			    const char *path, flume_report *);
	int (*predicate)(flume_scope *, const flume_value *name, const char *path,
			 struct flume_predicate_ref *out, flume_report *);

	/* ---- paths ---- */
	/* Returns 0, FLUME_INVALID ("column 7: expected ']'") or FLUME_NOMEM. */
	int (*path_new)(flume_path **out, const char *text, struct flume_err *err);
	/* Of what a declaration that stands at `at` says under `field`.  Returns 0, FLUME_REJECTED
	 * with a finding, or FLUME_NOMEM. */
	int (*path_of)(flume_path **out, const flume_value *decl, const char *field,
		       const char *at, flume_report *);
	void (*path_free)(flume_path *); /* NULL is fine */
	const char *(*path_text)(const flume_path *);

	/* ---- looking into an item; a NULL path is the root ---- */
	/* False when there is nothing. */
	bool (*get)(const void *item, const flume_path *, struct flume_item_view *out);
	/* One member or element after the other.  Ends with what `fn` returns when that is not 0,
	 * and with FLUME_NOT_FOUND when there is no array and no object. */
	int (*each)(const void *item, const flume_path *, flume_each_fn *fn, void *arg);
	/* As JSON, numbers with every digit; free(3).  NULL: nothing is there, or no memory. */
	char *(*json)(const void *item, const flume_path *, size_t *out_len);

	/* ---- changing one.  Missing parents are created; an index one past the end appends.  When
	 * it fails nothing has changed.  0, FLUME_FAILED ("a.b: parent is a number") or FLUME_NOMEM.
	 * No path may be NULL. */
	int (*set_text)(void *item, const flume_path *, const char *text, size_t len,
			struct flume_err *err);
	int (*set_integer)(void *item, const flume_path *, int64_t, struct flume_err *err);
	int (*set_real)(void *item, const flume_path *, double, struct flume_err *err);
	int (*set_truth)(void *item, const flume_path *, bool, struct flume_err *err);
	int (*set_null)(void *item, const flume_path *, struct flume_err *err);
	int (*set_json)(void *item, const flume_path *, const char *json, size_t len,
			struct flume_err *err);
	/* What is at `from` (NULL: the root) of `other`, which may be the same item.
	 * FLUME_NOT_FOUND, with nothing in `err`, when there is nothing. */
	int (*copy)(void *item, const flume_path *to, const void *other, const flume_path *from,
		    struct flume_err *err);
	/* False when there was nothing. */
	bool (*remove)(void *item, const flume_path *);

	/* ---- whole items ---- */
	/* Strict RFC 8259.  0, FLUME_SYNTAX ("line 1, column 14: ...") or FLUME_NOMEM. */
	int (*item_parse)(void **out, const char *text, size_t len, struct flume_err *err);
	/* A constant that a declaration at `at` has.  0, FLUME_REJECTED with findings, or
	 * FLUME_NOMEM. */
	int (*item_of)(void **out, const flume_value *, const char *at, flume_report *);
	void *(*item_clone)(const void *item); /* NULL when out of memory */
	void (*item_free)(void *item);         /* NULL is fine            */

	/* ---- time ---- */
	int64_t (*now_ns)(void);                    /* what call->deadline_ns is told in */
	bool (*is_over)(const struct flume_call *); /* cancelled, or past its deadline   */
};

struct flume_plugin {
	uint32_t abi;        /* FLUME_PLUGIN_ABI                           */
	uint32_t size;       /* sizeof(struct flume_plugin)                */
	const char *name;    /* [a-z0-9][a-z0-9._-]{0,63}                  */
	const char *version; /* of the plug-in: "1.0.2"                    */
	const char *about;   /* one sentence                               */
	/* Kinds are named [a-z0-9][a-z0-9_-]{0,63}; each, and each of its fields, has an `about`. */
	const struct flume_maker *const *makers;
	size_t n_makers;
	/* Once in the process, before any `make`.  Returns 0, or a negative code with `err` filled:
	 * then the agent does not start. */
	int (*start)(const struct flume_host *, struct flume_err *err);
};

#if defined(__GNUC__)
#define FLUME_PLUGIN_EXPORT __attribute__((visibility("default")))
#else
#define FLUME_PLUGIN_EXPORT
#endif

/* The one symbol of a plug-in; the agent itself has none. */
extern FLUME_PLUGIN_EXPORT const struct flume_plugin flume_plugin;

#ifdef __cplusplus
}
#endif
#endif /* FLUME_PLUGIN_H */
