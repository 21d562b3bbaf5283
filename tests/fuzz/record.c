/*
 * A record below history/ in etcd, which anybody may have written.  What is accepted is written and
 * read again as the same.
 */
#include "agent/fleet/record.h"

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

static void same_text(const struct record *a, const struct record *b)
{
	if (b->text)
		require(a->text && a->len == b->len && !memcmp(a->text, b->text, a->len),
			"the same text");
	else
		require(!a->text || a->len > RECORD_MOST / 8,
			"a text is left out where it is long");
}

static void again(const struct record *a)
{
	struct record b;
	flume_value *root;
	char *json = record_dup_json(a);
	require(json, "memory");
	require(strlen(json) <= RECORD_MOST, "it is no longer than it may be");
	require(!record_read(&b, &root, json, strlen(json)), "it can be read again");
	require(a->at == b.at && a->to == b.to, "the same numbers");
	require(!strcmp(a->who, b.who) && !strcmp(a->why, b.why) &&
			!strcmp(a->action, b.action) && !strcmp(a->node, b.node),
		"the same words");
	require(!strcmp(a->version.digest, b.version.digest) &&
			a->version.revision == b.version.revision,
		"the same version");
	require(record_is_deletion(a) == record_is_deletion(&b), "the same kind");
	same_text(a, &b);
	flume_value_free(root);
	free(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record r;
	flume_value *root;
	char *bytes = malloc(size ? size : 1);
	require(bytes, "memory");
	memcpy(bytes, data, size);
	if (!record_read(&r, &root, bytes, size)) {
		again(&r);
		flume_value_free(root);
	}
	free(bytes);
	return 0;
}
