/*
 * The rows stand in the order of the design's table, and the first that fits decides.
 *
 * A list needs a word.  It is a linearizable read of the whole store at one revision, so within
 * one history a key in it cannot be older than what was seen of that key, unless the list as a
 * whole is.  The whole being older is a lagging member, and is ignored; a key alone being older
 * means that the store has another history than the one that was seen.
 */
#include "agent/engine/decide.h"

#include "lib/flume.h"

#include <string.h>

static bool is_ordered(const struct question *q)
{
	return q->revision > 0 && q->last_revision > 0;
}

static bool is_rewound(const struct question *q)
{
	return is_ordered(q) && q->revision < q->last_revision &&
	       q->listed_at >= q->last_revision;
}

static bool is_stale(const struct question *q)
{
	return is_ordered(q) && q->revision <= q->last_revision && !is_rewound(q);
}

static bool is_same_version(const struct question *q)
{
	return q->running_digest && *q->version && !strcmp(q->version, q->running_version);
}

static bool is_downgrade(const struct question *q)
{
	return q->running_digest && flume_version_compare(q->version, q->running_version) == -1;
}

static struct decision decide_deletion(const struct question *q)
{
	if (q->mass_delete)
		return (struct decision){DECIDE_HELD, .reason = "mass-delete"};
	return (struct decision){DECIDE_GO, .reason = ""};
}

static struct decision decide_update(const struct question *q)
{
	if (q->running_digest && !strcmp(q->digest, q->running_digest))
		return (struct decision){DECIDE_UNCHANGED, .reason = ""};
	if (q->known_bad)
		return (struct decision){DECIDE_HELD, .reason = "known-bad"};
	if (is_same_version(q) && !q->apply_same_version)
		return (struct decision){DECIDE_REJECTED, .reason = "version-reused"};
	bool downgrade = is_downgrade(q);
	if (downgrade && q->deny_downgrade)
		return (struct decision){DECIDE_REJECTED, "downgrade", .downgrade = true};
	if (q->breaker_open)
		return (struct decision){DECIDE_HELD, "update-breaker", .downgrade = downgrade};
	return (struct decision){DECIDE_GO, "", .downgrade = downgrade};
}

struct decision decide(const struct question *q)
{
	if (is_stale(q))
		return (struct decision){DECIDE_IGNORED, .reason = "stale-revision"};
	struct decision d = q->deleted ? decide_deletion(q) : decide_update(q);
	d.rewound = is_rewound(q);
	return d;
}

bool decide_mass_delete(size_t staying, size_t deleted)
{
	return deleted >= 3 && deleted > staying - deleted;
}
