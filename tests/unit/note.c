#include "agent/engine/note.h"

#include "tests/unit/suites.h"

#include <stdlib.h>
#include <string.h>

static struct note note;

static int read(const char *text)
{
	return note_read(&note, text, strlen(text), 12);
}

START_TEST(who_and_why_and_when_are_read)
{
	ck_assert_int_eq(read("{\"by\": \"ada\", \"why\": \"incident 42\", "
			      "\"at\": \"2026-11-27T12:00:00Z\", \"x\": 1}"),
			 0);
	ck_assert_str_eq(note.by, "ada");
	ck_assert_str_eq(note.why, "incident 42");
	ck_assert_int_eq(note.at, 1795780800);
	ck_assert_int_eq(note.revision, 12);
	ck_assert_str_eq(note.version, "");
}
END_TEST

START_TEST(what_is_not_said_is_empty)
{
	ck_assert_int_eq(read("{}"), 0);
	ck_assert_str_eq(note.by, "");
	ck_assert_int_eq(note.at, 0);
	ck_assert_int_eq(note.looked, 0);
}
END_TEST

START_TEST(what_is_none_is_refused_and_keeps_its_revision)
{
	static const char *const texts[] = {
		"",
		"incident",
		"[]",
		"{\"by\": 1}",
		"{\"at\": \"yesterday\"}",
		"{\"revision\": \"7\"}",
		"{\"revision\": -1}",
		"{\"revision\": 1.5}",
		"{\"why\": [\"a\"]}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		ck_assert_msg(read(texts[i]) == FLUME_INVALID, "%s", texts[i]);
		ck_assert_str_eq(note.by, "");
		ck_assert_int_eq(note.revision, 12);
	}
}
END_TEST

START_TEST(what_is_written_is_read_again)
{
	struct note before;
	ck_assert_int_eq(read("{\"by\": \"a \\\"b\\\"\", \"why\": \"\", \"at\": "
			      "\"2026-11-27T12:00:00Z\", \"version\": \"1.2.0\", "
			      "\"digest\": \"sha256:aa\", \"revision\": 7}"),
			 0);
	before = note;
	char *json = note_dup_json(&before);
	ck_assert_ptr_nonnull(json);
	ck_assert_int_eq(read(json), 0);
	free(json);
	ck_assert_str_eq(note.by, before.by);
	ck_assert_str_eq(note.version, "1.2.0");
	ck_assert_str_eq(note.digest, "sha256:aa");
	ck_assert_int_eq(note.looked, 7);
	ck_assert_int_eq(note.at, before.at);
}
END_TEST

START_TEST(a_long_why_is_cut_between_characters)
{
	char text[1200] = "{\"why\": \"";
	for (int i = 0; i < 300; i++)
		strcat(text, "\xc3\xa9");
	strcat(text, "\"}");
	ck_assert_int_eq(read(text), 0);
	size_t len = strlen(note.why);
	ck_assert_uint_eq(len, NOTE_WHY - 2);
	ck_assert_int_eq((unsigned char)note.why[len - 2], 0xc3);
}
END_TEST

START_TEST(two_notes_are_told_apart)
{
	char a[NOTE_ID], b[NOTE_ID];
	ck_assert_int_eq(note_read(&note, "{}", 2, 7), 0);
	note_id(&note, a);
	ck_assert_int_eq(note_read(&note, "{}", 2, 8), 0);
	note_id(&note, b);
	ck_assert_str_ne(a, b);
	ck_assert_int_eq(read("{\"at\": \"2026-11-27T12:00:00Z\"}"), 0);
	note_id(&note, a);
	ck_assert_int_eq(read("{\"at\": \"2026-11-27T12:00:01Z\"}"), 0);
	note_id(&note, b);
	ck_assert_str_ne(a, b);
}
END_TEST

Suite *suite_note(void)
{
	Suite *suite = suite_create("note");
	TCase *tcase = tcase_create("words");
	tcase_add_test(tcase, who_and_why_and_when_are_read);
	tcase_add_test(tcase, what_is_not_said_is_empty);
	tcase_add_test(tcase, what_is_none_is_refused_and_keeps_its_revision);
	tcase_add_test(tcase, what_is_written_is_read_again);
	tcase_add_test(tcase, a_long_why_is_cut_between_characters);
	tcase_add_test(tcase, two_notes_are_told_apart);
	suite_add_tcase(suite, tcase);
	return suite;
}
