#include "tests/unit/operator_fixture.h"

const struct note ada = {.by = "ada", .why = "incident 42", .at = 1795780800};

static void open_all(void)
{
	site_open();
	site_open_sides();
}

void operator_run_one(void)
{
	site_put("a", 5, marking("1.0.0", 1, NULL));
	site_until("a.running.proven", "true");
}

TCase *operator_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, open_all, site_close);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}
