/* bench_switches.h - inside agent/cmd: the switches among files, and whether they fit the schemas. */
#ifndef FLUME_AGENT_CMD_BENCH_SWITCHES_H
#define FLUME_AGENT_CMD_BENCH_SWITCHES_H

#include "agent/cmd/files.h"

/* Findings are added to the reports.  0 or FLUME_NOMEM. */
int bench_read_switches(struct files *);
/* The same, looks at what schemas and switches expect of each other, and puts the good ones on the board. */
int bench_switches(struct files *);
/* Says on stderr which decide nothing; after it. */
void bench_tell_unasked(struct files *);

#endif
