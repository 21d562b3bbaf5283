/* screen.h - inside agent/cmd: the whole of a terminal, for a picture that changes, and its keys. */
#ifndef FLUME_AGENT_CMD_SCREEN_H
#define FLUME_AGENT_CMD_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/* False when stdin and stdout are no terminal.  From then on keys come one by one; signals that end
 * the program are told by screen_key, so that the terminal is itself again afterwards. */
bool screen_open(void);
void screen_close(void); /* also when it is not open */

/* Draws lines from the top, cut where the screen ends. */
void screen_draw(const char *text);

enum { SCREEN_NONE = -1, SCREEN_END = -2 };
/* The next key, SCREEN_NONE after so many seconds, SCREEN_END when the program is to end. */
int screen_key(double seconds);

/* Sleeps; false when the program is to end.  Needs no screen. */
bool screen_sleep(double seconds);
/* SIGINT and SIGTERM end what sleeps, in good order. */
void screen_hear_signals(void);

#endif
