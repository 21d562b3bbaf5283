/*
 * A line that lies in one piece of the input is worked on where it lies; only one that is cut is
 * copied together.  So what a line costs here, beside its document, is a search for its end.
 *
 * What a line adds to the output it adds as a whole: when memory runs out in the middle, what is
 * there of it is taken back and the line is refused.
 */
#include "agent/ndjson/ndjson.h"

#include "agent/document/document.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN ((size_t)200) /* bytes of a line that is too long, at the most */

/* ---- what is refused ---- */

static const struct {
	int code;
	const char *word;
} words[] = {
	{FLUME_SYNTAX, "bad-json"},     {FLUME_INVALID, "too-long"},
	{FLUME_FAILED, "failed"},       {FLUME_TIMED_OUT, "timed-out"},
	{FLUME_CANCELLED, "cancelled"}, {FLUME_REFUSED, "refused"},
	{FLUME_LIMITED, "limited"},     {FLUME_NOMEM, "out-of-memory"},
	{FLUME_NOT_FOUND, "not-found"},
};

static const char *find_word(int code)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].code == code)
			return words[i].word;
	return "internal";
}

static void add_member(struct text *out, const char *name, const char *value)
{
	text_addf(out, ",\"%s\":", name);
	text_add_json(out, value, strlen(value));
}

void ndjson_write_refusal(struct text *out, const struct ndjson_refusal *r)
{
	text_addf(out, "{\"flume_error\":{\"line\":%" PRIu64, r->line);
	add_member(out, "code", r->word);
	add_member(out, "detail", r->detail);
	if (*r->step)
		add_member(out, "step", r->step);
	text_add(out, "}}\n");
}

/* As if nothing had been added since it was `len` long. */
static void take_back(struct text *out, size_t len)
{
	out->failed = false;
	out->len = len;
	if (out->s)
		out->s[len] = '\0';
}

static int refuse(struct ndjson *n, int code, const char *line, size_t len, struct text *out)
{
	size_t mark = out->len;
	struct ndjson_refusal why = {
		.line = n->lines,
		.code = code,
		.word = find_word(code),
		.step = n->err.path,
		.detail = *n->err.text ? n->err.text : flume_code_text(code),
		.input = line,
		.len = len,
	};
	n->read++;
	n->rejected++;
	if (n->refused) {
		n->refused(n->arg, &why);
		return FLUME_OK;
	}
	ndjson_write_refusal(out, &why);
	if (!out->failed)
		return FLUME_OK;
	take_back(out, mark);
	return FLUME_NOMEM;
}

/* ---- one line ---- */

static bool is_blank(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
			return false;
	return true;
}

static int run(struct ndjson *n, struct document **document, const char *line, size_t len)
{
	if (n->run)
		return n->run(n->arg, document, line, len, &n->err);
	void *item = *document;
	int code = flume_pipeline_process(n->pipeline, &n->call, &item, &n->err);
	*document = item;
	return code;
}

static int write_result(const struct document *document, struct text *out)
{
	size_t mark = out->len;
	document_write(document, NULL, out);
	text_add_char(out, '\n');
	if (!out->failed)
		return FLUME_OK;
	take_back(out, mark);
	return FLUME_NOMEM;
}

static void forget_error(struct ndjson *n)
{
	n->err.code = 0;
	n->err.path[0] = '\0';
	n->err.text[0] = '\0';
}

/* 0, FLUME_DROPPED, or why there is no result. */
static int process(struct ndjson *n, const char *line, size_t len, struct text *out)
{
	struct document *document = NULL;
	forget_error(n);
	int code = document_parse(&document, line, len, &n->err);
	if (!code)
		code = run(n, &document, line, len);
	if (!code)
		code = write_result(document, out);
	document_free(document);
	return code;
}

