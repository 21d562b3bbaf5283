/*
 * Each schema has a factory of its own, so what one remembers (a breaker that is open, a document
 * that was seen before) the other has to find out by itself.
 */
#include "agent/cmd/behaviour.h"
#include "agent/cmd/bench.h"
#include "agent/cmd/clean.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/drift.h"
#include "agent/cmd/intake.h"
#include "agent/cmd/options.h"
#include "agent/ndjson/ndjson.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct diff_options {
	bool behaviour;
	const char *input, *config, *etcd, *prefix;
	struct etcd_how how;
	const char *const *ignore, *const *files;
	int64_t examples, max_line;
	int output;
};

static const struct conf_option options[] = {
	{"file", 'f', CONF_TEXTS, "FILE|DIR", NULL, NULL, offsetof(struct diff_options, files),
	 "Compare it with what etcd holds under its name; may be given again."},
	OPTION_ETCD(diff_options),
	OPTION_PREFIX(diff_options),
	{"behaviour", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct diff_options, behaviour),
	 "Run the same documents through both, and compare what becomes of them."},
	{"input", 'i', CONF_TEXT, "FILE", NULL, NULL, offsetof(struct diff_options, input),
	 "Read documents from this file instead of stdin."},
	{"ignore", 0, CONF_TEXTS, "PATH", NULL, NULL, offsetof(struct diff_options, ignore),
	 "What stands there in an output, or does not, is no difference. May be given again."},
	{"examples", 'n', CONF_COUNT, "N", "5", NULL, offsetof(struct diff_options, examples),
	 "Show so many of the documents that differ."},
	{"max-line", 0, CONF_SIZE, "SIZE", "1MiB", "FLUME_MAX_LINE",
	 offsetof(struct diff_options, max_line), "A longer line is left out."},
	OPTION_CONFIG(diff_options,
		      "The agent's configuration, for etcd, prefix and components."),
	OPTION_OUTPUT(diff_options),
	{0},
};

#define BLOCK ((size_t)128 * 1024)

struct session {
	const struct diff_options *options;
	struct bench_side {
		flume_factory *factory;
		struct files files;
		flume_pipeline *pipeline;
	} sides[BEHAVIOUR_SIDES];
	struct path *except;
	struct behaviour behaviour;
	struct ndjson engine;
	const char *input;
	uint64_t before; /* lines, in the blocks that are done */
	int code;        /* 0 or FLUME_NOMEM */
};

/* ---- documents ---- */

/* None comes out, so they are all dropped. */
static int compare(void *arg, struct document **document, const char *line, size_t len,
		   struct flume_err *err)
{
	struct session *s = arg;
	(void)line, (void)len, (void)err;
	if (!s->code)
		s->code = behaviour_compare(&s->behaviour, s->before + s->engine.lines,
					    *document);
	return FLUME_DROPPED;
}

static void leave_out(void *arg, const struct ndjson_refusal *r)
{
	const struct session *s = arg;
	fprintf(stderr, "%s:%" PRIu64 ": left out: ", s->input, s->before + r->line);
	print_clean(stderr, r->detail, strlen(r->detail));
	fputc('\n', stderr);
}

static int compare_all(struct session *s, int fd)
{
	struct intake in = {
		.fd = fd, .wake = -1, .size = BLOCK, .most = (size_t)s->options->max_line};
	struct block_in block = {0};
	struct text none = {0};
	size_t taken;
	int code;
	s->engine = (struct ndjson){
		.run = compare, .refused = leave_out, .arg = s, .most = in.most};
	while ((code = intake_read(&in, &block)) == INTAKE_LINES && !s->code) {
		ndjson_feed(&s->engine, block.s, block.len, &taken, &none, SIZE_MAX);
		ndjson_end(&s->engine, &none);
	}
	if (code < 0)
		cmd_fail(CMD_NEGATIVE, "%s: %s", s->input,
			 code == FLUME_IO ? strerror(in.error) : "out of memory");
	intake_fini(&in);
	block_in_fini(&block);
	ndjson_fini(&s->engine);
	text_fini(&none);
	return code < 0 ? CMD_NEGATIVE : 0;
}

/* ---- schemas ---- */

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* The words are OLD, NEW and what both refer to. */
static int build(const struct cmd_call *call, struct session *s, int side)
{
	struct bench_side *it = &s->sides[side];
	const struct conf *conf = call->conf;
	const char *path = conf->words[side];
	char **words = calloc(conf->n_words, sizeof *words);
	if (!words)
		return out_of_memory();
	size_t n = 0;
	words[n++] = conf->words[side];
	for (size_t i = BEHAVIOUR_SIDES; i < conf->n_words; i++)
		words[n++] = conf->words[i];
	int code = bench_factory(&it->factory, NULL, conf, BENCH_CHECK);
	if (!code)
		code = files_read(&it->files, words, n);
	if (!code)
		code = bench_check(it->factory, &it->files);
	if (!code && bench_findings(&it->files)) {
		code = bench_print(stderr, &it->files, false);
		code = code ? code : CMD_NEGATIVE;
	}
	if (!code)
		code = bench_build(it->factory, &it->files, path, &it->pipeline);
	free(words);
	s->behaviour.pipelines[side] = it->pipeline;
	return code;
}

