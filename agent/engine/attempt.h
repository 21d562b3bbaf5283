/* attempt.h - the last change that was tried, what became of it, and how the status tells it. */
#ifndef FLUME_AGENT_ENGINE_ATTEMPT_H
#define FLUME_AGENT_ENGINE_ATTEMPT_H

#include "agent/engine/facts.h"
#include "lib/base/text.h"

struct attempt { /* all zero is none */
	struct facts facts;
	char stage[12];
	char *error;          /* NULL: nothing went wrong          */
	flume_report *report; /* findings; NULL: none              */
	int64_t at;           /* seconds since 1970; 0: no attempt */
};

struct attempt_detail {
	size_t findings; /* at most */
	size_t text;     /* bytes of an error, at most; 0: attempts are not told at all */
};

/* Takes error and report; both may be NULL.  Facts without a digest are no attempt. */
void attempt_set(struct attempt *, const struct facts *, const char *stage, char *error,
		 flume_report *);
void attempt_fini(struct attempt *);
/* The member `attempted`. */
void attempt_write(const struct attempt *, struct text *, const struct attempt_detail *);
/* The member `wanted`: these, or to be gone since their revision. */
void wanted_write(const struct facts *, bool leaving, struct text *);
/* Members of a version. */
void facts_write(const struct facts *, struct text *);

/* "place:line:col: text [code]" of the first finding; NULL when out of memory. */
char *first_finding(const flume_report *, const char *place, const char *otherwise);

#endif
