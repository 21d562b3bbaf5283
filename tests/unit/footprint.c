/* What the library holds, by the heap's own books. */
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <malloc.h>
#include <stdio.h>

#define SCHEMAS 400

static size_t held(void)
{
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

static void set_and_bind(int i, const char *yaml)
{
	char id[32];
	snprintf(id, sizeof id, "footprint-%d", i);
	rig_must_set(id, yaml);
	ck_assert_int_eq(flume_factory_bind(rig.factory, id, id, 0, NULL, NULL), 0);
}

START_TEST(a_bound_schema_of_ten_nodes_holds_less_than_two_kilobytes)
{
	size_t before = held();
	for (int i = 0; i < SCHEMAS; i++)
		set_and_bind(i, "version: \"1\"\n"
				"type: sequence\n"
				"children:\n"
				"  - ref: a\n  - ref: b\n  - ref: c\n"
				"  - ref: d\n  - ref: a\n  - ref: b\n"
				"  - ref: c\n  - ref: d\n  - ref: a\n");
	size_t each = (held() - before) / SCHEMAS;
	ck_assert_msg(each < 2000, "%zu bytes", each);
}
END_TEST

/* The sanitizers keep other books. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BOOKS false
#else
#define BOOKS true
#endif

Suite *suite_footprint(void)
{
	Suite *suite = suite_create("footprint");
	TCase *tests = tcase_create("footprint");
	tcase_add_checked_fixture(tests, rig_open, rig_close);
	if (BOOKS)
		tcase_add_test(tests,
			       a_bound_schema_of_ten_nodes_holds_less_than_two_kilobytes);
	else
		puts("skipped: what schemas hold, which sanitizers do not tell");
	suite_add_tcase(suite, tests);
	return suite;
}
