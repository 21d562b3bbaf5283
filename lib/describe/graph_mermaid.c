/*
 * Mermaid takes labels apart as HTML and as Markdown, also between quotes.  What is no letter,
 * digit or space goes in as an entity, but for what joins words.
 */
#include "lib/describe/graph.h"

#include <ctype.h>
#include <string.h>

static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || c == ' ';
}

static void add_char(struct text *label, char c)
{
	bool in_word = label->len && isalnum((unsigned char)label->s[label->len - 1]);
	if (is_plain(c) || (in_word && strchr("-_:", c)))
		text_add_char(label, c);
	else
		text_addf(label, "#%d;", c);
}

static void add_vertex(struct text *out, size_t id, enum look look, const char *label)
{
	static const char *const classes[] = {
		[LOOK_STEP] = "",
		[LOOK_ELSEWHERE] = ":::elsewhere",
		[LOOK_BROKEN] = ":::broken",
	};
	text_addf(out, "\tn%zu[\"%s\"]%s\n", id, label, classes[look]);
}

static void add_edge(struct text *out, size_t from, size_t to, const char *label)
{
	text_addf(out, "\tn%zu -->|\"%s\"| n%zu\n", from, label, to);
}

const struct graph_format graph_mermaid = {
	.begin = "flowchart TD\n"
		 "\tclassDef elsewhere stroke-dasharray:4\n"
		 "\tclassDef broken stroke:red\n",
	.end = "",
	.line = "<br/>",
	.add_char = add_char,
	.add_vertex = add_vertex,
	.add_edge = add_edge,
};
