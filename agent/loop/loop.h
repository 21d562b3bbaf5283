/*
 * loop.h - the one place of the agent that waits.
 *
 * One thread runs the loop; sources, engine and etcd client live on it and need no
 * locks.  Other threads reach it through loop_post alone.  Every callback runs on the
 * loop's thread, must not block, and may add or remove any watch, timer or the like,
 * its own included.
 */
#ifndef FLUME_AGENT_LOOP_H
#define FLUME_AGENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;

/* NULL when the system has no epoll descriptor or memory to give. */
struct loop *loop_new(void);
/* Watches and timers still there are dropped without a call.  Returns NULL. */
struct loop *loop_free(struct loop *);

/* Runs callbacks until loop_stop, then returns. */
void loop_run(struct loop *);
/* Any thread.  loop_run returns after the callback in progress. */
void loop_stop(struct loop *);
/* Runs what is due and waits at most `wait_ms` for more (-1: until something comes): for
 * commands that drive the loop themselves. */
void loop_step(struct loop *, int wait_ms);

/* Monotonic nanoseconds, as of now. */
int64_t loop_now(void);

/* `events` are EPOLLIN and its kin; level-triggered.  The descriptor stays the caller's:
 * remove the watch before closing it.  NULL on failure. */
typedef void loop_fd_fn(int fd, uint32_t events, void *arg);
struct loop_fd *loop_fd_add(struct loop *, int fd, uint32_t events, loop_fd_fn *, void *arg);
int loop_fd_change(struct loop_fd *, uint32_t events);
/* `fd` was opened just now.  A watch that still has this number was for one that has been closed,
 * and is for this one from here on. */
void loop_fd_opened(struct loop *, int fd);
struct loop_fd *loop_fd_remove(struct loop_fd *); /* NULL is fine; returns NULL */

/* A timer is created disarmed, fires once when armed, and can be armed again (from its own
 * callback too).  Arming an armed timer moves it.  NULL when out of memory. */
typedef void loop_timer_fn(void *arg);
struct loop_timer *loop_timer_new(struct loop *, loop_timer_fn *, void *arg);
struct loop_timer *loop_timer_free(struct loop_timer *); /* NULL is fine; returns NULL */
void loop_timer_arm(struct loop_timer *, int64_t in_ns); /* 0: in the next round */
void loop_timer_disarm(struct loop_timer *);

/* Any thread: have `fn(arg)` run on the loop.  Order is kept per posting thread.  Returns 0, or
 * a negative code when out of memory (then `fn` will not run). */
typedef void loop_post_fn(void *arg);
int loop_post(struct loop *, loop_post_fn *, void *arg);

#endif
