/*
 * A file of the state folder, which a failing disk may have turned into anything.  The first byte
 * chooses the kind.  What is accepted as a proven copy is what was written: it comes out the same
 * again.
 */
#include "agent/engine/proven.h"
#include "agent/engine/bad.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void read_proven(const char *bytes, size_t len)
{
	struct proven p, again;
	struct flume_err err = {0};
	size_t out_len;
	if (proven_decode(&p, "checkout", bytes, len, &err)) {
		require(err.code && *err.text, "a refusal has its reason");
		return;
	}
	require(p.text + p.len == bytes + len, "the text is the rest of the file");
	char *out = proven_encode(&p, &out_len);
	require(out, "memory");
	require(!proven_decode(&again, "checkout", out, out_len, &err), "it can be read again");
	require(p.len == again.len && !memcmp(p.text, again.text, p.len), "with the same text");
	require(p.facts.revision == again.facts.revision && p.proven == again.proven &&
			p.format == again.format && p.at == again.at,
		"and the same header");
	require(!strcmp(p.facts.digest, again.facts.digest) &&
			!strcmp(p.facts.version, again.facts.version) &&
			!strcmp(p.facts.origin, again.facts.origin),
		"and the same facts");
	free(out);
}

static void read_bad(const char *bytes, size_t len)
{
	struct bad bad = {0}, again = {0};
	size_t out_len;
	if (bad_decode(&bad, "checkout", bytes, len, NULL)) {
		require(!bad.list, "a refusal leaves nothing behind");
		return;
	}
	require(bad.n <= BAD_MOST, "no more than there is room for");
	char *out = bad_encode(&bad, "checkout", &out_len);
	require(out, "memory");
	require(!bad_decode(&again, "checkout", out, out_len, NULL), "it can be read again");
	require(again.n == bad.n, "and is as long");
	require(bad_revision(&again) == bad_revision(&bad), "and as new");
	bad_fini(&again);
	bad_fini(&bad);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	char *bytes = malloc(size);
	require(bytes, "memory");
	memcpy(bytes, data + 1, size - 1);
	if (*data == 'b')
		read_bad(bytes, size - 1);
	else
		read_proven(bytes, size - 1);
	free(bytes);
	return 0;
}
