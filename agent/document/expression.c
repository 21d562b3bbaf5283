/* Compiled to steps for a machine with a stack: values push, operators take what they need. */
#include "agent/document/expression.h"

#include "agent/document/sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct step {
	enum { STEP_NUMBER, STEP_PATH, STEP_SUM } kind;
	struct number number;
	struct path path;
	const struct sum *sum;
	unsigned taken; /* by a sum */
};

struct expression {
	size_t n;
	struct step steps[EXPRESSION_STEPS];
};

struct scan {
	const char *text, *at;
	struct expression *to;
	unsigned open;    /* parentheses, signs and the like within each other */
	unsigned waiting; /* values on the stack, at this point of a run */
	struct flume_err *err;
};

static int refuse(const struct scan *scan, const char *at, const char *why)
{
	size_t column = 1;
	for (const char *p = scan->text; p < at; p++)
		column += ((unsigned char)*p & 0xC0) != 0x80;
	return flume_fail(scan->err, FLUME_INVALID, "column %zu: %s", column, why);
}

static char next(struct scan *scan)
{
	scan->at += strspn(scan->at, " \t\r\n");
	return *scan->at;
}

/* ---- steps ---- */

static int add_value(struct scan *scan, struct step step)
{
	if (scan->to->n == EXPRESSION_STEPS)
		return refuse(scan, scan->at, "the expression is too long");
	if (scan->waiting == EXPRESSION_DEPTH)
		return refuse(scan, scan->at, "too many values wait for each other");
	scan->to->steps[scan->to->n++] = step;
	scan->waiting++;
	return FLUME_OK;
}

static int add_sum(struct scan *scan, const struct sum *sum, unsigned taken)
{
	if (scan->to->n == EXPRESSION_STEPS)
		return refuse(scan, scan->at, "the expression is too long");
	scan->to->steps[scan->to->n++] =
		(struct step){.kind = STEP_SUM, .sum = sum, .taken = taken};
	scan->waiting -= taken - 1;
	return FLUME_OK;
}

/* ---- values ---- */

static int read_whole(struct scan *scan);

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int read_number(struct scan *scan)
{
	struct step step = {.kind = STEP_NUMBER};
	size_t len = number_scan(scan->at, strlen(scan->at));
	const char *behind = scan->at + len;
	if (is_name(*behind) || is_digit(*behind) || *behind == '.')
		return refuse(scan, scan->at, "not a number of JSON");
	struct document_view number;
	if (number_read(scan->at, len, &number) || !number_take(&step.number, &number))
		return refuse(scan, scan->at, "the number is too large");
	scan->at = behind;
	return add_value(scan, step);
}

static int add_path(struct scan *scan, const char *from, size_t len)
{
	struct step step = {.kind = STEP_PATH};
	struct flume_err why = {0};
	char *text = strndup(from, len), said[200];
	if (!text)
		return flume_fail(scan->err, FLUME_NOMEM, "out of memory");
	int rc = path_compile(&step.path, text, &why);
	if (rc == FLUME_INVALID) {
		snprintf(said, sizeof said, "'%.40s' is not a path: %.80s", text, why.text);
		rc = refuse(scan, from, said);
	} else if (rc) {
		rc = flume_fail(scan->err, rc, "out of memory");
	} else if ((rc = add_value(scan, step))) {
		path_fini(&step.path);
	}
	free(text);
	return rc;
}

static int read_quoted(struct scan *scan)
{
	const char *from = scan->at + 1, *end = strchr(from, '`');
	if (!end)
		return refuse(scan, scan->at, "no backquote ends the path");
	scan->at = end + 1;
	return add_path(scan, from, (size_t)(end - from));
}

static size_t path_length(const char *at)
{
	size_t n = 0;
	for (;; n++) {
		if (at[n] == '[' && is_digit(at[n + 1]))
			n += strspn(at + n + 1, "0123456789") + 1;
		else if (!is_name(at[n]) && !is_digit(at[n]) && at[n] != '.')
			return n;
		if (!at[n])
			return n;
	}
}

static int read_call(struct scan *scan, size_t len)
{
	const struct sum *sum = sum_named(scan->at, len);
	unsigned taken = 0;
	char more, said[80];
	if (!sum)
		return refuse(scan, scan->at, "expected min, max, abs, floor, ceil or round");
	const char *name = scan->at;
	scan->at = strchr(scan->at, '(');
	do {
		scan->at++;
		int rc = read_whole(scan);
		if (rc)
			return rc;
		taken++;
		more = next(scan);
	} while (more == ',');
	if (more != ')')
		return refuse(scan, scan->at, "expected ',' or ')'");
	if (taken < sum->least || taken > sum->most) {
		snprintf(said, sizeof said, "%s takes %s", sum->name, sum->takes);
		return refuse(scan, name, said);
	}
	scan->at++;
	return add_sum(scan, sum, taken);
}

