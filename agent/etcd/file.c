#include "agent/etcd/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct etcd_stamp etcd_file_stamp(const char *path)
{
	struct stat st;
	if (stat(path, &st))
		return (struct etcd_stamp){0};
	return (struct etcd_stamp){
		.device = st.st_dev,
		.inode = st.st_ino,
		.size = (uint64_t)st.st_size,
		.changed_ns = ns(st.st_ctim),
		.modified_ns = ns(st.st_mtim),
	};
}

bool etcd_stamp_same(const struct etcd_stamp *a, const struct etcd_stamp *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->changed_ns == b->changed_ns && a->modified_ns == b->modified_ns;
}

char *etcd_file_wipe(char *text, size_t len)
{
	if (text)
		explicit_bzero(text, len);
	free(text);
	return NULL;
}

/* Returns 0, or an errno. */
static int read_all(int fd, char *text, size_t *len)
{
	size_t at = 0;
	for (;;) {
		ssize_t n = read(fd, text + at, ETCD_FILE_MOST + 1 - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		at += (size_t)n;
		if (at > ETCD_FILE_MOST)
			return EFBIG;
		if (!n)
			break;
	}
	text[at] = '\0';
	*len = at;
	return 0;
}

int etcd_file_read(const char *what, const char *path, char **out, size_t *out_len,
		   struct flume_err *err)
{
	/* Not waiting for a writer, should it be a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return flume_fail(err, FLUME_IO, "%s: '%s': %s", what, path, strerror(errno));
	size_t len = 0;
	char *text = malloc(ETCD_FILE_MOST + 2);
	int bad = text ? read_all(fd, text, &len) : ENOMEM;
	close(fd);
	if (bad) {
		etcd_file_wipe(text, len);
		return flume_fail(err, bad == ENOMEM ? FLUME_NOMEM : FLUME_IO, "%s: '%s': %s",
				  what, path, strerror(bad));
	}
	char *fit = malloc(len + 1);
	if (fit)
		memcpy(fit, text, len + 1);
	etcd_file_wipe(text, len);
	if (!fit)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	*out = fit;
	*out_len = len;
	return 0;
}
