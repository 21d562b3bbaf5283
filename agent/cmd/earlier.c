#include "agent/cmd/earlier.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_digest(const struct record *r, const struct record_version *now)
{
	return !strcmp(r->version.digest, now->digest);
}

/* When what etcd holds came for the first time: a rollback only brought it again. */
static int64_t since(const struct records *records, const struct record_version *now)
{
	int64_t revision = INT64_MAX;
	for (size_t i = 0; *now->digest && i < records->n; i++) {
		const struct record *r = &records->all[i].record;
		bool brought = revision == INT64_MAX ? is_digest(r, now)
						     : r->version.revision == revision;
		if (brought)
			revision = r->to ? r->to : r->version.revision;
	}
	return revision;
}

/* Never forth again to what a rollback left behind. */
const struct record *earlier_next(const struct records *records,
				  const struct record_version *now, size_t *at)
{
	int64_t before = since(records, now);
	while (*at < records->n) {
		const struct record *r = &records->all[(*at)++].record;
		if (r->version.revision < before && !record_is_deletion(r) &&
		    !is_digest(r, now))
			return r;
	}
	return NULL;
}

const struct record *earlier_version(const struct records *records, const char *to)
{
	for (size_t i = 0; i < records->n; i++) {
		const struct record *r = &records->all[i].record;
		if (!record_is_deletion(r) &&
		    (!strcmp(r->version.version, to) || !strcmp(r->version.digest, to)))
			return r;
	}
	return NULL;
}

const struct record *earlier_revision(const struct records *records, const char *to)
{
	char *end;
	errno = 0;
	int64_t revision = strtoll(to, &end, 10);
	for (size_t i = 0; !*end && !errno && i < records->n; i++)
		if (records->all[i].record.version.revision == revision)
			return &records->all[i].record;
	return NULL;
}
