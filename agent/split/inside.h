/* inside.h - what an A/B switch is made of, for the files of this room. */
#ifndef FLUME_AGENT_SPLIT_INSIDE_H
#define FLUME_AGENT_SPLIT_INSIDE_H

#include "agent/split/ab.h"
#include "agent/split/race.h"
#include "lib/base/live.h"

/* Open addressing by the key's hash, at most half full. */
struct override {
	const char *key; /* of the document; NULL: a free place */
	size_t len;
	uint64_t hash;
	uint32_t variant;
};

struct ab_switch {
	struct counted counted;
	char *name;
	flume_schema *document; /* texts below lie in it */
	const char *salt;
	struct path by; /* no text: everyone gets the one with all the weight */
	bool enabled;
	enum ab_front front;
	uint32_t fallback;
	uint32_t n_racers;
	struct racer *racers; /* variants with a weight */
	struct ab_variant *variants;
	size_t n_variants;
	struct override *overrides;
	size_t places;            /* of them, a power of two; or 0 */
	const flume_value *where; /* or NULL */
};

uint64_t ab_hash(const struct ab_switch *, const char *key, size_t len);

/* ---- reading a document, a part each; findings go to `report` ---- */

#define AB_ROOT "switch" /* what the paths of findings begin with */

extern const struct flume_field ab_fields[];

/* All the weights are there and sum to 100.  0, FLUME_REJECTED or FLUME_NOMEM, as are the rest. */
int variants_read(struct ab_switch *, const flume_value *variants, flume_report *);
/* The number of the variant that `value` names; what it is for stands at `path`. */
int variants_named(const struct ab_switch *, const flume_value *value, const char *path,
		   uint32_t *out, flume_report *);
int overrides_read(struct ab_switch *, const flume_value *overrides, flume_report *);
int where_check(const flume_value *where, flume_report *);
bool where_holds(const flume_value *where, const char *const *labels);

#endif
