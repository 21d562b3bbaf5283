#include "agent/cmd/table.h"

#include "agent/cmd/clean.h"

#include <stdlib.h>
#include <string.h>

void table_row(struct table *t, const char *const *cells)
{
	if (t->failed)
		return;
	if (t->cap - t->n < t->columns) {
		size_t cap = t->cap ? 2 * t->cap : 16 * t->columns;
		char **grown = realloc(t->cells, cap * sizeof *grown);
		if (!grown) {
			t->failed = true;
			return;
		}
		t->cells = grown;
		t->cap = cap;
	}
	for (size_t i = 0; i < t->columns; i++) {
		t->cells[t->n] = strdup(cells[i] && *cells[i] ? cells[i] : "-");
		if (!t->cells[t->n]) {
			t->failed = true;
			return;
		}
		t->n++;
	}
}

/* Characters, as far as each takes one column. */
static size_t width(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_write(struct text *out, const struct table *t)
{
	size_t widths[TABLE_COLUMNS] = {0};
	out->failed = out->failed || t->failed;
	for (size_t i = 0; i < t->n; i++) {
		size_t w = width(t->cells[i]);
		if (w > widths[i % t->columns])
			widths[i % t->columns] = w;
	}
	for (size_t i = 0; i < t->n; i++) {
		text_add_clean(out, t->cells[i], strlen(t->cells[i]));
		if ((i + 1) % t->columns == 0)
			text_add_char(out, '\n');
		else
			text_addf(out, "%*s",
				  (int)(widths[i % t->columns] - width(t->cells[i]) + 2), "");
	}
}

bool table_print(FILE *out, const struct table *t)
{
	struct text text = {0};
	table_write(&text, t);
	bool good = !text.failed;
	if (good && text.s)
		fputs(text.s, out);
	text_fini(&text);
	return good;
}

void table_fini(struct table *t)
{
	while (t->n)
		free(t->cells[--t->n]);
	free(t->cells);
	*t = (struct table){.columns = t->columns};
}
