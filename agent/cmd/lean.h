/* lean.h - inside agent/cmd: giving back what only the start needed. */
#ifndef FLUME_AGENT_CMD_LEAN_H
#define FLUME_AGENT_CMD_LEAN_H

/* Before threads start: few arenas of the heap, however many threads come and go. */
void lean_heap(void);
/* Lets go of the pages of code; those that are needed come back from the page cache. */
void lean_code(void);

#endif
