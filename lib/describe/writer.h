/* writer.h - inside lib/describe: JSON, member by member, laid out for people. */
#ifndef FLUME_DESCRIBE_WRITER_H
#define FLUME_DESCRIBE_WRITER_H

#include "lib/base/text.h"

struct writer { /* all zero has written nothing; the text knows when memory ran out */
	struct text text;
	unsigned depth; /* of what is open                                           */
	unsigned flat;  /* what is open from this depth on shares a line; 0: nothing */
	bool begun;     /* what is open has a member                                 */
};

/* `key` is NULL in a list, and for the whole.  Each member gets a line of its own, ... */
void writer_open(struct writer *, const char *key, char bracket);
/* ... or all that is inside stands on one line. */
void writer_open_flat(struct writer *, const char *key, char bracket);
void writer_close(struct writer *, char bracket);

/* Nothing for NULL. */
void writer_text(struct writer *, const char *key, const char *value);
void writer_number(struct writer *, const char *key, int64_t);
/* A value as it stands; without a key also whole members: "\"a\": 1, \"b\": 2". */
void writer_raw(struct writer *, const char *key, const char *json);

/* The text, with a line end; NULL when memory ran out. */
char *writer_take(struct writer *);

#endif
