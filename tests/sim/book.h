/* book.h - inside the promises: what is known of each node. */
#ifndef FLUME_SIM_BOOK_H
#define FLUME_SIM_BOOK_H

#include "tests/sim/drafts.h"
#include "tests/sim/nodes.h"
#include "tests/sim/store.h"

#include <jansson.h>

struct page_of {      /* one draft on one node */
	bool passed;  /* its canary                                          */
	bool proven;  /* its probation, or there was none                    */
	bool bad;     /* there is a reason to refuse it                      */
	bool rolling; /* just rolled back; the disk may not have it yet      */
	bool rolled_back;
	bool trying;
	unsigned crashes;  /* of the agent while it was under way                 */
	int64_t began_at;  /* to be tried, last                                    */
	int64_t own_at[2]; /* the last two of its own doing; 0: none              */
};

struct book {
	struct page_of drafts[DRAFTS_MOST];
	int64_t revision[NAMES_MOST]; /* the newest that was applied; 0: none ... */
	unsigned resets[NAMES_MOST];  /* ... after so many resets of the store */
	int64_t applied_at[NAMES_MOST], booted_at;
	bool claimed[NAMES_MOST]; /* it said that it has a proven copy     */
	bool confirmed[NAMES_MOST], removed[NAMES_MOST];
	bool leaves[NAMES_MOST]; /* it said that it is to be deleted */
	bool crash_loop[NAMES_MOST];
	int64_t disturbed_at, crashed_at; /* 0: never */
	int64_t forgot_at; /* when its disk or its clock was last not to be trusted */
	unsigned bad_updates;
	const struct draft *watched[NAMES_MOST]; /* on probation; NULL: none */
	const struct draft *serves[NAMES_MOST];  /* as last seen ... */
	int64_t serves_since[NAMES_MOST];        /* ... since when   */
	const struct draft *served[NAMES_MOST];  /* before that      */
	int64_t condemn_by[NAMES_MOST]; /* what fails live has to be gone by then; 0: nothing */
	bool mass_held;
	bool pinned[NAMES_MOST], frozen; /* it said so, since its start                     */
	bool hasty;                      /* ... or that it goes on without knowing of it  */
};

struct book *book_of(const struct node *);
struct page_of *book_page(const struct node *, const struct draft *);

/* What serves there now; NULL: nothing, or none of ours. */
const struct draft *book_serving(struct node *, unsigned name);
/* The status of the node's board, read; NULL when it is down.  json_decref it. */
json_t *book_status(struct node *);
const char *book_text(const json_t *, const char *key, const char *below);
/* Of the store, now; NULL: nothing is wanted. */
const struct draft *book_wanted(unsigned name, int64_t *out_revision);
/* NULL: it was never there. */
const struct key *book_key(unsigned name);

#endif
