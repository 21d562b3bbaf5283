/*
 * What came before is remembered by the component: one that a schema declares begins anew with each
 * change of the schema, one that the node declares goes on.
 *
 * Keys are hashed with a secret of this component, so that nobody can make documents that are taken
 * for others.
 */
#include "agent/document/keyed.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"
#include "agent/document/seen.h"
#include "agent/document/settings.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <xxhash.h>

static const struct flume_field fields[] = {
	{.name = "by",
	 .type = FLUME_FIELD_TEXTS,
	 .required = true,
	 .about = "Paths of the values that two documents have in common when they are the "
		  "same."},
	{.name = "window",
	 .type = FLUME_FIELD_DURATION,
	 .fallback = "10m",
	 .about = "For so long after the first, others are dropped."},
	{.name = "keys",
	 .type = FLUME_FIELD_COUNT,
	 .fallback = "10000",
	 .min = 1,
	 .max = 1000000,
	 .about = "How many are remembered, 40 bytes each; the oldest is forgotten first."},
	KEYLESS_FIELD,
	{0},
};

struct dedupe {
	struct paths *by;
	enum keyless keyless;
	uint64_t secret;
	pthread_mutex_t lock; /* of `seen` */
	struct seen *seen;
};

static bool is_seen(struct dedupe *dedupe, const struct room *key)
{
	const struct flume_clock *clock = flume_clock_real();
	XXH128_hash_t hash = XXH3_128bits_withSeed(key->s, key->len, dedupe->secret);
	pthread_mutex_lock(&dedupe->lock);
	/* Under the lock: times must not go back. */
	bool seen = seen_before(dedupe->seen, (struct seen_key){hash.low64, hash.high64},
				clock->now_ns(clock->arg));
	pthread_mutex_unlock(&dedupe->lock);
	return seen;
}

static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	struct dedupe *dedupe = arg;
	struct room key;
	int rc = FLUME_OK;
	room_init(&key);
	for (size_t i = 0; i < dedupe->by->n; i++) {
		if (keyed_add(&key, *item, &dedupe->by->list[i]))
			continue;
		room_fini(&key);
		return keyless_end(dedupe->keyless, &dedupe->by->list[i], err);
	}
	rc = room_end(&key, "by", err);
	if (!rc && !(call && call->flags & FLUME_CALL_CANARY) && is_seen(dedupe, &key))
		rc = FLUME_DROPPED;
	room_fini(&key);
	return rc;
}

static void done(void *arg)
{
	struct dedupe *dedupe = arg;
	paths_free(dedupe->by);
	seen_free(dedupe->seen);
	pthread_mutex_destroy(&dedupe->lock);
	free(dedupe);
}

static int fill(struct dedupe *dedupe, const flume_value *decl, const char *at,
		flume_report *report)
{
	int bad_keyless = keyless_read(&dedupe->keyless, fields, decl, at, report);
	int rc = paths_list(&dedupe->by, decl, "by", at, report);
	if (rc || bad_keyless)
		return rc ? rc : bad_keyless;
	dedupe->seen = seen_new((size_t)setting_count(fields, decl, "keys"),
				setting_duration(fields, decl, "window"));
	return dedupe->seen ? FLUME_OK : FLUME_NOMEM;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	struct dedupe *dedupe = calloc(1, sizeof *dedupe);
	if (!dedupe)
		return FLUME_NOMEM;
	pthread_mutex_init(&dedupe->lock, NULL);
	if (getrandom(&dedupe->secret, sizeof dedupe->secret, GRND_NONBLOCK) < 0)
		dedupe->secret = (uintptr_t)dedupe;
	int rc = fill(dedupe, decl, path, report);
	if (rc) {
		done(dedupe);
		return rc;
	}
	out->run = run;
	out->prompt = true;
	out->arg = dedupe;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_dedupe = {
	.of = FLUME_PROCESSOR,
	.kind = "dedupe",
	.about = "Drops documents that came before.  Cases of a canary pass and are not "
		 "remembered.",
	.fields = fields,
	.example = "{kind: dedupe, by: [id], window: 10m}",
	.make = make,
};
