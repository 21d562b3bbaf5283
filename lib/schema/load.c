#include "lib/base/report.h"
#include "lib/base/text.h"
#include "lib/schema/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int format_of(const char *path, enum flume_format *out)
{
	const char *name = strrchr(path, '/');
	const char *suffix = strrchr(name ? name : path, '.');
	if (suffix && (!strcmp(suffix, ".yaml") || !strcmp(suffix, ".yml")))
		*out = FLUME_YAML;
	else if (suffix && !strcmp(suffix, ".json"))
		*out = FLUME_JSON;
	else
		return FLUME_INVALID;
	return 0;
}

/* Reads one byte more than allowed and no further: the parser sees that it is too much. */
static int read_some(int fd, size_t most, struct text *out)
{
	char buffer[16384];
	while (out->len <= most) {
		ssize_t n = read(fd, buffer, sizeof buffer);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return FLUME_IO;
		if (n > 0)
			text_add_n(out, buffer, (size_t)n);
		if (out->failed)
			return FLUME_NOMEM;
	}
	return 0;
}

int flume_schema_load(flume_schema **out, const char *path, const struct flume_limits *limits,
		      flume_report *report)
{
	enum flume_format format;
	struct text text = {0};
	char why[128];
	int rc = format_of(path, &format);
	if (rc) {
		report_add_at(report, "io", "", 0, 0, "schemas end in .yaml, .yml or .json",
			      "the name does not tell the format");
		return rc;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? FLUME_IO : read_some(fd, limits_effective(limits).bytes, &text);
	if (rc == FLUME_IO)
		report_add_at(report, "io", "", 0, 0, NULL, "cannot read the file: %s",
			      strerror_r(errno, why, sizeof why));
	if (fd >= 0)
		close(fd);
	if (!rc)
		rc = flume_schema_parse(out, text.s ? text.s : "", text.len, format, limits,
					report);
	text_fini(&text);
	return rc;
}
