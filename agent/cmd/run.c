/*
 * A filter: documents in, one a line, documents out.  A line that is refused is told with its
 * number and does not stop the others.
 *
 * Output is written in large pieces, but never kept back while waiting for input, so that it
 * also works in the middle of a conversation.
 */
#include "agent/cmd/bench.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/findings.h"
#include "agent/cmd/lines.h"
#include "agent/cmd/options.h"
#include "agent/document/document.h"
#include "agent/loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run_options {
	const char *input, *rejects, *config;
	int64_t max_line;
	int output;
};

static const struct conf_option options[] = {
	{"input", 'i', CONF_TEXT, "FILE", NULL, NULL, offsetof(struct run_options, input),
	 "Read from this file instead of stdin."},
	{"rejects", 0, CONF_TEXT, "FILE", NULL, NULL, offsetof(struct run_options, rejects),
	 "Write rejected lines there, as {line, error, input}, instead of telling them on "
	 "stderr."},
	{"max-line", 0, CONF_SIZE, "SIZE", "1MiB", "FLUME_MAX_LINE",
	 offsetof(struct run_options, max_line), "A longer line is rejected."},
	OPTION_CONFIG(run_options,
		      "The agent's configuration, for the components it declares."),
	{"output", 'o', CONF_CHOICE, "text|json", "text", NULL,
	 offsetof(struct run_options, output),
	 "How to tell rejected lines and the summary, on stderr."},
	{0},
};

#define PROGRESS_EVERY INT64_C(200000000)

struct session {
	const struct run_options *options;
	const char *input; /* how it is called in messages */
	flume_pipeline *pipeline;
	struct lines_in in;
	struct lines_out out;
	FILE *rejects; /* NULL: stderr */
	uint64_t read, written, dropped, rejected;
	bool progress;
	int64_t begun, shown;
};

/* ---- telling ---- */

static void clear_progress(const struct session *s)
{
	if (s->progress && s->shown)
		fputs("\r\033[K", stderr);
}

static void show_progress(struct session *s)
{
	int64_t now = loop_now();
	if (!s->progress || now - s->shown < PROGRESS_EVERY)
		return;
	s->shown = now;
	double seconds = (double)(now - s->begun) / 1e9;
	fprintf(stderr, "\r\033[K%" PRIu64 " documents, %.1f MB/s", s->read,
		seconds > 0 ? (double)s->in.bytes / 1e6 / seconds : 0);
}

static void tell_as_json(FILE *to, uint64_t line, const char *why, const char *s, size_t n)
{
	struct text t = {0};
	text_addf(&t, "{\"line\":%" PRIu64 ",\"error\":", line);
	text_add_json(&t, why, strlen(why));
	text_add(&t, ",\"input\":");
	text_add_json(&t, s, n);
	text_add(&t, "}\n");
	char *json = text_take(&t);
	fputs(json ? json : "out of memory\n", to);
	free(json);
}

static void reject(struct session *s, const char *line, size_t n, const char *why)
{
	s->rejected++;
	if (s->rejects) {
		tell_as_json(s->rejects, s->in.number, why, line, n);
		return;
	}
	clear_progress(s);
	if (s->options->output == OUTPUT_JSON) {
		tell_as_json(stderr, s->in.number, why, line, n);
	} else {
		fprintf(stderr, "%s:%" PRIu64 ": ", s->input, s->in.number);
		print_clean(stderr, why, strlen(why));
		fputc('\n', stderr);
	}
}

static void summarise(const struct session *s)
{
	clear_progress(s);
	fprintf(stderr,
		s->options->output == OUTPUT_JSON
			? "{\"read\":%" PRIu64 ",\"written\":%" PRIu64 ",\"dropped\":%" PRIu64
			  ",\"rejected\":%" PRIu64 "}\n"
			: "%" PRIu64 " read, %" PRIu64 " written, %" PRIu64 " dropped, %" PRIu64
			  " rejected\n",
		s->read, s->written, s->dropped, s->rejected);
}

/* ---- one document ---- */

static int write_out(struct session *s, const struct document *document)
{
	size_t len;
	char *json = document_dump(document, &len);
	if (!json)
		return FLUME_NOMEM;
	lines_put(&s->out, json, len);
	free(json);
	s->written++;
	return 0;
}

static void explain(const struct flume_err *err, char *out, size_t size)
{
	if (*err->path)
		snprintf(out, size, "%s: %s", err->path, err->text);
	else
		snprintf(out, size, "%s", err->text);
}

static int process(struct session *s, const char *line, size_t n)
{
	struct flume_err err = {0};
	struct document *document = NULL;
	char why[600];
	int code = document_parse(&document, line, n, &err);
	if (!code) {
		void *item = document;
		code = flume_pipeline_process(s->pipeline, NULL, &item, &err);
		document = item;
	}
	if (code == 0)
		code = write_out(s, document);
	else if (code == FLUME_DROPPED)
		s->dropped++;
	if (code < 0 && code != FLUME_NOMEM) {
		explain(&err, why, sizeof why);
		reject(s, line, n, why);
		code = 0;
	}
	document_free(document);
	return code < 0 ? code : 0;
}

