/*
 * lines.h - bytes as they come, lines as they are complete.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_LINES_H
#define FLUME_AGENT_ETCD_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct etcd_lines { /* all zero is an empty one */
	char *s;
	size_t len, cap;
	size_t start;   /* of what has not been handed out          */
	size_t scanned; /* no newline between `start` and this byte */
};

/* Returns 0, FLUME_NOMEM, or FLUME_LIMITED when more than `most` bytes would wait. */
int etcd_lines_feed(struct etcd_lines *, const char *bytes, size_t n, size_t most);
/* The next whole line, without its newline; lent until the next feed. */
bool etcd_lines_next(struct etcd_lines *, const char **line, size_t *len);
/* Takes what is left: a last line without newline, or a whole body; lent likewise. */
const char *etcd_lines_rest(struct etcd_lines *, size_t *len);
void etcd_lines_fini(struct etcd_lines *);

#endif
