/*
 * wires.h - connections between nodes and members; it stands in for agent/etcd/post.c and pool.c.
 *
 * Each POST has a connection of its own.  Bytes arrive in order, in pieces that have nothing to do
 * with lines, after a while; where the way is blocked they wait, and after twenty seconds of that
 * the kernel gives up.  A member that is frozen takes connections and says nothing.
 */
#ifndef FLUME_SIM_WIRES_H
#define FLUME_SIM_WIRES_H

#include "tests/sim/members.h"

#include <stdbool.h>
#include <stddef.h>

struct wire;
struct stream;

/* ---- for the gateway, which answers ---- */

struct member *wire_member(const struct wire *);
struct node *wire_node(const struct wire *);
/* The request's. */
const char *wire_path(const struct wire *);
const char *wire_body(const struct wire *);
int64_t wire_deadline(const struct wire *); /* that the request gave the server */

void wire_send(struct wire *, long status, const char *bytes, size_t len);
enum wire_end {
	WIRE_ENDS,   /* as it should      */
	WIRE_BREAKS, /* in the middle     */
	WIRE_REFUSED /* nobody is there   */
};
/* After what was sent.  The wire is the world's own from here on. */
void wire_end(struct wire *, enum wire_end);
/* Not yet: ask again when the member has applied more, or its deadline has come. */
void wire_wait(struct wire *, int64_t at_revision);
int64_t wire_waits_for(const struct wire *);
void wire_set_stream(struct wire *, struct stream *);

/* ---- for whoever does harm ---- */

/* Cuts what a node has with a member; NULL: all of them. */
void wires_cut(struct member *, const struct node *);
void wires_thaw(struct member *);
/* Asks those that wait again. */
void wires_look(struct member *);
void wires_block(unsigned node, unsigned member, bool blocked);
bool wires_is_blocked(unsigned node, unsigned member);
bool wires_are_slow(void);
/* Either of them, anywhere. */
bool wires_blocked(void);
/* How long a piece takes at most; 0: as usual. */
void wires_slow(int64_t most_ns);
void wires_close(void);

#endif
