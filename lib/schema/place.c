/* Where a check stands.  Nothing is written out until there is a finding to tell of. */
#include "lib/schema/fields.h"

#include <stdlib.h>
#include <string.h>

void place_init(struct place *place, const char *root)
{
	place->steps = place->few;
	place->cap = sizeof place->few / sizeof *place->few;
	place->few[0] = (struct place_step){.key = root};
	place->n = 1;
	place->failed = false;
	place->text = (struct text){0};
}

void place_fini(struct place *place)
{
	if (place->steps != place->few)
		free(place->steps);
	place->steps = place->few;
	place->n = 0;
	if (place->text.s)
		text_fini(&place->text);
}

static void write_step(struct text *text, const struct place_step *step)
{
	if (step->key) {
		text_add(text, text->len ? "." : "");
		text_add(text, step->key);
	} else {
		text_addf(text, "[%zu]%s", step->index, step->label ? step->label : "");
	}
}

const char *place_text(struct place *place)
{
	place->text.len = 0;
	for (size_t i = 0; i < place->n && i < place->cap; i++)
		write_step(&place->text, &place->steps[i]);
	place->failed |= place->text.failed;
	return place->text.failed || !place->text.len ? "" : place->text.s;
}

bool place_grow(struct place *place)
{
	bool own = place->steps == place->few;
	struct place_step *more =
		reallocarray(own ? NULL : place->steps, 2 * place->cap, sizeof *more);
	if (!more) {
		place->failed = true;
		return false;
	}
	if (own)
		memcpy(more, place->few, sizeof place->few);
	place->steps = more;
	place->cap *= 2;
	return true;
}
