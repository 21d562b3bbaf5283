/* Channels: what they promise of each document, when the other side is there and when it is not. */
#include "agent/outside/queue.h"

#include "tests/unit/document_fixture.h"
#include "tests/unit/memory.h"
#include "tests/unit/outside_fixture.h"
#include "tests/unit/suites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DOCUMENTS "flume_channel_documents_total"

static struct receiver site;
static char yaml[1000];

static void open_site(void)
{
	receiver_open(&site);
}

static void close_site(void)
{
	receiver_close(&site);
}

static const char *http_yaml(const char *more)
{
	snprintf(yaml, sizeof yaml, "{kind: http, url: 'http://127.0.0.1:%u/in?k=v'%s%s}",
		 site.port, *more ? ", " : "", more);
	return yaml;
}

static void send_many(const struct made *made, int from, int to)
{
	for (int i = from; i < to; i++) {
		char json[32];
		snprintf(json, sizeof json, "{\"i\":%d}", i);
		expect_sent(made, NULL, json, 0);
	}
}

static void expect_lines_in_order(const char *text, int n)
{
	for (int i = 0; i < n; i++) {
		char line[32];
		int len = snprintf(line, sizeof line, "{\"i\":%d}\n", i);
		ck_assert_msg(!strncmp(text, line, (size_t)len), "line %d of %d: %.20s", i, n,
			      text);
		text += len;
	}
	ck_assert_str_eq(text, "");
}

/* ---- http ---- */

START_TEST(http_posts_lines_in_batches_and_in_order)
{
	struct made made =
		make_outside(&kind_http_channel, http_yaml("batch: 100, batch_age: 20ms, "
							   "headers: {X-Who: me}"));
	ck_assert(made.is.blocks);
	send_many(&made, 0, 1000);
	receiver_wait(&site, 1000);
	wait_metric(DOCUMENTS, "c", "outcome=\"sent\"", 1000);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 1000);
	ck_assert_uint_ge(site.requests, 10);
	ck_assert_uint_lt(site.requests, 100);
	ck_assert_uint_eq(site.connections, 1);
	expect_within(site.last.s, "POST /in?k=v HTTP/1.1");
	expect_within(site.last.s, "Content-Type: application/x-ndjson");
	expect_within(site.last.s, "X-Who: me");
	ck_assert_int_eq(metric(DOCUMENTS, "c", "sent"), -1);
}
END_TEST

START_TEST(http_tries_again_what_was_refused_for_a_while)
{
	static const int statuses[] = {500, 503, 429, 408};
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		receiver_leave(&site);
		site.requests = 0;
		site.bodies.len = 0;
		site.first = 2;
		site.first_status = statuses[i];
		receiver_return(&site);
		struct made made =
			make_outside(&kind_http_channel, http_yaml("batch_age: 1ms"));
		send_many(&made, 0, 10);
		receiver_wait(&site, 10);
		wait_metric(DOCUMENTS, "c", "outcome=\"sent\"", 10);
		ck_assert_int_ge(metric("flume_channel_retries_total", "c", ""), 2);
		unmake(&made);
		expect_lines_in_order(site.bodies.s, 10);
	}
}
END_TEST

START_TEST(http_counts_as_lost_what_is_refused_for_good)
{
	site.status = 400;
	struct made made = make_outside(&kind_http_channel, http_yaml("batch_age: 1ms"));
	send_many(&made, 0, 10);
	wait_metric(DOCUMENTS, "c", "outcome=\"lost\"", 10);
	ck_assert_int_eq(metric(DOCUMENTS, "c", "outcome=\"sent\""), 0);
	ck_assert_int_eq(metric("flume_channel_retries_total", "c", ""), 0);
	unmake(&made);
}
END_TEST

START_TEST(http_gives_up_after_so_many_attempts)
{
	site.status = 503;
	struct made made =
		make_outside(&kind_http_channel, http_yaml("batch_age: 1ms, attempts: 2"));
	send_many(&made, 0, 3);
	wait_metric(DOCUMENTS, "c", "outcome=\"lost\"", 3);
	unmake(&made);
	ck_assert_uint_le(site.requests, 6);
}
END_TEST

START_TEST(http_loses_nothing_while_the_receiver_is_away_and_the_queue_has_room)
{
	receiver_leave(&site);
	struct made made = make_outside(&kind_http_channel,
					http_yaml("batch: 10, batch_age: 1ms, queue: 100"));
	send_many(&made, 0, 100);
	wait_metric("flume_channel_queue_documents", "c", "", 100);
	receiver_return(&site);
	receiver_wait(&site, 100);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 100);
}
END_TEST

