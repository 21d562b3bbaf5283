/*
 * disk.h - the disk of one node, as far as agent/engine/file.c uses one: what was written is there
 * for whoever reads it, and what was not synced may be gone, or half there, after a power failure.
 *
 * The system's calls of the product end here (see disk_calls.c), so the order of its write, fsync
 * and rename is on trial too.
 */
#ifndef FLUME_SIM_DISK_H
#define FLUME_SIM_DISK_H

#include "tests/sim/sim.h"

#include <sys/queue.h>

#define DISK_NAME  200
#define DISK_FILES 64 /* open at once */

struct blob { /* of bytes; shared, and never changed */
	size_t refs, len;
	char bytes[];
};

struct move { /* one change of a folder, all of it or nothing: a name is set, another is gone */
	struct entry *set, *gone; /* either may be NULL */
	struct inode *inode;
};

struct inode {
	unsigned refs; /* entries, moves and descriptors */
	bool folder;
	struct blob *cached, *durable; /* NULL: empty */
	LIST_HEAD(, entry) entries;    /* of a folder ... */
	struct move *moves;            /* ... and what is not synced of it, in order */
	size_t moves_len;
};

struct entry { /* a name in a folder: what it is now, and after a power failure */
	char name[DISK_NAME];
	struct inode *cached, *durable; /* NULL: not there */
	LIST_ENTRY(entry) link;
};

struct open_file {
	struct inode *inode; /* NULL: free */
	size_t at;
	struct entry *next; /* of readdir */
	bool writes;
};

struct disk {
	struct inode *root;
	struct open_file files[DISK_FILES];
	bool full;         /* nothing can be written */
	bool broken;       /* nothing at all works   */
	uint64_t calls;    /* that change something  */
	uint64_t crash_at; /* the node dies at this call; 0: no */
};

void disk_init(struct disk *);
void disk_fini(struct disk *);
/* The process is gone, and its descriptors with it. */
void disk_close_all(struct disk *);
/* What was not synced is there, or not, or half. */
void disk_lose_power(struct disk *, struct chance *);

struct inode *disk_find(struct disk *, struct inode *folder, const char *name);
struct entry *disk_entry(struct inode *folder, const char *name, bool make);
struct inode *inode_new(bool folder);
void inode_hold(struct inode **where, struct inode *);
/* `inode` NULL: a name is gone, and that is all. */
void disk_move(struct inode *folder, struct entry *set, struct entry *gone, struct inode *);
/* The first `n` of its moves will outlive a power failure. */
void disk_sync_moves(struct inode *folder, size_t n);
void blob_set(struct blob **where, const char *bytes, size_t len);
void blob_share(struct blob **where, struct blob *);

#endif
