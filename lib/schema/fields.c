/* A table checks a map; the same rows give the defaults when it is read. */
#include "lib/schema/fields.h"

#include "lib/base/report.h"
#include "lib/base/suggest.h"
#include "lib/schema/get.h"
#include "lib/schema/scalar.h"
#include "lib/schema/synonym.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CANDIDATES = 64 }; /* more keys than any table has */
enum { FEW = 16 };        /* entries whose rows are remembered */

/* Two letters spare most of the calls. */
static inline const struct flume_field *find_row(const struct flume_field *table,
						 const char *name)
{
	for (; table && table->name; table++)
		if (table->name[0] == name[0] && table->name[1] == name[1] &&
		    !strcmp(table->name, name))
			return table;
	return NULL;
}

const struct flume_field *fields_find(const struct flume_field *table, const char *name)
{
	return find_row(table, name);
}

const struct flume_field fields_everywhere[] = {
	{"description", FLUME_FIELD_ANY, .about = "For readers; it means nothing."},
	{0},
};

static bool is_free(const char *key)
{
	return !strncmp(key, FIELDS_FREE, sizeof FIELDS_FREE - 1) ||
	       fields_find(fields_everywhere, key);
}

static bool is_other(const struct flume_field *const *also, const char *name)
{
	for (; also && *also; also++)
		if (find_row(*also, name))
			return true;
	return false;
}

static size_t add_names(const struct flume_field *table, const char **names, size_t n)
{
	for (; table && table->name && n < CANDIDATES; table++)
		names[n++] = table->name;
	return n;
}

static void report_unknown(const struct flume_field *table,
			   const struct flume_field *const *also, const flume_value *key,
			   struct place *place, flume_report *report)
{
	const char *names[CANDIDATES];
	size_t n = add_names(table, names, 0);
	for (; also && *also; also++)
		n = add_names(*also, names, n);
	const char *word = flume_value_text(key);
	const char *near = suggest(word, names, n);
	if (!near)
		near = synonym(word, names, n);
	char hint[160];
	if (near)
		snprintf(hint, sizeof hint, "did you mean '%s'?", near);
	flume_report_add(report, "unknown-key", place_text(place), key, near ? hint : NULL,
			 "unknown key '%.64s'", word);
}

/* One bit a row, as far as they go: a key stands in a map once. */
static uint64_t bit_of(const struct flume_field *table, const struct flume_field *row)
{
	return row - table < 64 ? UINT64_C(1) << (row - table) : 0;
}

static void report_missing(const struct flume_field *table, uint64_t seen,
			   const flume_value *map, struct place *place, flume_report *report)
{
	for (const struct flume_field *row = table; row && row->name; row++)
		if (row->required && !(seen & bit_of(table, row)) &&
		    !(row - table >= 64 && flume_value_get(map, row->name)))
			flume_report_add(report, "missing-key", place_text(place), map, NULL,
					 "'%s' is required", row->name);
}

void fields_check_keys(const struct flume_field *table, const struct flume_field *const *also,
		       const flume_value *map, struct place *place, flume_report *report,
		       fields_each_fn *each, void *arg)
{
	const struct flume_field *rows[FEW];
	uint64_t seen = 0;
	size_t n = value_entries(map);
	for (size_t i = 0; i < n; i++) {
		const flume_value *key = value_key_at(map, i);
		const struct flume_field *row = find_row(table, value_chars(key));
		if (row)
			seen |= bit_of(table, row);
		else if (!is_other(also, value_chars(key)) && !is_free(value_chars(key)))
			report_unknown(table, also, key, place, report);
		if (i < FEW)
			rows[i] = row;
	}
	report_missing(table, seen, map, place, report);
	for (size_t i = 0; each && i < n; i++) {
		const struct flume_field *row =
			i < FEW ? rows[i]
				: fields_find(table, value_chars(value_key_at(map, i)));
		if (row)
			each(arg, row, value_entry_at(map, i));
	}
}

static const char *type_name(enum flume_value_type type)
{
	static const char *const names[] = {"null", "a boolean", "a number",
					    "text", "a list",    "a map"};
	return names[type];
}

static bool is_scalar(const flume_value *value)
{
	return !value || value->type < FLUME_LIST;
}

static void wrong_type(const flume_value *value, const char *wanted, struct place *place,
		       flume_report *report)
{
	flume_report_add(report, "wrong-type", place_text(place), value, NULL,
			 "expected %s, found %s%s", wanted,
			 flume_value_quoted(value) ? "quoted " : "",
			 type_name(flume_value_type(value)));
}

