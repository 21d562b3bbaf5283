/*
 * The fastest level, in a small window: a document has some hundred bytes to some thousand, and a
 * stream of them repeats itself at once.  So a stream costs 40 KiB, not 260.
 */
#include "agent/serve/pack.h"

#include "agent/serve/head.h"
#include "agent/serve/inside.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define LEVEL  1
#define WINDOW 12 /* 2^12 bytes */
#define MEMORY 5
#define GZIP   16 /* added to the window: gzip's frame */

struct pack {
	z_stream z;
	char out[16 << 10];
};

/* A weight of 0 is no. */
static bool weighs(const char *after)
{
	after += strspn(after, " \t");
	if (*after != ';')
		return true;
	after += 1 + strspn(after + 1, " \t");
	if (strncasecmp(after, "q=0", 3) != 0)
		return true;
	after += 3;
	return *after == '.' && strspn(after + 1, "0") != strspn(after + 1, "0123456789");
}

bool pack_liked(const char *list)
{
	while (list && *list) {
		list += strspn(list, " \t,");
		size_t len = strcspn(list, " \t,;");
		if (len == 4 && !strncasecmp(list, "gzip", 4))
			return weighs(list + len);
		list += strcspn(list, ",");
	}
	return false;
}

struct pack *pack_new(void)
{
	struct pack *p = calloc(1, sizeof *p);
	if (p && deflateInit2(&p->z, LEVEL, Z_DEFLATED, WINDOW + GZIP, MEMORY,
			      Z_DEFAULT_STRATEGY) != Z_OK) {
		free(p);
		p = NULL;
	}
	return p;
}

struct pack *pack_free(struct pack *p)
{
	if (p) {
		deflateEnd(&p->z);
		free(p);
	}
	return NULL;
}

static bool run(struct pack *p, const char *data, size_t len, int how, pack_fn *fn, void *arg)
{
	p->z.next_in = (Bytef *)(uintptr_t)data;
	p->z.avail_in = (uInt)len;
	int r;
	do {
		p->z.next_out = (Bytef *)p->out;
		p->z.avail_out = sizeof p->out;
		r = deflate(&p->z, how);
		fn(arg, p->out, sizeof p->out - p->z.avail_out);
	} while (r == Z_OK && !p->z.avail_out);
	return r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR;
}

bool pack_add(struct pack *p, const char *data, size_t len, pack_fn *fn, void *arg)
{
	return run(p, data, len, Z_NO_FLUSH, fn, arg);
}

bool pack_flush(struct pack *p, pack_fn *fn, void *arg)
{
	return run(p, NULL, 0, Z_SYNC_FLUSH, fn, arg);
}

bool pack_end(struct pack *p, pack_fn *fn, void *arg)
{
	return run(p, NULL, 0, Z_FINISH, fn, arg) && deflateReset(&p->z) == Z_OK;
}

struct gathering {
	struct bytes *out;
	bool good;
};

static void gather(void *arg, const char *data, size_t len)
{
	struct gathering *g = arg;
	g->good = g->good && bytes_add(g->out, data, len);
}

bool pack_whole(struct pack **pack, const char *data, size_t len, struct bytes *out)
{
	struct gathering g = {.out = out, .good = true};
	if (!*pack)
		*pack = pack_new();
	if (!*pack)
		return false;
	bool good = pack_add(*pack, data, len, gather, &g) && pack_end(*pack, gather, &g);
	if (good && g.good)
		return true;
	*pack = pack_free(*pack);
	out->len = 0;
	return false;
}
