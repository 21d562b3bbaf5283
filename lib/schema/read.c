#include "lib/schema/read.h"

#include <string.h>

int read_block(struct packed *out, size_t before, size_t after, const char *text, size_t len,
	       enum flume_format format, const struct flume_limits *limits,
	       flume_report *report)
{
	struct tree t;
	if (!text && len)
		return FLUME_INVALID;
	text = text ? text : "";
	int rc = tree_init(&t, text, len, limits, report);
	if (!rc && len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) { /* a byte order mark */
		text += 3;
		len -= 3;
	}
	if (!rc)
		rc = format == FLUME_JSON ? read_json(&t, text, len) : read_yaml(&t, text, len);
	if (!rc)
		rc = tree_take(&t, before, after, out);
	tree_fini(&t);
	return rc;
}

int flume_value_parse(flume_value **out, const char *text, size_t len, enum flume_format format,
		      const struct flume_limits *limits, flume_report *report)
{
	struct packed packed;
	int rc = read_block(&packed, 0, 0, text, len, format, limits, report);
	if (!rc)
		*out = packed.block;
	return rc;
}
