/*
 * A tree that was read becomes a document: one block, as large as it has to be.  What the tree
 * held more than that, for it could not know how much would come, is given back with it.
 */
#include "lib/schema/tree.h"

#include <stdlib.h>

struct packing {
	flume_value *values; /* the root is the first */
	size_t next;         /* bytes from there to where a text may lie */
};

static int32_t distance(const flume_value *from, const void *to)
{
	return (int32_t)((const char *)to - (const char *)from);
}

static char *place_word(struct packing *p, struct word *word)
{
	char *document = (char *)p->values;
	if (!word->at) {
		word->at = (uint32_t)p->next;
		memcpy(document + p->next, word->text, (size_t)word->size + 1);
		p->next += (size_t)word->size + 1;
	}
	return document + word->at;
}

static void place(struct packing *p, flume_value *out, const struct draft *draft)
{
	*out = draft->value;
	if (draft->value.type != FLUME_LIST && draft->value.type != FLUME_MAP)
		out->below = distance(out, place_word(p, draft->word));
	else if (draft->settled)
		out->below = distance(out, p->values + draft->settled->at);
}

static void place_all(struct packing *p, const struct settled *settled)
{
	flume_value *out = p->values + settled->at;
	for (size_t i = 0; i < settled->n; i++)
		place(p, &out[i], &settled->drafts[i]);
	if (settled->keys)
		memcpy(out + settled->n, settled->drafts + settled->n,
		       settled->keys * sizeof(uint32_t));
}

/* Limits keep documents below what a distance can tell; who knows of what they are made, though.
 */
int tree_pack(const struct tree *t, size_t before, size_t after, struct packed *out)
{
	size_t size = t->own_values * sizeof(flume_value) + t->own_bytes;
	char *block = size > INT32_MAX ? NULL : malloc(before + size + after);
	if (!block)
		return FLUME_NOMEM;
	struct packing p = {(flume_value *)(block + before),
			    t->own_values * sizeof(flume_value)};
	place(&p, p.values, &t->root);
	for (const struct settled *it = t->settled; it; it = it->older)
		place_all(&p, it);
	*out = (struct packed){block, before + size, t->maps, t->members};
	return 0;
}
