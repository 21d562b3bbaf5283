#include "lib/flume.h"

#include "tests/unit/suites.h"

START_TEST(durations_are_read_to_the_nanosecond)
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{"0", 0},
		{"0s", 0},
		{"1ns", 1},
		{"2us", 2000},
		{"2\xC2\xB5s", 2000},
		{"2\xCE\xBCs", 2000},
		{"300ms", 300000000},
		{"1.5s", 1500000000},
		{"1h30m", 5400000000000},
		{"1h1m1s1ms1us1ns", 3661001001001},
		{"0.000000001s", 1},
		{"0.0000000019s", 1},
		{".5s", 500000000},
		{"1.s", 1000000000},
		{"0.1h", 360000000000},
		{"0.333333333333333333333h", 1199999999999},
		{"2562047h47m16.854775807s", INT64_MAX},
		{"9223372036854775807ns", INT64_MAX},
		{"00012s", 12000000000},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t ns = -1;
		ck_assert_msg(flume_duration_parse(cases[i].text, &ns) == 0, "%s",
			      cases[i].text);
		ck_assert_msg(ns == cases[i].ns, "%s: %lld", cases[i].text, (long long)ns);
	}
}
END_TEST

START_TEST(what_is_no_duration_is_refused_and_writes_nothing)
{
	static const char *const bad[] = {
		"",
		" ",
		"1",
		"00",
		"12",
		"s",
		".s",
		".",
		"1.5",
		"-1s",
		"+1s",
		"1 s",
		" 1s",
		"1s ",
		"1S",
		"1M",
		"1d",
		"1e3s",
		"1..5s",
		"1.5.s",
		"1s1",
		"1sec",
		"1,5s",
		"0x1s",
		"\xC2s",
		"1s\n",
		"ms",
		"9223372036854775808ns",
		"2562047h47m16.854775808s",
		"99999999999999999999h",
		"2562048h",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t ns = -77;
		ck_assert_msg(flume_duration_parse(bad[i], &ns) == FLUME_INVALID, "%s", bad[i]);
		ck_assert_int_eq(ns, -77);
	}
}
END_TEST

Suite *suite_duration(void)
{
	Suite *suite = suite_create("duration");
	TCase *tests = tcase_create("duration");
	tcase_add_test(tests, durations_are_read_to_the_nanosecond);
	tcase_add_test(tests, what_is_no_duration_is_refused_and_writes_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
