#include "lib/base/text.h"
#include "lib/connector/connector.h"
#include "tests/unit/fixture.h"
#include "tests/unit/suites.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *drawn; /* the last one */

static const char *draw(const char *text, enum flume_format format,
			enum flume_graph_format graph)
{
	flume_schema *schema = NULL;
	ck_assert_msg(!flume_schema_parse(&schema, text, strlen(text), format, NULL, NULL),
		      "%s", text);
	free(drawn);
	drawn = flume_schema_dup_graph(schema, graph);
	flume_schema_unref(schema);
	ck_assert_ptr_nonnull(drawn);
	return drawn;
}

static const char *dot(const char *yaml)
{
	return draw(yaml, FLUME_YAML, FLUME_GRAPH_DOT);
}

static const char *mermaid(const char *yaml)
{
	return draw(yaml, FLUME_YAML, FLUME_GRAPH_MERMAID);
}

static void end(void)
{
	free(drawn);
	drawn = NULL;
}

static void shows(const char *part)
{
	ck_assert_msg(strstr(drawn, part) != NULL, "'%s' is not in:\n%s", part, drawn);
}

#define SHOP                                                                    \
	"components: {processors: {a: {kind: x}}}\n"                            \
	"type: sequence\n"                                                      \
	"name: shop\n"                                                          \
	"children:\n"                                                           \
	"  - {type: filter, predicate: p, then: {ref: a}, else: {ref: b}}\n"    \
	"  - {type: switch, condition: c, routes: {gold: {ref: a}, '1': "       \
	"{stream: s, stream_timeout: 1s}}, default: {ref: a, name: last}}\n"    \
	"  - type: fallback\n"                                                  \
	"    children: [{type: retry, attempts: 5, backoff: 1ms, child: {ref: " \
	"a}}, {ref: a}]\n"

#define DOT_HEAD                                                        \
	"digraph flume {\n"                                             \
	"\tnode [shape=box, style=rounded, fontname=\"sans-serif\"];\n" \
	"\tedge [fontname=\"sans-serif\"];\n"

START_TEST(a_schema_is_drawn_for_graphviz)
{
	ck_assert_str_eq(dot(SHOP),
			 DOT_HEAD "\tn0 [label=\"shop\\nsequence\"];\n"
				  "\tn1 [label=\"filter-p\"];\n"
				  "\tn2 [label=\"a\"];\n"
				  "\tn1 -> n2 [label=\"then\"];\n"
				  "\tn3 [label=\"b\", style=\"rounded,dashed\"];\n"
				  "\tn1 -> n3 [label=\"else\"];\n"
				  "\tn0 -> n1 [label=\"1\"];\n"
				  "\tn4 [label=\"switch-c\"];\n"
				  "\tn5 [label=\"a\"];\n"
				  "\tn4 -> n5 [label=\"gold\"];\n"
				  "\tn6 [label=\"stream:s\\nstream_timeout: 1s\"];\n"
				  "\tn4 -> n6 [label=\"1\"];\n"
				  "\tn7 [label=\"last\\na\"];\n"
				  "\tn4 -> n7 [label=\"default\"];\n"
				  "\tn0 -> n4 [label=\"2\"];\n"
				  "\tn8 [label=\"fallback\"];\n"
				  "\tn9 [label=\"backoff\\nattempts: 5\\nbackoff: 1ms\"];\n"
				  "\tn10 [label=\"a\"];\n"
				  "\tn9 -> n10 [label=\"child\"];\n"
				  "\tn8 -> n9 [label=\"primary\"];\n"
				  "\tn11 [label=\"a\"];\n"
				  "\tn8 -> n11 [label=\"fallback\"];\n"
				  "\tn0 -> n8 [label=\"3\"];\n"
				  "}\n");
}
END_TEST

