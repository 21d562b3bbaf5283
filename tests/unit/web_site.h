/*
 * web_site.h - a web server on the test's own loop: documents with ETags, or whatever bytes a path
 * is told to answer with.
 */
#ifndef FLUME_TESTS_UNIT_WEB_SITE_H
#define FLUME_TESTS_UNIT_WEB_SITE_H

#include "agent/loop/loop.h"

#include <stddef.h>

enum { SITE_PATHS = 16 };

struct web_site {
	struct loop *loop;
	struct loop_fd *listen;
	int fd;
	char url[64]; /* "http://127.0.0.1:PORT", and a path follows */
	struct {
		const char *path; /* NULL: free */
		char *body;       /* 200 with it and its ETag, or 304 ... */
		const char *raw;  /* ... or exactly this; "": no answer  */
	} paths[SITE_PATHS];
	size_t asked, unchanged; /* requests; those that got 304 */
	char last[2048];         /* request: its head            */
};

void web_site_open(struct web_site *, struct loop *);
/* Refuses connections; web_site_return opens the same port again. */
void web_site_leave(struct web_site *);
void web_site_return(struct web_site *);
void web_site_close(struct web_site *); /* before the loop is freed */
/* What is at no path is 404.  The body is copied, the rest is lent. */
void web_site_set(struct web_site *, const char *path, const char *body);
void web_site_answer(struct web_site *, const char *path, const char *raw);

#endif
