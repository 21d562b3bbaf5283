/* slurp.h - a small file, read whole, and what its name says. */
#ifndef FLUME_AGENT_SOURCE_SLURP_H
#define FLUME_AGENT_SOURCE_SLURP_H

#include "lib/flume.h"

/* At most `most` bytes, terminated by a NUL that is not counted; free(3).  Returns 0,
 * FLUME_NOT_FOUND, FLUME_INVALID (no regular file: a folder, a pipe), FLUME_IO with errno, or
 * FLUME_NOMEM. */
int slurp(const char *path, size_t most, char **out, size_t *out_len);

/* A token: the file without white space at its end; free(3).  0, FLUME_NOMEM, or FLUME_IO with `err`
 * filled: it cannot be read, is larger than 4 KiB, or holds none. */
int slurp_token(const char *path, char **out, struct flume_err *err);

/* The length of NAME in NAME.yaml, NAME.yml or NAME.json; 0 for hidden and other files, among them
 * NAME.schema.json: a JSON Schema is no pipeline.  `file` is without folders. */
size_t slurp_stem(const char *file, enum flume_format *out_format);

/* The format of a document that has no name to go by: JSON when its first character, after
 * white space, is '{'. */
enum flume_format slurp_guess(const char *text, size_t len);

#endif