/* No text, whether it says so or says nothing. */
static bool is_nothing(const flume_value *value)
{
	return !value || value->type == FLUME_NULL || !*value_text(value);
}

static void check_text(const flume_value *value, struct place *place, flume_report *report)
{
	if (!is_scalar(value))
		wrong_type(value, "text", place, report);
	else if (is_nothing(value))
		flume_report_add(report, "empty", place_text(place), value, NULL,
				 "must not be empty");
}

/* The same for what a node names: its place is the node's, so the words hold the key. */
static void check_name(const struct flume_field *row, const flume_value *value,
		       struct place *place, flume_report *report)
{
	if (!is_scalar(value))
		flume_report_add(report, "wrong-type", place_text(place), value, NULL,
				 "'%s' must be text, not %s", row->name,
				 type_name(flume_value_type(value)));
	else if (is_nothing(value))
		flume_report_add(report, "empty", place_text(place), value, NULL,
				 "'%s' must not be empty", row->name);
}

static bool read_count(const char *text, int64_t *out)
{
	errno = 0;
	char *end;
	long long number = strtoll(text, &end, 10);
	if (errno || *end || end == text)
		return false;
	*out = number;
	return true;
}

void fields_bounds(const struct flume_field *row, int64_t *out_least, int64_t *out_most)
{
	*out_least = row->min || row->max ? row->min : 1;
	*out_most = row->min || row->max ? row->max : 1000000;
}

static void check_count(const struct flume_field *row, const flume_value *value,
			struct place *place, flume_report *report)
{
	int64_t least, most, number;
	fields_bounds(row, &least, &most);
	if (flume_value_type(value) != FLUME_NUMBER)
		wrong_type(value, "a whole number", place, report);
	else if (!read_count(flume_value_text(value), &number) || number < least ||
		 number > most)
		flume_report_add(report, "out-of-bounds", place_text(place), value, NULL,
				 "%.32s is not a whole number from %lld to %lld",
				 flume_value_text(value), (long long)least, (long long)most);
}

static void check_number(const flume_value *value, struct place *place, flume_report *report)
{
	if (flume_value_type(value) != FLUME_NUMBER) {
		wrong_type(value, "a number", place, report);
		return;
	}
	double number = scalar_double(flume_value_text(value));
	if (!isfinite(number) || number <= 0)
		flume_report_add(report, "out-of-bounds", place_text(place), value, NULL,
				 "%.32s is not a number above 0", flume_value_text(value));
}

/* Digits, perhaps a fraction, a percent sign; no more than 100. */
static bool is_percent(const char *text)
{
	static const char digits[] = "0123456789";
	const char *whole = text + strspn(text, "0");
	size_t n = strspn(whole, digits), fraction = 0;
	const char *rest = whole + n;
	if (rest == text)
		return false;
	if (*rest == '.') {
		fraction = strspn(++rest, digits);
		if (!fraction)
			return false;
	}
	bool hundred = n == 3 && !strncmp(whole, "100", n) && strspn(rest, "0") == fraction;
	return !strcmp(rest + fraction, "%") && (n < 3 || hundred);
}

static void check_percent(const flume_value *value, struct place *place, flume_report *report)
{
	const char *text = flume_value_text(value);
	if (!is_scalar(value))
		wrong_type(value, "a percentage", place, report);
	else if (!is_percent(text))
		flume_report_add(report, "bad-percent", place_text(place), value,
				 "write it like 1% or 0.5%",
				 "expected 0%% to 100%%, found '%.32s'", text);
}

static void check_duration(const flume_value *value, struct place *place, flume_report *report)
{
	int64_t ns;
	const char *text = flume_value_text(value);
	if (!is_scalar(value) || flume_value_type(value) == FLUME_NULL)
		wrong_type(value, "a duration", place, report);
	else if (flume_duration_parse(text, &ns))
		flume_report_add(report, "bad-duration", place_text(place), value,
				 "write it like 300ms, 1.5s or 1h30m",
				 "'%.32s' is not a duration", text);
	else if (ns == 0)
		flume_report_add(report, "out-of-bounds", place_text(place), value, NULL,
				 "a duration here must be above 0");
}

/* Lists and maps of a kind: none empty, and each element by its own rule. */
static void check_each(const flume_value *value, bool map, bool text, struct place *place,
		       flume_report *report)
{
	if (flume_value_type(value) != (map ? FLUME_MAP : FLUME_LIST)) {
		wrong_type(value, map ? "a map" : "a list", place, report);
		return;
	}
	if (!flume_value_size(value))
		flume_report_add(report, "empty", place_text(place), value, NULL,
				 "must not be empty");
	for (size_t i = 0; text && i < flume_value_size(value); i++) {
		size_t back =
			map ? place_key(place, flume_value_text(flume_value_key(value, i)))
			    : place_index(place, i, NULL);
		check_text(flume_value_at(value, i), place, report);
		place_back(place, back);
	}
}