START_TEST(a_full_queue_waits_as_long_as_the_call_and_then_fails)
{
	receiver_leave(&site);
	struct made made = make_outside(&kind_http_channel,
					http_yaml("queue: 5, flush: 1ms, timeout: 1s"));
	send_many(&made, 0, 5);
	struct flume_call call = call_of_ms(100);
	int64_t begun = ms_now();
	expect_sent(&made, &call, "{\"i\":5}", FLUME_LIMITED);
	ck_assert_int_ge(ms_now() - begun, 99);
	ck_assert_int_eq(metric(DOCUMENTS, "c", "outcome=\"failed\""), 1);
	call = (struct flume_call){.cancel = flume_cancel_new()};
	flume_cancel_request(call.cancel);
	expect_sent(&made, &call, "{\"i\":5}", FLUME_CANCELLED);
	flume_cancel_free(call.cancel);
	unmake(&made); /* the five are lost: the receiver is away */
	receiver_return(&site);
}
END_TEST

START_TEST(who_waits_goes_on_when_there_is_room_again)
{
	receiver_leave(&site);
	struct made made = make_outside(&kind_http_channel,
					http_yaml("queue: 2, batch_age: 1ms, backoff: 100ms"));
	send_many(&made, 0, 2);
	receiver_return(&site);
	struct flume_call call = call_of_ms(20000);
	expect_sent(&made, &call, "{\"i\":2}", 0);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 3);
}
END_TEST

START_TEST(the_queue_has_a_bound_in_bytes)
{
	receiver_leave(&site);
	struct made made =
		make_outside(&kind_http_channel, http_yaml("queue_bytes: 1024, flush: 1ms"));
	char json[1100];
	memset(json, 'x', sizeof json);
	json[0] = '"';
	memcpy(json + 1090, "\"", 2);
	expect_sent(&made, NULL, json, FLUME_FAILED);
	memcpy(json + 600, "\"", 2);
	expect_sent(&made, NULL, json, 0);
	struct flume_call call = call_of_ms(30);
	expect_sent(&made, &call, json, FLUME_LIMITED);
	unmake(&made);
	receiver_return(&site);
}
END_TEST

START_TEST(what_is_left_in_the_end_is_flushed_within_its_bound)
{
	struct made made = make_outside(&kind_http_channel, http_yaml("batch_age: 1h"));
	send_many(&made, 0, 20);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 20);
	site.silent = true;
	made = make_outside(&kind_http_channel, http_yaml("batch_age: 1h, flush: 200ms"));
	send_many(&made, 0, 20);
	int64_t begun = ms_now();
	unmake(&made);
	ck_assert_int_lt(ms_now() - begun, 5000);
}
END_TEST

START_TEST(a_canary_call_sends_nothing)
{
	struct flume_call canary = {.flags = FLUME_CALL_CANARY};
	struct made made = make_outside(&kind_http_channel, http_yaml("batch_age: 1ms"));
	expect_sent(&made, &canary, "1", 0);
	expect_sent(&made, NULL, "{\"i\":0}", 0);
	receiver_wait(&site, 1);
	unmake(&made);
	expect_lines_in_order(site.bodies.s, 1);
}
END_TEST

START_TEST(a_bad_declaration_is_refused_with_the_field)
{
	expect_refused(&kind_http_channel, "{kind: http, url: 'ftp://x/'}", "url", "http");
	expect_refused(&kind_http_channel, "{url: 'http://x/', headers: {'a b': c}}", "headers",
		       "no header");
	expect_refused(&kind_http_channel, "{url: 'http://x/', headers: {a: \"c\\nd\"}}",
		       "headers", "no header");
	expect_refused(&kind_unix, "{path: x, type: packet}", "type",
		       "'packet' is not stream or datagram");
	expect_refused(&kind_unix, "{path: ''}", "path", "1 to 107 bytes");
	expect_refused(&kind_file, "{path: x, fsync: often}", "fsync",
		       "'often' is not never, rotate, line or second");
	expect_refused(&kind_http_channel_unopened, "{url: 'ftp://x/'}", "url", "http");
}
END_TEST

