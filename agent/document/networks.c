#include "agent/document/networks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t big_endian(const unsigned char *bytes, size_t n)
{
	uint64_t value = 0;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

bool address_read(const char *text, size_t len, struct address *out)
{
	char copy[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	if (!len || len >= sizeof copy || memchr(text, 0, len))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, bytes) == 1) {
		*out = (struct address){.low = big_endian(bytes, 4), .is_v4 = true};
		return true;
	}
	if (inet_pton(AF_INET6, copy, bytes) != 1)
		return false;
	*out = (struct address){.high = big_endian(bytes, 8), .low = big_endian(bytes + 8, 8)};
	if (!out->high && out->low >> 32 == 0xFFFF) {
		out->low &= 0xFFFFFFFF;
		out->is_v4 = true;
	}
	return true;
}

/* The bits behind a prefix, of one half of an address. */
static uint64_t behind(unsigned bits)
{
	return bits >= 64 ? 0 : UINT64_MAX >> bits;
}

static int refuse_bits(const struct address *address, unsigned prefix, struct flume_err *err)
{
	char text[INET6_ADDRSTRLEN] = "";
	unsigned char bytes[16];
	for (int i = 0; i < 8; i++) {
		bytes[i] = (unsigned char)(address->high >> (56 - 8 * i));
		bytes[8 + i] = (unsigned char)(address->low >> (56 - 8 * i));
	}
	if (address->is_v4)
		inet_ntop(AF_INET, bytes + 12, text, sizeof text);
	else
		inet_ntop(AF_INET6, bytes, text, sizeof text);
	return flume_fail(err, FLUME_INVALID,
			  "bits are set behind the prefix; did you mean %s/%u?", text, prefix);
}

static int set_prefix(struct network *out, const struct address *address, unsigned prefix,
		      struct flume_err *err)
{
	uint64_t high = address->is_v4 ? 0 : behind(prefix);
	uint64_t low = address->is_v4 ? behind(prefix + 32)
		       : prefix > 64  ? behind(prefix - 64)
				      : UINT64_MAX;
	struct network network = {*address, *address};
	network.first.high &= ~high;
	network.first.low &= ~low;
	network.last.high |= high;
	network.last.low |= low;
	if (network.first.high != address->high || network.first.low != address->low)
		return refuse_bits(&network.first, prefix, err);
	*out = network;
	return FLUME_OK;
}

int network_read(const char *text, struct network *out, struct flume_err *err)
{
	size_t len = strcspn(text, "/");
	struct address address;
	if (!address_read(text, len, &address))
		return flume_fail(err, FLUME_INVALID, "'%.64s' is not an address", text);
	bool mapped = address.is_v4 && memchr(text, ':', len);
	unsigned most = address.is_v4 && !mapped ? 32 : 128, prefix = most;
	const char *digits = text + len;
	if (*digits) {
		size_t n = strspn(++digits, "0123456789");
		prefix = n && n <= 3 && !digits[n] ? (unsigned)strtoul(digits, NULL, 10)
						   : most + 1;
		if (prefix > most || (n > 1 && *digits == '0') || (mapped && prefix < 96))
			return flume_fail(err, FLUME_INVALID,
					  "'%.64s': expected a prefix of %d to %u bits", text,
					  mapped ? 96 : 0, most);
	}
	return set_prefix(out, &address, mapped ? prefix - 96 : prefix, err);
}

static int compare(const struct address *a, const struct address *b)
{
	if (a->is_v4 != b->is_v4)
		return a->is_v4 ? -1 : 1;
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return (a->low > b->low) - (a->low < b->low);
}

static int compare_first(const void *a, const void *b)
{
	const struct network *left = a, *right = b;
	int order = compare(&left->first, &right->first);
	return order ? order : compare(&right->last, &left->last);
}

/* Blocks lie within each other or apart, never half and half. */
size_t networks_join(struct network *networks, size_t n)
{
	size_t kept = 0;
	qsort(networks, n, sizeof *networks, compare_first);
	for (size_t i = 0; i < n; i++)
		if (!kept || compare(&networks[i].first, &networks[kept - 1].last) > 0)
			networks[kept++] = networks[i];
	return kept;
}

bool networks_have(const struct network *networks, size_t n, const struct address *address)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare(&networks[middle].first, address) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && compare(address, &networks[low - 1].last) <= 0;
}