START_TEST(a_schema_is_drawn_for_mermaid)
{
	ck_assert_str_eq(
		mermaid("{type: handle, error_handler: h, name: safe, child: {ref: other}}"),
		"flowchart TD\n"
		"\tclassDef elsewhere stroke-dasharray:4\n"
		"\tclassDef broken stroke:red\n"
		"\tn0[\"safe<br/>handle-h\"]\n"
		"\tn1[\"other\"]:::elsewhere\n"
		"\tn0 -->|\"child\"| n1\n");
}
END_TEST

START_TEST(neither_format_nor_order_of_keys_changes_it)
{
	char *yaml = strdup(dot("type: filter\nelse: {ref: b}\nthen: {ref: a}\npredicate: p"));
	draw("{\"predicate\": \"p\", \"then\": {\"ref\": \"a\"}, \"type\": \"filter\", "
	     "\"else\": {\"ref\": \"b\"}}",
	     FLUME_JSON, FLUME_GRAPH_DOT);
	ck_assert_str_eq(yaml, drawn);
	free(yaml);
}
END_TEST

START_TEST(an_alias_is_drawn_where_it_is_used)
{
	dot("{type: fallback, children: [&x {ref: a}, *x]}");
	shows("n0 -> n1");
	shows("n0 -> n2");
}
END_TEST

/* ---- names that want out ---- */

/* Each line has the shape that its format wants, whatever is in the quotes. */
static bool is_dot_line(const char *line)
{
	int n = 0, length = 0;
	sscanf(line, "\tn%*u%n", &n);
	if (!n)
		return strchr("dn}e\t", *line) != NULL && !strstr(line, "->");
	line += n;
	n = 0;
	sscanf(line, " -> n%*u%n", &n);
	line += n;
	if (strncmp(line, " [label=\"", 9) != 0)
		return false;
	for (line += 9; *line && *line != '"'; line++, length++)
		if (*line == '\\' && (*++line == '\0' || !strchr("n\\\"", *line)))
			return false;
	return length && (!strcmp(line, "\"];") || !strcmp(line, "\", color=red];") ||
			  !strcmp(line, "\", style=\"rounded,dashed\"];"));
}

static const char *skip_label(const char *line)
{
	const char *begin = line;
	while (*line && *line != '"') {
		int n = 0;
		if (!strncmp(line, "<br/>", 5)) {
			n = 5;
		} else if (*line == '#') {
			sscanf(line, "#%*u;%n", &n);
		} else if (isalnum((unsigned char)*line) || strchr(" -_:?", *line) ||
			   (unsigned char)*line >= 0x80) {
			n = 1;
		}
		if (!n)
			return "";
		line += n;
	}
	return line == begin ? "" : line;
}

static bool is_mermaid_line(const char *line)
{
	int n = 0, edge = 0;
	if (!strcmp(line, "flowchart TD") || !strncmp(line, "\tclassDef ", 10))
		return true;
	sscanf(line, "\tn%*u%n", &n);
	if (!n)
		return false;
	line += n;
	edge = !strncmp(line, " -->|\"", 6);
	if (!edge && strncmp(line, "[\"", 2) != 0)
		return false;
	line = skip_label(line + (edge ? 6 : 2));
	n = 0;
	sscanf(line, edge ? "\"| n%*u%n" : "\"]%n", &n);
	line += n;
	return n && (!*line ||
		     (!edge && (!strcmp(line, ":::elsewhere") || !strcmp(line, ":::broken"))));
}

static void keeps_its_lines(enum flume_graph_format format)
{
	char *copy = strdup(drawn), *rest = NULL;
	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		ck_assert_msg(format == FLUME_GRAPH_DOT ? is_dot_line(line)
							: is_mermaid_line(line),
			      "'%s' in:\n%s", line, drawn);
	free(copy);
}

static const char *const hostile[] = {
	"\\\"",
	"a\\\\",
	"\\n\\r\\t",
	"\\\"]; n9 [label=\\\"",
	"\\\"]:::x\\n\\tn9",
	"<b>&amp;</b>",
	"end",
	"#35;",
	"`x`",
	"1. x",
	"- x",
	"%%{init}%%",
	"|x|",
	"\\u202e\\u2066\\u2028",
	"\\u007f",
	"\\u0085",
	"\\u00e9\\u00df \\ud83d\\ude00",
	"--> n1",
	"\\\\N\\\\G\\\\l",
	"{{x}}",
	"a;b",
	"",
	" ",
};

