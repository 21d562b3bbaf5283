#include "agent/document/kinds.h"
#include "agent/document/line.h"

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
	(void)arg;
	return line_send(call, &out, item, err);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *component, flume_report *report)
{
	(void)decl;
	(void)path;
	(void)scope;
	(void)report;
	pthread_once(&once, init);
	component->send = send_line;
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
