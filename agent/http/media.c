#include "agent/http/media.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct media {
	const char *name;
	enum flume_format format;
	bool main; /* what we answer with, so what a wildcard stands for */
	bool read_only;
} medias[] = {
	{"application/yaml", FLUME_YAML, true, false},
	{"application/json", FLUME_JSON, true, false},
	{"application/x-yaml", FLUME_YAML, false, false},
	{"text/yaml", FLUME_YAML, false, false},
	{"text/plain", FLUME_YAML, false, true},
};
#define MEDIAS (sizeof medias / sizeof *medias)

static const char space[] = " \t";

static bool is(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && !strncasecmp(word, name, len);
}

bool media_type(const char *content_type, enum flume_format *out)
{
	const char *type = content_type ? content_type : "";
	type += strspn(type, space);
	size_t len = strcspn(type, "; \t");
	if (!len) {
		*out = FLUME_YAML;
		return true;
	}
	for (size_t i = 0; i < MEDIAS; i++) {
		if (is(type, len, medias[i].name)) {
			*out = medias[i].format;
			return true;
		}
	}
	return false;
}

/* ---- Accept ---- */

struct liking {
	int exact;  /* 3: named, 2: of "application", 1: anything, 0: not mentioned */
	int weight; /* thousandths */
};

static int fit(const struct media *media, const char *range, size_t len)
{
	if (is(range, len, media->name))
		return media->read_only ? 0 : 3;
	if (!media->main)
		return 0;
	return is(range, len, "application/*") ? 2 : is(range, len, "*/*") ? 1 : 0;
}

/* "0.75" is 750; -1 for what is none. */
static int weight(const char *s, size_t len)
{
	if (!len || (s[0] != '0' && s[0] != '1') || len > 5 || (len > 1 && s[1] != '.'))
		return -1;
	int value = (s[0] - '0') * 1000;
	for (size_t i = 2, unit = 100; i < len; i++, unit /= 10) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value += (s[i] - '0') * (int)unit;
	}
	return value > 1000 ? -1 : value;
}

/* Of ";charset=utf-8;q=0.5": 1000 when it does not say. */
static int find_weight(const char *s, size_t len)
{
	const char *end = s + len;
	while (s < end) {
		s += strspn(s, "; \t");
		size_t n = strcspn(s, ";,");
		if (n >= 2 && (s[0] == 'q' || s[0] == 'Q') && s[1] == '=') {
			size_t trailing = n;
			while (strchr(space, s[trailing - 1]))
				trailing--;
			return weight(s + 2, trailing - 2);
		}
		s += n;
	}
	return 1000;
}

bool media_accept(const char *accept, enum flume_format *out)
{
	struct liking liked[2] = {{0, 0}, {0, 0}}; /* by format */
	if (!accept || !accept[strspn(accept, " \t,")])
		accept = "*/*";
	while (*accept) {
		accept += strspn(accept, " \t,");
		size_t element = strcspn(accept, ",");
		size_t range = strcspn(accept, ",; \t");
		int w = find_weight(accept + range, element - range);
		for (size_t i = 0; i < MEDIAS && w >= 0; i++) {
			struct liking *l = &liked[medias[i].format];
			int exact = fit(&medias[i], accept, range);
			if (exact && (exact > l->exact || (exact == l->exact && w > l->weight)))
				*l = (struct liking){exact, w};
		}
		accept += element;
	}
	const struct liking *yaml = &liked[FLUME_YAML], *json = &liked[FLUME_JSON];
	if (json->weight > yaml->weight ||
	    (json->weight == yaml->weight && json->exact > yaml->exact))
		*out = FLUME_JSON;
	else
		*out = FLUME_YAML;
	return yaml->weight || json->weight;
}