START_TEST(where_schemas_are_only_checked_nothing_is_opened)
{
	static const struct {
		const struct flume_maker *maker;
		const char *yaml;
	} rows[] = {
		{&kind_http_channel_unopened, "{url: 'http://127.0.0.1:1/'}"},
		{&kind_unix_unopened, "{path: /no/such/socket}"},
		{&kind_file_unopened, "{path: /no/such/file}"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct made made = make_outside(rows[i].maker, rows[i].yaml);
		expect_sent(&made, NULL, "1", FLUME_FAILED);
		unmake(&made);
	}
}
END_TEST

START_TEST(null_forgets)
{
	struct made made = make_outside(&kind_null, "{}");
	expect_sent(&made, NULL, "1", 0);
	ck_assert(made.is.prompt);
	unmake(&made);
}
END_TEST

START_TEST(pauses_double_and_vary_and_end_at_the_longest)
{
	const int64_t ms = 1000000, most = 30000 * ms;
	ck_assert_int_eq(queue_backoff(1, most, 0), 100 * ms);
	ck_assert_int_eq(queue_backoff(2, most, 0), 200 * ms);
	ck_assert_int_eq(queue_backoff(4, most, 0), 800 * ms);
	ck_assert_int_eq(queue_backoff(20, most, 0), most);
	ck_assert_int_eq(queue_backoff(4000000000, most, 0), most);
	ck_assert_int_eq(queue_backoff(1, 1, 0), 1);
	ck_assert_int_eq(queue_backoff(2, most, UINT32_MAX), 100 * ms);
	ck_assert_int_eq(queue_backoff(20, most, UINT32_MAX), most / 2);
}
END_TEST

struct sender {
	const struct made *made;
	int n, failed;
};

static void *send_from_thread(void *arg)
{
	struct sender *sender = arg;
	for (int i = 0; i < sender->n; i++) {
		struct flume_err err = {0};
		struct flume_call call = call_of_ms(20000);
		if (sender->made->is.send(&call, read_document("{\"i\":0}"),
					  sender->made->is.arg, &err))
			sender->failed++;
	}
	return NULL;
}

START_TEST(many_threads_send_and_each_line_comes_once)
{
	struct made made = make_outside(&kind_http_channel,
					http_yaml("queue: 20, batch: 7, batch_age: 1ms"));
	struct sender senders[4];
	pthread_t threads[4];
	for (int i = 0; i < 4; i++) {
		senders[i] = (struct sender){&made, 500, 0};
		pthread_create(&threads[i], NULL, send_from_thread, &senders[i]);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(senders[i].failed, 0);
	}
	unmake(&made);
	ck_assert_uint_eq(receiver_lines(&site), 2000);
}
END_TEST

START_TEST(without_memory_a_channel_says_so_and_goes_on)
{
	struct made made = make_outside(&kind_http_channel, http_yaml("batch_age: 1ms"));
	int sent = 0;
	for (long nth = 1;; nth++) {
		struct flume_err err = {0};
		struct document *document = read_document("{\"i\":0}");
		memory_fails_at(nth);
		int rc = made.is.send(NULL, document, made.is.arg, &err);
		if (!memory_is_back()) {
			sent += !rc;
			break;
		}
		ck_assert(!rc || rc == FLUME_NOMEM);
		sent += !rc;
	}
	receiver_wait(&site, (size_t)sent);
	unmake(&made);
	for (long nth = 1;; nth++) {
		flume_value *decl = read_constant(http_yaml(""));
		struct flume_component is = {.name = "c"};
		memory_fails_at(nth);
		int rc = kind_http_channel.make(decl, "c", NULL, &is, NULL);
		bool failed = memory_is_back();
		ck_assert(failed ? rc == FLUME_NOMEM || !rc : !rc);
		if (!rc)
			is.done(is.arg);
		flume_value_free(decl);
		if (!failed)
			break;
	}
}
END_TEST

static void make_without_memory(const struct flume_maker *maker, const char *declaration)
{
	for (long nth = 1;; nth++) {
		flume_value *decl = read_constant(declaration);
		struct flume_component is = {.name = "c"};
		memory_fails_at(nth);
		int rc = maker->make(decl, "c", NULL, &is, NULL);
		bool failed = memory_is_back();
		ck_assert_msg(failed ? rc == FLUME_NOMEM || !rc : !rc, "%s: %ld: %s",
			      maker->kind, nth, flume_code_text(rc));
		if (!rc)
			is.done(is.arg);
		flume_value_free(decl);
		if (!failed)
			break;
	}
}

START_TEST(without_memory_no_component_is_made)
{
	char declaration[400];
	scratch_write("t.csv", "id,name\n7,Ada\n");
	snprintf(declaration, sizeof declaration, "{path: %s, field: a, into: b, default: [1]}",
		 scratch_path("t.csv"));
	make_without_memory(&kind_lookup, declaration);
	snprintf(declaration, sizeof declaration, "{path: %s, fsync: second}",
		 scratch_path("out"));
	make_without_memory(&kind_file, declaration);
	make_without_memory(&kind_unix, "{path: /no/such/socket}");
	make_without_memory(&kind_enrich,
			    "{url: 'http://127.0.0.1:1/{a}', into: b, canary: 1}");
	make_without_memory(&kind_stdout, "{}");
	make_without_memory(&kind_jq, "{program: .}");
}
END_TEST

/* ---- unix ---- */

static int listen_locally(int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof address.sun_path, "%s", scratch_path("socket"));
	unlink(address.sun_path);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

static const char *unix_yaml(const char *more)
{
	snprintf(yaml, sizeof yaml, "{kind: unix, path: %s, backoff: 100ms%s%s}",
		 scratch_path("socket"), *more ? ", " : "", more);
	return yaml;
}

static void read_lines(int fd, struct text *out, size_t lines)
{
	char piece[4096];
	size_t seen = 0;
	while (seen < lines) {
		ssize_t n = recv(fd, piece, sizeof piece, 0);
		ck_assert_msg(n > 0, "%s", n ? strerror(errno) : "it hung up");
		text_add_n(out, piece, (size_t)n);
		for (ssize_t i = 0; i < n; i++)
			seen += piece[i] == '\n';
	}
}

START_TEST(unix_writes_lines_and_connects_again)
{
	int listening = listen_locally(SOCK_STREAM);
	struct made made = make_outside(&kind_unix, unix_yaml(""));
	struct text got = {0};
	send_many(&made, 0, 50);
	int first = accept(listening, NULL, NULL);
	read_lines(first, &got, 50);
	close(first);
	close(listening);
	wait_metric(DOCUMENTS, "c", "outcome=\"sent\"", 50);
	send_many(&made, 50, 100); /* nobody is there */
	wait_metric("flume_channel_queue_documents", "c", "", 50);
	listening = listen_locally(SOCK_STREAM);
	int second = accept(listening, NULL, NULL);
	read_lines(second, &got, 50);
	close(second);
	close(listening);
	unmake(&made);
	expect_lines_in_order(got.s, 100);
	text_fini(&got);
}
END_TEST

START_TEST(unix_sends_datagrams)
{
	int fd = listen_locally(SOCK_DGRAM);
	char piece[100];
	struct made made = make_outside(&kind_unix, unix_yaml("type: datagram"));
	for (int i = 0; i < 3; i++) {
		expect_sent(&made, NULL, "{\"i\":1}", 0);
		ck_assert_int_eq(recv(fd, piece, sizeof piece, 0), 7);
		ck_assert_int_eq(memcmp(piece, "{\"i\":1}", 7), 0);
	}
	size_t len = 1 << 20;
	char *large = malloc(len + 1);
	memset(large, ' ', len);
	large[0] = large[len - 1] = '"';
	large[len] = '\0';
	expect_sent(&made, NULL, large, 0);
	expect_sent(&made, NULL, "{\"i\":1}", 0);
	ck_assert_int_eq(recv(fd, piece, sizeof piece, 0), 7);
	ck_assert_int_eq(metric(DOCUMENTS, "c", "outcome=\"lost\""), 1);
	free(large);
	unmake(&made);
	close(fd);
}
END_TEST

START_TEST(unix_ends_although_nobody_reads)
{
	int listening = listen_locally(SOCK_STREAM);
	struct made made = make_outside(&kind_unix, unix_yaml("flush: 200ms"));
	char json[4000];
	memset(json, 'x', sizeof json);
	json[0] = '"';
	memcpy(json + sizeof json - 2, "\"", 2);
	for (int i = 0; i < 200; i++)
		expect_sent(&made, NULL, json, 0);
	int64_t begun = ms_now();
	unmake(&made);
	ck_assert_int_lt(ms_now() - begun, 5000);
	close(listening);
}
END_TEST

/* ---- file ---- */

static const char *file_yaml(const char *more)
{
	snprintf(yaml, sizeof yaml, "{kind: file, path: %s%s%s}", scratch_path("out"),
		 *more ? ", " : "", more);
	return yaml;
}

static off_t size_of(const char *name)
{
	struct stat info;
	return stat(scratch_path(name), &info) ? -1 : info.st_size;
}

START_TEST(file_gives_way_to_an_empty_one_when_it_is_full)
{
	struct made made = make_outside(&kind_file, file_yaml("max_bytes: 1024, keep: 2"));
	char line[102];
	memset(line, '7', sizeof line);
	line[0] = line[98] = '"';
	line[99] = '\0';
	for (int i = 0; i < 10; i++) /* 100 bytes each */
		expect_sent(&made, NULL, line, 0);
	ck_assert_int_eq(size_of("out"), 1000);
	ck_assert_int_eq(size_of("out.1"), -1);
	expect_sent(&made, NULL, line, 0);
	ck_assert_int_eq(size_of("out.1"), 1000);
	ck_assert_int_eq(size_of("out"), 100);
	for (int i = 0; i < 30; i++)
		expect_sent(&made, NULL, line, 0);
	ck_assert_int_eq(size_of("out"), 100);
	ck_assert_int_eq(size_of("out.1"), 1000);
	ck_assert_int_eq(size_of("out.2"), 1000);
	ck_assert_int_eq(size_of("out.3"), -1);
	ck_assert_int_eq(size_of("out.new"), -1);
	ck_assert_int_eq(metric(DOCUMENTS, "c", "outcome=\"sent\""), 41);
	unmake(&made);
}
END_TEST

START_TEST(file_goes_on_where_it_cannot_be_rotated)
{
	struct made made = make_outside(&kind_file, file_yaml("max_bytes: 1024"));
	ck_assert_int_eq(mkdir(scratch_path("out.new"), 0700), 0);
	char line[1001];
	memset(line, '7', sizeof line);
	line[0] = line[999] = '"';
	line[1000] = '\0';
	for (int i = 0; i < 3; i++)
		expect_sent(&made, NULL, line, 0);
	ck_assert_int_eq(size_of("out"), 3003);
	unmake(&made);
	ck_assert_int_eq(rmdir(scratch_path("out.new")), 0);
}
END_TEST

START_TEST(file_that_others_have_moved_is_opened_anew)
{
	char to[256];
	struct made made = make_outside(&kind_file, file_yaml(""));
	expect_sent(&made, NULL, "1", 0);
	snprintf(to, sizeof to, "%s", scratch_path("moved"));
	ck_assert_int_eq(rename(scratch_path("out"), to), 0);
	int64_t until = ms_now() + 20000;
	while (size_of("out") < 0 && ms_now() < until) {
		expect_sent(&made, NULL, "2", 0);
		usleep(20000);
	}
	ck_assert_int_ge(size_of("out"), 2);
	unmake(&made);
}
END_TEST

START_TEST(file_can_be_forced_to_the_disk)
{
	static const char *const policies[] = {"fsync: line", "fsync: second",
					       "fsync: rotate, max_bytes: 1024"};
	for (size_t i = 0; i < 3; i++) {
		struct made made = make_outside(&kind_file, file_yaml(policies[i]));
		send_many(&made, 0, 300);
		unmake(&made);
	}
}
END_TEST

/* ---- dead letters ---- */

static const char letters[] =
	"components:\n"
	"  processors: {p: {kind: require, fields: [total]}}\n"
	"  channels: {dead: {kind: 'null'}}\n"
	"  error_handlers: {h: {kind: dead-letter, channel: %s, note: orders%s}}\n"
	"type: handle\nerror_handler: h\nchild: {ref: p}\n";

START_TEST(a_dead_letter_leaves_the_pipeline_or_goes_on_failing)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	snprintf(yaml, sizeof yaml, letters, "dead", "");
	ck_assert_int_eq(process_document(yaml, "{}", &document, &err), FLUME_DROPPED);
	document_free(document);
	snprintf(yaml, sizeof yaml, letters, "dead", ", then: fail");
	expect_failure(yaml, "{}", "missing: total");
	snprintf(yaml, sizeof yaml, letters, "deed", "");
	expect_finding(yaml, "channel 'deed' not found");
}
END_TEST

