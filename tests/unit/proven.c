#include "agent/engine/proven.h"

#include "agent/engine/bad.h"
#include "agent/engine/file.h"
#include "tests/unit/suites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char state[64];
static struct flume_err err;

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(state, sizeof state, "%s/flume-proven-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(state));
	char **none;
	ck_assert_int_eq(proven_list(state, &none, &err), 0);
	free(none);
	ck_assert_int_eq(bad_list(state, "bad", &none, &err), 0);
	free(none);
	err.code = 0;
}

static void teardown(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf %s", state);
	ck_assert_int_eq(system(command), 0);
}

static const char *path(const char *name)
{
	static char out[4][160];
	static unsigned turn;
	char *next = out[turn++ % 4];
	snprintf(next, sizeof out[0], "%s/%s", state, name);
	return next;
}

static void put_file(const char *name, const char *bytes, size_t len)
{
	FILE *file = fopen(path(name), "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static struct proven sample(const char *text)
{
	struct proven p = {.name = "checkout",
			   .facts = {.version = "1.2.0", .revision = 1234, .origin = "etcd"},
			   .format = FLUME_YAML,
			   .proven = true,
			   .at = 1763800000,
			   .text = text,
			   .len = strlen(text)};
	facts_digest_bytes(p.facts.digest, text, p.len);
	return p;
}

static void write_copy(const struct proven *p)
{
	size_t len, done;
	bool made;
	char *folder = proven_folder(state);
	char *bytes = proven_encode(p, &len);
	const struct file_item item = {
		.name = p->name, .bytes = bytes, .len = len, .keep = PROVEN_KEPT};
	ck_assert_int_eq(file_commit(folder, &item, 1, &done, &made, &err), 0);
	free(bytes);
	free(folder);
}

static void write_sample(const char *text)
{
	struct proven p = sample(text);
	write_copy(&p);
}

/* The one so far back is this text. */
static void holds(unsigned back, const char *text)
{
	struct proven p;
	char *bytes;
	ck_assert_int_eq(proven_read(state, "checkout", back, &p, &bytes, &err), 0);
	ck_assert_uint_eq(p.len, strlen(text));
	ck_assert_mem_eq(p.text, text, p.len);
	free(bytes);
}

/* Reads it, and the reason why that failed has `part`. */
static void refused(const char *part)
{
	struct proven p;
	char *bytes;
	err.code = 0;
	int rc = proven_read(state, "checkout", 0, &p, &bytes, &err);
	ck_assert_int_lt(rc, 0);
	ck_assert_msg(strstr(err.text, part) != NULL, "'%s' has no '%s'", err.text, part);
}

/* ---- what comes back ---- */

START_TEST(it_comes_back_byte_for_byte)
{
	static const char text[] = "# a \xC3\xBC comment\r\nversion: '1.2.0'\n\ttype: x\0y\n";
	struct proven p = sample(text), back;
	char *bytes;
	p.len = sizeof text - 1;
	write_copy(&p);
	ck_assert_int_eq(proven_read(state, "checkout", 0, &back, &bytes, &err), 0);
	ck_assert_str_eq(back.name, "checkout");
	ck_assert_str_eq(back.facts.version, "1.2.0");
	ck_assert_str_eq(back.facts.digest, p.facts.digest);
	ck_assert_str_eq(back.facts.origin, "etcd");
	ck_assert_int_eq(back.facts.revision, 1234);
	ck_assert_int_eq(back.format, FLUME_YAML);
	ck_assert(back.proven);
	ck_assert_int_eq(back.at, p.at);
	ck_assert_uint_eq(back.len, p.len);
	ck_assert_mem_eq(back.text, text, p.len);
	free(bytes);
}
END_TEST

START_TEST(the_last_three_are_kept)
{
	write_sample("a long first text");
	write_sample("short");
	holds(0, "short");
	holds(1, "a long first text");
	write_sample("third");
	write_sample("fourth");
	holds(0, "fourth");
	holds(1, "third");
	holds(2, "short");
	ck_assert_int_eq(access(path("proven/checkout@3"), F_OK), -1);
}
END_TEST

START_TEST(nothing_is_left_of_a_removed_one)
{
	char **names;
	for (int i = 0; i < 4; i++)
		write_sample("x");
	ck_assert_int_eq(proven_remove(state, "checkout", &err), 0);
	ck_assert_int_eq(proven_remove(state, "checkout", &err), 0);
	ck_assert_int_eq(proven_list(state, &names, &err), 0);
	ck_assert_ptr_null(names[0]);
	free(names);
}
END_TEST

START_TEST(a_name_is_listed_once_also_where_its_last_copy_is_gone)
{
	static const char *const others[] = {"checkout-b", "checkout.c", "checkout0"};
	char **names;
	write_sample("x");
	write_sample("y");
	for (size_t i = 0; i < 3; i++) {
		struct proven p = sample("z");
		p.name = others[i];
		write_copy(&p);
	}
	for (int turn = 0; turn < 2; turn++) {
		ck_assert_int_eq(proven_list(state, &names, &err), 0);
		ck_assert_str_eq(names[0], "checkout");
		ck_assert_str_eq(names[1], "checkout-b");
		ck_assert_str_eq(names[3], "checkout0");
		ck_assert_ptr_null(names[4]);
		free(names);
		(void)unlink(path("proven/checkout"));
	}
	holds(1, "x");
}
END_TEST

START_TEST(what_was_being_written_is_cleared_away)
{
	char **names;
	write_sample("x");
	put_file("proven/.checkout", "{\"flu", 6);
	put_file("proven/.other", "", 0);
	ck_assert_int_eq(proven_list(state, &names, &err), 0);
	ck_assert_str_eq(names[0], "checkout");
	ck_assert_ptr_null(names[1]);
	ck_assert_int_eq(access(path("proven/.checkout"), F_OK), -1);
	ck_assert_int_eq(access(path("proven/.other"), F_OK), -1);
	free(names);
}
END_TEST

/* ---- what does not ---- */

START_TEST(any_changed_byte_is_noticed)
{
	size_t len;
	struct proven p = sample("type: sequence\n"), back;
	char *bytes = proven_encode(&p, &len);
	size_t text = len - p.len;
	for (size_t i = 0; i < len; i++) {
		char *changed = malloc(len + 1);
		memcpy(changed, bytes, len + 1);
		changed[i] ^= 1;
		int rc = proven_decode(&back, "checkout", changed, len, &err);
		/* What the header says of version, revision and the like guards itself less. */
		ck_assert_msg(rc == FLUME_INVALID || i < text, "byte %zu", i);
		free(changed);
	}
	free(bytes);
}
END_TEST

START_TEST(any_missing_end_is_noticed)
{
	size_t len;
	struct proven p = sample("type: sequence\n"), back;
	char *bytes = proven_encode(&p, &len);
	for (size_t i = 0; i < len; i++) {
		char *cut = malloc(i + 1);
		memcpy(cut, bytes, i);
		ck_assert_int_eq(proven_decode(&back, "checkout", cut, i, &err), FLUME_INVALID);
		free(cut);
	}
	free(bytes);
}
END_TEST

START_TEST(it_says_what_is_wrong)
{
	write_sample("type: sequence\n");
	ck_assert_int_eq(truncate(path("proven/checkout"), 20), 0);
	refused("no header");
	put_file("proven/checkout", "not json\nx", 10);
	refused("no JSON");
	put_file("proven/checkout", "{\"flume\":2}\n", 12);
	refused("another version");
	ck_assert_int_eq(proven_remove(state, "checkout", &err), 0);
	refused("No such file");
}
END_TEST

START_TEST(a_copy_under_another_name_is_refused)
{
	struct proven p = sample("x");
	p.name = "other";
	write_copy(&p);
	ck_assert_int_eq(rename(path("proven/other"), path("proven/checkout")), 0);
	refused("of another schema");
}
END_TEST

START_TEST(a_folder_or_a_link_in_its_place_is_no_copy)
{
	ck_assert_int_eq(mkdir(path("proven/checkout"), 0700), 0);
	refused("");
	ck_assert_int_eq(rmdir(path("proven/checkout")), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path("proven/checkout")), 0);
	refused("");
}
END_TEST

START_TEST(a_folder_that_is_gone_is_made_again)
{
	char **names;
	teardown();
	refused("No such file");
	ck_assert_int_eq(proven_remove(state, "checkout", &err), 0);
	write_sample("x");
	holds(0, "x");
	teardown();
	ck_assert_int_eq(proven_list(state, &names, &err), 0);
	free(names);
	write_sample("x");
}
END_TEST

START_TEST(a_file_in_place_of_the_folder_is_an_error)
{
	char **names;
	char nowhere[200];
	put_file("file", "x", 1);
	snprintf(nowhere, sizeof nowhere, "%s/deep/state", path("file"));
	ck_assert_int_eq(proven_list(nowhere, &names, &err), FLUME_IO);
}
END_TEST

/* ---- bad changes ---- */

static struct bad_change bad_sample(unsigned i)
{
	struct bad_change c = {
		.facts = {.version = "1.3.0", .revision = 100 + i, .origin = "etcd"},
		.stage = "canary",
		.error = "case 'x': total: expected \"90\", got 100",
		.at = 1763800000 + i};
	snprintf(c.facts.digest, sizeof c.facts.digest, "sha256:%064u", i);
	return c;
}

START_TEST(bad_changes_are_remembered)
{
	struct bad bad = {0}, back = {0};
	for (unsigned i = 0; i < 3; i++) {
		struct bad_change c = bad_sample(i);
		ck_assert_int_eq(bad_add(&bad, &c), 0);
	}
	ck_assert_int_eq(bad_write(state, "bad", "checkout", &bad, true, &err), 0);
	ck_assert_int_eq(bad_read(state, "bad", "checkout", &back, &err), 0);
	ck_assert_uint_eq(back.n, 3);
	for (unsigned i = 0; i < 3; i++) {
		struct bad_change c = bad_sample(i);
		const struct bad_change *found = bad_find(&back, c.facts.digest);
		ck_assert_ptr_nonnull(found);
		ck_assert_str_eq(found->facts.version, c.facts.version);
		ck_assert_str_eq(found->facts.origin, c.facts.origin);
		ck_assert_int_eq(found->facts.revision, c.facts.revision);
		ck_assert_str_eq(found->stage, c.stage);
		ck_assert_str_eq(found->error, c.error);
		ck_assert_int_eq(found->at, c.at);
	}
	ck_assert_int_eq(bad_revision(&back), 102);
	ck_assert_ptr_null(bad_find(&back, "sha256:no"));
	bad_fini(&bad);
	bad_fini(&back);
}
END_TEST

START_TEST(the_newest_bad_changes_are_kept)
{
	struct bad bad = {0};
	struct bad_change first = bad_sample(0);
	for (unsigned i = 0; i < BAD_MOST; i++) {
		struct bad_change c = bad_sample(i);
		ck_assert_int_eq(bad_add(&bad, &c), 0);
	}
	ck_assert_int_eq(bad_add(&bad, &first), 0); /* is the newest now */
	struct bad_change one_more = bad_sample(99);
	ck_assert_int_eq(bad_add(&bad, &one_more), 0);
	ck_assert_uint_eq(bad.n, BAD_MOST);
	ck_assert_ptr_nonnull(bad_find(&bad, first.facts.digest));
	struct bad_change second = bad_sample(1);
	ck_assert_ptr_null(bad_find(&bad, second.facts.digest));
	bad_fini(&bad);
}
END_TEST

START_TEST(a_list_of_bad_changes_that_is_no_such_is_refused)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{\"flume\":1,\"name\":\"checkout\"}",
		"{\"flume\":1,\"name\":\"other\",\"changes\":[]}",
		"{\"flume\":2,\"name\":\"checkout\",\"changes\":[]}",
		"{\"flume\":1,\"name\":\"checkout\",\"changes\":{}}",
		"{\"flume\":1,\"name\":\"checkout\",\"changes\":[{\"digest\":\"x\"}]}",
		"{\"flume\":1,\"name\":\"checkout\",\"changes\":[{\"digest\":\"sha256:x\","
		"\"at\":7}]}",
		"{\"flume\":1,\"name\":\"checkout\",\"changes\":[{\"digest\":\"sha256:x\"}, "
		"7]}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct bad bad = {0};
		ck_assert_msg(bad_decode(&bad, "checkout", texts[i], strlen(texts[i]), &err) ==
				      FLUME_INVALID,
			      "%s", texts[i]);
		ck_assert_ptr_null(bad.list);
	}
}
END_TEST

