#include "agent/fleet/doubts.h"

#include <stdlib.h>
#include <string.h>

static int64_t settled(const struct doubts *d, const char *name)
{
	return (int64_t)(intptr_t)map_get(&d->settled, name);
}

static int append(struct doubts *d, const struct change *c)
{
	if (d->n == DOUBTS_MOST || c->revision <= settled(d, c->name))
		return 0;
	for (size_t i = 0; i < d->n; i++)
		if (d->all[i].revision == c->revision && !strcmp(d->all[i].name, c->name))
			return 0;
	if (d->n == d->cap) {
		size_t cap = d->cap ? 2 * d->cap : 8;
		struct doubt *grown = realloc(d->all, cap * sizeof *grown);
		if (!grown)
			return FLUME_NOMEM;
		d->all = grown;
		d->cap = cap;
	}
	char *name = strdup(c->name);
	if (!name)
		return FLUME_NOMEM;
	d->all[d->n++] = (struct doubt){name, c->revision, !c->text};
	return 0;
}

static int note_presence(struct doubts *d, const struct change *c)
{
	void *old;
	if (c->text)
		return map_put(&d->present, c->name, d, &old);
	map_remove(&d->present, c->name);
	return 0;
}

int doubts_add(struct doubts *d, enum batch_kind kind, const struct change *changes, size_t n)
{
	int rc = 0;
	if (kind == BATCH_LIST) {
		map_fini(&d->present);
		d->present = (struct map){0};
		d->lost = true;
	}
	for (size_t i = 0; i < n; i++) {
		int one = note_presence(d, &changes[i]);
		if (!one)
			one = append(d, &changes[i]);
		rc = one ? one : rc;
	}
	if (rc)
		d->lost = false; /* what is present is not known */
	return rc;
}

void doubts_settle(struct doubts *d, const char *name, int64_t revision)
{
	size_t kept = 0;
	void *old;
	if (revision > settled(d, name)) /* forgetting it costs one more question */
		(void)map_put(&d->settled, name, (void *)(intptr_t)revision, &old);
	for (size_t i = 0; i < d->n; i++) {
		struct doubt doubt = d->all[i];
		if (doubt.revision == revision && !strcmp(doubt.name, name))
			free(doubt.name);
		else
			d->all[kept++] = doubt;
	}
	d->n = kept;
}

void doubts_forget(struct doubts *d)
{
	map_fini(&d->settled);
	d->settled = (struct map){0};
	doubts_drop(d);
}

void doubts_drop(struct doubts *d)
{
	while (d->n)
		free(d->all[--d->n].name);
	d->lost = false;
}

bool doubts_any(const struct doubts *d)
{
	return d->n || d->lost;
}

void doubts_fini(struct doubts *d)
{
	doubts_forget(d);
	map_fini(&d->present);
	free(d->all);
	*d = (struct doubts){0};
}