/* In a factory of a node, where channels may be declared. */
static void run_letters(const char *channel, char *found, size_t size)
{
	flume_factory *factory = new_document_factory();
	flume_report *report = flume_report_new();
	snprintf(yaml, sizeof yaml,
		 "channels: {dead: %s}\n"
		 "error_handlers: {h: {kind: dead-letter, channel: dead, note: orders}}\n",
		 channel);
	ck_assert_int_eq(flume_factory_take_declared(factory, read_constant(yaml), report), 0);
	flume_report_free(report);
	flume_pipeline *pipeline = NULL;
	ck_assert_int_eq(build_schema(factory,
				      "components: {processors: {p: {kind: require, fields: "
				      "[total]}}}\n"
				      "type: handle\nerror_handler: h\nchild: {ref: p}\n",
				      &pipeline, found, size),
			 0);
	for (int i = 0; i < 2; i++) {
		struct flume_call call = {.flags = i ? 0 : FLUME_CALL_CANARY};
		struct flume_err err = {0};
		void *item = read_document("{\"id\":1.50}");
		int rc = flume_pipeline_process(pipeline, &call, &item, &err);
		snprintf(found, size, "%d %s", rc, err.text);
		document_free(item);
	}
	flume_pipeline_unref(pipeline);
	flume_factory_free(factory);
}

