/*
 * engine_fixture.h - an engine on a loop of the test's own, with a factory of documents, a
 * board and a state folder; and the verbs of a store that changes.
 *
 * One site per test: site_case makes a checked fixture of site_open and site_close.  Texts that
 * verbs return live until site_close.
 */
#ifndef FLUME_TESTS_UNIT_ENGINE_FIXTURE_H
#define FLUME_TESTS_UNIT_ENGINE_FIXTURE_H

#include "agent/engine/engine.h"

#include <check.h>
#include <semaphore.h>
#include <stdatomic.h>

extern struct site {
	struct loop *loop;
	flume_factory *factory;
	struct board *board;
	struct engine *engine;
	struct sink sink;                /* of the engine                                    */
	struct sink sides[ENGINE_SIDES]; /* likewise, once they are awaited */
	char state[64];                  /* the folder                                       */
	struct engine_options options;   /* for the next site_start             */

	atomic_bool failing; /* the processor `flip` fails while this is set        */
	atomic_int at_gate;  /* calls in the processor `gate`, which ignores deadlines ... */
	sem_t gate;          /* ... and goes on when this is posted                 */
	atomic_int freed;    /* `gate` was let go, with all that used it            */

	char output[512];     /* of the last site_call */
	struct flume_err err; /* likewise              */

	int answers; /* to site_submit ... */
	enum engine_result result;
	char stage[32], reason[320]; /* ... and the last of them */
	size_t findings;
	uint64_t generation;
	int told; /* how often the status changed */
} site;

void site_open(void);
void site_close(void);
TCase *site_case(Suite *, const char *name);
/* A new engine and factory on the same folder, after an orderly end.  Returns how many run. */
size_t site_restart(void);
/* The same after kill -9: the folder is as it was while the engine ran. */
size_t site_crash(void);
/* The same without the boot, for what has to be done before it. */
void site_stop(void);
size_t site_start(void);
void site_open_engine(void); /* site_start without the boot */
/* A path below the state folder. */
const char *site_path(const char *below);
void site_write(const char *below, const char *text);

/* ---- schemas ---- */

/* Sets made_by to `mark`.  `canary` is the inside of {}, or NULL. */
const char *marking(const char *version, int mark, const char *canary);
/* Runs one processor, or schema, by name. */
const char *running(const char *version, const char *ref, const char *canary);

#define CASE_GETS(mark) \
	"cases: [{name: the mark, input: {id: 1}, expect: {made_by: " #mark "}}]"
#define LONG_PROBATION  "probation: {duration: 1h, min_requests: 4, max_error_rate: 25%}"
#define SHORT_PROBATION "probation: {duration: 150ms, min_requests: 4, max_error_rate: 25%}"

/* ---- the store ---- */

/* An event each; `text` NULL deletes. */
/* Returns what the sink did. */
int site_try_put(const char *name, int64_t revision, const char *text);
void site_put(const char *name, int64_t revision, const char *text);
void site_delete(const char *name, int64_t revision);
/* Puts, and waits until it is proven. */
void site_prove(const char *name, int64_t revision, const char *text);
struct site_key {
	const char *name;
	int64_t revision;
	const char *text;
};
#define LIST(revision, ...)                                         \
	site_list(revision, (const struct site_key[]){__VA_ARGS__}, \
		  sizeof((const struct site_key[]){__VA_ARGS__}) / sizeof(struct site_key))
#define LIST_NOTHING(revision) site_list(revision, NULL, 0)
int site_list(int64_t revision, const struct site_key *keys, size_t n);
/* Deletes `n` in one revision. */
void site_delete_at_once(int64_t revision, const char *const *names, size_t n);
/* With an answer; `text` NULL deletes. */
void site_submit(const char *name, const char *text);
void site_until_answer(void);
void site_note_answer(void *arg, const struct engine_answer *);

/* ---- what stands beside the schemas ---- */

/* The engine hears of all sides from now on; none has listed yet. */
void site_await_sides(void);
/* The same, and each lists nothing. */
void site_open_sides(void);
/* An event; `text` NULL deletes. */
void site_say(enum engine_side, const char *name, int64_t revision, const char *text);
/* A list of one; `name` NULL: of none. */
void site_list_side(enum engine_side, const char *name, int64_t revision, const char *text);

/* ---- what comes of it ---- */

/* Turns the loop, once. */
void site_turn(void);
/* Until the status changes once more. */
void site_until_told(void);
/* What the status says at a path below `schemas` ("a.running.version"), or from the root with a
 * leading dot (".proved_revision"); "-" when there is nothing. */
const char *site_status(const char *path);
void site_says(const char *path, const char *expected);
void site_until(const char *path, const char *expected);
/* The status says something at `path` that contains `part`. */
void site_says_part(const char *path, const char *part);
/* Until the disk's thread has made, or removed, a file below the state folder. */
void site_until_file(const char *below, bool there);
/* A line of the metrics. */
void site_counts(const char *line);
void site_until_counts(const char *line);
bool site_is_ready(void);
bool site_is_settled(void);
const char *site_why(void);

/* Calls the pipeline with {"id": 1}; what came out is in site.output. */
int site_call(const char *name);
void site_call_times(const char *name, int n);
/* The document says who made it. */
void site_made_by(const char *name, int mark);

#endif
