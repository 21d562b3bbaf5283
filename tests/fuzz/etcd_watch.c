/*
 * What etcd sends on a watch, from the bytes to the decisions.  The first byte says how the
 * bytes are cut into reads, which must not matter.  Whatever the lines say, delivery goes
 * forward only, a revision comes whole and once, and after the end nothing is wanted any more.
 */
#include "agent/etcd/follow.h"
#include "agent/etcd/lines.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t second = 1000000000;

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static void feed(struct etcd_lines *l, const char *bytes, size_t n)
{
	require(etcd_lines_feed(l, bytes, n, SIZE_MAX) == 0, "memory");
}

/* The same lines as when all comes in one read. */
static void cut(const char *bytes, size_t n, size_t piece)
{
	struct etcd_lines whole = {0}, pieces = {0};
	const char *a, *b;
	size_t a_len, b_len;
	feed(&whole, bytes, n);
	for (size_t at = 0; at < n; at += piece) {
		feed(&pieces, bytes + at, n - at < piece ? n - at : piece);
		while (etcd_lines_next(&pieces, &b, &b_len)) {
			require(etcd_lines_next(&whole, &a, &a_len), "as many lines");
			require(a_len == b_len && !memcmp(a, b, a_len), "the same lines");
		}
	}
	require(!etcd_lines_next(&whole, &a, &a_len), "no more lines");
	a = etcd_lines_rest(&whole, &a_len);
	b = etcd_lines_rest(&pieces, &b_len);
	require(a_len == b_len && !memcmp(a, b, a_len), "the same rest");
	etcd_lines_fini(&whole);
	etcd_lines_fini(&pieces);
}

static void deliver(struct etcd_follow *f, const struct etcd_todo *todo, int64_t *delivered)
{
	require(todo->deliver <= f->held_len, "only what is there");
	int64_t before = *delivered;
	for (size_t i = 0; i < todo->deliver; i++) {
		int64_t revision = f->held[i].kv.mod_revision;
		require(revision > before, "nothing twice");
		require(revision <= f->seen, "nothing unseen");
		if (revision > *delivered)
			*delivered = revision;
	}
	for (size_t i = todo->deliver; i < f->held_len; i++)
		require(f->held[i].kv.mod_revision != *delivered, "revisions are whole");
	etcd_follow_drop(f, todo->deliver);
}

static void follow(const char *bytes, size_t n)
{
	struct etcd_follow f = {.seen = 1,
				.keys = 0,
				.first_ns = 5 * second,
				.prove_ns = 10 * second,
				.behind_ns = 3 * second,
				.backoff = {second, second, 0},
				.phase = FOLLOW_PAUSED,
				.probe_at = INT64_MAX};
	struct etcd_lines l = {0};
	const char *line;
	size_t len;
	int64_t now = 0, delivered = 1;
	feed(&l, bytes, n);
	while (etcd_lines_next(&l, &line, &len)) {
		struct etcd_message m;
		struct etcd_todo todo = {0};
		int64_t seen = f.seen;
		now += second;
		etcd_follow_time(&f, now, 0);
		if (etcd_message_parse(line, len, &m)) {
			todo = etcd_follow_end(&f, FLUME_IO, "not understood", now, 0);
		} else {
			todo = etcd_follow_message(&f, &m, now, 0);
			etcd_message_fini(&m);
		}
		if (todo.what & FOLLOW_DELIVER)
			deliver(&f, &todo, &delivered);
		require(f.seen >= seen, "forward only");
		if (todo.what & FOLLOW_RELIST)
			require(etcd_follow_wake(&f) == INT64_MAX, "the end is the end");
		if (todo.what & FOLLOW_CLOSE)
			require(!f.held_len, "nothing is kept of a closed stream");
	}
	etcd_lines_fini(&l);
	etcd_follow_fini(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	const char *bytes = (const char *)data + 1;
	cut(bytes, size - 1, 1 + data[0] % 64);
	follow(bytes, size - 1);
	return 0;
}
