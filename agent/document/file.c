#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct flume_field fields[] = {
	{.name = "path",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "The file to append to; created when it is not there."},
	{0},
};

static int send_line(const struct flume_call *call, void *item, void *arg,
		     struct flume_err *err)
{
	return line_send(call, arg, item, err);
}

static void done(void *arg)
{
	struct line_out *file = arg;
	close(file->fd);
	line_fini(file);
	free(file);
}

/* O_NONBLOCK is for pipes: to open one that nobody reads is an error, not a wait. */
static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	const flume_value *at = flume_value_get(decl, "path");
	const char *name = flume_value_text(at);
	struct line_out *file = malloc(sizeof *file);
	if (!file)
		return FLUME_NOMEM;
	int fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		      0640);
	if (fd < 0) {
		char place[512];
		snprintf(place, sizeof place, "%s.path", path);
		flume_report_add(report, "cannot-open", place, at, NULL, "%s: %s", name,
				 strerror(errno));
		free(file);
		return FLUME_REJECTED;
	}
	line_init(file, fd, name);
	out->send = send_line;
	out->arg = file;
	out->done = done;
	out->blocks = true;
	return FLUME_OK;
}

/* ---- where schemas are only checked ---- */

static int refuse_line(const struct flume_call *call, void *item, void *arg,
		       struct flume_err *err)
{
	(void)call;
	(void)arg;
	document_free(item);
	return flume_fail(err, FLUME_FAILED,
			  "the channel is not open: schemas are only checked");
}

static int make_unopened(const flume_value *decl, const char *path, flume_scope *scope,
			 struct flume_component *out, flume_report *report)
{
	(void)decl;
	(void)path;
	(void)scope;
	(void)report;
	out->send = refuse_line;
	out->blocks = true;
	return FLUME_OK;
}

#define ROW(how)                                                                  \
	{                                                                         \
		.of = FLUME_CHANNEL, .kind = "file",                              \
		.about = "Appends each document to a file, as one line of JSON.", \
		.fields = fields, .local = true, .make = (how),                   \
	}

const struct flume_maker kind_file = ROW(make);
const struct flume_maker kind_file_unopened = ROW(make_unopened);
