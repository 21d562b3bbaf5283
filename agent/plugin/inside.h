/* inside.h - what the files of this room share. */
#ifndef FLUME_AGENT_PLUGIN_INSIDE_H
#define FLUME_AGENT_PLUGIN_INSIDE_H

#include "agent/plugin/flume-plugin.h"

/* What plug-ins are given. */
extern const struct flume_host plugin_host, plugin_host_checking;

struct loaded {
	struct loaded *next;
	const struct flume_plugin *is;
	struct flume_maker *rows; /* its own, with their origin */
	char *path;
	void *handle;
	int copy;         /* what it was loaded from; -1: from its file */
	bool touched;     /* its `start` has run; it stays from then on */
	int result;       /* of that */
	char origin[160]; /* "plug-in luhn 1.0.0" */
};

/* Loads and checks; nothing of it has been called then, but for what the loader itself calls.  0,
 * or a negative code with `err` filled: "is not a file", to be read behind the path. */
int plugin_load(const char *path, struct loaded **out, struct flume_err *err);
void plugin_unload(struct loaded *);

/* Is what a plug-in says of itself in order?  0 or FLUME_INVALID. */
int plugin_check(const struct flume_plugin *, struct flume_err *err);

/* May code be taken from this file?  Its descriptor; or FLUME_INVALID, FLUME_NOT_FOUND or FLUME_IO. */
int plugin_file_open(const char *path, struct flume_err *err);
/* A descriptor of a copy in memory; -1: there can be none, or it has to be loaded from its place. */
int plugin_copy(int fd, const char *path);

#define ELF_HEAD 64 /* bytes; enough for the header of any machine */

/* Do the first `n` bytes of a file begin a shared object for this machine?  0 or FLUME_INVALID. */
int plugin_elf_check(const unsigned char *head, size_t n, struct flume_err *err);
/* Is all that is to be loaded of it there?  The loader does not ask, and crashes.  0, FLUME_INVALID or
 * FLUME_IO. */
int plugin_elf_check_whole(int fd, struct flume_err *err);

#endif
