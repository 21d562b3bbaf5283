#include "lib/base/suggest.h"
#include "lib/check/check.h"
#include "lib/component/scope.h"
#include "lib/connector/connector.h"
#include "lib/schema/synonym.h"

#include "tests/unit/suites.h"

#include <string.h>

static const char *const names[] = {"validate",        "discount", "accept",   "ref",
				    "sequence",        "children", "fallback", "if",
				    "circuit-breaker", "child"};

static const char *near(const char *word)
{
	const char *found = suggest(word, names, sizeof names / sizeof *names);
	return found ? found : "";
}

START_TEST(a_slip_finds_the_name)
{
	ck_assert_str_eq(near("validat"), "validate");
	ck_assert_str_eq(near("vlaidate"), "validate");
	ck_assert_str_eq(near("valiidate"), "validate");
	ck_assert_str_eq(near("validade"), "validate");
	ck_assert_str_eq(near("rf"), "ref");
	ck_assert_str_eq(near("fer"), "");
	ck_assert_str_eq(near("erf"), "ref");
	ck_assert_str_eq(near("Sequence"), "sequence");
	ck_assert_str_eq(near("SEQUENCE"), "sequence");
	ck_assert_str_eq(near("circuit_braeker"), "circuit-breaker");
	ck_assert_str_eq(near("fallbcak"), "fallback");
	ck_assert_str_eq(near("childen"), "children");
}
END_TEST

START_TEST(a_stranger_finds_nothing)
{
	ck_assert_str_eq(near(""), "");
	ck_assert_str_eq(near("x"), "");
	ck_assert_str_eq(near("zz"), "");
	ck_assert_str_eq(near("transform"), "");
	ck_assert_str_eq(near("account"), "");
	ck_assert_ptr_null(suggest("word", NULL, 0));
}
END_TEST

START_TEST(the_nearest_wins_and_then_the_first)
{
	static const char *const some[] = {"premium-a", "premium", "premiun", "premiuma"};
	ck_assert_str_eq(suggest("premiu", some, 4), "premium");
	ck_assert_str_eq(suggest("premiuma", some, 4), "premiuma");
}
END_TEST

START_TEST(very_long_words_are_not_compared)
{
	char a[100], b[100];
	memset(a, 'a', sizeof a);
	memset(b, 'a', sizeof b);
	a[64] = b[64] = '\0';
	b[0] = 'b';
	const char *const one[] = {a};
	ck_assert_ptr_eq(suggest(b, one, 1), a);
	a[64] = 'a';
	a[65] = '\0';
	ck_assert_ptr_null(suggest(b, one, 1));
	ck_assert_ptr_null(suggest(a, one, 1));
}
END_TEST

static bool is_key(const char *name)
{
	if (fields_find(type_fields, name) || fields_find(node_fields, name) ||
	    fields_find(declaration_fields, name))
		return true;
	for (size_t i = 0; connectors[i]; i++)
		if (fields_find(connectors[i]->fields, name))
			return true;
	return false;
}

START_TEST(a_synonym_stands_for_keys_that_there_are)
{
	const size_t most = sizeof synonyms->meant / sizeof *synonyms->meant;
	for (const struct synonym *it = synonyms; it->word; it++)
		for (size_t i = 0; i < most && it->meant[i]; i++)
			ck_assert_msg(is_key(it->meant[i]), "%s: %s", it->word, it->meant[i]);
}
END_TEST

START_TEST(a_synonym_stands_for_what_is_known_where_it_is_used)
{
	static const char *const filter[] = {"predicate", "then"};
	static const char *const choice[] = {"condition", "routes"};
	ck_assert_str_eq(synonym("if", filter, 2), "predicate");
	ck_assert_str_eq(synonym("If", choice, 2), "condition");
	ck_assert_ptr_null(synonym("if", choice + 1, 1));
	ck_assert_ptr_null(synonym("colour", filter, 2));
}
END_TEST

Suite *suite_suggest(void)
{
	Suite *suite = suite_create("suggest");
	TCase *tests = tcase_create("suggest");
	tcase_add_test(tests, a_slip_finds_the_name);
	tcase_add_test(tests, a_stranger_finds_nothing);
	tcase_add_test(tests, the_nearest_wins_and_then_the_first);
	tcase_add_test(tests, very_long_words_are_not_compared);
	tcase_add_test(tests, a_synonym_stands_for_keys_that_there_are);
	tcase_add_test(tests, a_synonym_stands_for_what_is_known_where_it_is_used);
	suite_add_tcase(suite, tests);
	return suite;
}
