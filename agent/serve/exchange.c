/* The request's side of an exchange, and who works on it. */
#include "agent/serve/inside.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FREE_MOST 64 /* kept for the next ones */

/* ---- life ---- */

struct exchange *exchange_take(struct reactor *r)
{
	struct exchange *x = SLIST_FIRST(&r->free);
	if (!x)
		return calloc(1, sizeof *x + r->serve->handler.size);
	SLIST_REMOVE_HEAD(&r->free, free);
	r->frees--;
	return x;
}

static void drop(struct reactor *r, struct exchange *x)
{
	if (r->serve->handler.drop)
		r->serve->handler.drop(x->own);
	free(x->trailers.s);
	free(x);
}

void exchange_give(struct reactor *r, struct exchange *x)
{
	x->conn = NULL;
	if (r->frees == FREE_MOST) {
		drop(r, x);
		return;
	}
	SLIST_INSERT_HEAD(&r->free, x, free);
	r->frees++;
}

void exchange_drop_free(struct reactor *r)
{
	struct exchange *x;
	while ((x = SLIST_FIRST(&r->free))) {
		SLIST_REMOVE_HEAD(&r->free, free);
		drop(r, x);
	}
	r->frees = 0;
}

void exchange_reset(struct exchange *x)
{
	x->begun = x->bad = x->pieces = x->tells = x->read = x->wrong = false;
	x->paused = x->end_told = x->continued = false;
	x->most = x->conn->reactor->serve->options.max_body;
	x->left = x->received = 0;
	x->chunk = (struct chunk){0};
	x->data = x->data_end = x->raw = 0;
	x->part = ANSWER_NONE;
	x->status = 0;
	x->bodiless = x->framed = x->compress = false;
	x->trailers.len = 0;
	x->parked = x->gone_told = false;
}

/* ---- whose it is ---- */

void *exchange_arg(const struct exchange *x)
{
	return x->conn->reactor->serve->handler.arg;
}

void *exchange_own(struct exchange *x)
{
	return x->own;
}

unsigned exchange_thread(const struct exchange *x)
{
	return x->conn->reactor->number;
}

bool exchange_is_local(const struct exchange *x)
{
	return x->conn->local;
}

static void write_address(const struct sockaddr_storage *from, char *out, size_t size)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
	bool is_v6 = from->ss_family == AF_INET6;
	bool mapped = is_v6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
	const void *address = mapped  ? (const void *)&v6->sin6_addr.s6_addr[12]
			      : is_v6 ? (const void *)&v6->sin6_addr
				      : (const void *)&v4->sin_addr;
	if (!inet_ntop(is_v6 && !mapped ? AF_INET6 : AF_INET, address, out, (socklen_t)size))
		*out = '\0';
}

void exchange_peer(const struct exchange *x, char *out, size_t size)
{
	struct sockaddr_storage from = {0};
	struct ucred who = {0};
	socklen_t len = x->conn->local ? sizeof who : sizeof from;
	*out = '\0';
	if (x->conn->local) {
		if (!getsockopt(x->conn->fd, SOL_SOCKET, SO_PEERCRED, &who, &len))
			snprintf(out, size, "uid %lu", (unsigned long)who.uid);
	} else if (!getpeername(x->conn->fd, (struct sockaddr *)&from, &len)) {
		write_address(&from, out, size);
	}
}

/* ---- the head ---- */

const char *exchange_method(const struct exchange *x)
{
	return x->bad ? "" : in_base(x->conn) + x->head.method;
}

const char *exchange_path(const struct exchange *x)
{
	return x->bad ? "" : in_base(x->conn) + x->head.path;
}

bool exchange_query(const struct exchange *x, const char *name, char *value, size_t size)
{
	return x->head.query && head_query(in_base(x->conn) + x->head.query, name, value, size);
}

static const char *field_from(const struct exchange *x, const char *name, unsigned from)
{
	const char *base = in_base(x->conn);
	unsigned i = head_find(&x->head, base, name, strlen(name), from);
	return i < x->head.fields_len ? base + x->head.fields[i].value : NULL;
}

const char *exchange_header(const struct exchange *x, const char *name)
{
	return field_from(x, name, 0);
}

const char *exchange_next_header(const struct exchange *x, const char *name, const char *before)
{
	const char *base = in_base(x->conn);
	unsigned i = 0;
	while (i < x->head.fields_len && base + x->head.fields[i].value <= before)
		i++;
	return field_from(x, name, i);
}

/* ---- the body ---- */

void exchange_take_pieces(struct exchange *x)
{
	x->pieces = true;
}

void exchange_moved(struct exchange *x)
{
	x->tells = true;
	x->moved = x->conn->reactor->now;
}

void exchange_limit_body(struct exchange *x, size_t most)
{
	x->most = most;
}

const char *exchange_body(const struct exchange *x, size_t *out_len)
{
	*out_len = x->data_end - x->data;
	return *out_len ? in_base(x->conn) + x->data : "";
}

void exchange_resume(struct exchange *x)
{
	x->paused = false;
}

/* ---- others ---- */

void exchange_park(struct exchange *x)
{
	in_fix(x->conn);
	x->parked = true;
}

void exchange_wake(struct exchange *x)
{
	struct reactor *r = x->conn->reactor;
	pthread_mutex_lock(&r->lock);
	if (!atomic_load(&x->waking)) {
		atomic_store(&x->waking, true);
		STAILQ_INSERT_TAIL(&r->woken, x, wake);
		reactor_call(r);
	}
	pthread_mutex_unlock(&r->lock);
}
