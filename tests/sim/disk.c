#include "tests/sim/disk.h"

#include <stdlib.h>
#include <string.h>

/* ---- bytes ---- */

void blob_share(struct blob **where, struct blob *blob)
{
	if (blob)
		blob->refs++;
	if (*where && !--(*where)->refs)
		free(*where);
	*where = blob;
}

void blob_set(struct blob **where, const char *bytes, size_t len)
{
	struct blob *blob = malloc(sizeof *blob + len + 1);
	if (!blob)
		abort();
	blob->refs = 0;
	blob->len = len;
	if (len)
		memcpy(blob->bytes, bytes, len);
	blob_share(where, blob);
}

/* ---- inodes ---- */

struct inode *inode_new(bool folder)
{
	struct inode *inode = calloc(1, sizeof *inode);
	if (!inode)
		abort();
	inode->folder = folder;
	LIST_INIT(&inode->entries);
	return inode;
}

static void drop_entry(struct entry *entry)
{
	LIST_REMOVE(entry, link);
	inode_hold(&entry->cached, NULL);
	inode_hold(&entry->durable, NULL);
	free(entry);
}

static void drop_moves(struct inode *folder)
{
	for (size_t i = 0; i < folder->moves_len; i++)
		inode_hold(&folder->moves[i].inode, NULL);
	free(folder->moves);
	folder->moves = NULL;
	folder->moves_len = 0;
}

void inode_hold(struct inode **where, struct inode *inode)
{
	struct inode *old = *where;
	if (inode)
		inode->refs++;
	*where = inode;
	if (!old || --old->refs)
		return;
	drop_moves(old);
	while (!LIST_EMPTY(&old->entries))
		drop_entry(LIST_FIRST(&old->entries));
	blob_share(&old->cached, NULL);
	blob_share(&old->durable, NULL);
	free(old);
}

struct entry *disk_entry(struct inode *folder, const char *name, bool make)
{
	struct entry *entry;
	LIST_FOREACH(entry, &folder->entries, link)
	if (!strcmp(entry->name, name))
		return entry;
	if (!make)
		return NULL;
	entry = calloc(1, sizeof *entry);
	if (!entry)
		abort();
	size_t n = strnlen(name, DISK_NAME - 1);
	memcpy(entry->name, name, n);
	LIST_INSERT_HEAD(&folder->entries, entry, link);
	return entry;
}

void disk_move(struct inode *folder, struct entry *set, struct entry *gone, struct inode *inode)
{
	struct move *moves = reallocarray(folder->moves, folder->moves_len + 1, sizeof *moves);
	if (!moves)
		abort();
	folder->moves = moves;
	moves[folder->moves_len] = (struct move){.set = set, .gone = gone};
	inode_hold(&moves[folder->moves_len++].inode, inode);
	if (set)
		inode_hold(&set->cached, inode);
	if (gone)
		inode_hold(&gone->cached, NULL);
}

void disk_sync_moves(struct inode *folder, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct move *m = &folder->moves[i];
		if (m->set)
			inode_hold(&m->set->durable, m->inode);
		if (m->gone)
			inode_hold(&m->gone->durable, NULL);
	}
	for (size_t i = 0; i < n; i++)
		inode_hold(&folder->moves[i].inode, NULL);
	folder->moves_len -= n;
	if (folder->moves_len)
		memmove(folder->moves, folder->moves + n,
			folder->moves_len * sizeof *folder->moves);
}

struct inode *disk_find(struct disk *d, struct inode *folder, const char *name)
{
	const struct inode *at = folder ? folder : d->root;
	struct inode *found = folder ? folder : d->root;
	char part[DISK_NAME];
	while (found && *(name += strspn(name, "/"))) {
		size_t n = strcspn(name, "/");
		if (n >= sizeof part)
			return NULL;
		memcpy(part, name, n);
		part[n] = '\0';
		name += n;
		if (!strcmp(part, "."))
			continue;
		at = found;
		struct entry *entry = at->folder ? disk_entry(found, part, false) : NULL;
		found = entry ? entry->cached : NULL;
	}
	return found;
}

/* ---- life ---- */

void disk_init(struct disk *d)
{
	*d = (struct disk){0};
	inode_hold(&d->root, inode_new(true));
}

void disk_close_all(struct disk *d)
{
	for (size_t i = 0; i < DISK_FILES; i++)
		inode_hold(&d->files[i].inode, NULL);
}

void disk_fini(struct disk *d)
{
	disk_close_all(d);
	inode_hold(&d->root, NULL);
}

/* ---- power ---- */

static void settle_bytes(struct inode *inode, struct chance *c)
{
	size_t len = inode->cached ? inode->cached->len : 0;
	if (inode->cached == inode->durable)
		return;
	switch (chance_below(c, 4)) {
	case 0: /* written in time */
		blob_share(&inode->durable, inode->cached);
		break;
	case 1: /* the length, and none of the bytes: zeros */
		blob_set(&inode->durable, NULL, 0);
		break;
	case 2: /* some of it */
		blob_set(&inode->durable, inode->cached ? inode->cached->bytes : "",
			 (size_t)chance_below(c, len + 1));
		break;
	default: /* as it was */
		break;
	}
	blob_share(&inode->cached, inode->durable);
}

static void settle_folder(struct inode *folder, struct chance *c)
{
	struct entry *next;
	disk_sync_moves(folder, (size_t)chance_below(c, folder->moves_len + 1));
	drop_moves(folder);
	for (struct entry *e = LIST_FIRST(&folder->entries); e; e = next) {
		next = LIST_NEXT(e, link);
		inode_hold(&e->cached, e->durable);
		if (!e->cached)
			drop_entry(e);
		else if (e->cached->folder)
			settle_folder(e->cached, c);
		else
			settle_bytes(e->cached, c);
	}
}

void disk_lose_power(struct disk *d, struct chance *c)
{
	disk_close_all(d);
	settle_folder(d->root, c);
}
