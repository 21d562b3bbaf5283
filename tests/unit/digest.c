#include "lib/base/digest.h"

#include "tests/unit/suites.h"

#include <string.h>

static void expect(const char *s, size_t n, const char *wanted)
{
	struct digest d;
	char out[DIGEST_SIZE];
	digest_init(&d);
	digest_add(&d, s, n);
	digest_end(&d, out);
	ck_assert_str_eq(out, wanted);
}

START_TEST(known_digests)
{
	expect("", 0,
	       "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect("abc", 3,
	       "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(pieces_add_up)
{
	struct digest d;
	char out[DIGEST_SIZE];
	digest_init(&d);
	digest_add(&d, "a", 1);
	digest_add(&d, "", 0);
	digest_add(&d, "bc", 2);
	digest_end(&d, out);
	ck_assert_str_eq(out,
			 "sha256:"
			 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_end(&d, out);
	ck_assert_str_eq(out,
			 "sha256:"
			 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

Suite *suite_digest(void)
{
	Suite *suite = suite_create("digest");
	TCase *tests = tcase_create("digest");
	tcase_add_test(tests, known_digests);
	tcase_add_test(tests, pieces_add_up);
	suite_add_tcase(suite, tests);
	return suite;
}