START_TEST(no_name_breaks_out_of_its_label)
{
	for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
		for (int format = FLUME_GRAPH_DOT; format <= FLUME_GRAPH_MERMAID; format++) {
			char json[600];
			snprintf(json, sizeof json,
				 "{\"type\": \"switch\", \"name\": \"%s\", \"condition\": "
				 "\"%s\","
				 " \"routes\": {\"%s\": {\"ref\": \"%s\"}}, \"default\": "
				 "{\"type\": \"%s\"}}",
				 hostile[i], hostile[i], hostile[i], hostile[i], hostile[i]);
			draw(json, FLUME_JSON, format);
			keeps_its_lines(format);
			for (const char *s = drawn; *s; s++)
				ck_assert(!iscntrl((unsigned char)*s) || strchr("\n\t", *s));
		}
}
END_TEST

START_TEST(a_name_is_shown_as_it_is_written)
{
	dot("ref: 'a\\n \"b\" & <c>'");
	shows("label=\"a\\\\n \\\"b\\\" &amp; <c>\"");
	dot("ref: \"Z\xC3\xBCrich\"");
	shows("label=\"Z\xC3\xBCrich\"");
	mermaid("ref: 'to-the.shop'");
	shows("n0[\"to-the#46;shop\"]");
	dot("ref: \"a\\nb\\u202e\"");
	shows("label=\"a\xEF\xBF\xBD"
	      "b\xEF\xBF\xBD\"");
}
END_TEST

START_TEST(a_long_name_is_cut_between_characters)
{
	struct text yaml = {0};
	text_add(&yaml, "ref: ");
	for (int i = 0; i < 1000; i++)
		text_add(&yaml, "\xE2\x82\xAC");
	dot(yaml.s);
	shows("\xE2\x82\xAC\xE2\x80\xA6\", style");
	ck_assert_uint_lt(strlen(drawn), 400);
	text_fini(&yaml);
}
END_TEST

/* ---- what is wrong ---- */

START_TEST(what_makes_no_sense_is_drawn_as_such)
{
	dot("{type: sequnce, children: [{ref: a}]}");
	shows("n0 [label=\"?\\nsequnce\", color=red];");
	mermaid("{type: sequence, children: [3, [a], ~, {}, {name: x}, {type: [filter]}]}");
	shows("n1[\"#63;\"]:::broken");
	shows("n0 -->|\"6\"| n6");
	keeps_its_lines(FLUME_GRAPH_MERMAID);
}
END_TEST

START_TEST(any_value_may_stand_anywhere)
{
	static const char *const values[] = {
		"~", "3", "x", "[]", "[x]", "{}", "{x: y}", "[{ref: a}]", "{x: {ref: a}}"};
	static const char *const keys[] = {"ref",      "stream",    "type", "child",
					   "children", "predicate", "then", "routes",
					   "name",     "attempts"};
	static const char *const types[] = {"",
					    "type: sequence, ",
					    "type: filter, ",
					    "type: switch, ",
					    "type: fallback, ",
					    "type: retry, ",
					    "stream: s, "};
	for (size_t v = 0; v < sizeof values / sizeof *values; v++)
		for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
			for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
				char yaml[200];
				snprintf(yaml, sizeof yaml, "{%s%s: %s, x-: 1}", types[t],
					 keys[k], values[v]);
				if (t && !strncmp(types[t], keys[k], strlen(keys[k])))
					continue;
				dot(yaml);
				keeps_its_lines(FLUME_GRAPH_DOT);
			}
}
END_TEST

