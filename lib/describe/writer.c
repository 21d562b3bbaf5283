#include "lib/describe/writer.h"

#include <inttypes.h>
#include <string.h>

static void add_line(struct writer *w)
{
	text_add_char(&w->text, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		text_add(&w->text, "  ");
}

/* What stands before a member. */
static void begin_member(struct writer *w, const char *key)
{
	if (w->begun)
		text_add(&w->text, w->flat ? ", " : ",");
	if (w->depth && !w->flat)
		add_line(w);
	w->begun = true;
	if (!key)
		return;
	text_add_json(&w->text, key, strlen(key));
	text_add(&w->text, ": ");
}

void writer_open(struct writer *w, const char *key, char bracket)
{
	begin_member(w, key);
	text_add_char(&w->text, bracket);
	w->depth++;
	w->begun = false;
}

void writer_open_flat(struct writer *w, const char *key, char bracket)
{
	writer_open(w, key, bracket);
	if (!w->flat)
		w->flat = w->depth;
}

void writer_close(struct writer *w, char bracket)
{
	bool flat = w->flat;
	if (w->flat == w->depth)
		w->flat = 0;
	w->depth--;
	if (w->begun && !flat)
		add_line(w);
	text_add_char(&w->text, bracket);
	w->begun = true;
}

void writer_text(struct writer *w, const char *key, const char *value)
{
	if (!value)
		return;
	begin_member(w, key);
	text_add_json(&w->text, value, strlen(value));
}

void writer_number(struct writer *w, const char *key, int64_t number)
{
	begin_member(w, key);
	text_addf(&w->text, "%" PRId64, number);
}

void writer_raw(struct writer *w, const char *key, const char *json)
{
	begin_member(w, key);
	text_add(&w->text, json);
}

char *writer_take(struct writer *w)
{
	text_add_char(&w->text, '\n');
	return text_take(&w->text);
}
