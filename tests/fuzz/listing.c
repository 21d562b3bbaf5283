/*
 * What a web server says of its schemas: whatever the parser of values takes as a map of names that
 * may be, the listing takes too, with the same names, sorted, and texts; and nothing it takes is still taken
 * with its end cut off.
 */
#include "agent/source/listing.h"
#include "agent/source/source.h"

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

static bool names_may_be(const flume_value *map)
{
	for (size_t i = 0; i < flume_value_size(map); i++) {
		const flume_value *key = flume_value_key(map, i);
		if (!source_name_good(flume_value_text(key)))
			return false;
	}
	return true;
}

static void compare(const struct listing *listing, const flume_value *map)
{
	require(listing->n == flume_value_size(map), "every schema is there");
	for (size_t i = 0; i < listing->n; i++) {
		const struct listing_part *part = &listing->parts[i];
		const flume_value *value = flume_value_get(map, part->name);
		require(value, "the names are the same");
		require(!i || strcmp(part[-1].name, part->name) < 0, "they are in order");
		if (flume_value_type(value) != FLUME_TEXT)
			continue;
		const char *text = flume_value_text(value);
		size_t len = strlen(text); /* as far as a NUL in it */
		require(part->len >= len && !memcmp(part->text, text, len),
			"the texts are the same");
	}
}

static void look_inside(const struct listing *listing)
{
	for (size_t i = 0; i < listing->n; i++) {
		unsigned char all = 0; /* for the sanitizer: every byte can be read */
		require(source_name_good(listing->parts[i].name), "every name may be");
		for (size_t k = 0; k < listing->parts[i].len; k++)
			all ^= (unsigned char)listing->parts[i].text[k];
		require(all || !all, "");
	}
}

static void cut(const char *text, size_t size)
{
	while (size && strchr(" \t\r\n", text[size - 1]) && text[size - 1])
		size--;
	struct listing listing = {0};
	require(listing_read(&listing, text, size ? size - 1 : 0, NULL) == FLUME_SYNTAX,
		"half of it is refused");
	listing_fini(&listing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct flume_limits limits = {.bytes = 1 << 20, .nodes = 1 << 20};
	struct listing listing = {0};
	struct flume_err err = {0};
	flume_value *map = NULL;
	char *text = malloc(size ? size : 1);
	require(text, "memory");
	if (size)
		memcpy(text, data, size);
	int code = listing_read(&listing, text, size, &err);
	require(!code == !*err.text, "what is refused has a reason");
	if (!code) {
		look_inside(&listing);
		cut(text, size);
	}
	if (!flume_value_parse(&map, text, size, FLUME_JSON, &limits, NULL) &&
	    flume_value_type(map) == FLUME_MAP && names_may_be(map)) {
		require(!code, "a map of names is taken");
		compare(&listing, map);
	}
	flume_value_free(map);
	listing_fini(&listing);
	free(text);
	return 0;
}
