/*
 * An answer is believed when it is whole and has the shape it must have; anything else, and be it
 * "200 OK" over the page of a proxy, leaves what was there as it is.  So a map that is empty or lacks
 * a name does delete, as a list does (and the engine guards against too much of that), but a server
 * in trouble does not.
 */
#include "agent/source/url_answer.h"

#include "agent/source/listing.h"
#include "agent/source/slurp.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int no_memory(struct flume_err *err)
{
	return flume_fail(err, FLUME_NOMEM, "out of memory");
}

/* ---- a map ---- */

static int hand_on_listing(const struct url_document *d, const struct listing *l,
			   const struct sink *sink)
{
	struct change *changes = calloc(l->n ? l->n : 1, sizeof *changes);
	struct text *places = calloc(l->n ? l->n : 1, sizeof *places);
	bool failed = !changes || !places;
	for (size_t i = 0; !failed && i < l->n; i++) {
		const struct listing_part *part = &l->parts[i];
		text_addf(&places[i], "%s#%s", d->url, part->name);
		failed = places[i].failed;
		changes[i] = (struct change){
			.name = part->name,
			.text = part->text,
			/* One byte too many is what the engine refuses. */
			.len = part->len > URL_SCHEMA_MOST ? URL_SCHEMA_MOST + 1 : part->len,
			.format = part->format,
			.origin = "url",
			.place = places[i].s,
		};
	}
	int code = failed ? FLUME_NOMEM : sink->batch(sink->arg, BATCH_LIST, changes, l->n, 0);
	for (size_t i = 0; places && i < l->n; i++)
		text_fini(&places[i]);
	free(places);
	free(changes);
	return code;
}

static int take_map(struct url_document *d, const struct web_reply *r, const struct sink *sink,
		    struct flume_err *err)
{
	struct listing listing = {0};
	struct flume_err why = {0};
	int code = listing_read(&listing, r->body, r->len, &why);
	if (!code && hand_on_listing(d, &listing, sink))
		code = no_memory(&why);
	if (code == FLUME_SYNTAX)
		flume_fail(err, code, "%s:%s", d->url, why.text);
	else if (code)
		no_memory(err);
	listing_fini(&listing);
	return code;
}

/* ---- a schema ---- */

struct change url_change(const struct url_document *d)
{
	return (struct change){.name = d->name,
			       .text = d->text,
			       .len = d->len,
			       .format = slurp_guess(d->text, d->len),
			       .origin = "url",
			       .place = d->url};
}

static int take_schema(struct url_document *d, const struct web_reply *r,
		       const struct sink *sink, struct flume_err *err)
{
	char *copy = malloc(r->len + 1);
	if (!copy)
		return no_memory(err);
	memcpy(copy, r->body, r->len + 1);
	free(d->text);
	d->text = copy;
	d->len = r->len;
	const struct change change = url_change(d);
	return sink->batch(sink->arg, BATCH_EVENTS, &change, 1, 0) ? no_memory(err) : 0;
}

/* ---- is it one? ---- */

static const char *skip_blank(const char *text)
{
	return text + strspn(text, " \t\r\n");
}

/* NULL: it may be a document. */
static const char *is_no_document(const struct web_reply *r)
{
	const char *start = skip_blank(r->body);
	if (*start == '<' || (r->type && !strncasecmp(r->type, "text/html", 9)))
		return "the answer is a web page, not a document";
	return *start ? NULL : "the answer is empty";
}

static void forget(struct url_document *d)
{
	free(d->etag);
	free(d->modified);
	d->etag = d->modified = NULL;
	*d->digest = '\0';
}

static void remember(struct url_document *d, const struct web_reply *r, const char *digest)
{
	forget(d);
	d->etag = r->etag ? strdup(r->etag) : NULL;
	d->modified = r->modified ? strdup(r->modified) : NULL;
	memcpy(d->digest, digest, sizeof d->digest);
	d->known = true;
}

static int take_document(struct url_document *d, const struct web_reply *r,
			 const struct sink *sink, struct flume_err *err)
{
	struct digest digest;
	char hex[DIGEST_SIZE];
	const char *wrong = is_no_document(r);
	if (wrong)
		return flume_fail(err, FLUME_SYNTAX, "%s: %s", d->url, wrong);
	digest_init(&digest);
	digest_add(&digest, r->body, r->len);
	digest_end(&digest, hex);
	if (strcmp(hex, d->digest) != 0) {
		int code = d->name ? take_schema(d, r, sink, err) : take_map(d, r, sink, err);
		if (code == FLUME_NOMEM)
			forget(d); /* and the whole of it is asked for again */
		if (code)
			return code;
	}
	remember(d, r, hex);
	return 0;
}

int url_take(struct url_document *d, const struct web_reply *r, const struct sink *sink,
	     struct flume_err *err)
{
	if (r->code) {
		*err = r->err;
		return r->code;
	}
	if (r->status == 200)
		return take_document(d, r, sink, err);
	if (r->status == 304 && (d->etag || d->modified))
		return 0;
	return flume_fail(err, FLUME_IO, "%s: answered with status %ld", d->url, r->status);
}

void url_document_fini(struct url_document *d)
{
	forget(d);
	free(d->name);
	free(d->url);
	free(d->text);
}
