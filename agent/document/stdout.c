#include "agent/document/kinds.h"
#include "agent/document/line.h"

#include <unistd.h>

static int send_line(const struct flume_call *call, void *item, void *arg,
		     struct flume_err *err)
{
	(void)arg;
	return line_send(call, STDOUT_FILENO, "stdout", item, err);
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)decl;
	(void)path;
	(void)scope;
	(void)report;
	out->send = send_line;
	out->blocks = true;
	return FLUME_OK;
}

const struct flume_maker kind_stdout = {
	.of = FLUME_CHANNEL,
	.kind = "stdout",
	.about = "Writes each document as one line of JSON on standard output.",
	.local = true,
	.make = make,
};
