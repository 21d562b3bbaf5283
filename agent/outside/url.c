#include "agent/outside/url.h"

#include <stdlib.h>
#include <string.h>

#define PARTS 32

struct part {
	const char *text; /* as it is, then ... */
	size_t len;
	bool has_place;
	struct path place; /* ... a value       */
};

struct url {
	char *text;
	struct part parts[PARTS];
	size_t n;
};

struct url *url_free(struct url *u)
{
	for (size_t i = 0; u && i < u->n; i++)
		if (u->parts[i].has_place)
			path_fini(&u->parts[i].place);
	if (u)
		free(u->text);
	free(u);
	return NULL;
}

/* Behind "http://host:port"; the end when nothing is there. */
static const char *behind_host(const char *text)
{
	const char *host = strstr(text, "://");
	host = host ? host + 3 : text;
	return host + strcspn(host, "/?#");
}

static int refuse(const struct url *u, const char *at, const char *why, struct flume_err *err)
{
	return flume_fail(err, FLUME_INVALID, "column %zu: %s", (size_t)(at - u->text) + 1,
			  why);
}

/* The path between the braces at `open`, which are made ends of text. */
static int add_place(struct url *u, char *open, char *close, struct flume_err *err)
{
	struct flume_err why = {0};
	struct part *part = &u->parts[u->n - 1];
	*close = '\0';
	int rc = path_compile(&part->place, open + 1, &why);
	part->has_place = !rc;
	if (rc == FLUME_INVALID)
		return refuse(u, open + 1, why.text, err);
	return rc;
}

int url_compile(struct url **out, const char *text, struct flume_err *err)
{
	struct url *u = calloc(1, sizeof *u);
	if (!u || !(u->text = strdup(text))) {
		free(u);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	const char *allowed = behind_host(u->text);
	int rc = FLUME_OK;
	char *at = u->text;
	while (!rc && (*at || !u->n)) {
		char *open = at + strcspn(at, "{}"), *close = strchr(open, '}');
		if (u->n == PARTS) {
			rc = refuse(u, at, "more than 31 places", err);
			break;
		}
		u->parts[u->n++] = (struct part){.text = at, .len = (size_t)(open - at)};
		if (!*open)
			break;
		if (*open == '}' || !close) {
			rc = refuse(u, open, "a brace without its other", err);
			break;
		}
		at = close + 1;
		if (open < allowed || !*allowed)
			rc = refuse(u, open, "no value of a document may name the host", err);
		else
			rc = add_place(u, open, close, err);
	}
	if (rc) {
		url_free(u);
		return rc;
	}
	*out = u;
	return FLUME_OK;
}

static void add_encoded(struct text *out, const char *s, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		    (c && strchr("-._~", c))) {
			text_add_char(out, (char)c);
		} else {
			text_add_char(out, '%');
			text_add_char(out, hex[c >> 4]);
			text_add_char(out, hex[c & 15]);
		}
	}
}

static int add_value(const struct part *part, const struct document *document, struct text *out,
		     struct flume_err *err)
{
	char scratch[256];
	struct document_view view;
	if (!document_get(document, &part->place, &view))
		return flume_fail(err, FLUME_FAILED, "%s: missing", part->place.text);
	const char *text = view.kind == DOCUMENT_TEXT ? view.text : scratch;
	size_t len = view.kind == DOCUMENT_TEXT
			     ? view.len
			     : document_view_text(&view, scratch, sizeof scratch);
	if (!len || (text == scratch && len >= sizeof scratch))
		return flume_fail(err, FLUME_FAILED, "%s: %s cannot be part of a URL",
				  part->place.text,
				  view.kind == DOCUMENT_TEXT ? "an empty text"
							     : document_kind_text(view.kind));
	if ((len == 1 && text[0] == '.') || (len == 2 && text[0] == '.' && text[1] == '.'))
		return flume_fail(err, FLUME_FAILED, "%s: '%.2s' would lead elsewhere",
				  part->place.text, text);
	add_encoded(out, text, len);
	return FLUME_OK;
}

int url_write(const struct url *u, const struct document *document, struct text *out,
	      struct flume_err *err)
{
	for (size_t i = 0; i < u->n; i++) {
		const struct part *part = &u->parts[i];
		text_add_n(out, part->text, part->len);
		int rc = part->has_place ? add_value(part, document, out, err) : FLUME_OK;
		if (rc)
			return rc;
	}
	return out->failed ? flume_fail(err, FLUME_NOMEM, "out of memory") : FLUME_OK;
}
