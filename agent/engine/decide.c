/*
 * The rows stand in the order of the design's table, and the first that fits decides.
 *
 * A list needs a word.  It is a linearizable read of the whole store at one revision, so within
 * one history a key in it cannot be older than what was seen of that key, unless the list as a
 * whole is.  The whole being older is a lagging member, and is ignored; a key alone being older
 * means that the store has another history than the one that was seen.
 *
 * So do holds.  A node that comes to a held fleet with nothing has to serve something, so what
 * the store had before the hold goes on where nothing runs; what came later does not, for it is
 * what the hold keeps away from the others.
 */
#include "agent/engine/decide.h"

#include "agent/engine/version.h"

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
	return q->running_digest && version_order(q->version, q->running_version) == -1;
}

static bool is_named(const char *by_hold, const char *of_change)
{
	return by_hold && *by_hold && of_change && !strcmp(by_hold, of_change);
}

static bool keeps_back(const struct decide_hold *hold, const struct question *q)
{
	bool was_there = q->revision > 0 && q->revision < hold->since;
	if (!hold->on || (!q->running_digest && was_there))
		return false;
	return !is_named(hold->version, q->version) && !is_named(hold->digest, q->digest);
}

/* The reason; NULL: nobody holds it. */
static const char *held_by(const struct question *q)
{
	for (size_t i = 0; i < DECIDE_HOLDERS; i++)
		if (keeps_back(&q->pins[i], q))
			return "pinned";
	for (size_t i = 0; i < DECIDE_HOLDERS; i++)
		if (keeps_back(&q->freezes[i], q))
			return "frozen";
	return NULL;
}

static struct decision decide_deletion(const struct question *q)
{
	const char *held = held_by(q);
	if (q->mass_delete)
		return (struct decision){DECIDE_HELD, .reason = "mass-delete"};
	if (held)
		return (struct decision){DECIDE_HELD, .reason = held};
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
	const char *held = held_by(q);
	if (held)
		return (struct decision){DECIDE_HELD, held, .downgrade = downgrade};
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

bool decide_confirmed(int64_t said_at, int64_t running_revision)
{
	return running_revision < said_at;
}
