#include "agent/web/origin.h"

#include "tests/unit/suites.h"

START_TEST(a_redirect_never_leads_from_https_to_http)
{
	ck_assert(!origin_may_lead("https://h/x", "http://h/x"));
	ck_assert(!origin_may_lead("HTTPS://h/x", "HTTP://h/x"));
	ck_assert(origin_may_lead("https://h/x", "https://other/x"));
	ck_assert(origin_may_lead("http://h/x", "https://h/x"));
	ck_assert(origin_may_lead("http://h/x", "http://h/y"));
}
END_TEST

START_TEST(nor_anywhere_else)
{
	static const char *const bad[] = {"ftp://h/x", "file:///etc/passwd", "gopher://h", "",
					  "nonsense://"};
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert(!origin_may_lead("http://h/x", bad[i]));
		ck_assert(!origin_may_lead("https://h/x", bad[i]));
	}
}
END_TEST

START_TEST(an_origin_is_scheme_host_and_port)
{
	ck_assert(origin_same("https://h/x", "https://H:443/y?z"));
	ck_assert(!origin_same("https://h/x", "http://h/x"));
	ck_assert(!origin_same("https://h/x", "https://h:444/x"));
	ck_assert(!origin_same("https://h/x", "https://h.evil.org/x"));
	ck_assert(!origin_same("https://h/x", "nonsense"));
}
END_TEST

Suite *suite_origin(void)
{
	Suite *suite = suite_create("origin");
	TCase *tests = tcase_create("origin");
	tcase_add_test(tests, a_redirect_never_leads_from_https_to_http);
	tcase_add_test(tests, nor_anywhere_else);
	tcase_add_test(tests, an_origin_is_scheme_host_and_port);
	suite_add_tcase(suite, tests);
	return suite;
}
