#include "agent/document/sums.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double real(const struct number *number)
{
	return number->whole ? (double)number->integer : number->real;
}

static int set_real(struct number *out, double value)
{
	*out = (struct number){.real = value};
	return FLUME_OK;
}

/* As an integer where it is one that fits. */
static int set_whole(struct number *out, double value)
{
	*out = (struct number){.real = value};
	if (value >= -0x1p63 && value < 0x1p63)
		*out = (struct number){.whole = true, .integer = (int64_t)value};
	return FLUME_OK;
}

static int set_integer(struct number *out, int64_t value, bool overflow, struct flume_err *err)
{
	if (overflow)
		return flume_fail(err, FLUME_FAILED, "the result is too large for an integer");
	*out = (struct number){.whole = true, .integer = value};
	return FLUME_OK;
}

static int add(struct number *x, unsigned n, struct flume_err *err)
{
	(void)n;
	int64_t value;
	if (!x[0].whole || !x[1].whole)
		return set_real(x, real(&x[0]) + real(&x[1]));
	bool overflow = __builtin_add_overflow(x[0].integer, x[1].integer, &value);
	return set_integer(x, value, overflow, err);
}

static int subtract(struct number *x, unsigned n, struct flume_err *err)
{
	(void)n;
	int64_t value;
	if (!x[0].whole || !x[1].whole)
		return set_real(x, real(&x[0]) - real(&x[1]));
	bool overflow = __builtin_sub_overflow(x[0].integer, x[1].integer, &value);
	return set_integer(x, value, overflow, err);
}

static int multiply(struct number *x, unsigned n, struct flume_err *err)
{
	(void)n;
	int64_t value;
	if (!x[0].whole || !x[1].whole)
		return set_real(x, real(&x[0]) * real(&x[1]));
	bool overflow = __builtin_mul_overflow(x[0].integer, x[1].integer, &value);
	return set_integer(x, value, overflow, err);
}

static int refuse_zero(const struct number *divisor, struct flume_err *err)
{
	if (real(divisor) != 0)
		return FLUME_OK;
	return flume_fail(err, FLUME_FAILED, "division by zero");
}

static int negate(struct number *x, unsigned n, struct flume_err *err)
{
	(void)n;
	int64_t value;
	if (!x->whole)
		return set_real(x, -x->real);
	bool overflow = __builtin_sub_overflow(0, x->integer, &value);
	return set_integer(x, value, overflow, err);
}

static int divide(struct number *x, unsigned n, struct flume_err *err)
{
	int rc = refuse_zero(&x[1], err);
	if (rc)
		return rc;
	if (x[0].whole && x[1].whole && x[1].integer == -1)
		return negate(x, n, err);
	if (x[0].whole && x[1].whole && x[0].integer % x[1].integer == 0)
		return set_integer(x, x[0].integer / x[1].integer, false, err);
	return set_real(x, real(&x[0]) / real(&x[1]));
}

/* Has the sign of what is divided. */
static int remain(struct number *x, unsigned n, struct flume_err *err)
{
	(void)n;
	int rc = refuse_zero(&x[1], err);
	if (rc)
		return rc;
	if (!x[0].whole || !x[1].whole)
		return set_real(x, fmod(real(&x[0]), real(&x[1])));
	int64_t divisor = x[1].integer;
	return set_integer(x, divisor == -1 ? 0 : x[0].integer % divisor, false, err);
}

static int compare(const struct number *a, const struct number *b)
{
	struct document_view left = number_view(a), right = number_view(b);
	return number_compare(&left, &right);
}

static int least(struct number *x, unsigned n, struct flume_err *err)
{
	(void)err;
	for (unsigned i = 1; i < n; i++)
		if (compare(&x[i], &x[0]) < 0)
			x[0] = x[i];
	return FLUME_OK;
}

static int greatest(struct number *x, unsigned n, struct flume_err *err)
{
	(void)err;
	for (unsigned i = 1; i < n; i++)
		if (compare(&x[i], &x[0]) > 0)
			x[0] = x[i];
	return FLUME_OK;
}

static int absolute(struct number *x, unsigned n, struct flume_err *err)
{
	if (!x->whole)
		return set_real(x, fabs(x->real));
	return x->integer < 0 ? negate(x, n, err) : FLUME_OK;
}

static int round_down(struct number *x, unsigned n, struct flume_err *err)
{
	(void)n;
	(void)err;
	return x->whole ? FLUME_OK : set_whole(x, floor(x->real));
}

static int round_up(struct number *x, unsigned n, struct flume_err *err)
{
	(void)n;
	(void)err;
	return x->whole ? FLUME_OK : set_whole(x, ceil(x->real));
}

/* As people do: 2.675 is 2.68, although the double next to it is a little less. */
static double as_written(double value)
{
	char text[NUMBER_TEXT];
	snprintf(text, sizeof text, "%.15g", value);
	return strtod(text, NULL);
}

static int round_half(struct number *x, unsigned n, struct flume_err *err)
{
	double digits = n > 1 ? real(&x[1]) : 0;
	if (digits != floor(digits) || digits < 0 || digits > 15)
		return flume_fail(err, FLUME_FAILED, "round to 0 to 15 digits");
	if (x->whole)
		return FLUME_OK;
	if (digits == 0)
		return set_whole(x, round(as_written(x->real)));
	double scale = pow(10, digits), scaled = x->real * scale;
	if (fabs(scaled) >= 0x1p53) /* it has no such digits */
		return FLUME_OK;
	return set_real(x, round(as_written(scaled)) / scale);
}

const struct sum sum_negative = {.name = "-", .run = negate};

static const struct sum sums[] = {
	{"+", '+', false, 2, 2, "two values", add},
	{"-", '-', false, 2, 2, "two values", subtract},
	{"*", '*', true, 2, 2, "two values", multiply},
	{"/", '/', true, 2, 2, "two values", divide},
	{"%", '%', true, 2, 2, "two values", remain},
	{"min", 0, false, 1, 64, "at least one value", least},
	{"max", 0, false, 1, 64, "at least one value", greatest},
	{"abs", 0, false, 1, 1, "one value", absolute},
	{"floor", 0, false, 1, 1, "one value", round_down},
	{"ceil", 0, false, 1, 1, "one value", round_up},
	{"round", 0, false, 1, 2, "one value, and perhaps a number of digits", round_half},
};

const struct sum *sum_named(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
		if (!sums[i].sign && strlen(sums[i].name) == len &&
		    !memcmp(sums[i].name, name, len))
			return &sums[i];
	return NULL;
}

const struct sum *sum_signed(char sign)
{
	for (size_t i = 0; sign && i < sizeof sums / sizeof *sums; i++)
		if (sums[i].sign == sign)
			return &sums[i];
	return NULL;
}

int sum_run(const struct sum *sum, struct number *numbers, unsigned n, struct flume_err *err)
{
	int rc = sum->run(numbers, n, err);
	if (!rc && !numbers->whole && !isfinite(numbers->real))
		return flume_fail(err, FLUME_FAILED, "the result is too large");
	return rc;
}
