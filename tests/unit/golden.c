/* Each folder below tests/schemas/invalid holds a document and the words it is refused with. */
#include "tests/unit/cases.h"
#include "tests/unit/suites.h"

#include <stdlib.h>

#define CASES "tests/schemas/invalid"

static struct cases cases;

START_TEST(a_wrong_document_is_refused_in_these_words)
{
	const char *name = cases.names[_i];
	const char *path = case_path(CASES, name,
				     case_has(CASES, name, "in.yaml") ? "in.yaml" : "in.json");
	char *said = case_refusal(path);
	case_expect(case_path(CASES, name, "expected"), path, said);
	free(said);
}
END_TEST

START_TEST(there_are_cases)
{
	ck_assert_msg(cases.n > 0, "no " CASES " here: run from the top of the tree");
}
END_TEST

Suite *suite_golden(void)
{
	Suite *suite = suite_create("golden");
	TCase *tests = tcase_create("golden");
	cases = cases_list(CASES);
	tcase_add_test(tests, there_are_cases);
	tcase_add_loop_test(tests, a_wrong_document_is_refused_in_these_words, 0, (int)cases.n);
	suite_add_tcase(suite, tests);
	return suite;
}