START_TEST(a_dead_letter_says_what_failed_and_where)
{
	char found[600], channel[300];
	snprintf(channel, sizeof channel, "{kind: file, path: %s}", scratch_path("out"));
	run_letters(channel, found, sizeof found);
	ck_assert_str_eq(found, "1 ");
	char *text = scratch_read("out");
	ck_assert_ptr_eq(strchr(text, '\n'),
			 text + strlen(text) - 1); /* the canary's is not there */
	expect_within(text, "{\"at\":\"20");
	expect_within(text,
		      "Z\",\"code\":\"failed\",\"error\":\"missing: total\",\"path\":\"p\","
		      "\"note\":\"orders\",\"document\":{\"id\":1.5");
	free(text);
}
END_TEST

START_TEST(a_dead_letter_that_cannot_be_sent_drops_nothing)
{
	char found[600];
	run_letters("{kind: file, path: /dev/full}", found, sizeof found);
	ck_assert_str_eq(found, "-7 missing: total; then the dead letter failed: /dev/full: No "
				"space left on device");
}
END_TEST

static TCase *tcase_with(const char *name, void (*setup)(void), void (*teardown)(void))
{
	TCase *tc = tcase_create(name);
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, teardown);
	return tc;
}

Suite *suite_outside_channels(void)
{
	Suite *suite = suite_create("outside_channels");
	TCase *tc = tcase_with("http", open_site, close_site);
	tcase_add_test(tc, http_posts_lines_in_batches_and_in_order);
	tcase_add_test(tc, http_tries_again_what_was_refused_for_a_while);
	tcase_add_test(tc, http_counts_as_lost_what_is_refused_for_good);
	tcase_add_test(tc, http_gives_up_after_so_many_attempts);
	tcase_add_test(tc,
		       http_loses_nothing_while_the_receiver_is_away_and_the_queue_has_room);
	tcase_add_test(tc, a_full_queue_waits_as_long_as_the_call_and_then_fails);
	tcase_add_test(tc, who_waits_goes_on_when_there_is_room_again);
	tcase_add_test(tc, the_queue_has_a_bound_in_bytes);
	tcase_add_test(tc, what_is_left_in_the_end_is_flushed_within_its_bound);
	tcase_add_test(tc, a_canary_call_sends_nothing);
	tcase_add_test(tc, a_bad_declaration_is_refused_with_the_field);
	tcase_add_test(tc, where_schemas_are_only_checked_nothing_is_opened);
	tcase_add_test(tc, null_forgets);
	tcase_add_test(tc, pauses_double_and_vary_and_end_at_the_longest);
	tcase_add_test(tc, many_threads_send_and_each_line_comes_once);
	tcase_add_test(tc, without_memory_a_channel_says_so_and_goes_on);
	suite_add_tcase(suite, tc);
	tc = tcase_with("files", scratch_open, scratch_close);
	tcase_add_test(tc, without_memory_no_component_is_made);
	tcase_add_test(tc, unix_writes_lines_and_connects_again);
	tcase_add_test(tc, unix_sends_datagrams);
	tcase_add_test(tc, unix_ends_although_nobody_reads);
	tcase_add_test(tc, file_gives_way_to_an_empty_one_when_it_is_full);
	tcase_add_test(tc, file_goes_on_where_it_cannot_be_rotated);
	tcase_add_test(tc, file_that_others_have_moved_is_opened_anew);
	tcase_add_test(tc, file_can_be_forced_to_the_disk);
	tcase_add_test(tc, a_dead_letter_leaves_the_pipeline_or_goes_on_failing);
	tcase_add_test(tc, a_dead_letter_says_what_failed_and_where);
	tcase_add_test(tc, a_dead_letter_that_cannot_be_sent_drops_nothing);
	suite_add_tcase(suite, tc);
	return suite;
}
