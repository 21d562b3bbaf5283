/* pack.h - bodies that go out as gzip, at the speed that costs least. */
#ifndef FLUME_AGENT_SERVE_PACK_H
#define FLUME_AGENT_SERVE_PACK_H

#include <stdbool.h>
#include <stddef.h>

struct bytes;
struct pack; /* one stream after another */

typedef void pack_fn(void *arg, const char *data, size_t len);

/* Does a client with this Accept-Encoding take gzip?  NULL: it did not say. */
bool pack_liked(const char *accept_encoding);

struct pack *pack_new(void); /* NULL when out of memory */
struct pack *pack_free(struct pack *);
/* What comes out goes to `fn`, in pieces.  False when it cannot. */
bool pack_add(struct pack *, const char *data, size_t len, pack_fn *, void *arg);
/* All that was added can be read by the other side then. */
bool pack_flush(struct pack *, pack_fn *, void *arg);
/* The end of the stream; the next one may begin. */
bool pack_end(struct pack *, pack_fn *, void *arg);
/* One body, with a pack that is made when there is none.  False: `out` is as it was. */
bool pack_whole(struct pack **, const char *data, size_t len, struct bytes *out);

#endif
