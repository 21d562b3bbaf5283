#include "agent/document/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part { /* a text, and the value behind it */
	size_t at, len;
	struct path path; /* no text: none follows */
};

struct template
{
	char *texts; /* the parts' texts, one behind the other, braces undone */
	size_t n;
	struct part parts[];
};

static int refuse(const char *text, const char *at, const char *why, struct flume_err *err)
{
	size_t column = 1;
	for (const char *p = text; p < at; p++)
		column += ((unsigned char)*p & 0xC0) != 0x80;
	return flume_fail(err, FLUME_INVALID, "column %zu: %s", column, why);
}

/* `at` is behind the brace; `*end` will be at the other one. */
static int read_value(struct part *part, const char *text, const char *at, const char **end,
		      struct flume_err *err)
{
	struct flume_err why = {0};
	*end = strchr(at, '}');
	if (!*end)
		return refuse(text, at - 1, "no '}' follows; write '{{' for a brace", err);
	char *path = strndup(at, (size_t)(*end - at));
	if (!path)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int rc = path_compile(&part->path, path, &why);
	if (rc == FLUME_INVALID) {
		char said[200];
		snprintf(said, sizeof said, "'%.40s' is not a path: %.80s", path, why.text);
		rc = refuse(text, at, said, err);
	}
	free(path);
	return rc;
}

static int read_parts(struct template *template, const char *text, size_t most,
		      struct flume_err *err)
{
	char *to = template->texts;
	struct part *part = template->parts;
	for (const char *at = text; *at; at++) {
		bool twice = (*at == '{' || *at == '}') && at[1] == *at;
		if (*at == '}' && !twice)
			return refuse(text, at, "a '}' without '{'; write '}}' for a brace",
				      err);
		if (*at != '{' || twice) {
			*to++ = *at;
			at += twice;
			continue;
		}
		if (template->n == most)
			return refuse(text, at, "too many values", err);
		const char *end = at;
		int rc = read_value(part, text, at + 1, &end, err);
		if (rc || !end)
			return rc;
		at = end;
		template->n++;
		part->len = (size_t)(to - template->texts) - part->at;
		part[1].at = part->at + part->len;
		part++;
	}
	part->len = (size_t)(to - template->texts) - part->at;
	return FLUME_OK;
}

int template_compile(struct template **out, const char *text, struct flume_err *err)
{
	size_t len = strlen(text), most = 0;
	for (const char *p = text; *p && most < TEMPLATE_VALUES; p++)
		most += *p == '{';
	size_t size = sizeof(struct template) + (most + 1) * sizeof(struct part);
	struct template *template = calloc(1, size + len + 1);
	if (!template)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	template->texts = (char *)template + size;
	int rc = read_parts(template, text, most, err);
	if (rc)
		template_free(template);
	else
		*out = template;
	return rc;
}

struct template *template_free(struct template *template)
{
	for (size_t i = 0; template && i < template->n; i++)
		path_fini(&template->parts[i].path);
	free(template);
	return NULL;
}

int template_write(const struct template *template, const struct document *document,
		   const char *missing, struct room *room, struct flume_err *err)
{
	for (size_t i = 0; i <= template->n; i++) {
		const struct part *part = &template->parts[i];
		struct document_view view;
		room_add(room, template->texts + part->at, part->len);
		if (i == template->n)
			break;
		if (document_get(document, &part->path, &view) && view.kind != DOCUMENT_NULL)
			room_add_view(room, document, &part->path, &view);
		else if (missing)
			room_add(room, missing, strlen(missing));
		else
			return flume_fail(err, FLUME_FAILED, "%.200s: missing",
					  part->path.text);
	}
	return FLUME_OK;
}