static int one_line(struct ndjson *n, const char *line, size_t len, struct text *out)
{
	n->lines++;
	if (len && line[len - 1] == '\r')
		len--;
	if (is_blank(line, len))
		return FLUME_OK;
	int code = process(n, line, len, out);
	if (code < 0) {
		if (code == FLUME_CANCELLED && flume_cancel_requested(n->call.cancel))
			return code;
		return refuse(n, code, line, len, out);
	}
	n->read++;
	if (code == FLUME_DROPPED)
		n->dropped++;
	else
		n->written++;
	return FLUME_OK;
}

/* ---- lines that are cut, or too long ---- */

/* As much of it as has arrived wherever it was cut. */
static size_t shown(const struct ndjson *n)
{
	return n->most < SHOWN ? n->most : SHOWN;
}

static int refuse_long(struct ndjson *n, const char *line, struct text *out)
{
	n->lines++;
	forget_error(n);
	flume_fail(&n->err, FLUME_INVALID, "the line is too long: at most %zu bytes", n->most);
	return refuse(n, FLUME_INVALID, line, shown(n), out);
}

/* Memory for a line that is cut has run out. */
static int refuse_unkept(struct ndjson *n, struct text *out)
{
	n->lines++;
	forget_error(n);
	return refuse(n, FLUME_NOMEM, "", 0, out);
}

/* The end of a line whose beginning is kept, or a piece of its middle.  A CR may belong to the end,
 * so one more byte is let in than a line may have. */
static int add_to_kept(struct ndjson *n, const char *s, size_t len, bool ends, struct text *out)
{
	int code = FLUME_OK;
	size_t total = n->kept.len + len;
	bool cr = total && (len ? s[len - 1] : n->kept.s[total - 1]) == '\r';
	if (total - cr > n->most) {
		if (n->kept.len < shown(n))
			text_add_n(&n->kept, s, shown(n) - n->kept.len);
		code = n->kept.failed ? refuse_unkept(n, out)
				      : refuse_long(n, n->kept.s ? n->kept.s : "", out);
		n->skipping = !ends;
	} else {
		text_add_n(&n->kept, s, len);
		if (n->kept.failed) {
			code = refuse_unkept(n, out);
			n->skipping = !ends;
		} else if (ends) {
			code = one_line(n, n->kept.s ? n->kept.s : "", n->kept.len, out);
		} else {
			return FLUME_OK;
		}
	}
	n->kept.failed = false;
	n->kept.len = 0;
	return code;
}

static int whole_line(struct ndjson *n, const char *line, size_t len, struct text *out)
{
	if (len <= n->most || (len == n->most + 1 && line[len - 1] == '\r'))
		return one_line(n, line, len, out);
	return refuse_long(n, line, out);
}

/* ---- the engine ---- */

static int step(struct ndjson *n, const char *s, size_t len, bool ends, struct text *out)
{
	if (n->skipping) {
		n->skipping = !ends;
		return FLUME_OK;
	}
	return ends && !n->kept.len ? whole_line(n, s, len, out)
				    : add_to_kept(n, s, len, ends, out);
}

int ndjson_feed(struct ndjson *n, const char *in, size_t len, size_t *taken, struct text *out,
		size_t full)
{
	size_t at = 0;
	int code = FLUME_OK;
	while (at < len && !code && out->len < full) {
		if (n->pause && atomic_load_explicit(n->pause, memory_order_relaxed))
			break;
		const char *s = in + at;
		const char *newline = memchr(s, '\n', len - at);
		size_t size = newline ? (size_t)(newline - s) : len - at;
		code = step(n, s, size, newline != NULL, out);
		at += size + (newline != NULL);
		n->bytes += size + (newline != NULL);
	}
	*taken = at;
	return code;
}

int ndjson_end(struct ndjson *n, struct text *out)
{
	int code = n->kept.len ? step(n, "", 0, true, out) : FLUME_OK;
	n->skipping = false;
	return code;
}

void ndjson_fini(struct ndjson *n)
{
	text_fini(&n->kept);
}
