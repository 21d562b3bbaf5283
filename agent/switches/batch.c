/*
 * Batches: what one revision changed, or all there is.  The rules are those of the schemas
 * (agent/engine/batch.c), counted among switches alone.
 */
#include "agent/switches/inside.h"

#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

/* What is on its way out already is not what the deletions are measured by. */
static size_t count_staying(const struct switches *all)
{
	size_t n = 0;
	for (size_t i = 0; i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		n += lane->runs.sw && !lane->leaving;
	}
	return n;
}

static size_t count_deletions(const struct switches *all, const struct change *changes,
			      size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++) {
		const struct switch_lane *lane = map_get(&all->lanes, changes[i].name);
		count += !changes[i].text && lane && lane->runs.sw && !lane->leaving;
	}
	return count;
}

static int take_all(struct switches *all, const struct change *changes, size_t n,
		    int64_t listed_at)
{
	static const struct switch_asker nobody;
	bool mass = decide_mass_delete(count_staying(all), count_deletions(all, changes, n));
	int rc = 0;
	for (size_t i = 0; i < n; i++) {
		const struct switch_lane *lane = map_get(&all->lanes, changes[i].name);
		int one = switch_change(all, &changes[i], &nobody, listed_at,
					mass || (lane && lane->held_mass));
		rc = one ? one : rc;
	}
	return rc;
}

/* What came by submission is not the source's. */
static bool is_absent(const struct switch_lane *lane, const struct map *named)
{
	bool here = lane->wants || lane->runs.sw;
	bool submitted = !strcmp(lane->wanted.origin, "http");
	return here && !submitted && !lane->leaving && !map_get(named, lane->name);
}

/* What a list does not name, as deletions at its revision. */
static int find_absent(struct switches *all, const struct change *changes, size_t n,
		       int64_t revision, struct change **out, size_t *out_n)
{
	struct map named = {.lent = true};
	struct change *absent = calloc(all->lanes.len ? all->lanes.len : 1, sizeof *absent);
	int rc = absent ? 0 : FLUME_NOMEM;
	size_t count = 0;
	for (size_t i = 0; !rc && i < n; i++)
		rc = map_put(&named, changes[i].name, all, NULL);
	for (size_t i = 0; !rc && i < all->lanes.len; i++) {
		const struct switch_lane *lane = switch_at(all, i);
		if (is_absent(lane, &named))
			absent[count++] = (struct change){.name = lane->name,
							  .revision = revision,
							  .origin = lane->wanted.origin};
	}
	map_fini(&named);
	if (rc) {
		free(absent);
		return rc;
	}
	*out = absent;
	*out_n = count;
	return 0;
}

static int take_list(struct switches *all, const struct change *changes, size_t n,
		     int64_t revision)
{
	struct change *absent;
	size_t n_absent;
	if (!all->listed && revision > 0 && revision < all->floor)
		switches_take_reset(all, revision);
	int rc = take_all(all, changes, n, revision);
	if (find_absent(all, changes, n, revision, &absent, &n_absent)) {
		log_event(LOG_ERROR, "out of memory: switches are not deleted",
			  LOG_INT("revision", revision));
		return FLUME_NOMEM;
	}
	int rc_absent = take_all(all, absent, n_absent, revision);
	free(absent);
	all->listed = true;
	return rc ? rc : rc_absent;
}

int switches_take_batch(void *switches, enum batch_kind kind, const struct change *changes,
			size_t n, int64_t revision)
{
	struct switches *all = switches;
	int rc = kind == BATCH_LIST ? take_list(all, changes, n, revision)
				    : take_all(all, changes, n, 0);
	switches_advance(all);
	engine_guest_changed(all->engine);
	return rc;
}

void switches_take_reset(void *switches, int64_t revision)
{
	struct switches *all = switches;
	(void)revision;
	for (size_t i = 0; i < all->lanes.len; i++)
		switch_at(all, i)->last_revision = 0;
	all->forgotten = 0;
}