static void check_names(const flume_value *value, struct place *place, flume_report *report)
{
	if (flume_value_type(value) == FLUME_LIST)
		check_each(value, false, true, place, report);
	else
		check_text(value, place, report);
}

void fields_check_value(const struct flume_field *row, const flume_value *value,
			struct place *place, flume_report *report)
{
	switch (row->type) {
	case FLUME_FIELD_TEXT:
		check_text(value, place, report);
		break;
	case FLUME_FIELD_REF:
	case FLUME_FIELD_PREDICATE:
	case FLUME_FIELD_CONDITION:
	case FLUME_FIELD_REDUCER:
	case FLUME_FIELD_ERROR_HANDLER:
	case FLUME_FIELD_CHANNEL:
		check_name(row, value, place, report);
		break;
	case FLUME_FIELD_BOOL:
		if (flume_value_type(value) != FLUME_BOOL)
			wrong_type(value, "true or false", place, report);
		break;
	case FLUME_FIELD_COUNT:
		check_count(row, value, place, report);
		break;
	case FLUME_FIELD_NUMBER:
		check_number(value, place, report);
		break;
	case FLUME_FIELD_PERCENT:
		check_percent(value, place, report);
		break;
	case FLUME_FIELD_DURATION:
		check_duration(value, place, report);
		break;
	case FLUME_FIELD_SCALAR:
		if (!is_scalar(value))
			wrong_type(value, "a constant", place, report);
		break;
	case FLUME_FIELD_TEXTS:
		check_each(value, false, true, place, report);
		break;
	case FLUME_FIELD_MAP:
		check_each(value, true, false, place, report);
		break;
	case FLUME_FIELD_TEXT_MAP:
		check_each(value, true, true, place, report);
		break;
	case FLUME_FIELD_PREDICATES:
		check_names(value, place, report);
		break;
	case FLUME_FIELD_ANY:
	case FLUME_FIELD_NODE:
	case FLUME_FIELD_NODES:
	case FLUME_FIELD_ROUTES:
		break;
	}
}

struct checking {
	struct place *place;
	flume_report *report;
};

static void check_entry(void *arg, const struct flume_field *row, const flume_value *value)
{
	struct checking *checking = arg;
	size_t back = place_key(checking->place, row->name);
	fields_check_value(row, value, checking->place, checking->report);
	place_back(checking->place, back);
}

void fields_check(const struct flume_field *table, const struct flume_field *const *also,
		  const flume_value *map, struct place *place, flume_report *report)
{
	struct checking checking = {place, report};
	fields_check_keys(table, also, map, place, report, check_entry, &checking);
}

int flume_fields_check(const struct flume_field *table, const flume_value *map,
		       const char *path, flume_report *given)
{
	flume_report own = {0}, *report = given ? given : &own;
	struct place place;
	place_init(&place, path);
	size_t before = flume_report_size(report);
	if (flume_value_type(map) != FLUME_MAP)
		wrong_type(map, "a map", &place, report);
	else
		fields_check(table, NULL, map, &place, report);
	bool failed = place.failed;
	place_fini(&place);
	int rc = failed                                                      ? FLUME_NOMEM
		 : flume_report_size(report) > before || report_full(report) ? FLUME_REJECTED
									     : 0;
	report_fini(&own);
	return rc;
}

const char *fields_text(const struct flume_field *table, const flume_value *map,
			const char *name)
{
	const flume_value *value = flume_value_get(map, name);
	if (value)
		return flume_value_text(value);
	const struct flume_field *row = fields_find(table, name);
	return row ? row->fallback : NULL;
}

int64_t fields_count(const struct flume_field *table, const flume_value *map, const char *name)
{
	int64_t number = 0;
	const char *text = fields_text(table, map, name);
	return text && read_count(text, &number) ? number : 0;
}

double fields_number(const struct flume_field *table, const flume_value *map, const char *name)
{
	const char *text = fields_text(table, map, name);
	return text ? scalar_double(text) : NAN;
}

int64_t fields_duration(const struct flume_field *table, const flume_value *map,
			const char *name)
{
	int64_t ns = 0;
	const char *text = fields_text(table, map, name);
	return text && !flume_duration_parse(text, &ns) ? ns : 0;
}
