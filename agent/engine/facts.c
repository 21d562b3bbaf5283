#include "agent/engine/facts.h"

#include "lib/base/utf8.h"

#include <string.h>
#include <time.h>

static void copy(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);
	if (n >= size)
		n = utf8_floor(text, size - 1);
	memcpy(out, text, n);
	out[n] = '\0';
}

struct facts facts_of(const flume_schema *schema, int64_t revision, const char *origin)
{
	struct facts facts = {.revision = revision};
	if (schema) {
		copy(facts.version, sizeof facts.version, flume_schema_get_version(schema));
		copy(facts.digest, sizeof facts.digest, flume_schema_get_digest(schema));
	}
	if (origin)
		copy(facts.origin, sizeof facts.origin, origin);
	return facts;
}

void facts_digest_bytes(char out[DIGEST_SIZE], const char *text, size_t len)
{
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, text, len);
	digest_end(&digest, out);
}

int64_t stamp_now(void)
{
	return (int64_t)time(NULL);
}

void stamp_write(char out[STAMP_SIZE], int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm utc = {0};
	gmtime_r(&when, &utc);
	if (!strftime(out, STAMP_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc))
		*out = '\0';
}

int stamp_read(const char *text, int64_t *out_seconds)
{
	struct tm utc = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &utc);
	if (!end || *end)
		return FLUME_INVALID;
	*out_seconds = (int64_t)timegm(&utc);
	return 0;
}
