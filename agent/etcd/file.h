/*
 * file.h - a small file of secrets or certificates, and whether it is another one by now.  For
 * this room.
 */
#ifndef FLUME_AGENT_ETCD_FILE_H
#define FLUME_AGENT_ETCD_FILE_H

#include "lib/flume.h"

enum { ETCD_FILE_MOST = 1 << 20 };

struct etcd_stamp { /* all zero: there is no file */
	uint64_t device, inode, size;
	int64_t changed_ns, modified_ns;
};

/* What is there now; all zero when it cannot be seen. */
struct etcd_stamp etcd_file_stamp(const char *path);
bool etcd_stamp_same(const struct etcd_stamp *, const struct etcd_stamp *);

/* Whole and terminated by a NUL that is not counted; etcd_file_wipe it.  `what` begins the text
 * of an error: "the password of etcd".  FLUME_IO, FLUME_NOMEM. */
int etcd_file_read(const char *what, const char *path, char **out, size_t *out_len,
		   struct flume_err *);
/* Overwrites and frees; NULL is fine; returns NULL. */
char *etcd_file_wipe(char *text, size_t len);

#endif
