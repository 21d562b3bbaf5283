/*
 * The same work as flume-go/, with this library.  Driven by beside_go.py: reads one request a
 * line and answers it with one line, "ok" and numbers, or "not-built" and why.
 *
 *     call FILE MS           ns and allocations of a call
 *     threads FILE MS N      ns a call, of N threads together
 *     set FILE FILE MS       ns and allocations of a set that swaps in what was just parsed
 *     text FILE FILE MS      the same with the parse
 *     check FILE FILE MS     ns and allocations of a full check
 *     memory FILE COUNT      bytes that a bound schema holds
 *     events FILE MS         ns of libyaml's bare pass over the text
 *     machine MS N           ns a turn of a loop in registers, of N threads together
 */
#include "tests/bench/bench.h"
#include "tests/bench/measure.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <yaml.h>

/* ---- a factory ---- */

/* What was sent last; sending again drops the oldest. */
static int keep_sent(const struct flume_call *call, void *item, void *arg,
		     struct flume_err *err)
{
	static void *sent[1024];
	static size_t turn;
	(void)call, (void)arg, (void)err;
	free(sent[turn % 1024]);
	sent[turn++ % 1024] = item;
	return FLUME_OK;
}

static int merge(const struct flume_call *call, void **item, const struct flume_result *results,
		 size_t n, void *arg, struct flume_err *err)
{
	(void)call, (void)item, (void)results, (void)n, (void)arg, (void)err;
	return FLUME_OK;
}

/* The steps only compute and could say so; where children are handed to other threads they do not,
 * for then they would not be. */
static bool hands_over(const char *text)
{
	static const char *const kinds[] = {"concurrent", "race", "contest", "worker-pool",
					    "timeout"};
	bool over = false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		over |= strstr(text, kinds[i]) != NULL;
	return over;
}

/* With the processors that a schema names. */
static flume_factory *new_factory(const char *text)
{
	const bool prompt = !hands_over(text);
	static const struct flume_component parts[] = {
		{.name = "merge", .merge = merge},
		{.name = "buffer", .send = keep_sent},
	};
	flume_factory *factory = bench_factory();
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		bench_must(flume_factory_add(factory, &parts[i], NULL), parts[i].name);
	for (int i = 0; i < 1000 && (text = strstr(text, "ref: ")); i++, text++) {
		char name[16];
		snprintf(name, sizeof name, "p%d", i);
		bench_must(flume_factory_add(factory,
					     &(struct flume_component){.name = name,
								       .run = bench_step,
								       .prompt = prompt},
					     NULL),
			   name);
	}
	return factory;
}

/* ---- requests ---- */

static char *read_file(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 1 << 20);
	if (!in || !text || !fread(text, 1, (1 << 20) - 1, in) || fclose(in)) {
		perror(path);
		exit(1);
	}
	return text;
}

struct request {
	flume_factory *factory;
	char *texts[2]; /* of the files that it names */
	double ms;
	int n;
};

static void answer(loop_fn *loop, void *arg, double ms)
{
	void *item = bench_clone(&(struct bench_item){0});
	long turns;
	double ns = measure(loop, arg, &item, ms, &turns);
	printf("ok %.17g %.17g\n", ns,
	       count_allocations(loop, arg, &item, turns < 64 ? turns : 64));
	free(item);
}

/* A type that the library does not know is an answer, any other finding the end. */
static bool accepted(int rc, const flume_report *report)
{
	const struct flume_issue *issue = flume_report_get_issue(report, 0);
	if (rc >= 0)
		return true;
	if (!issue || strcmp(issue->code, "unknown-type") != 0) {
		fprintf(stderr, "%s: %s\n", issue ? issue->path : "set",
			issue ? issue->text : flume_code_text(rc));
		exit(1);
	}
	printf("not-built %s\n", issue->text);
	return false;
}

/* Sets and binds the first schema.  NULL when that was the answer. */
static flume_binding *prepare(const struct request *request)
{
	flume_binding *binding = NULL;
	flume_report *report = flume_report_new();
	flume_schema *schema = bench_schema(request->texts[0], FLUME_YAML);
	int rc = flume_factory_set_schema(request->factory, "it", schema, report);
	if (accepted(rc, report))
		bench_must(flume_factory_bind(request->factory, "it", "it", 0, &binding, NULL),
			   "bind");
	flume_schema_unref(schema);
	flume_report_free(report);
	return binding;
}