static int read_in_parentheses(struct scan *scan)
{
	scan->at++;
	int rc = read_whole(scan);
	if (rc)
		return rc;
	if (next(scan) != ')')
		return refuse(scan, scan->at, "expected ')'");
	scan->at++;
	return FLUME_OK;
}

static int read_value(struct scan *scan)
{
	char c = next(scan);
	if (c == '(')
		return read_in_parentheses(scan);
	if (c == '`')
		return read_quoted(scan);
	if (is_digit(c))
		return read_number(scan);
	size_t len = path_length(scan->at);
	if (!is_name(c) && c != '[')
		return refuse(scan, scan->at, "expected a number, a path or '('");
	if (scan->at[len + strspn(scan->at + len, " \t\r\n")] == '(')
		return read_call(scan, len);
	const char *from = scan->at;
	scan->at += len;
	return len ? add_path(scan, from, len) : refuse(scan, from, "expected a path");
}

static int read_signed(struct scan *scan)
{
	unsigned signs = 0;
	while (next(scan) == '-' || *scan->at == '+')
		signs += *scan->at++ == '-';
	int rc = read_value(scan);
	return rc || signs % 2 == 0 ? rc : add_sum(scan, &sum_negative, 1);
}

static int read_product(struct scan *scan)
{
	int rc = read_signed(scan);
	while (!rc) {
		const struct sum *sum = sum_signed(next(scan));
		if (!sum || !sum->binds)
			break;
		scan->at++;
		rc = read_signed(scan);
		if (!rc)
			rc = add_sum(scan, sum, 2);
	}
	return rc;
}

static int read_whole(struct scan *scan)
{
	if (++scan->open > EXPRESSION_DEPTH)
		return refuse(scan, scan->at, "nested too deep");
	int rc = read_product(scan);
	while (!rc) {
		const struct sum *sum = sum_signed(next(scan));
		if (!sum || sum->binds)
			break;
		scan->at++;
		rc = read_product(scan);
		if (!rc)
			rc = add_sum(scan, sum, 2);
	}
	scan->open--;
	return rc;
}

int expression_compile(struct expression **out, const char *text, struct flume_err *err)
{
	struct expression *all = calloc(1, sizeof *all), *cut;
	if (!all)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	struct scan scan = {.text = text, .at = text, .to = all, .err = err};
	int rc = read_whole(&scan);
	if (!rc && next(&scan))
		rc = refuse(&scan, scan.at, "expected an operator or the end");
	if (rc) {
		expression_free(all);
		return rc;
	}
	cut = realloc(all, offsetof(struct expression, steps) + all->n * sizeof *all->steps);
	*out = cut ? cut : all;
	return FLUME_OK;
}

struct expression *expression_free(struct expression *expression)
{
	for (size_t i = 0; expression && i < expression->n; i++)
		path_fini(&expression->steps[i].path);
	free(expression);
	return NULL;
}

/* ---- running ---- */

static int get(const struct document *document, const struct path *path, struct number *out,
	       struct flume_err *err)
{
	struct document_view view;
	if (!document_get(document, path, &view) || view.kind == DOCUMENT_NULL)
		return flume_fail(err, FLUME_FAILED, "%.200s: missing", path->text);
	if (!number_is(&view))
		return flume_fail(err, FLUME_FAILED, "%.200s: %s, not a number", path->text,
				  document_kind_text(view.kind));
	if (!number_take(out, &view))
		return flume_fail(err, FLUME_FAILED, "%.200s: too large to count with",
				  path->text);
	return FLUME_OK;
}

int expression_run(const struct expression *expression, const struct document *document,
		   struct number *out, struct flume_err *err)
{
	struct number stack[EXPRESSION_DEPTH];
	size_t top = 0;
	int rc = FLUME_OK;
	for (size_t i = 0; i < expression->n && !rc; i++) {
		const struct step *step = &expression->steps[i];
		if (step->kind == STEP_NUMBER) {
			stack[top++] = step->number;
		} else if (step->kind == STEP_PATH) {
			rc = get(document, &step->path, &stack[top++], err);
		} else {
			top -= step->taken;
			rc = sum_run(step->sum, &stack[top], step->taken, err);
			top++;
		}
	}
	if (!rc)
		*out = stack[0];
	return rc;
}
