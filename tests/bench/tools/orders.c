/*
 * orders - order documents, one a line, made from a seed: the same to the last byte for the same
 * arguments, on any machine.  They are written as they are made, so any number of them takes no room.
 *
 *     orders [--seed 1] [--count 200000] [--size 350] > orders.ndjson
 *
 * What is hard on those who parse numbers into doubles and texts into trees is in them on purpose:
 * ids beyond 2^53, prices that end in 0 (1.10), escapes of every kind now and then, and UTF-8.  One
 * third is of premium customers.  Larger sizes have more items and a longer note.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM ((size_t)1 << 20)
#define MOST ((size_t)1 << 18) /* of one document */

static char out[ROOM];
static size_t len;
static uint64_t state;

#define N(array)      (sizeof(array) / sizeof *(array))
#define ONE_OF(array) ((array)[below(N(array))])

/* splitmix64 */
static uint64_t chance(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t below(uint64_t n)
{
	return chance() % n;
}

static void put(const char *s)
{
	size_t n = strlen(s);
	memcpy(out + len, s, n);
	len += n;
}

static void put_number(uint64_t value, int least_digits)
{
	char digits[24];
	int n = 0;
	for (; value || n < least_digits; value /= 10)
		digits[n++] = (char)('0' + value % 10);
	while (n)
		out[len++] = digits[--n];
}

static void put_cents(uint64_t cents)
{
	put_number(cents / 100, 1);
	put(".");
	put_number(cents % 100, 2);
}

static void put_hex(uint64_t value)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		out[len++] = "0123456789abcdef"[value >> shift & 15];
}

static void put_time(void)
{
	put("2026-");
	put_number(1 + below(12), 2);
	put("-");
	put_number(1 + below(28), 2);
	put("T");
	put_number(below(24), 2);
	put(":");
	put_number(below(60), 2);
	put(":");
	put_number(below(60), 2);
	put(".");
	put_number(below(1000), 3);
	put("Z");
}

static void put_customer(void)
{
	static const char *const names[] = {
		"Ada Lovelace", "Zo\u00eb M\u00fcller", "Jos\u00e9 Garc\u00eda", "Grace Hopper",
		"Alan Turing",  "\u6e21\u8fba \u5065",  "S\u00f8ren Kj\u00e6r",  "Mary O'Neil",
	};
	static const char *const users[] = {"ada",  "zoe", "jose", "grace",
					    "alan", "ken", "soren"};
	put("\"customer\":{\"name\":\"");
	put(ONE_OF(names));
	put("\",\"tier\":\"");
	put(below(3) == 0 ? "premium" : below(2) ? "standard" : "basic");
	put("\",\"email\":\"");
	put(ONE_OF(users));
	put_number(below(10000), 1);
	put("@example.org\"}");
}

static uint64_t put_item(void)
{
	uint64_t quantity = 1 + below(4);
	uint64_t price = 10 * (1 + below(500)) + (below(2) ? 0 : 9);
	put("{\"sku\":\"");
	out[len++] = (char)('A' + below(26));
	out[len++] = (char)('A' + below(26));
	put("-");
	put_number(below(100000), 5);
	put("\",\"qty\":");
	put_number(quantity, 1);
	put(",\"price\":");
	put_cents(price);
	put("}");
	return quantity * price;
}

static void put_tags(void)
{
	static const char *const tags[] = {"gift",   "fragile",   "b2b",
					   "return", "caf\u00e9", "bulk"};
	put("\"tags\":[");
	for (uint64_t n = below(4); n; n--) {
		put("\"");
		put(ONE_OF(tags));
		put(n > 1 ? "\"," : "\"");
	}
	put("]");
}

/* Words until the document has `size` bytes with what comes behind. */
static void put_note(size_t end)
{
	static const char *const words[] = {
		"ring",
		"twice",
		"and",
		"leave",
		"it",
		"with",
		"the",
		"neighbour",
		"please",
		"do",
		"not",
		"bend",
		"gr\u00fc\u00dfe",
		"before",
		"noon",
		"door",
		"code",
		"17",
	};
	static const char *const escapes[] = {
		"\\n",   "\\\"now\\\"",    "C:\\\\in", "\\t", "\\u00e9t\\u00e9",
		"a\\/b", "\\ud83d\\ude80",
	};
	put("\"note\":\"");
	bool plain = below(6) != 0;
	for (bool first = true; first || len < end; first = false) {
		if (!first)
			put(" ");
		put(!plain && below(3) == 0 ? ONE_OF(escapes) : ONE_OF(words));
	}
	put("\"");
}

static void put_order(size_t size)
{
	size_t begin = len;
	put("{\"id\":");
	put_number(below(8) ? UINT64_C(9007199254740993) + below(UINT64_C(1) << 62)
			    : 1 + below(1000000),
		   1);
	put(",\"created\":\"");
	put_time();
	put("\",");
	put_customer();
	put(",\"items\":[");
	uint64_t total = put_item();
	size_t items_end = begin + size / 2;
	for (bool more = below(2); more && len < items_end + below(40); more = below(4)) {
		put(",");
		total += put_item();
	}
	put("],\"total\":");
	put_cents(total);
	put(",\"currency\":\"EUR\",");
	put_tags();
	put(",\"internal\":{\"shard\":");
	put_number(below(64), 1);
	put(",\"trace\":\"");
	put_hex(chance());
	put("\"},");
	put_note(begin + size - 20 + below(41));
	put("}\n");
}

static void flush(void)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = write(STDOUT_FILENO, out + done, len - done);
		if (n < 0)
			exit(1); /* nobody reads any more */
		done += (size_t)n;
	}
	len = 0;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, count = 200000, size = 350;
	for (int i = 1; i < argc; i += 2) {
		uint64_t *to = !strcmp(argv[i], "--seed")    ? &seed
			       : !strcmp(argv[i], "--count") ? &count
			       : !strcmp(argv[i], "--size")  ? &size
							     : NULL;
		if (!to || i + 1 == argc || size > MOST / 2) {
			fprintf(stderr, "orders [--seed N] [--count N] [--size BYTES]\n");
			return 2;
		}
		*to = strtoull(argv[i + 1], NULL, 10);
	}
	state = seed;
	for (; count; count--) {
		if (ROOM - len < MOST)
			flush();
		put_order((size_t)size);
	}
	flush();
	return 0;
}
