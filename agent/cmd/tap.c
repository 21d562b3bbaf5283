/* What the agent sends goes out as it comes, line by line; what it says of itself goes to stderr. */
#include "agent/cmd/cmd.h"
#include "agent/cmd/fetch.h"
#include "agent/cmd/options.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tap_options {
	const char *agent, *socket, *token_file, *sample, *rate, *outcome;
	const char *const *redact;
	int64_t count;
	int only;
};

#define ROW(field) offsetof(struct tap_options, field)

static const struct conf_option options[] = {
	{"sample", 0, CONF_TEXT, "SHARE", "100%", NULL, ROW(sample),
	 "The share of the calls to show, as if by chance: 1%, 0.1%."},
	{"rate", 0, CONF_TEXT, "N/s", "10/s", NULL, ROW(rate),
	 "Calls a second at the most; up to 10000/s."},
	{"count", 'n', CONF_COUNT, "N", NULL, NULL, ROW(count),
	 "End after so many. Default: go on."},
	{"outcome", 0, CONF_TEXT, "OUTCOME,...", NULL, NULL, ROW(outcome),
	 "Only calls that ended so: ok, dropped, failed."},
	{"only", 0, CONF_CHOICE, "both|input|output", "both", NULL, ROW(only),
	 "Which documents to show."},
	{"redact", 0, CONF_TEXTS, "PATH", NULL, NULL, ROW(redact),
	 "What not to show, like customer.email, in elements of arrays too; may be given "
	 "again. "
	 "What the agent's --tap-redact says is never shown."},
	{"agent", 0, CONF_TEXT, "URL", NULL, NULL, ROW(agent), "The agent to ask, over TCP."},
	{"socket", 0, CONF_TEXT, "PATH", "/run/flume/flume.sock", NULL, ROW(socket),
	 "The agent to ask, over its unix socket; not with --agent."},
	{"token-file", 0, CONF_TEXT, "FILE", NULL, NULL, ROW(token_file),
	 "Holds the bearer token for --agent."},
	{0},
};

static const char *const choices[] = {NULL, "input", "output"};

/* ---- the question ---- */

static void add_encoded(struct text *t, const char *s)
{
	for (; *s; s++)
		if (isalnum((unsigned char)*s) || strchr("._-,", *s))
			text_add_char(t, *s);
		else
			text_addf(t, "%%%02X", (unsigned char)*s);
}

static void add_query(struct text *t, const char *name, const char *value)
{
	if (!value)
		return;
	text_addf(t, "%s%s=", strchr(t->s ? t->s : "", '?') ? "&" : "?", name);
	add_encoded(t, value);
}

/* A comma would divide it. */
static void add_path(struct text *list, const char *path)
{
	if (list->len)
		text_add_char(list, ',');
	for (; *path; path++) {
		if (*path == ',')
			text_add_char(list, '\\');
		text_add_char(list, *path);
		if (*path == '\\' && path[1])
			text_add_char(list, *++path);
	}
}

static char *question(const char *name, const struct tap_options *o)
{
	struct text t = {0}, list = {0};
	char count[24];
	snprintf(count, sizeof count, "%lld", (long long)o->count);
	text_addf(&t, "/pipelines/%s/tap", name);
	add_query(&t, "sample", o->sample);
	add_query(&t, "rate", o->rate);
	add_query(&t, "count", o->count ? count : NULL);
	add_query(&t, "outcome", o->outcome);
	add_query(&t, "only", choices[o->only]);
	for (size_t i = 0; o->redact[i]; i++)
		add_path(&list, o->redact[i]);
	add_query(&t, "redact", list.s);
	t.failed |= list.failed;
	text_fini(&list);
	return text_take(&t);
}

/* ---- the answer ---- */

static void tell(const char *line, size_t len)
{
	flume_value *root = NULL;
	if (flume_value_parse(&root, line, len, FLUME_JSON, NULL, NULL))
		return;
	const flume_value *tap = flume_value_get(root, "tap");
	const char *lost = flume_value_text(flume_value_get(tap, "lost"));
	const char *over = flume_value_text(flume_value_get(tap, "over_rate"));
	if (strcmp(lost, "0") != 0)
		cmd_fail(0, "%s not shown: they came faster than they could be kept", lost);
	if (strcmp(over, "0") != 0)
		cmd_fail(0, "%s not shown: more than --rate", over);
	flume_value_free(root);
}

static bool piece(void *arg, const char *data, size_t len)
{
	static const char notice[] = "{\"tap\":";
	struct text *kept = arg;
	text_add_n(kept, data, len);
	size_t at = 0;
	while (!kept->failed) {
		const char *line = kept->s + at;
		const char *end = memchr(line, '\n', kept->len - at);
		if (!end)
			break;
		size_t n = (size_t)(end - line) + 1;
		if (n > sizeof notice && !memcmp(line, notice, sizeof notice - 1))
			tell(line, n);
		else
			fwrite(line, 1, n, stdout);
		at += n;
	}
	if (kept->failed)
		return false;
	memmove(kept->s, kept->s + at, kept->len - at);
	kept->len -= at;
	return !fflush(stdout) && !ferror(stdout);
}

static int listen_on(const char *path, const struct fetch_from *from)
{
	struct flume_err err = {0};
	struct text kept = {0};
	int code = fetch_stream(from, path, piece, &kept, &err);
	bool failed = kept.failed;
	text_fini(&kept);
	if (failed)
		return cmd_fail(CMD_NEGATIVE, "out of memory");
	return code ? cmd_fail(cmd_exit_of(code), "%s", err.text) : CMD_DONE;
}

static int run(const struct cmd_call *call)
{
	const struct tap_options *o = call->options;
	const char *name = call->conf->words[0];
	struct flume_err err = {0};
	char *token = NULL;
	if (!source_name_good(name))
		return cmd_fail(CMD_USAGE, "tap: '%s' cannot be the name of a schema", name);
	if (o->token_file && slurp_token(o->token_file, &token, &err))
		return cmd_fail(CMD_USAGE, "tap: --token-file: %s", err.text);
	const struct fetch_from from = {.url = o->agent ? o->agent : "http://localhost",
					.socket = o->agent ? NULL : o->socket,
					.token = token};
	char *path = question(name, o);
	int code = path ? listen_on(path, &from) : cmd_fail(CMD_NEGATIVE, "out of memory");
	free(path);
	free(token);
	return code;
}

const struct command command_tap = {
	.name = "tap",
	.usage = "[OPTION...] NAME",
	.about = "See live documents of one pipeline of one node, as they come.",
	.details = "Prints a line of JSON for each call that is chosen: when it was, what "
		   "served it, "
		   "what became of it, how long it took, and its documents, without what is "
		   "redacted. "
		   "Calls never wait for it: what cannot be kept is lost, and how many were is "
		   "said "
		   "on stderr. Documents are private, so the agent is asked through its "
		   "socket, or "
		   "with the token for changes.",
	.exits = 1U << CMD_UNREACHABLE | 1U << CMD_NOT_FOUND | 1U << CMD_NOT_ALLOWED,
	.options = options,
	.size = sizeof(struct tap_options),
	.least = 1,
	.most = 1,
	.run = run,
};
