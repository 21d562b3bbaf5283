#include "agent/source/slurp.h"

#include "lib/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_MOST 4096

static int read_all(int fd, size_t most, char **out, size_t *out_len)
{
	struct text t = {0};
	char buffer[16384];
	ssize_t n = 1;
	while (n && t.len < most) {
		n = read(fd, buffer, sizeof buffer);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			text_fini(&t);
			return FLUME_IO;
		}
		size_t room = most - t.len;
		text_add_n(&t, buffer, (size_t)n < room ? (size_t)n : room);
		if (t.failed)
			break;
	}
	*out_len = t.len;
	*out = text_take(&t);
	return *out ? 0 : FLUME_NOMEM;
}

int slurp(const char *path, size_t most, char **out, size_t *out_len)
{
	/* Opening must not wait for the other end of a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? FLUME_NOT_FOUND : FLUME_IO;
	struct stat st;
	int code = FLUME_INVALID;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		code = read_all(fd, most, out, out_len);
	int why = errno;
	close(fd);
	errno = why;
	return code;
}

int slurp_token(const char *path, char **out, struct flume_err *err)
{
	char *token = NULL;
	size_t len = 0;
	int code = slurp(path, TOKEN_MOST + 1, &token, &len);
	if (code == FLUME_NOMEM)
		return flume_fail(err, code, "out of memory");
	if (code)
		return flume_fail(err, FLUME_IO, "%s: %s", path,
				  code == FLUME_IO ? strerror(errno) : flume_code_text(code));
	bool fits = len <= TOKEN_MOST;
	while (len && isspace((unsigned char)token[len - 1]))
		token[--len] = '\0';
	if (fits && len && strlen(token) == len && !strpbrk(token, "\r\n")) {
		*out = token;
		return 0;
	}
	free(token);
	if (!fits)
		return flume_fail(err, FLUME_IO, "%s is larger than %d bytes", path,
				  TOKEN_MOST);
	return flume_fail(err, FLUME_IO, "%s holds no token", path);
}

/* NAME.schema.json, which editors find beside the schemas that it is for. */
static bool is_json_schema(const char *file, size_t stem, enum flume_format format)
{
	static const char mark[] = ".schema";
	size_t n = sizeof mark - 1;
	return format == FLUME_JSON && stem >= n && !memcmp(file + stem - n, mark, n);
}

size_t slurp_stem(const char *file, enum flume_format *out_format)
{
	const char *dot = strrchr(file, '.');
	if (!dot || *file == '.')
		return 0;
	*out_format = strcmp(dot, ".json") != 0 ? FLUME_YAML : FLUME_JSON;
	if (*out_format == FLUME_YAML && strcmp(dot, ".yaml") != 0 && strcmp(dot, ".yml") != 0)
		return 0;
	size_t stem = (size_t)(dot - file);
	return is_json_schema(file, stem, *out_format) ? 0 : stem;
}

enum flume_format slurp_guess(const char *text, size_t len)
{
	size_t i = 0;
	while (i < len &&
	       (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n'))
		i++;
	return i < len && text[i] == '{' ? FLUME_JSON : FLUME_YAML;
}
