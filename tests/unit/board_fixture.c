#include "tests/unit/board_fixture.h"

#include "lib/base/text.h"
#include "tests/unit/document_fixture.h"

#include <check.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct switchboard *board;

void board_open(void)
{
	static const char *const labels[] = {"zone=a", NULL};
	ck_assert_int_eq(switchboard_new(&board, labels), 0);
}

void board_close(void)
{
	board = switchboard_unref(board);
}

void board_put(const char *name, const char *yaml)
{
	struct ab_switch *sw = read_switch(name, yaml);
	ck_assert_int_eq(switchboard_put(board, sw), 0);
	ab_unref(sw);
}

struct switch_slot *slot_of(const char *name)
{
	struct switch_slot *slot = NULL;
	ck_assert_int_eq(switchboard_slot(board, name, &slot), 0);
	return slot;
}

/* "a weight", or "none" */
const char *ask_board(struct switch_slot *slot, const char *json, const struct flume_call *call)
{
	static char text[2 * AB_NAME];
	struct switch_answer answer;
	struct document *document = read_document(json);
	bool found = switch_ask(slot, call, document, &answer);
	snprintf(text, sizeof text, "%s %s", found ? answer.variant : "none",
		 found ? ab_why_text(answer.why) : "");
	document_free(document);
	return text;
}

void add_count(void *arg, const char *name, const char *variant, enum ab_why why, uint64_t n)
{
	text_addf(arg, "%s.%s.%s=%" PRIu64 " ", name, variant, ab_why_text(why), n);
}

void expect_counts(const char *wanted)
{
	struct text counts = {0};
	switchboard_counts(board, add_count, &counts);
	ck_assert_str_eq(counts.s ? counts.s : "", wanted);
	text_fini(&counts);
}

struct ratio ratio_of(const char *name)
{
	struct ratio ratio = {0};
	ck_assert_int_eq(switchboard_ratio(board, name, &ratio), 0);
	return ratio;
}
