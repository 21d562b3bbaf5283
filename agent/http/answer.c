#include "agent/http/answer.h"

#include "agent/serve/serve.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void answer_status(struct answer *a, unsigned status)
{
	answer_fini(a);
	a->status = status;
}

void answer_take(struct answer *a, unsigned status, const char *type, char *body, size_t len)
{
	answer_status(a, body ? status : HTTP_UNAVAILABLE);
	if (body) {
		a->type = type;
		a->body = body;
		a->len = len;
	}
}

void answer_take_text(struct answer *a, unsigned status, const char *type, struct text *text)
{
	size_t len = text->len;
	char *body = text_take(text);
	if (!body)
		text_fini(text);
	answer_take(a, status, type, body, len);
}

void answer_header(struct answer *a, const char *name, const char *value)
{
	if (a->headers_len == ANSWER_HEADERS)
		return;
	struct answer_header *header = &a->headers[a->headers_len++];
	header->name = name;
	size_t n = 0;
	for (; value[n] && n < ANSWER_VALUE - 1; n++)
		header->value[n] = value[n] >= ' ' && value[n] <= '~' ? value[n] : '?';
	header->value[n] = '\0';
}

void answer_headerf(struct answer *a, const char *name, const char *fmt, ...)
{
	char value[ANSWER_VALUE];
	va_list args;
	va_start(args, fmt);
	vsnprintf(value, sizeof value, fmt, args);
	va_end(args);
	answer_header(a, name, value);
}

void answer_header_number(struct answer *a, const char *name, uint64_t value)
{
	char digits[24], *at = digits + sizeof digits - 1;
	*at = '\0';
	do
		*--at = (char)('0' + value % 10);
	while (value /= 10);
	answer_header(a, name, at);
}

/* ---- problems ---- */

static void add_member(struct text *out, const char *name, const char *value)
{
	text_addf(out, ",\"%s\":", name);
	text_add_json(out, value, strlen(value));
}

static void add_finding(struct text *out, const struct flume_issue *issue)
{
	text_add(out, "{\"code\":");
	text_add_json(out, issue->code, strlen(issue->code));
	add_member(out, "path", issue->path);
	if (issue->line)
		text_addf(out, ",\"line\":%u,\"column\":%u", issue->line, issue->column);
	add_member(out, "message", issue->text);
	if (issue->hint)
		add_member(out, "hint", issue->hint);
	text_add_char(out, '}');
}

void answer_problem(struct answer *a, const struct problem *problem)
{
	struct text out = {0};
	text_add(&out, "{\"type\":\"about:blank\"");
	add_member(&out, "title", http_reason(problem->status));
	text_addf(&out, ",\"status\":%u", problem->status);
	add_member(&out, "detail", problem->detail);
	add_member(&out, "code", problem->code);
	if (problem->step && *problem->step)
		add_member(&out, "step", problem->step);
	if (problem->report) {
		text_add(&out, ",\"errors\":[");
		for (size_t i = 0; i < flume_report_size(problem->report); i++) {
			if (i)
				text_add_char(&out, ',');
			add_finding(&out, flume_report_get_issue(problem->report, i));
		}
		text_add_char(&out, ']');
	}
	if (problem->errors)
		text_addf(&out, ",\"errors\":%s", problem->errors);
	text_add(&out, "}\n");
	answer_take_text(a, problem->status, ANSWER_PROBLEM, &out);
}

void answer_problemf(struct answer *a, unsigned status, const char *code, const char *fmt, ...)
{
	char detail[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(detail, sizeof detail, fmt, args);
	va_end(args);
	answer_problem(a, &(struct problem){.status = status, .code = code, .detail = detail});
}

static void code_of(const char *reason, char *out, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
	const char *bracket = strrchr(reason, '[');
	const char *word = bracket ? bracket + 1 : reason;
	size_t len = strspn(word, letters);
	bool good = len && (bracket ? !strcmp(word + len, "]") : !word[len]);
	snprintf(out, size, "%.*s", good ? (int)len : (int)strlen("held"),
		 good ? word : "held");
}

void answer_conflict(struct answer *a, const char *reason)
{
	char code[64];
	code_of(reason, code, sizeof code);
	answer_problemf(a, HTTP_CONFLICT, code, "%s", reason);
}

bool answer_failed_trial(struct answer *a, const char *stage, const char *reason)
{
	bool tried =
		!strcmp(stage, "canary") || !strcmp(stage, "shadow") || !strcmp(stage, "live");
	if (tried)
		answer_problemf(a, HTTP_UNPROCESSABLE, stage, "%s", reason);
	return tried;
}

void answer_closing(struct answer *a)
{
	answer_problemf(a, HTTP_UNAVAILABLE, "closing",
			"the agent is shutting down; the change may still be applied");
}

void answer_rejected(struct answer *a, const flume_report *report)
{
	const struct flume_issue *first = flume_report_get_issue(report, 0);
	size_t more = first ? flume_report_size(report) - 1 : 0;
	struct text detail = {0};
	if (first && first->line)
		text_addf(&detail, "line %u: ", first->line);
	text_add(&detail, first ? first->text : "refused");
	if (more)
		text_addf(&detail, " (and %zu more)", more);
	answer_problem(a, &(struct problem){.status = HTTP_BAD_REQUEST,
					    .code = "rejected",
					    .detail = detail.s ? detail.s : "",
					    .report = report});
	text_fini(&detail);
}

/* ---- sending ---- */

static void send_head(const struct answer *a, struct exchange *x, const char *id)
{
	exchange_status(x, a->status);
	if (a->type)
		exchange_add_header(x, "Content-Type", a->type);
	for (size_t i = 0; i < a->headers_len; i++)
		if (*a->headers[i].value)
			exchange_add_header(x, a->headers[i].name, a->headers[i].value);
	exchange_add_header(x, "X-Request-Id", id);
}

void answer_stream(const struct answer *a, struct exchange *x, const char *id)
{
	send_head(a, x, id);
	exchange_stream(x);
}

void answer_send(const struct answer *a, struct exchange *x, const char *id)
{
	send_head(a, x, id);
	exchange_send(x, a->body ? a->body : "", a->len);
}

void answer_fini(struct answer *a)
{
	free(a->body);
	a->body = NULL;
	a->type = NULL;
	a->len = 0;
}
