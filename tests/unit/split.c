/* The share that a document is in: the same on every node, whatever is built with. */
#include "agent/document/split.h"

#include "tests/unit/suites.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

/* The recipe, as another language would have to follow it. */
static uint64_t by_hand(const char *purpose, const char *salt, const char *key)
{
	const char *parts[] = {purpose, salt, key};
	unsigned char bytes[1024];
	size_t n = 0;
	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(parts[i]);
		for (unsigned b = 0; b < 8; b++)
			bytes[n++] = (unsigned char)(len >> (8 * b));
		memcpy(bytes + n, parts[i], len);
		n += len;
	}
	return XXH3_64bits(bytes, n);
}

static uint64_t hash(const char *purpose, const char *salt, const char *key)
{
	return split_hash(purpose, salt, key, strlen(key));
}

START_TEST(the_hash_follows_its_recipe)
{
	char key[700];
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "user-%d-%*.*s", i, i % 600, i % 250,
			 "................................................................"
			 "................................................................"
			 "................................................................"
			 "................................................................");
		ck_assert_uint_eq(hash("live", "checkout", key),
				  by_hand("live", "checkout", key));
	}
}
END_TEST

/* Those of schemas/README.md.  They never change, or everyone would move. */
START_TEST(known_keys_have_their_known_points)
{
	static const struct {
		const char *purpose, *salt, *key;
		uint64_t hash;
		uint32_t point;
	} vectors[] = {
		{"live", "checkout", "user-42", UINT64_C(0xad78949982f3a7af), 67762},
		{"live", "checkout", "", UINT64_C(0xc3e7a65537c6d5ce), 76525},
		{"live", "route-orders", "user-42", UINT64_C(0xcec4f463e38687ef), 80769},
		{"shadow", "checkout", "user-42", UINT64_C(0x5f3cf75d1bca7a91), 37202},
	};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		uint64_t got = hash(vectors[i].purpose, vectors[i].salt, vectors[i].key);
		ck_assert_msg(got == vectors[i].hash && split_point(got) == vectors[i].point,
			      "%zu: 0x%016llx, %u", i, (unsigned long long)got,
			      split_point(got));
	}
}
END_TEST

START_TEST(parts_do_not_run_into_each_other)
{
	ck_assert_uint_ne(hash("live", "ab", "c"), hash("live", "a", "bc"));
	ck_assert_uint_ne(hash("livea", "b", "c"), hash("live", "ab", "c"));
}
END_TEST

START_TEST(points_cover_the_whole_and_no_more)
{
	ck_assert_uint_eq(split_point(0), 0);
	ck_assert_uint_eq(split_point(UINT64_MAX), SPLIT_WHOLE - 1);
	ck_assert(split_takes(SPLIT_WHOLE, UINT64_MAX));
	ck_assert(!split_takes(0, 0));
}
END_TEST

START_TEST(a_share_that_grows_only_adds)
{
	char key[32];
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof key, "%d", i);
		uint64_t h = hash("live", "a", key);
		for (uint32_t share = 0; share < SPLIT_WHOLE; share += 5000)
			ck_assert(!split_takes(share, h) || split_takes(share + 5000, h));
	}
}
END_TEST

START_TEST(a_share_is_as_large_as_it_says)
{
	static const uint32_t shares[] = {100, 1000, 5000, 50000, 99000};
	enum { KEYS = 200000 };
	for (size_t s = 0; s < sizeof shares / sizeof *shares; s++) {
		double p = (double)shares[s] / SPLIT_WHOLE;
		size_t taken = 0;
		char key[32];
		for (int i = 0; i < KEYS; i++) {
			snprintf(key, sizeof key, "user-%d", i);
			taken += split_takes(shares[s], hash("live", "a", key));
		}
		double off = fabs((double)taken - KEYS * p) / sqrt(KEYS * p * (1 - p));
		ck_assert_msg(off < 4, "%u: %zu of %d", shares[s], taken, KEYS);
	}
}
END_TEST

Suite *suite_split(void)
{
	Suite *suite = suite_create("split");
	TCase *cases = tcase_create("split");
	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, the_hash_follows_its_recipe);
	tcase_add_test(cases, known_keys_have_their_known_points);
	tcase_add_test(cases, parts_do_not_run_into_each_other);
	tcase_add_test(cases, points_cover_the_whole_and_no_more);
	tcase_add_test(cases, a_share_that_grows_only_adds);
	tcase_add_test(cases, a_share_is_as_large_as_it_says);
	suite_add_tcase(suite, cases);
	return suite;
}