static void loop_calls(void *binding, void **item, long n)
{
	for (long i = 0; i < n; i++)
		bench_must(flume_binding_process(binding, NULL, item, NULL), "call");
}

static void call(const struct request *request)
{
	flume_binding *binding = prepare(request);
	if (binding)
		answer(loop_calls, binding, request->ms);
	flume_binding_unref(binding);
}

struct caller {
	pthread_t thread;
	loop_fn *loop;
	void *arg;
	pthread_barrier_t *start;
	atomic_bool *over;
	double rate; /* turns a ns */
};

static void *turn(void *arg)
{
	struct caller *caller = arg;
	void *item = bench_clone(&(struct bench_item){0});
	long turns = 0;
	pthread_barrier_wait(caller->start);
	double begin = own_now();
	for (; !atomic_load_explicit(caller->over, memory_order_relaxed); turns += 1024)
		caller->loop(caller->arg, &item, 1024);
	caller->rate = (double)turns / (own_now() - begin);
	free(item);
	return NULL;
}

/* ns a turn, of all threads together. */
static double measure_together(loop_fn *loop, void *arg, const struct request *request)
{
	struct timespec pause = {.tv_nsec = (long)(request->ms * 1e6)};
	struct caller *callers = calloc((size_t)request->n, sizeof *callers);
	pthread_barrier_t start;
	atomic_bool over = false;
	double rate = 0;
	if (!callers || pthread_barrier_init(&start, NULL, (unsigned)request->n + 1))
		exit(1);
	for (int i = 0; i < request->n; i++) {
		callers[i] = (struct caller){
			.loop = loop, .arg = arg, .start = &start, .over = &over};
		if (pthread_create(&callers[i].thread, NULL, turn, &callers[i]))
			exit(1);
	}
	pthread_barrier_wait(&start);
	nanosleep(&pause, NULL);
	over = true;
	for (int i = 0; i < request->n; i++) {
		pthread_join(callers[i].thread, NULL);
		rate += callers[i].rate;
	}
	pthread_barrier_destroy(&start);
	free(callers);
	return 1 / rate;
}

static void threads(const struct request *request)
{
	flume_binding *binding = prepare(request);
	if (binding)
		printf("ok %.17g\n", measure_together(loop_calls, binding, request));
	flume_binding_unref(binding);
}

static void loop_registers(void *arg, void **item, long n)
{
	uint64_t x = 1;
	(void)arg, (void)item;
	for (long i = 0; i < n; i++) {
		x = x * 6364136223846793005U + 1442695040888963407U;
		__asm__ volatile("" : "+r"(x));
	}
}

static void machine(const struct request *request)
{
	printf("ok %.17g\n", measure_together(loop_registers, NULL, request));
}

/* Schemas as the parser gave them, of two versions in turn: what the library learns of one when
 * it sees it first must not help later. */
struct parsed {
	const struct request *request;
	flume_schema *schemas[64];
	unsigned turn;
};

static void parse(void *arg, long n)
{
	struct parsed *it = arg;
	for (long i = 0; i < n; i++)
		it->schemas[i] = bench_schema(it->request->texts[++it->turn % 2], FLUME_YAML);
}

static void loop_sets(void *arg, void **item, long n)
{
	struct parsed *it = arg;
	(void)item;
	for (long i = 0; i < n; i++) {
		bench_must(flume_factory_set_schema(it->request->factory, "it", it->schemas[i],
						    NULL),
			   "set");
		flume_schema_unref(it->schemas[i]);
	}
}

static void loop_checks(void *arg, void **item, long n)
{
	struct parsed *it = arg;
	(void)item;
	for (long i = 0; i < n; i++) {
		bench_must(flume_schema_check(it->schemas[i], it->request->factory, NULL),
			   "check");
		flume_schema_unref(it->schemas[i]);
	}
}