START_TEST(own_components_may_be_anything)
{
	static const char *const values[] = {"~", "[a]", "{processors: ~}",
					     "{processors: [a]}"};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		char yaml[200];
		snprintf(yaml, sizeof yaml, "{components: %s, ref: a}", values[i]);
		dot(yaml);
		shows("dashed");
	}
}
END_TEST

/* ---- every connector ---- */

static void add_field(struct text *yaml, const struct flume_field *row)
{
	if (row->type == FLUME_FIELD_NODE)
		text_addf(yaml, "%s: {ref: x-%s}, ", row->name, row->name);
	else if (row->type == FLUME_FIELD_NODES)
		text_addf(yaml, "%s: [{ref: first}, {ref: second}], ", row->name);
	else if (row->type == FLUME_FIELD_ROUTES)
		text_addf(yaml, "%s: {way: {ref: there}}, ", row->name);
	else
		text_addf(yaml, "%s: v-%s, ", row->name, row->name);
}

static void shows_field(const struct flume_field *row)
{
	char part[100];
	if (row->type == FLUME_FIELD_NODE) {
		snprintf(part, sizeof part, "[label=\"%s\"]", row->name);
		shows(part);
		snprintf(part, sizeof part, "[label=\"x-%s\", style", row->name);
		shows(part);
	} else if (row->type == FLUME_FIELD_NODES) {
		shows("label=\"first\"");
		shows("label=\"second\"");
	} else if (row->type == FLUME_FIELD_ROUTES) {
		shows("[label=\"way\"]");
	} else {
		snprintf(part, sizeof part, "v-%s", row->name);
		shows(part);
	}
}

START_TEST(every_connector_shows_all_its_fields)
{
	for (size_t i = 0; connectors[i]; i++) {
		struct text yaml = {0};
		text_add(&yaml, "{");
		if (!connectors[i]->form)
			text_addf(&yaml, "type: %s, ", connectors[i]->type);
		for (const struct flume_field *row = connectors[i]->fields; row->name; row++)
			add_field(&yaml, row);
		text_add(&yaml, "x-end: 1}");
		dot(yaml.s);
		for (const struct flume_field *row = connectors[i]->fields; row->name; row++)
			shows_field(row);
		text_fini(&yaml);
	}
}
END_TEST

START_TEST(the_largest_schemas_can_be_drawn)
{
	struct text yaml = {0};
	text_add(&yaml, "type: sequence\nchildren:\n");
	for (int i = 0; i < 9999; i++)
		text_addf(&yaml, "- ref: p%d\n", i);
	dot(yaml.s);
	shows("n0 -> n9999 [label=\"9999\"]");
	text_fini(&yaml);
	for (int i = 0; i < 63; i++)
		text_add(&yaml, "{type: retry, child: ");
	text_add(&yaml, "{ref: a}");
	for (int i = 0; i < 63; i++)
		text_add_char(&yaml, '}');
	mermaid(yaml.s);
	shows("n62 -->|\"child\"| n63");
	text_fini(&yaml);
}
END_TEST

Suite *suite_graph(void)
{
	Suite *suite = suite_create("graph");
	TCase *tc = tcase_create("graph");
	tcase_add_checked_fixture(tc, NULL, end);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	tcase_add_test(tc, a_schema_is_drawn_for_graphviz);
	tcase_add_test(tc, a_schema_is_drawn_for_mermaid);
	tcase_add_test(tc, neither_format_nor_order_of_keys_changes_it);
	tcase_add_test(tc, an_alias_is_drawn_where_it_is_used);
	tcase_add_test(tc, no_name_breaks_out_of_its_label);
	tcase_add_test(tc, a_name_is_shown_as_it_is_written);
	tcase_add_test(tc, a_long_name_is_cut_between_characters);
	tcase_add_test(tc, what_makes_no_sense_is_drawn_as_such);
	tcase_add_test(tc, any_value_may_stand_anywhere);
	tcase_add_test(tc, own_components_may_be_anything);
	tcase_add_test(tc, every_connector_shows_all_its_fields);
	tcase_add_test(tc, the_largest_schemas_can_be_drawn);
	return suite;
}
