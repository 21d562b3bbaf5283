/*
 * The system's calls on files, as the product makes them (the linker brings them here by --wrap),
 * on the disk of the node whose code runs.  Where none runs they are the system's own.
 *
 * Before each call that changes something the node may die: what came before it has happened, and
 * all the rest has not.  Nobody can be taken off the stack, so a node that died goes on, its calls
 * fail, and nothing of what it does then counts; it is buried as soon as it returns.
 */
#include "tests/sim/disk.h"
#include "tests/sim/nodes.h"
#include "tests/sim/trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST 2000000 /* descriptors of ours */

int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int at, const char *name, int flags, ...);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_renameat(int from_at, const char *from, int to_at, const char *to);
int __wrap_unlinkat(int at, const char *name, int flags);
int __wrap_fsync(int fd);
int __wrap_syncfs(int fd);
int __wrap_close(int fd);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
ssize_t __wrap_read(int fd, void *bytes, size_t n);
DIR *__wrap_opendir(const char *path);
struct dirent *__wrap_readdir(DIR *stream);
int __wrap_closedir(DIR *stream);
int __wrap_dirfd(DIR *stream);

int __real_close(int fd);
ssize_t __real_write(int fd, const void *bytes, size_t n);
ssize_t __real_read(int fd, void *bytes, size_t n);

static int fail(int why)
{
	errno = why;
	return -1;
}

/* May the disk be changed?  errno says why not. */
static bool may_change(struct disk *d, bool needs_room)
{
	d->calls++;
	if (d->crash_at && d->calls >= d->crash_at) {
		d->crash_at = 0;
		trace("dies at a call to the disk");
		node_doom(sim.node, DOOM_CRASH);
	}
	if (node_is_dead(sim.node) || d->broken)
		errno = EIO;
	else if (d->full && needs_room)
		errno = ENOSPC;
	else
		return true;
	return false;
}

static struct open_file *file_of(int fd)
{
	struct disk *d = sim.node ? node_disk(sim.node) : NULL;
	size_t i = (size_t)(fd - FIRST);
	if (!d || fd < FIRST || i >= DISK_FILES || !d->files[i].inode)
		return NULL;
	return &d->files[i];
}

static int give_fd(struct disk *d, struct inode *inode, bool writes)
{
	for (size_t i = 0; i < DISK_FILES; i++) {
		struct open_file *f = &d->files[i];
		if (f->inode)
			continue;
		*f = (struct open_file){.writes = writes};
		inode_hold(&f->inode, inode);
		return FIRST + (int)i;
	}
	return fail(EMFILE);
}

/* ---- opening ---- */

static int open_in(struct disk *d, struct inode *folder, const char *name, int flags)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	struct inode *inode = disk_find(d, folder, name);
	if (d->broken)
		return fail(EIO);
	if (!inode && !(flags & O_CREAT))
		return fail(ENOENT);
	if (inode && (flags & O_DIRECTORY) && !inode->folder)
		return fail(ENOTDIR);
	if (writes && !may_change(d, !inode))
		return -1;
	if (!inode) {
		inode = inode_new(false);
		disk_move(folder, disk_entry(folder, name, true), NULL, inode);
	}
	if (flags & O_TRUNC)
		blob_share(&inode->cached, NULL);
	return give_fd(d, inode, writes);
}

int __wrap_open(const char *path, int flags, ...)
{
	return open_in(node_disk(sim.node), NULL, path, flags);
}

int __wrap_openat(int at, const char *name, int flags, ...)
{
	struct open_file *folder = file_of(at);
	return folder ? open_in(node_disk(sim.node), folder->inode, name, flags) : fail(EBADF);
}

int __wrap_close(int fd)
{
	struct open_file *f = file_of(fd);
	if (!f)
		return fd < FIRST ? __real_close(fd) : fail(EBADF);
	inode_hold(&f->inode, NULL);
	return 0;
}

/* ---- bytes ---- */

/* A write may take less than it is given. */
ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
	struct open_file *f = file_of(fd);
	if (!f)
		return fd < FIRST ? __real_write(fd, bytes, n) : fail(EBADF);
	struct disk *d = node_disk(sim.node);
	if (!may_change(d, true))
		return -1;
	if (n > 1 && chance_in(&sim.faults, 4))
		n = 1 + (size_t)chance_below(&sim.faults, n);
	const struct blob *old = f->inode->cached;
	size_t have = old ? old->len : 0;
	char *all = malloc(f->at + n + 1);
	if (!all)
		abort();
	memset(all, 0, f->at);
	if (have)
		memcpy(all, old->bytes, have < f->at ? have : f->at);
	memcpy(all + f->at, bytes, n);
	f->at += n;
	blob_set(&f->inode->cached, all, f->at);
	free(all);
	return (ssize_t)n;
}

