#include "agent/cmd/bench.h"
#include "agent/cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>

struct graph_options {
	int format; /* enum flume_graph_format */
};

static const struct conf_option options[] = {
	{"format", 0, CONF_CHOICE, "dot|mermaid", "dot", NULL,
	 offsetof(struct graph_options, format), "The language of the drawing."},
	{0},
};

static int draw(const flume_schema *schema, enum flume_graph_format format)
{
	char *graph = flume_schema_dup_graph(schema, format);
	if (!graph)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	fputs(graph, stdout);
	free(graph);
	return CMD_DONE;
}

static int run(const struct cmd_call *call)
{
	const struct graph_options *o = call->options;
	struct files files = {0};
	int code = files_read(&files, call->conf->words, 1);
	if (!code && files.n != 1)
		code = cmd_fail(CMD_USAGE, "%s: a folder of %zu schemas; name one of them",
				call->conf->words[0], files.n);
	else if (!code && !files.all->schema)
		code = bench_print(stderr, &files, false);
	if (!code)
		code = files.all->schema ? draw(files.all->schema, o->format) : CMD_NEGATIVE;
	files_fini(&files);
	return code;
}

const struct command command_graph = {
	.name = "graph",
	.usage = "[OPTION...] SCHEMA",
	.about = "Draw a schema.",
	.details = "Draws the nodes of a schema and what joins them, as text for Graphviz or "
		   "Mermaid. The schema need not be right: what is there is drawn, and a node "
		   "that makes no sense is red. A dashed node is a processor that the schema "
		   "does not declare itself, or another schema.",
	.negative = "it does not parse",
	.exits = 1U << CMD_NOT_FOUND,
	.options = options,
	.size = sizeof(struct graph_options),
	.least = 1,
	.most = 1,
	.run = run,
};
