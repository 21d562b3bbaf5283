#include "tests/unit/outside_fixture.h"

#include "agent/outside/counts.h"
#include "tests/unit/document_fixture.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 20000

/* ---- components ---- */

struct made make_outside(const struct flume_maker *maker, const char *yaml)
{
	struct made made = {read_constant(yaml), {.name = "c"}};
	flume_report *report = flume_report_new();
	int rc = maker->make(made.decl, "c", NULL, &made.is, report);
	ck_assert_msg(rc == 0, "%s: %s", yaml,
		      flume_report_size(report) ? flume_report_get_issue(report, 0)->text
						: flume_code_text(rc));
	flume_report_free(report);
	return made;
}

void unmake(struct made *made)
{
	if (made->is.done)
		made->is.done(made->is.arg);
	flume_value_free(made->decl);
}

void expect_refused(const struct flume_maker *maker, const char *yaml, const char *field,
		    const char *text)
{
	char path[64];
	struct made made = {read_constant(yaml), {.name = "c"}};
	flume_report *report = flume_report_new();
	ck_assert_int_eq(maker->make(made.decl, "c", NULL, &made.is, report), FLUME_REJECTED);
	ck_assert_uint_eq(flume_report_size(report), 1);
	snprintf(path, sizeof path, "c.%s", field);
	ck_assert_str_eq(flume_report_get_issue(report, 0)->path, path);
	expect_within(flume_report_get_issue(report, 0)->text, text);
	flume_report_free(report);
	flume_value_free(made.decl);
}

void expect_sent(const struct made *made, const struct flume_call *call, const char *json,
		 int code)
{
	struct flume_err err = {0};
	int rc = made->is.send(call, read_document(json), made->is.arg, &err);
	ck_assert_msg(rc == code, "%s: %s: %s", json, flume_code_text(rc), err.text);
}

void expect_run(const struct made *made, const struct flume_call *call, const char *json,
		int code, const char *output)
{
	struct flume_err err = {0};
	void *item = read_document(json);
	int rc = made->is.run(call, &item, made->is.arg, &err);
	ck_assert_msg(rc == code, "%s: %s: %s", json, flume_code_text(rc), err.text);
	if (code < 0) {
		expect_within(err.text, output);
		document_free(item);
	} else if (output) {
		expect_document(item, output);
	} else {
		document_free(item);
	}
}

void send_many(const struct made *made, int from, int to)
{
	for (int i = from; i < to; i++) {
		char json[32];
		snprintf(json, sizeof json, "{\"i\":%d}", i);
		expect_sent(made, NULL, json, 0);
	}
}

void expect_lines_in_order(const char *text, int n)
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

int64_t ms_now(void)
{
	const struct flume_clock *clock = flume_clock_real();
	return clock->now_ns(clock->arg) / 1000000;
}