ssize_t __wrap_read(int fd, void *bytes, size_t n)
{
	struct open_file *f = file_of(fd);
	if (!f)
		return fd < FIRST ? __real_read(fd, bytes, n) : fail(EBADF);
	if (node_disk(sim.node)->broken)
		return fail(EIO);
	const struct blob *blob = f->inode->cached;
	size_t left = blob && blob->len > f->at ? blob->len - f->at : 0;
	n = left < n ? left : n;
	if (n)
		memcpy(bytes, blob->bytes + f->at, n);
	f->at += n;
	return (ssize_t)n;
}

int __wrap_fsync(int fd)
{
	struct open_file *f = file_of(fd);
	if (!f)
		return fail(EBADF);
	if (!may_change(node_disk(sim.node), false))
		return -1;
	if (f->inode->folder)
		disk_sync_moves(f->inode, f->inode->moves_len);
	else
		blob_share(&f->inode->durable, f->inode->cached);
	return 0;
}

static void sync_below(struct inode *folder)
{
	struct entry *e;
	LIST_FOREACH(e, &folder->entries, link)
	{
		if (!e->cached)
			continue;
		if (e->cached->folder)
			sync_below(e->cached);
		else
			blob_share(&e->cached->durable, e->cached->cached);
	}
	disk_sync_moves(folder, folder->moves_len);
}

int __wrap_syncfs(int fd)
{
	if (!file_of(fd))
		return fail(EBADF);
	if (!may_change(node_disk(sim.node), false))
		return -1;
	sync_below(node_disk(sim.node)->root);
	return 0;
}

/* ---- names ---- */

int __wrap_mkdir(const char *path, mode_t mode)
{
	struct disk *d = node_disk(sim.node);
	char above[DISK_NAME];
	const char *slash = strrchr(path, '/');
	(void)mode;
	if (!slash || (size_t)(slash - path) >= sizeof above)
		return fail(ENOENT);
	memcpy(above, path, (size_t)(slash - path));
	above[slash - path] = '\0';
	struct inode *folder = disk_find(d, NULL, above);
	if (!folder)
		return fail(ENOENT);
	if (disk_find(d, folder, slash + 1))
		return fail(EEXIST);
	if (!may_change(d, true))
		return -1;
	disk_move(folder, disk_entry(folder, slash + 1, true), NULL, inode_new(true));
	return 0;
}

int __wrap_renameat(int from_at, const char *from, int to_at, const char *to)
{
	struct open_file *folder = file_of(from_at);
	if (!folder || from_at != to_at)
		return fail(EBADF);
	struct entry *old = disk_entry(folder->inode, from, false);
	if (!may_change(node_disk(sim.node), false))
		return -1;
	if (!old || !old->cached)
		return fail(ENOENT);
	disk_move(folder->inode, disk_entry(folder->inode, to, true), old, old->cached);
	return 0;
}

int __wrap_unlinkat(int at, const char *name, int flags)
{
	struct open_file *folder = file_of(at);
	(void)flags;
	if (!folder)
		return fail(EBADF);
	struct entry *entry = disk_entry(folder->inode, name, false);
	if (!entry || !entry->cached)
		return fail(ENOENT);
	if (!may_change(node_disk(sim.node), false))
		return -1;
	disk_move(folder->inode, NULL, entry, NULL);
	return 0;
}

/* ---- listing: a stream is an open file, handed out as a pointer that nobody looks into ---- */

static struct dirent found;

DIR *__wrap_opendir(const char *path)
{
	int fd = __wrap_open(path, O_RDONLY | O_DIRECTORY);
	struct open_file *f = file_of(fd);
	if (!f)
		return NULL;
	f->next = LIST_FIRST(&f->inode->entries);
	return (DIR *)(void *)f;
}

struct dirent *__wrap_readdir(DIR *stream)
{
	struct open_file *f = (struct open_file *)(void *)stream;
	while (f->next && !f->next->cached)
		f->next = LIST_NEXT(f->next, link);
	if (!f->next)
		return NULL;
	memcpy(found.d_name, f->next->name, sizeof f->next->name);
	f->next = LIST_NEXT(f->next, link);
	return &found;
}

int __wrap_closedir(DIR *stream)
{
	struct open_file *f = (struct open_file *)(void *)stream;
	inode_hold(&f->inode, NULL);
	return 0;
}

int __wrap_dirfd(DIR *stream)
{
	struct open_file *f = (struct open_file *)(void *)stream;
	return FIRST + (int)(f - node_disk(sim.node)->files);
}
