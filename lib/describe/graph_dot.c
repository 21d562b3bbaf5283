/* Labels are escStrings: a backslash begins an escape and an ampersand an entity of HTML. */
#include "lib/describe/graph.h"

static void add_char(struct text *label, char c)
{
	if (c == '"' || c == '\\')
		text_add_char(label, '\\');
	text_add_char(label, c);
	if (c == '&')
		text_add(label, "amp;");
}

static void add_vertex(struct text *out, size_t id, enum look look, const char *label)
{
	static const char *const styles[] = {
		[LOOK_STEP] = "",
		[LOOK_ELSEWHERE] = ", style=\"rounded,dashed\"",
		[LOOK_BROKEN] = ", color=red",
	};
	text_addf(out, "\tn%zu [label=\"%s\"%s];\n", id, label, styles[look]);
}

static void add_edge(struct text *out, size_t from, size_t to, const char *label)
{
	text_addf(out, "\tn%zu -> n%zu [label=\"%s\"];\n", from, to, label);
}

const struct graph_format graph_dot = {
	.begin = "digraph flume {\n"
		 "\tnode [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
		 "\tedge [fontname=\"sans-serif\"];\n",
	.end = "}\n",
	.line = "\\n",
	.add_char = add_char,
	.add_vertex = add_vertex,
	.add_edge = add_edge,
};