Suite *suite_proven(void)
{
	Suite *suite = suite_create("proven");
	TCase *good = tcase_create("copies");
	tcase_add_checked_fixture(good, setup, teardown);
	tcase_add_test(good, it_comes_back_byte_for_byte);
	tcase_add_test(good, the_last_three_are_kept);
	tcase_add_test(good, nothing_is_left_of_a_removed_one);
	tcase_add_test(good, a_name_is_listed_once_also_where_its_last_copy_is_gone);
	tcase_add_test(good, what_was_being_written_is_cleared_away);
	tcase_add_test(good, any_changed_byte_is_noticed);
	tcase_add_test(good, any_missing_end_is_noticed);
	tcase_add_test(good, it_says_what_is_wrong);
	tcase_add_test(good, a_copy_under_another_name_is_refused);
	tcase_add_test(good, a_folder_or_a_link_in_its_place_is_no_copy);
	tcase_add_test(good, a_folder_that_is_gone_is_made_again);
	tcase_add_test(good, a_file_in_place_of_the_folder_is_an_error);
	suite_add_tcase(suite, good);
	TCase *bad = tcase_create("bad");
	tcase_add_checked_fixture(bad, setup, teardown);
	tcase_add_test(bad, bad_changes_are_remembered);
	tcase_add_test(bad, the_newest_bad_changes_are_kept);
	tcase_add_test(bad, a_list_of_bad_changes_that_is_no_such_is_refused);
	suite_add_tcase(suite, bad);
	return suite;
}
