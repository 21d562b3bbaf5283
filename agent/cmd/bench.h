/*
 * bench.h - inside agent/cmd: a factory as the agent has it, and schemas checked in it.
 *
 * Schemas may refer to each other in any order, also in a circle, and still each of them is to
 * blame for its own mistakes only.
 */
#ifndef FLUME_AGENT_CMD_BENCH_H
#define FLUME_AGENT_CMD_BENCH_H

#include "agent/cmd/files.h"
#include "agent/conf/conf.h"

#include <stdio.h>

enum bench_use {
	BENCH_RUN,   /* documents come and go: channels are opened       */
	BENCH_CHECK, /* nothing outside is touched: they are not         */
};

/* With all kinds of documents, those of plug-ins, and the components that the configuration declares.  A/B
 * switches are asked for on the board (which outlives the factory; NULL: there are none).  What is wrong is
 * written to stderr.  0 or an exit code. */
int bench_factory(flume_factory **out, struct switchboard *, const struct conf *,
		  enum bench_use);

/* Whether bench_factory would take it, for who has a factory already: 0, FLUME_REJECTED with findings, or another
 * code with `err` filled.  Nothing is written. */
int bench_look(const struct conf *, flume_report *, struct flume_err *err);

/* Checks every file and stores the good ones in the factory, by name; findings are added to the
 * reports.  0 or an exit code; whether there are findings, bench_findings says. */
int bench_check(flume_factory *, struct files *);
/* Without components: structure only. */
int bench_check_structure(struct files *);
size_t bench_findings(const struct files *);

/* The pipeline of a schema without findings.  What is wrong is written to stderr.  0 or an exit code. */
int bench_build_file(flume_factory *, const struct file *, flume_pipeline **out);
/* The same of the file that was called `path`. */
int bench_build(flume_factory *, const struct files *, const char *path, flume_pipeline **out);

/* Prints all of them: as text, or as one JSON array.  0 or an exit code. */
int bench_print(FILE *, const struct files *, bool json);

#endif
