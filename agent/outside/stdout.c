#include "agent/outside/kinds.h"
#include "agent/outside/line.h"

#include <stdlib.h>
#include <unistd.h>

/* There is one standard output, whoever declares channels to it. */
static struct line_out out;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void)
{
	line_init(&out, STDOUT_FILENO, "stdout");
}

static int send_line(const struct flume_call *call, void *item, void *arg,
		     struct flume_err *err)
{
	return line_send(call, &out, arg, item, err);
}

static void done(void *arg)
{
	counts_hide(arg);
	free(arg);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *component, flume_report *report)
{
	(void)decl;
	(void)path;
	(void)scope;
	(void)report;
	struct counts *counts = malloc(sizeof *counts);
	if (!counts)
		return FLUME_NOMEM;
	pthread_once(&once, init);
	counts_show(counts, "stdout", component->name);
	component->send = send_line;
	component->arg = counts;
	component->done = done;
	component->blocks = true;
	return FLUME_OK;
}

const struct flume_maker kind_stdout = {
	.of = FLUME_CHANNEL,
	.kind = "stdout",
	.about = "Writes each document as one line of JSON on standard output.",
	.local = true,
	.example = "{kind: stdout}",
	.make = make,
};
