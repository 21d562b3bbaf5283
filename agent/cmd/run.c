/*
 * A filter: documents in, one a line, documents out.  A line that is refused is told with its
 * number and does not stop the others.
 *
 * Nothing is opened for writing before the schema is known to be good, and nothing is emptied before
 * it is known not to be the input.
 */
#include "agent/cmd/bench.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/lean.h"
#include "agent/cmd/options.h"
#include "agent/cmd/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct run_options {
	const char *input, *output, *rejects, *config;
	int64_t max_line, threads;
	int messages;
};

static const struct conf_option options[] = {
	{"input", 'i', CONF_TEXT, "FILE", NULL, NULL, offsetof(struct run_options, input),
	 "Read from this file instead of stdin."},
	{"output", 0, CONF_TEXT, "FILE", NULL, NULL, offsetof(struct run_options, output),
	 "Write to this file instead of stdout. What it held is gone; a run that fails or is "
	 "interrupted leaves there what it has written, the results of the first lines."},
	{"rejects", 0, CONF_TEXT, "FILE", NULL, NULL, offsetof(struct run_options, rejects),
	 "Write rejected lines there, as {line, error, input}, instead of telling them on "
	 "stderr."},
	{"threads", 't', CONF_COUNT, "N", "1", "FLUME_THREADS",
	 offsetof(struct run_options, threads),
	 "Work on so many blocks of lines at a time; 0: one for each processor. The order of "
	 "the "
	 "results is that of the lines. What steps remember (dedupe, breakers, rate limits) "
	 "and "
	 "what they send elsewhere comes in the order of the lines with one thread only."},
	{"max-line", 0, CONF_SIZE, "SIZE", "1MiB", "FLUME_MAX_LINE",
	 offsetof(struct run_options, max_line), "A longer line is rejected."},
	OPTION_CONFIG(run_options,
		      "The agent's configuration, for the components it declares."),
	{"messages", 'o', CONF_CHOICE, "text|json", "text", NULL,
	 offsetof(struct run_options, messages),
	 "How to tell findings, rejected lines and the summary, on stderr."},
	{0},
};

#define BLOCK ((size_t)128 * 1024)

struct session {
	const struct run_options *options;
	flume_pipeline *pipeline;
	struct outlet rejects;
	struct pump pump;
};

/* ---- what it reads and writes ---- */

static bool is_same_file(int a, int b)
{
	struct stat one, other;
	return !fstat(a, &one) && !fstat(b, &other) && S_ISREG(one.st_mode) &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static int open_to_write(const char *path, int *out)
{
	*out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	return *out < 0 ? cmd_fail(CMD_NEGATIVE, "%s: %s", path, strerror(errno)) : 0;
}

static int open_all(struct session *s)
{
	const struct run_options *o = s->options;
	struct pump *pump = &s->pump;
	int code = 0;
	if (o->input && strcmp(o->input, "-") != 0) {
		pump->input = o->input;
		pump->in.fd = open(o->input, O_RDONLY | O_CLOEXEC);
		if (pump->in.fd < 0)
			return cmd_fail(CMD_NOT_FOUND, "%s: %s", o->input, strerror(errno));
	}
	if (o->output && strcmp(o->output, "-") != 0) {
		pump->out.name = o->output;
		code = open_to_write(o->output, &pump->out.fd);
	}
	if (!code && o->rejects) {
		s->rejects.name = o->rejects;
		code = open_to_write(o->rejects, &s->rejects.fd);
		pump->rejects = &s->rejects;
	}
	return code;
}

static int empty(const struct outlet *out)
{
	struct stat is;
	if (fstat(out->fd, &is) || !S_ISREG(is.st_mode) || !ftruncate(out->fd, 0))
		return 0;
	return cmd_fail(CMD_NEGATIVE, "%s: %s", out->name, strerror(errno));
}

/* A file that is read and written at once would lose what is not read yet, or never end. */
static int tell_apart(const struct session *s)
{
	const struct pump *pump = &s->pump;
	int rejects = pump->rejects ? s->rejects.fd : -1;
	int code = 0;
	if (is_same_file(pump->in.fd, pump->out.fd))
		return cmd_fail(CMD_USAGE, "%s is input and output", pump->out.name);
	if (rejects >= 0 && is_same_file(pump->in.fd, rejects))
		return cmd_fail(CMD_USAGE, "%s is input and --rejects", s->rejects.name);
	if (rejects >= 0 && is_same_file(pump->out.fd, rejects))
		return cmd_fail(CMD_USAGE, "%s is output and --rejects", s->rejects.name);
	if (pump->out.fd != STDOUT_FILENO)
		code = empty(&pump->out);
	return !code && rejects >= 0 ? empty(&s->rejects) : code;
}

/* Some file systems only say now that there was no room. */
static void close_outlet(struct outlet *out)
{
	if (out->fd > STDERR_FILENO && close(out->fd) && !out->error)
		out->error = errno;
	out->fd = -1;
}

/* ---- the end ---- */

static void summarise(const struct session *s)
{
	const struct blocks_count *n = &s->pump.count;
	fprintf(stderr,
		s->pump.json ? "{\"read\":%" PRIu64 ",\"written\":%" PRIu64
			       ",\"dropped\":%" PRIu64 ",\"rejected\":%" PRIu64 "}\n"
			     : "%" PRIu64 " read, %" PRIu64 " written, %" PRIu64
			       " dropped, %" PRIu64 " rejected\n",
		n->read, n->written, n->dropped, n->rejected);
}

static int finish(struct session *s, int code)
{
	struct pump *pump = &s->pump;
	close_outlet(&pump->out);
	close_outlet(&s->rejects);
	summarise(s);
	if (code == FLUME_IO)
		return cmd_fail(CMD_NEGATIVE, "%s: %s", pump->input, strerror(pump->in.error));
	if (code)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	for (const struct outlet *o = &pump->out; o; o = o == &pump->out ? &s->rejects : NULL)
		if (o->error)
			return cmd_fail(CMD_NEGATIVE, "%s: %s", o->name, strerror(o->error));
	return pump->count.rejected ? CMD_NEGATIVE : CMD_DONE;
}

static int check_threads(int64_t asked)
{
	if (asked <= BLOCKS_THREADS)
		return 0;
	return cmd_fail(CMD_USAGE, "--threads: %" PRId64 " is more than %d", asked,
			BLOCKS_THREADS);
}

static unsigned count_threads(int64_t asked)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t n = asked ? asked : processors > 0 ? processors : 1;
	return n < BLOCKS_THREADS ? (unsigned)n : BLOCKS_THREADS;
}

