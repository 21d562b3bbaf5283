/* What is deleted leaves, unless that was hardly meant, or something still needs it. */
#include "tests/unit/engine_fixture.h"

#include "tests/unit/suites.h"

#include <stdio.h>
#include <unistd.h>

static void put_many(const char *names)
{
	char name[2] = "";
	for (int64_t i = 0; names[i]; i++) {
		*name = names[i];
		site_put(name, i + 1, marking("1.0.0", (int)i, NULL));
	}
	site_turn();
}

static bool on_disk(const char *name)
{
	char below[64];
	snprintf(below, sizeof below, "proven/%s", name);
	return access(site_path(below), F_OK) == 0;
}

START_TEST(a_deleted_schema_leaves_the_node_the_status_and_the_disk)
{
	LIST_NOTHING(1);
	site_put("a", 2, marking("1.0.0", 1, NULL));
	site_until("a.running.proven", "true");
	ck_assert(on_disk("a"));
	site_delete("a", 3);
	site_says("a.state", "-");
	ck_assert_int_eq(site_call("a"), FLUME_NOT_FOUND);
	ck_assert(!on_disk("a"));
	site_counts("flume_schema_update_total{schema=\"a\",outcome=\"removed\"} 1");
	ck_assert(site_is_ready());
}
END_TEST

START_TEST(a_deleted_schema_can_come_back_but_not_from_before)
{
	site_put("a", 1, marking("1.0.0", 1, NULL));
	site_delete("a", 5);
	site_put("a", 3, marking("1.0.0", 1, NULL));
	site_says("a.state", "-");
	site_put("a", 6, marking("1.0.0", 1, NULL));
	site_says("a.state", "running");
	site_made_by("a", 1);
}
END_TEST

START_TEST(what_a_list_does_not_name_is_deleted)
{
	put_many("abcd");
	LIST(9, {"b", 2, marking("1.0.0", 1, NULL)}, {"c", 3, marking("1.0.0", 2, NULL)},
	     {"d", 4, marking("1.0.0", 3, NULL)});
	site_says("a.state", "-");
	site_says("b.state", "running");
	site_counts("flume_schema_update_total{schema=\"b\",outcome=\"applied\"} 1");
}
END_TEST

START_TEST(an_emptied_store_empties_no_node)
{
	put_many("abcd");
	LIST_NOTHING(9);
	for (char name[] = "a.state"; *name <= 'd'; ++*name)
		site_says(name, "held");
	site_says("a.reason", "mass-delete");
	site_says("a.wanted.deleted", "true");
	site_made_by("a", 0);
	ck_assert(site_is_ready());
	LIST_NOTHING(10);
	site_says("d.state", "held");
	site_counts("flume_schema_update_total{schema=\"d\",outcome=\"held\"} 1");
}
END_TEST

START_TEST(a_mass_deletion_in_one_revision_is_held)
{
	static const char *const names[] = {"a", "b", "c"};
	put_many("abcde");
	site_delete_at_once(9, names, 3);
	site_says("a.reason", "mass-delete");
	site_says("d.state", "running");
	site_made_by("c", 2);
}
END_TEST

START_TEST(half_of_them_may_go_at_once)
{
	static const char *const names[] = {"a", "b", "c"};
	put_many("abcdef");
	site_delete_at_once(9, names, 3);
	site_says("a.state", "-");
	site_says("c.state", "-");
	site_says("d.state", "running");
}
END_TEST

START_TEST(held_schemas_are_released_when_they_come_back)
{
	put_many("abc");
	LIST_NOTHING(9);
	site_says("a.state", "held");
	LIST(10, {"a", 1, marking("1.0.0", 0, NULL)}, {"b", 2, marking("1.0.0", 1, NULL)},
	     {"c", 10, marking("1.1.0", 7, NULL)});
	site_says("a.state", "running");
	site_says("a.running.generation", "1");
	site_says("c.running.version", "1.1.0");
}
END_TEST

START_TEST(others_can_be_deleted_while_some_are_held)
{
	put_many("abcdefg");
	LIST(9, {"f", 6, marking("1.0.0", 5, NULL)}, {"g", 7, marking("1.0.0", 6, NULL)});
	site_says("a.state", "held");
	site_delete("f", 10);
	site_says("f.state", "-");
	LIST_NOTHING(11);
	site_says("g.state", "-");
	site_says("a.state", "held");
}
END_TEST

START_TEST(those_that_are_held_do_not_make_the_rest_look_few)
{
	static const char *const first[] = {"a", "b", "c", "d", "e", "f"};
	static const char *const rest[] = {"g", "h", "i", "j"};
	put_many("abcdefghij");
	site_delete_at_once(20, first, 6);
	site_says("a.state", "held");
	site_delete_at_once(21, rest, 4);
	site_says("g.state", "held");
	site_says("j.reason", "mass-delete");
	site_made_by("j", 9);
}
END_TEST

START_TEST(a_held_deletion_can_be_confirmed_one_by_one)
{
	put_many("abc");
	LIST_NOTHING(9);
	site_submit("a", NULL);
	ck_assert_int_eq(site.result, ENGINE_APPLIED);
	site_says("a.state", "-");
	site_says("b.state", "held");
}
END_TEST

