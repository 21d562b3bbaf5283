/*
 * The shape of a `canary` section: which cases, which limits.  What an input or an expectation
 * means depends on the items and is the embedding program's affair.
 */
#include "lib/check/check.h"

#include <string.h>

/* "'expect', 'expect_error' and 'expect_dropped'" */
static void add_names(struct text *out, const struct flume_field *rows)
{
	for (const struct flume_field *row = rows; row->name; row++)
		text_addf(out, "%s'%s'",
			  row == rows   ? ""
			  : row[1].name ? ", "
					: " and ",
			  row->name);
}

static void check_exclusive(const struct flume_field *rows, const flume_value *map,
			    struct place *place, flume_report *report)
{
	int said = 0;
	for (const struct flume_field *row = rows; row && row->name; row++)
		said += flume_value_get(map, row->name) != NULL;
	if (said < 2)
		return;
	struct text names = {0};
	add_names(&names, rows);
	flume_report_add(report, "exclusive", place_text(place), map, NULL,
			 "a case has only one of %s", names.s ? names.s : "these");
	text_fini(&names);
}

/* Only the word itself will do. */
static void check_word(const struct part *part, const flume_value *value, struct place *place,
		       flume_report *report)
{
	const char *said = flume_value_text(value);
	if (strcmp(said, part->word) != 0)
		flume_report_add(report, "out-of-bounds", place_text(place), value, NULL,
				 "expected '%s', found '%.64s'", part->word, said);
}

static void check_map(const struct part *part, const flume_value *map, struct place *place,
		      flume_report *report)
{
	if (part->word && flume_value_type(map) == FLUME_TEXT) {
		check_word(part, map, place, report);
		return;
	}
	flume_fields_check(part->fields, map, place_text(place), report);
	check_exclusive(part->exclusive, map, place, report);
	const flume_value *with = part->word ? flume_value_get(map, part->fields->name) : NULL;
	if (*flume_value_text(with)) {
		size_t back = place_key(place, part->fields->name);
		check_word(part, with, place, report);
		place_back(place, back);
	}
}

static void check_list(const struct part *part, const flume_value *list, struct place *place,
		       flume_report *report)
{
	if (flume_value_type(list) != FLUME_LIST)
		flume_report_add(report, "wrong-type", place_text(place), list, NULL,
				 "expected a list of %s", part->key);
	for (size_t i = 0; flume_value_type(list) == FLUME_LIST && i < flume_value_size(list);
	     i++) {
		size_t back = place_index(place, i, NULL);
		check_map(part, flume_value_at(list, i), place, report);
		place_back(place, back);
	}
}

void canary_check(const flume_value *canary, struct place *place, flume_report *report)
{
	flume_fields_check(canary_fields, canary, place_text(place), report);
	for (const struct part *part = canary_parts; part->key; part++) {
		const flume_value *value = flume_value_get(canary, part->key);
		size_t back = place_key(place, part->key);
		if (value)
			(part->list ? check_list : check_map)(part, value, place, report);
		place_back(place, back);
	}
}
