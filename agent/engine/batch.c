/*
 * Batches: what one revision changed, or all there is.
 *
 * What a list does not name was deleted.  Schemas that came by submission are not the source's,
 * and its lists do not delete them.
 *
 * The source remembers no revision over a restart, but the disk does: when the first list is of
 * an older revision than a schema on disk, the store was wiped or restored while we were away.
 */
#include "agent/engine/inside.h"

#include "agent/engine/decide.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

/* What is on its way out already, held or not, is not what the deletions are measured by. */
static size_t count_staying(struct engine *e)
{
	size_t n = 0;
	for (size_t i = 0; i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		n += lane->runs.schema && !lane->leaving;
	}
	return n;
}

/* Is it a deletion that was not known before? */
static bool is_new_deletion(struct engine *e, const struct change *c)
{
	const struct lane *lane = map_get(&e->lanes, c->name);
	return !c->text && lane && lane->runs.schema && !lane->leaving;
}

static size_t count_deletions(struct engine *e, const struct change *changes, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += is_new_deletion(e, &changes[i]);
	return count;
}

static int take_all(struct engine *e, const struct change *changes, size_t n, int64_t listed_at)
{
	static const struct asker nobody;
	bool mass = decide_mass_delete(count_staying(e), count_deletions(e, changes, n));
	int rc = 0;
	for (size_t i = 0; i < n; i++) {
		const struct lane *lane = map_get(&e->lanes, changes[i].name);
		int one = intake_change(e, &changes[i], &nobody, listed_at,
					mass || (lane && lane->held_mass));
		rc = one ? one : rc;
	}
	return rc;
}

static bool is_absent(const struct lane *lane, const struct map *named)
{
	bool here = lane->wants || lane->runs.schema;
	bool submitted = !strcmp(lane->wanted.origin, "http");
	return here && !submitted && !lane->leaving && !map_get(named, lane->name);
}

/* What a list does not name, as deletions at its revision. */
static int find_absent(struct engine *e, const struct change *changes, size_t n,
		       int64_t revision, struct change **out, size_t *out_n)
{
	struct map named = {0};
	struct change *absent = calloc(e->lanes.len ? e->lanes.len : 1, sizeof *absent);
	int rc = absent ? 0 : FLUME_NOMEM;
	size_t count = 0;
	for (size_t i = 0; !rc && i < n; i++)
		rc = map_put(&named, changes[i].name, e, NULL);
	for (size_t i = 0; !rc && i < e->lanes.len; i++) {
		const struct lane *lane = engine_lane_at(e, i);
		if (is_absent(lane, &named))
			absent[count++] = (struct change){.name = lane->name,
							  .revision = revision,
							  .origin = lane->wanted.origin};
	}
	map_fini(&named);
	if (rc)
		free(absent);
	else
		*out = absent;
	*out_n = count;
	return rc;
}

static int take_list(struct engine *e, const struct change *changes, size_t n, int64_t revision)
{
	struct change *absent;
	size_t n_absent;
	if (!e->listed && revision > 0 && revision < e->floor)
		batch_reset(e, revision);
	int rc = take_all(e, changes, n, revision);
	if (find_absent(e, changes, n, revision, &absent, &n_absent)) {
		log_event(LOG_ERROR, "out of memory: deletions are not carried out",
			  LOG_INT("revision", revision));
		return FLUME_NOMEM;
	}
	int rc_absent = take_all(e, absent, n_absent, revision);
	free(absent);
	e->listed = true;
	board_changed(e);
	return rc ? rc : rc_absent;
}

int batch_take(void *engine, enum batch_kind kind, const struct change *changes, size_t n,
	       int64_t revision)
{
	struct engine *e = engine;
	sides_hurry(e);
	int rc = kind == BATCH_LIST ? take_list(e, changes, n, revision)
				    : take_all(e, changes, n, 0);
	if (!rc && revision > e->proved)
		e->proved = revision;
	engine_advance(e);
	board_proved(e);
	return rc;
}

void batch_reset(void *engine, int64_t revision)
{
	struct engine *e = engine;
	log_event(LOG_ERROR, "the store went back: wiped or restored; revisions start anew",
		  LOG_INT("revision", revision));
	for (size_t i = 0; i < e->lanes.len; i++)
		engine_lane_at(e, i)->last_revision = 0;
	e->forgotten = 0;
	sides_reset(e);
	e->proved = revision;
	sight_reset(e);
	board_changed(e);
}
