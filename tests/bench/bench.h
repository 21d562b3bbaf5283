/*
 * bench.h - what the measuring programs share.
 *
 * This machine is shared and noisy, so what is compared is measured in turns, round by round,
 * and each ratio is the median of the ratios of the rounds.
 */
#ifndef FLUME_TESTS_BENCH_BENCH_H
#define FLUME_TESTS_BENCH_BENCH_H

#include "lib/flume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline double bench_now(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return (double)clock->now_ns(clock->arg);
}

static inline void bench_must(int rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, flume_code_text(rc));
	exit(1);
}

static inline int bench_by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Sorts the values; 0 when there are none. */
static inline double bench_median(double *values, size_t n)
{
	if (!n)
		return 0;
	qsort(values, n, sizeof *values, bench_by_size);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* ---- a factory over small structs, with steps that do nothing ---- */

struct bench_item {
	long value;
	char text[24];
};

static inline void *bench_clone(const void *from)
{
	void *copy = malloc(sizeof(struct bench_item));
	return copy ? memcpy(copy, from, sizeof(struct bench_item)) : NULL;
}

static inline int bench_step(const struct flume_call *call, void **item, void *arg,
			     struct flume_err *err)
{
	(void)call, (void)item, (void)arg, (void)err;
	return FLUME_OK;
}

static inline bool bench_yes(const struct flume_call *call, const void *item, void *arg)
{
	(void)call, (void)item;
	return arg != NULL;
}

static inline const char *bench_word(const struct flume_call *call, const void *item, void *arg,
				     char scratch[256])
{
	(void)call, (void)item, (void)scratch;
	return arg;
}

static inline void bench_handle(const struct flume_call *call, struct flume_err *why,
				void **item, void *arg)
{
	(void)call, (void)why, (void)item, (void)arg;
}

static inline int bench_send(const struct flume_call *call, void *item, void *arg,
			     struct flume_err *err)
{
	(void)call, (void)arg, (void)err;
	free(item);
	return FLUME_OK;
}

static inline flume_factory *bench_factory(void)
{
	static char word[] = "c";
	static const struct flume_item_type type = {"bench item", bench_clone, free};
	static const struct flume_component parts[] = {
		{.name = "a", .run = bench_step, .prompt = true},
		{.name = "b", .run = bench_step, .prompt = true},
		{.name = "yes", .test = bench_yes, .arg = word, .prompt = true},
		{.name = "no", .test = bench_yes, .prompt = true},
		{.name = "word", .pick = bench_word, .arg = word, .prompt = true},
		{.name = "handler", .handle = bench_handle, .prompt = true},
		{.name = "box", .send = bench_send},
	};
	flume_factory *factory = NULL;
	bench_must(flume_factory_new(&factory, &(struct flume_options){.type = &type}, NULL),
		   "factory");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		bench_must(flume_factory_add(factory, &parts[i], NULL), parts[i].name);
	return factory;
}

static inline flume_schema *bench_schema(const char *text, enum flume_format format)
{
	flume_schema *schema = NULL;
	bench_must(flume_schema_parse(&schema, text, strlen(text), format, NULL, NULL), text);
	return schema;
}

/* Sets `yaml` under `id` and binds it. */
static inline flume_binding *bench_bind(flume_factory *factory, const char *id,
					const char *yaml)
{
	flume_binding *binding = NULL;
	flume_schema *schema = bench_schema(yaml, FLUME_YAML);
	bench_must(flume_factory_set_schema(factory, id, schema, NULL), yaml);
	bench_must(flume_factory_bind(factory, id, id, 0, &binding, NULL), id);
	flume_schema_unref(schema);
	return binding;
}

#endif