struct flume_call call_of_ms(int64_t ms)
{
	return (struct flume_call){.deadline_ns = (ms_now() + ms) * 1000000};
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

long metric(const char *name, const char *channel, const char *more)
{
	char start[200];
	struct text all = {0};
	counts_write(&all);
	snprintf(start, sizeof start, "%s{channel=\"%s\"", name, channel);
	long value = -1;
	for (char *line = all.s; line && value < 0; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t len = strcspn(line, "\n");
		char *end = line + len;
		if (strncmp(line, start, strlen(start)) != 0)
			continue;
		char *found = strstr(line, more);
		if (!found || found > end)
			continue;
		value = strtol(strchr(line, '}') + 1, NULL, 10);
	}
	text_fini(&all);
	return value;
}

void wait_metric(const char *name, const char *channel, const char *more, long value)
{
	int64_t until = ms_now() + PATIENCE_MS;
	while (metric(name, channel, more) != value) {
		ck_assert_msg(ms_now() < until, "%s %s: %ld, wanted %ld", name, more,
			      metric(name, channel, more), value);
		nap();
	}
}

/* ---- files ---- */

static char folder[64];

const char *scratch_path(const char *name)
{
	static char path[256];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void scratch_open(void)
{
	const char *below = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%.40s/flume-XXXXXX", below ? below : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void scratch_close(void)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	ck_assert_int_eq(rmdir(folder), 0);
}

void scratch_write(const char *name, const char *text)
{
	char fresh[300];
	snprintf(fresh, sizeof fresh, "%s/.%s", folder, name);
	FILE *file = fopen(fresh, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(rename(fresh, scratch_path(name)), 0);
}

char *scratch_read(const char *name)
{
	struct text text = {0};
	char piece[4096];
	size_t n;
	FILE *file = fopen(scratch_path(name), "re");
	ck_assert_msg(file != NULL, "no file %s", name);
	while ((n = fread(piece, 1, sizeof piece, file)))
		text_add_n(&text, piece, n);
	fclose(file);
	return text_take(&text);
}

TCase *scratch_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, scratch_open, scratch_close);
	suite_add_tcase(suite, tc);
	return tc;
}

/* ---- a web server ---- */

static void answer(struct receiver *r, int fd, const char *request, const char *body,
		   size_t len)
{
	char head[512];
	bool first = r->requests++ < r->first;
	int status = first ? r->first_status : r->status;
	const char *text = r->body ? r->body : "";
	r->last.len = 0;
	text_add(&r->last, request);
	if (status / 100 == 2)
		text_add_n(&r->bodies, body, len);
	if (r->silent)
		return;
	int n = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n",
			 status, strlen(text), r->extra ? r->extra : "");
	(void)!send(fd, head, (size_t)n, MSG_NOSIGNAL);
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* Every request that is whole by now. */
static void take_requests(struct receiver *r, size_t i)
{
	struct text *in = &r->all[i].in;
	char *end;
	while (in->len && (end = strstr(in->s, "\r\n\r\n"))) {
		const char *field = strcasestr(in->s, "\r\nContent-Length:");
		size_t body = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
		size_t whole = (size_t)(end + 4 - in->s) + body;
		if (in->len < whole)
			return;
		answer(r, r->all[i].fd, in->s, end + 4, body);
		memmove(in->s, in->s + whole, in->len - whole + 1);
		in->len -= whole;
	}
}

static void drop(struct receiver *r, size_t i)
{
	close(r->all[i].fd);
	text_fini(&r->all[i].in);
	r->all[i].fd = -1;
}

static void take_bytes(struct receiver *r, size_t i)
{
	char piece[65536];
	ssize_t n = recv(r->all[i].fd, piece, sizeof piece, MSG_DONTWAIT);
	if (n <= 0) {
		drop(r, i);
		return;
	}
	text_add_n(&r->all[i].in, piece, (size_t)n);
	take_requests(r, i);
}

static void welcome(struct receiver *r)
{
	int fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC);
	for (size_t i = 0; i < RECEIVER_CONNECTIONS && fd >= 0; i++) {
		if (r->all[i].fd < 0) {
			r->all[i].fd = fd;
			r->connections++;
			return;
		}
	}
	close(fd);
}

static void *serve(void *arg)
{
	struct receiver *r = arg;
	while (!atomic_load(&r->stop)) {
		struct pollfd polled[RECEIVER_CONNECTIONS + 1];
		polled[0] = (struct pollfd){.fd = r->fd, .events = POLLIN};
		for (size_t i = 0; i < RECEIVER_CONNECTIONS; i++)
			polled[i + 1] = (struct pollfd){.fd = r->all[i].fd, .events = POLLIN};
		if (poll(polled, RECEIVER_CONNECTIONS + 1, 5) <= 0)
			continue;
		pthread_mutex_lock(&r->lock);
		for (size_t i = 0; i < RECEIVER_CONNECTIONS; i++)
			if (polled[i + 1].revents)
				take_bytes(r, i);
		if (polled[0].revents)
			welcome(r);
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

static void listen_at(struct receiver *r)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(r->port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int on = 1;
	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(r->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	ck_assert_int_eq(bind(r->fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(r->fd, 64), 0);
	getsockname(r->fd, (struct sockaddr *)&address, &len);
	r->port = ntohs(address.sin_port);
	atomic_store(&r->stop, false);
	ck_assert_int_eq(pthread_create(&r->thread, NULL, serve, r), 0);
}

void receiver_open(struct receiver *r)
{
	memset(r, 0, sizeof *r);
	r->status = 200;
	pthread_mutex_init(&r->lock, NULL);
	for (size_t i = 0; i < RECEIVER_CONNECTIONS; i++)
		r->all[i].fd = -1;
	listen_at(r);
}

void receiver_leave(struct receiver *r)
{
	atomic_store(&r->stop, true);
	pthread_join(r->thread, NULL);
	close(r->fd);
	for (size_t i = 0; i < RECEIVER_CONNECTIONS; i++)
		if (r->all[i].fd >= 0)
			drop(r, i);
}

void receiver_return(struct receiver *r)
{
	listen_at(r);
}

void receiver_close(struct receiver *r)
{
	receiver_leave(r);
	text_fini(&r->bodies);
	text_fini(&r->last);
	pthread_mutex_destroy(&r->lock);
}

size_t receiver_lines(struct receiver *r)
{
	size_t n = 0;
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->bodies.len; i++)
		n += r->bodies.s[i] == '\n';
	pthread_mutex_unlock(&r->lock);
	return n;
}

void receiver_wait(struct receiver *r, size_t lines)
{
	int64_t until = ms_now() + PATIENCE_MS;
	while (receiver_lines(r) < lines) {
		ck_assert_msg(ms_now() < until, "%zu of %zu lines came", receiver_lines(r),
			      lines);
		nap();
	}
}
