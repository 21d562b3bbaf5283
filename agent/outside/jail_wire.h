/* jail_wire.h - inside agent/outside: what the two sides of a jail say to each other. */
#ifndef FLUME_AGENT_OUTSIDE_JAIL_WIRE_H
#define FLUME_AGENT_OUTSIDE_JAIL_WIRE_H

#include <stdint.h>

enum jail_mode {
	JAIL_COMPILE, /* nothing is run                                 */
	JAIL_ONE,     /* more than one result is an outcome of its own  */
	JAIL_FIRST,
	JAIL_COLLECT, /* all of them, in an array                       */
};

enum jail_outcome {
	JAIL_RESULT,  /* JSON follows; nothing after a compile           */
	JAIL_NONE,    /* the program had no result                       */
	JAIL_MANY,    /* more than one                                   */
	JAIL_ERROR,   /* the program's own; its text follows             */
	JAIL_REFUSED, /* it does not compile; why follows                */
	JAIL_UNKNOWN, /* the text of the program is needed: ask again    */
};

struct jail_ask {    /* then the program, then the document */
	uint64_t id; /* of the program */
	uint32_t mode, limit_ms;
	uint32_t program_len, len; /* 0: the jail may have the program from before */
};

struct jail_answer { /* then `len` bytes */
	uint32_t outcome, len;
};

/* A program with this name, and no argument, is a jail; this is all it has. */
#define JAIL_NAME "flume-jq"
#define JAIL_FD   3

#endif
