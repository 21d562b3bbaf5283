/* A socket on this host: lines to whoever listens, again when he is back, or datagrams. */
#include "tests/unit/document_fixture.h"
#include "tests/unit/outside_fixture.h"
#include "tests/unit/suites.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char yaml[1000];

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

Suite *suite_outside_unix(void)
{
	Suite *suite = suite_create("outside_unix");
	TCase *tc = scratch_case(suite, "unix");
	tcase_add_test(tc, unix_writes_lines_and_connects_again);
	tcase_add_test(tc, unix_sends_datagrams);
	tcase_add_test(tc, unix_ends_although_nobody_reads);
	return suite;
}
