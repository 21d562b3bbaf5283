#include "agent/document/keyed.h"
#include "agent/document/kinds.h"
#include "agent/document/paths.h"
#include "agent/document/settings.h"
#include "agent/document/split.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>

static const struct flume_field fields[] = {
	{.name = "share",
	 .type = FLUME_FIELD_PERCENT,
	 .required = true,
	 .about = "So many of the documents pass; the others are dropped."},
	{.name = "by",
	 .type = FLUME_FIELD_TEXT,
	 .about = "Path of a value: documents with the same one go the same way, on every node "
		  "and each time.  Without it each document is drawn by lot."},
	{.name = "salt",
	 .type = FLUME_FIELD_TEXT,
	 .fallback = "sample",
	 .about = "Samples by the same value and with the same salt hold the same documents; "
		  "a larger share holds those of a smaller one."},
	KEYLESS_FIELD,
	{0},
};

struct sample {
	uint32_t share;
	struct path by; /* no text: by lot */
	const char *salt;
	enum keyless keyless;
	atomic_uint_fast64_t drawn; /* so many, from a random start */
};

/* A counter, mixed (splitmix64): no two threads draw the same, and none waits. */
static uint64_t draw(struct sample *sample)
{
	uint64_t x = atomic_fetch_add_explicit(&sample->drawn, 1, memory_order_relaxed) *
		     UINT64_C(0x9E3779B97F4A7C15);
	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	return x ^ x >> 31;
}

static int run_by_key(const struct sample *sample, const struct document *document,
		      struct flume_err *err)
{
	struct document_view view;
	struct room key;
	if (!document_get(document, &sample->by, &view) || view.kind == DOCUMENT_NULL)
		return keyless_end(sample->keyless, &sample->by, err);
	room_init(&key);
	room_add_view(&key, document, &sample->by, &view);
	int rc = room_end(&key, sample->by.text, err);
	if (!rc)
		rc = split_takes(sample->share,
				 split_hash("sample", sample->salt, key.s, key.len))
			     ? FLUME_OK
			     : FLUME_DROPPED;
	room_fini(&key);
	return rc;
}

/* A case of a canary must not hang on the lot. */
static int run(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	struct sample *sample = arg;
	if (sample->by.text)
		return run_by_key(sample, *item, err);
	bool takes = (call && call->flags & FLUME_CALL_CANARY) ||
		     split_takes(sample->share, draw(sample));
	return takes ? FLUME_OK : FLUME_DROPPED;
}

static void done(void *arg)
{
	struct sample *sample = arg;
	path_fini(&sample->by);
	free(sample);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	uint64_t start = (uintptr_t)decl;
	struct sample *sample = calloc(1, sizeof *sample);
	if (!sample)
		return FLUME_NOMEM;
	if (getrandom(&start, sizeof start, GRND_NONBLOCK) != sizeof start)
		start += (uintptr_t)sample; /* a poor lot is better than none */
	atomic_init(&sample->drawn, start);
	sample->share = setting_share(fields, decl, "share");
	sample->salt = setting_text(fields, decl, "salt");
	int bad_keyless = keyless_read(&sample->keyless, fields, decl, path, report);
	int rc = flume_value_get(decl, "by") ? paths_key(&sample->by, decl, "by", path, report)
					     : FLUME_OK;
	if (rc || bad_keyless) {
		done(sample);
		return rc ? rc : bad_keyless;
	}
	out->run = run;
	out->prompt = true;
	out->arg = sample;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_sample = {
	.of = FLUME_PROCESSOR,
	.kind = "sample",
	.about =
		"Lets a share of the documents pass and drops the others.  Without `by`, cases "
		"of a canary pass.",
	.fields = fields,
	.example = "{kind: sample, share: 10%}",
	.make = make,
};