START_TEST(a_schema_that_is_kept_for_a_way_back_leaves_when_that_is_over)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	site_put("a", 3, marking("1.1.0", 2, SHORT_PROBATION));
	site_delete("b", 4);
	site_says("b.reason", "in-use");
	site_until("b.state", "-");
	site_says("a.running.version", "1.1.0");
}
END_TEST

START_TEST(a_schema_in_use_leaves_when_its_users_have_left)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	site_delete("b", 3);
	site_says("b.state", "held");
	site_says("b.reason", "in-use");
	site_says_part("b.attempted.error", "schema 'a' refers to it");
	site_made_by("b", 1);
	site_put("a", 4, marking("1.1.0", 2, NULL));
	site_says("b.state", "-");
	site_made_by("a", 2);
}
END_TEST

START_TEST(a_list_takes_user_and_used_away_together)
{
	put_many("cdefg");
	site_put("a", 10, running("1.0.0", "b", NULL));
	site_put("b", 11, marking("1.0.0", 1, NULL));
	LIST(12, {"c", 1, marking("1.0.0", 0, NULL)}, {"d", 2, marking("1.0.0", 1, NULL)},
	     {"e", 3, marking("1.0.0", 2, NULL)}, {"f", 4, marking("1.0.0", 3, NULL)},
	     {"g", 5, marking("1.0.0", 4, NULL)});
	site_says("a.state", "-");
	site_says("b.state", "-");
}
END_TEST

START_TEST(what_the_way_back_needs_stays)
{
	site_put("b", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, running("1.0.0", "b", NULL));
	site_put("a", 3, marking("1.1.0", 2, LONG_PROBATION));
	site_delete("b", 4);
	site_says("b.reason", "in-use");
	atomic_store(&site.failing, true);
	site_call_times("a", 5);
	site_until("a.state", "rolled-back");
	atomic_store(&site.failing, false);
	site_made_by("a", 1);
}
END_TEST

START_TEST(a_deletion_ends_canary_and_probation)
{
	site_put("a", 1, marking("1.0.0", 1, NULL));
	site_put("a", 2, marking("1.1.0", 2, LONG_PROBATION));
	site_put("a", 3, running("1.2.0", "gate", CASE_GETS(1)));
	while (!atomic_load(&site.at_gate))
		site_turn();
	site_delete("a", 4);
	sem_post(&site.gate);
	site_says("a.state", "-");
	ck_assert_int_eq(site_call("a"), FLUME_NOT_FOUND);
}
END_TEST

START_TEST(a_schema_that_never_ran_is_deleted_without_ado)
{
	site_put("a", 1, running("1.0.0", "missing", NULL));
	ck_assert(!site_is_ready());
	site_delete("a", 2);
	site_says("a.state", "-");
	site_put("b", 3, marking("1.0.0", 1, NULL));
	ck_assert(site_is_ready());
}
END_TEST

START_TEST(a_file_that_comes_back_is_read_again)
{
	LIST(0, {"a", 0, running("1.0.0", "missing", NULL)},
	     {"b", 0, marking("1.0.0", 1, NULL)});
	LIST_NOTHING(0);
	site_says("a.state", "-");
	site_says("b.state", "-");
	LIST(0, {"a", 0, running("1.0.0", "missing", NULL)},
	     {"b", 0, marking("1.0.0", 1, NULL)});
	site_says("a.state", "rejected");
	site_says("b.state", "running");
}
END_TEST

Suite *suite_engine_deletion(void)
{
	Suite *suite = suite_create("engine_deletion");
	TCase *one = site_case(suite, "one");
	tcase_add_test(one, a_deleted_schema_leaves_the_node_the_status_and_the_disk);
	tcase_add_test(one, a_deleted_schema_can_come_back_but_not_from_before);
	tcase_add_test(one, a_deletion_ends_canary_and_probation);
	tcase_add_test(one, a_schema_that_never_ran_is_deleted_without_ado);
	TCase *many = site_case(suite, "many");
	tcase_add_test(many, what_a_list_does_not_name_is_deleted);
	tcase_add_test(many, an_emptied_store_empties_no_node);
	tcase_add_test(many, a_mass_deletion_in_one_revision_is_held);
	tcase_add_test(many, half_of_them_may_go_at_once);
	tcase_add_test(many, held_schemas_are_released_when_they_come_back);
	tcase_add_test(many, others_can_be_deleted_while_some_are_held);
	tcase_add_test(many, those_that_are_held_do_not_make_the_rest_look_few);
	tcase_add_test(many, a_held_deletion_can_be_confirmed_one_by_one);
	tcase_add_test(many, a_file_that_comes_back_is_read_again);
	TCase *used = site_case(suite, "in use");
	tcase_add_test(used, a_schema_in_use_leaves_when_its_users_have_left);
	tcase_add_test(used, a_schema_that_is_kept_for_a_way_back_leaves_when_that_is_over);
	tcase_add_test(used, a_list_takes_user_and_used_away_together);
	tcase_add_test(used, what_the_way_back_needs_stays);
	return suite;
}