static int open_and_pump(struct session *s)
{
	const struct run_options *o = s->options;
	struct pump *pump = &s->pump;
	*pump = (struct pump){
		.in = {.fd = STDIN_FILENO, .most = (size_t)o->max_line, .size = BLOCK},
		.input = "stdin",
		.out = {.fd = STDOUT_FILENO, .name = "stdout"},
		.json = o->messages == OUTPUT_JSON,
		.threads = count_threads(o->threads),
	};
	int code = open_all(s);
	if (!code)
		code = tell_apart(s);
	if (!code)
		code = finish(s, pump_run(pump, s->pipeline));
	close_outlet(&pump->out);
	close_outlet(&s->rejects);
	if (pump->in.fd > STDERR_FILENO)
		close(pump->in.fd);
	pump_fini(pump);
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
		bool json =
			((const struct run_options *)call->options)->messages == OUTPUT_JSON;
		code = bench_print(stderr, files, json);
		code = code ? code : CMD_NEGATIVE;
	}
	if (code)
		return code;
	return bench_build(factory, files, first, out);
}

static int run(const struct cmd_call *call)
{
	struct files files = {0};
	struct session *s = calloc(1, sizeof *s);
	flume_factory *factory = NULL;
	if (!s)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	s->options = call->options;
	s->rejects.fd = -1;
	int code = check_threads(s->options->threads);
	if (!code)
		code = files_take_switches(&files, call->conf);
	if (!code)
		code = bench_factory(&factory, files.board, call->conf, BENCH_RUN);
	if (!code)
		code = build(call, factory, &files, &s->pipeline);
	if (!code) {
		lean_code();
		code = open_and_pump(s);
	}
	int number = s->pump.signal;
	flume_pipeline_unref(s->pipeline);
	flume_factory_free(factory);
	files_fini(&files);
	free(s);
	/* Whoever waits for us has to see what ended us: a shell ends its loop by that. */
	if (number) {
		signal(number, SIG_DFL);
		raise(number);
	}
	return code;
}

const struct command command_run = {
	.name = "run",
	.usage = "[OPTION...] SCHEMA [FILE|DIR...]",
	.about = "Send documents through a pipeline: NDJSON from stdin to stdout.",
	.details =
		"Sends JSON documents, one a line, from stdin or --input through the pipeline "
		"of "
		"SCHEMA, and writes what comes out to stdout or --output, one a line. A line "
		"that "
		"is not JSON, or that a step refuses, is rejected: it is told on stderr (or "
		"--rejects) with its number, and the others go on. A dropped document is not a "
		"rejected one. Further files are schemas that SCHEMA refers to, and A/B "
		"switches that it asks. SIGINT and "
		"SIGTERM "
		"end it after what has been read is answered, or after a second: then the "
		"results "
		"that are there belong to the first lines, none left out. A reader that goes "
		"away "
		"ends it quietly.",
	.negative = "lines were rejected, or findings in the schema",
	.exits = 1U << CMD_NOT_FOUND,
	.options = options,
	.size = sizeof(struct run_options),
	.least = 1,
	.most = SIZE_MAX,
	.run = run,
};
