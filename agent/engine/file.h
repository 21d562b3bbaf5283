/*
 * file.h - small files that are whole or not there, whenever the power fails.
 *
 * `folder` is a path.  Names do not begin with a dot: a name with one is a file that was being
 * written.  Codes: FLUME_IO with the reason, FLUME_NOMEM.
 */
#ifndef FLUME_AGENT_ENGINE_FILE_H
#define FLUME_AGENT_ENGINE_FILE_H

#include "lib/flume.h"

#include <stdbool.h>

/* Makes the folder, and those above it, with an fsync of the one above each; fine when it is
 * there. */
int file_make_folder(const char *folder, struct flume_err *err);
/* Replaces the file: a temporary one, fsync, rename, fsync of the folder, which is made when it
 * is gone.  What is not `durable` outlives the process but maybe not a power failure, and costs
 * no fsync. */
int file_write(const char *folder, const char *name, const char *bytes, size_t len,
	       bool durable, struct flume_err *err);
/* All of it, and a NUL behind; free(3).  FLUME_NOT_FOUND, FLUME_LIMITED (larger than `most`).
 */
int file_read(const char *folder, const char *name, size_t most, char **out, size_t *out_len,
	      struct flume_err *err);
/* Fine when it is not there. */
int file_remove(const char *folder, const char *name, bool durable, struct flume_err *err);
/* Sorted names, NULL at the end, one block for free(3).  Removes what was being written when
 * the power failed; what it finds outlives the next failure. */
int file_list(const char *folder, char ***out, struct flume_err *err);

/* ---- many at once ---- */

#define FILE_NAME_MOST 160

struct file_item {
	const char *name;  /* shorter than FILE_NAME_MOST                     */
	const char *bytes; /* NULL: the file is to go, and those before it    */
	size_t len;
	unsigned
		keep; /* how many of those before it stay, as NAME@1 (the last one), NAME@2 ... */
	bool in_place; /* what is there is no good, or the same: it does not become NAME@1 */
};
/* Writes and removes all of them durably, at the cost of about one.  Makes the folder, and says
 * so, when it is gone.  They are done in order: when one fails, `*out_done` before it are done,
 * and the error is of that one.  Killed at any moment, each NAME is what it was, or what it is to
 * be, or gone with NAME@1 being what it was.  Allocates nothing; any thread. */
int file_commit(const char *folder, const struct file_item *, size_t n, size_t *out_done,
		bool *out_made, struct flume_err *err);
/* Can files be made there?  Makes the folder, and says so, when it is gone.  Any thread. */
int file_probe(const char *folder, bool *out_made, struct flume_err *err);

#endif