static void answer_parsed(loop_fn *loop, const struct request *request)
{
	struct parsed parsed = {.request = request};
	/* As many as the caches hold. */
	size_t n = 4096 / strlen(request->texts[0]);
	const struct supply supply = {parse, n > 64 ? 64 : n ? (long)n : 1};
	double ns = measure_supplied(&supply, loop, &parsed, request->ms);
	parse(&parsed, 1);
	printf("ok %.17g %.17g\n", ns, count_allocations(loop, &parsed, NULL, 1));
}

static void set(const struct request *request)
{
	flume_binding *binding = prepare(request);
	if (binding)
		answer_parsed(loop_sets, request);
	flume_binding_unref(binding);
}

static void check(const struct request *request)
{
	flume_binding *binding = prepare(request);
	if (binding)
		answer_parsed(loop_checks, request);
	flume_binding_unref(binding);
}

struct texts {
	const struct request *request;
	unsigned turn;
};

static void loop_texts(void *arg, void **item, long n)
{
	struct texts *it = arg;
	(void)item;
	for (long i = 0; i < n; i++) {
		flume_schema *schema =
			bench_schema(it->request->texts[++it->turn % 2], FLUME_YAML);
		bench_must(flume_factory_set_schema(it->request->factory, "it", schema, NULL),
			   "set");
		flume_schema_unref(schema);
	}
}

static void text(const struct request *request)
{
	struct texts texts = {request, 0};
	flume_binding *binding = prepare(request);
	if (binding)
		answer(loop_texts, &texts, request->ms);
	flume_binding_unref(binding);
}

static double held(void)
{
	struct mallinfo2 info = mallinfo2();
	return (double)info.uordblks + (double)info.hblkhd;
}

static void memory(const struct request *request)
{
	double before = held();
	for (int i = 0; i < request->n; i++) {
		char id[32];
		snprintf(id, sizeof id, "memory-%d", i);
		flume_binding_unref(bench_bind(request->factory, id, request->texts[0]));
	}
	printf("ok %.17g\n", (held() - before) / request->n);
}

static void loop_events(void *arg, void **item, long n)
{
	const char *text = arg;
	(void)item;
	for (long i = 0; i < n; i++) {
		yaml_parser_t parser;
		bool last = false;
		if (!yaml_parser_initialize(&parser))
			exit(1);
		yaml_parser_set_input_string(&parser, (const unsigned char *)text,
					     strlen(text));
		while (!last) {
			yaml_event_t event;
			if (!yaml_parser_parse(&parser, &event))
				exit(1);
			last = event.type == YAML_STREAM_END_EVENT;
			yaml_event_delete(&event);
		}
		yaml_parser_delete(&parser);
	}
}

static void events(const struct request *request)
{
	answer(loop_events, request->texts[0], request->ms);
}

/* What a request says after its name: f a file, m milliseconds, n a number. */
static const struct {
	const char *name, *words;
	void (*run)(const struct request *);
} requests[] = {
	{"call", "fm", call},     {"threads", "fmn", threads}, {"set", "ffm", set},
	{"text", "ffm", text},    {"check", "ffm", check},     {"memory", "fn", memory},
	{"events", "fm", events}, {"machine", "mn", machine},
};

static bool read_words(struct request *request, const char *words)
{
	int files = 0;
	for (; *words; words++) {
		const char *word = strtok(NULL, " \n");
		if (!word)
			return false;
		if (*words == 'f')
			request->texts[files++] = read_file(word);
		else if (*words == 'm')
			request->ms = strtod(word, NULL);
		else
			request->n = (int)strtol(word, NULL, 10);
	}
	return true;
}

/* Each has a factory of its own. */
static bool handle(char *line)
{
	const char *name = strtok(line, " \n");
	for (size_t i = 0; name && i < sizeof requests / sizeof *requests; i++) {
		struct request request = {0};
		if (strcmp(name, requests[i].name) != 0)
			continue;
		if (!read_words(&request, requests[i].words))
			return false;
		request.factory = new_factory(request.texts[0] ? request.texts[0] : "");
		requests[i].run(&request);
		flume_factory_free(request.factory);
		free(request.texts[0]);
		free(request.texts[1]);
		return fflush(stdout) == 0;
	}
	return false;
}

int main(void)
{
	char line[1024];
	while (fgets(line, sizeof line, stdin)) {
		if (!handle(line)) {
			fprintf(stderr, "beside_go: cannot do '%s'\n", line);
			return 1;
		}
	}
	return 0;
}
