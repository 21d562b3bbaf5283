/*
 * notify.h - inside agent/cmd: what a service manager is told (sd_notify's protocol), over the socket that
 * $NOTIFY_SOCKET names.  Without one nothing is told.
 */
#ifndef FLUME_AGENT_CMD_NOTIFY_H
#define FLUME_AGENT_CMD_NOTIFY_H

struct loop;
struct notify;

/* Takes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID out of the environment, for they are for this process
 * alone; so before there are threads.  With a watchdog, it is told twice in its time that the loop goes
 * round.  NULL: there is nobody to tell, or no memory, which is logged. */
struct notify *notify_new(struct loop *);
/* NULL is fine for all of these.  READY=1, `status` (may be NULL) for people; it begins, or goes on after a
 * reload. */
void notify_ready(struct notify *, const char *status);
void notify_reloading(struct notify *);
void notify_stopping(struct notify *);
struct notify *notify_free(struct notify *); /* returns NULL */

#endif
