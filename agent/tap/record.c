#include "agent/tap/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAME, VERSION, REQUEST, STEP, WHY, INPUT, OUTPUT, PARTS };

struct head {
	int64_t at_ms, took_ns;
	uint64_t generation;
	int result;
	bool has_output;
	uint32_t full[PARTS]; /* bytes of each part, */
	uint32_t kept[PARTS]; /* and how many of them follow: all or none */
	size_t size;          /* of the whole record */
};

enum tap_outcome record_outcome(int result)
{
	return result == FLUME_OK ? TAP_OK : result == FLUME_DROPPED ? TAP_DROPPED : TAP_FAILED;
}

/* ---- in ---- */

struct part {
	const char *s;
	size_t len;
};

static struct part text_part(const char *s)
{
	return (struct part){s, s ? strlen(s) : 0};
}

bool records_add(struct records *r, const struct tap_call *call, const char *output, size_t len,
		 int64_t at_ms)
{
	const struct flume_err none = {0}, *err = call->err ? call->err : &none;
	bool failed = call->result < 0;
	const struct part parts[PARTS] = {
		[NAME] = text_part(call->name),
		[VERSION] = text_part(call->version),
		[REQUEST] = text_part(call->request),
		[STEP] = text_part(failed ? err->path : ""),
		[WHY] = text_part(failed ? err->text : ""),
		[INPUT] = {call->input, call->input_len},
		[OUTPUT] = {output, output ? len : 0},
	};
	struct head head = {.at_ms = at_ms,
			    .took_ns = call->took_ns,
			    .generation = call->generation,
			    .result = call->result,
			    .has_output = output != NULL};
	size_t size = sizeof head;
	for (int i = 0; i < PARTS; i++) {
		head.full[i] =
			(uint32_t)(parts[i].len < UINT32_MAX ? parts[i].len : UINT32_MAX);
		head.kept[i] = parts[i].len <= TAP_SHOWN ? head.full[i] : 0;
		size += head.kept[i];
	}
	head.size = size;
	if (size > RECORDS_SIZE - r->used)
		return false;
	unsigned char *at = r->bytes + r->used;
	memcpy(at, &head, sizeof head);
	at += sizeof head;
	for (int i = 0; i < PARTS; i++) {
		if (head.kept[i])
			memcpy(at, parts[i].s, head.kept[i]);
		at += head.kept[i];
	}
	r->used += size;
	r->count++;
	return true;
}

/* ---- out ---- */

static void add_at(struct text *out, int64_t at_ms)
{
	char text[40];
	struct tm tm;
	time_t seconds = (time_t)(at_ms / 1000);
	gmtime_r(&seconds, &tm);
	size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof text - n, ".%03dZ", (int)(at_ms % 1000));
	text_addf(out, "{\"at\":\"%s\"", text);
}

static void add_text(struct text *out, const char *key, const char *s, size_t n)
{
	text_addf(out, ",\"%s\":", key);
	text_add_json(out, s, n);
}

/* True when something of it is hidden. */
static bool add_document(struct text *out, const char *key, const struct head *h, int part,
			 const char *json, const struct record_view *view)
{
	text_addf(out, ",\"%s\":", key);
	if (h->full[part] == h->kept[part])
		return veil_write(view->fixed, view->own, json, h->kept[part], out);
	text_addf(out, "null,\"%s_bytes\":%" PRIu32, key, h->full[part]);
	return view->fixed->n || view->own->n; /* who knows */
}

static const char *outcome_word(int result)
{
	return result == FLUME_OK ? "ok" : result == FLUME_DROPPED ? "dropped" : "failed";
}

/* A message may tell a value of the document, so where something is hidden there is none. */
static void add_error(struct text *out, const struct head *h, const char *const *parts,
		      bool hidden)
{
	const char *code = flume_code_text(h->result);
	text_add(out, ",\"error\":{\"code\":");
	text_add_json(out, code, strlen(code));
	add_text(out, "step", parts[STEP], h->kept[STEP]);
	if (!hidden)
		add_text(out, "text", parts[WHY], h->kept[WHY]);
	text_add(out, "}");
}

void record_write(const struct records *r, size_t *at, const struct record_view *view,
		  struct text *out)
{
	struct head h;
	const char *parts[PARTS];
	struct text input = {0};
	memcpy(&h, r->bytes + *at, sizeof h);
	const char *s = (const char *)r->bytes + *at + sizeof h;
	for (int i = 0; i < PARTS; i++) {
		parts[i] = s;
		s += h.kept[i];
	}
	*at += h.size;
	add_at(out, h.at_ms);
	add_text(out, "pipeline", parts[NAME], h.kept[NAME]);
	add_text(out, "version", parts[VERSION], h.kept[VERSION]);
	text_addf(out, ",\"generation\":%" PRIu64, h.generation);
	add_text(out, "request", parts[REQUEST], h.kept[REQUEST]);
	text_addf(out, ",\"outcome\":\"%s\",\"ms\":%.3f", outcome_word(h.result),
		  (double)h.took_ns / 1e6);
	/* Written in any case, to know what is hidden in it. */
	bool hidden = add_document(&input, "input", &h, INPUT, parts[INPUT], view);
	if (h.result < 0)
		add_error(out, &h, parts, hidden);
	if (view->input && input.s)
		text_add_n(out, input.s, input.len);
	if (view->output && h.has_output)
		add_document(out, "output", &h, OUTPUT, parts[OUTPUT], view);
	text_add(out, "}\n");
	out->failed |= input.failed;
	text_fini(&input);
}