static int read_paths(struct session *s)
{
	const char *const *words = s->options->ignore;
	size_t n = 0;
	struct flume_err err = {0};
	while (words[n])
		n++;
	s->except = calloc(n + 1, sizeof *s->except);
	if (!s->except)
		return out_of_memory();
	s->behaviour.except = s->except;
	for (; s->behaviour.n_except < n; s->behaviour.n_except++)
		if (path_compile(&s->except[s->behaviour.n_except],
				 words[s->behaviour.n_except], &err))
			return cmd_fail(CMD_USAGE, "--ignore: %s", err.text);
	return 0;
}

/* ---- the command ---- */

static int show(struct session *s)
{
	const struct behaviour *b = &s->behaviour;
	if (s->code)
		return out_of_memory();
	if (s->options->output != OUTPUT_JSON)
		behaviour_print(b, stdout);
	else if (behaviour_print_json(b, stdout))
		return out_of_memory();
	return b->differ ? CMD_NEGATIVE : CMD_DONE;
}

static int open_and_compare(struct session *s)
{
	const char *path = s->options->input;
	int fd = STDIN_FILENO;
	s->input = "stdin";
	if (path && strcmp(path, "-") != 0) {
		s->input = path;
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return cmd_fail(CMD_NOT_FOUND, "%s: %s", path, strerror(errno));
	int code = compare_all(s, fd);
	if (fd != STDIN_FILENO)
		close(fd);
	return code ? code : show(s);
}

static void session_fini(struct session *s)
{
	behaviour_fini(&s->behaviour);
	for (size_t i = 0; i < s->behaviour.n_except; i++)
		path_fini(&s->except[i]);
	free(s->except);
	for (int i = 0; i < BEHAVIOUR_SIDES; i++) {
		flume_pipeline_unref(s->sides[i].pipeline);
		files_fini(&s->sides[i].files);
		flume_factory_free(s->sides[i].factory);
	}
}

static int diff_behaviour(const struct cmd_call *call)
{
	const struct diff_options *o = call->options;
	struct session *s = calloc(1, sizeof *s);
	if (!s)
		return out_of_memory();
	s->options = o;
	s->behaviour.n_examples = (size_t)o->examples;
	int code = read_paths(s);
	for (int i = 0; i < BEHAVIOUR_SIDES && !code; i++)
		code = build(call, s, i);
	if (!code)
		code = open_and_compare(s);
	session_fini(s);
	free(s);
	return code;
}

static int run(const struct cmd_call *call)
{
	const struct diff_options *o = call->options;
	const struct drift_options files = {o->files, o->etcd, o->prefix, &o->how, o->output};
	if (o->behaviour == (*o->files != NULL))
		return cmd_fail(
			CMD_USAGE,
			"diff: either --behaviour OLD NEW, or -f FILE|DIR against etcd");
	if (o->behaviour && call->conf->n_words < BEHAVIOUR_SIDES)
		return cmd_fail(CMD_USAGE, "diff: --behaviour takes two schemas: OLD NEW");
	if (!o->behaviour && call->conf->n_words)
		return cmd_fail(CMD_USAGE, "diff: unexpected argument '%s'",
				call->conf->words[0]);
	return o->behaviour ? diff_behaviour(call) : drift(&files);
}

const struct command command_diff = {
	.name = "diff",
	.usage = "[OPTION...] -f FILE|DIR | --behaviour OLD NEW [FILE|DIR...]",
	.about = "Show how files differ from etcd, or what two schemas make of documents.",
	.details =
		"With -f each file is compared, line by line, with what etcd holds under its "
		"name. With --behaviour the JSON documents of stdin or --input, one a line, "
		"run "
		"through the pipelines of the schemas OLD and NEW, and it is told which "
		"outcomes, outputs and routes differ, with counts and the first examples, and "
		"how long both took. Nothing is sent anywhere, as in a canary. Of an output "
		"every member counts, by value; of the routes those at filters, switches and "
		"fallbacks that the document meets, by name, in both. Further files are "
		"schemas "
		"that OLD and NEW refer to.",
	.negative = "something differs, or findings in a schema",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_NOT_FOUND | 1U << CMD_TIMED_OUT |
		 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct diff_options),
	.most = SIZE_MAX,
	.run = run,
};