static bool is_blank(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

static int pump(struct session *s)
{
	char *line;
	size_t n;
	int code;
	while ((code = lines_next(&s->in, &line, &n)) > 0 && !s->out.broken && !s->out.error) {
		if (code == LINE_READ && is_blank(line, n))
			continue;
		s->read++;
		if (code == LINE_TOO_LONG)
			reject(s, line, n < 200 ? n : 200, "the line is too long");
		else
			code = process(s, line, n);
		if (code < 0)
			break;
		show_progress(s);
	}
	int why = errno;
	lines_flush(&s->out);
	errno = why;
	return code < 0 ? code : 0;
}

/* ---- the command ---- */

static void flush_out(void *arg)
{
	lines_flush(arg);
}

static int finish(struct session *s, int code)
{
	bool lost = s->rejects && (fflush(s->rejects) != 0 || ferror(s->rejects));
	summarise(s);
	if (code == FLUME_IO)
		return cmd_fail(CMD_NEGATIVE, "%s: %s", s->input, strerror(errno));
	if (code)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	if (s->out.error)
		return cmd_fail(CMD_NEGATIVE, "stdout: %s", strerror(s->out.error));
	if (lost)
		return cmd_fail(CMD_NEGATIVE, "%s: not everything could be written",
				s->options->rejects);
	return s->rejected ? CMD_NEGATIVE : CMD_DONE;
}

static int open_and_pump(struct session *s)
{
	const struct run_options *o = s->options;
	int fd = STDIN_FILENO;
	int code;
	if (o->input && strcmp(o->input, "-") != 0)
		fd = open(o->input, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cmd_fail(CMD_NOT_FOUND, "%s: %s", o->input, strerror(errno));
	if (o->rejects && !(s->rejects = fopen(o->rejects, "we"))) {
		code = cmd_fail(CMD_NEGATIVE, "%s: %s", o->rejects, strerror(errno));
	} else {
		s->input = fd == STDIN_FILENO ? "stdin" : o->input;
		s->in = (struct lines_in){.fd = fd,
					  .most = (size_t)o->max_line,
					  .waiting = flush_out,
					  .arg = &s->out};
		s->out.fd = STDOUT_FILENO;
		s->progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
		s->begun = loop_now();
		code = finish(s, pump(s));
	}
	if (s->rejects)
		fclose(s->rejects);
	if (fd != STDIN_FILENO)
		close(fd);
	lines_fini(&s->in);
	return code;
}

/* The first schema is run; the others are there for it to refer to. */
static int build(const struct cmd_call *call, flume_factory *factory, struct files *files,
		 flume_pipeline **out)
{
	const char *first = call->conf->words[0];
	int code = files_read(files, call->conf->words, call->conf->n_words);
	if (!code)
		code = bench_check(factory, files);
	if (!code && bench_findings(files)) {
		bool json = ((const struct run_options *)call->options)->output == OUTPUT_JSON;
		code = bench_print(stderr, files, json);
		code = code ? code : CMD_NEGATIVE;
	}
	if (code)
		return code;
	for (size_t i = 0; i < files->n; i++)
		if (!strcmp(files->all[i].path, first))
			return flume_schema_build(files->all[i].schema, factory, out, NULL)
				       ? cmd_fail(CMD_NEGATIVE, "%s: it cannot be built", first)
				       : 0;
	return cmd_fail(CMD_USAGE, "%s: a schema is wanted first, not a folder", first);
}

static int run(const struct cmd_call *call)
{
	struct files files = {0};
	struct session *s = calloc(1, sizeof *s);
	flume_factory *factory = NULL;
	if (!s)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	s->options = call->options;
	int code = bench_factory(&factory, call->conf, BENCH_RUN);
	if (!code)
		code = build(call, factory, &files, &s->pipeline);
	if (!code)
		code = open_and_pump(s);
	flume_pipeline_unref(s->pipeline);
	files_fini(&files);
	flume_factory_free(factory);
	free(s);
	return code;
}

const struct command command_run = {
	.name = "run",
	.usage = "[OPTION...] SCHEMA [FILE|DIR...]",
	.about = "Send documents through a pipeline: NDJSON from stdin to stdout.",
	.details =
		"Sends JSON documents, one a line, from stdin or --input through the pipeline "
		"of "
		"SCHEMA, and writes what comes out to stdout, one a line. A line that is not "
		"JSON, or that a step refuses, is rejected: it is told on stderr (or "
		"--rejects) "
		"with its number, and the others go on. A dropped document is not a rejected "
		"one. Further files are schemas that SCHEMA refers to.",
	.negative = "lines were rejected, or findings in the schema",
	.exits = 1U << CMD_NOT_FOUND,
	.options = options,
	.size = sizeof(struct run_options),
	.least = 1,
	.most = SIZE_MAX,
	.run = run,
};
