/*
 * The key is the value's text as the document writes it, so that 1.0 and 1 are two users, and "1" and
 * 1 are one.  An empty text is what programs write for somebody who is not known; as a key it would
 * put all of them into one variant.
 */
#include "agent/document/number.h"
#include "agent/split/inside.h"

#include <string.h>

#define PURPOSE "switch"

const char *ab_why_text(enum ab_why why)
{
	static const char *const texts[] = {
		[AB_WEIGHT] = "weight",     [AB_OVERRIDE] = "override",
		[AB_DISABLED] = "disabled", [AB_ELSEWHERE] = "elsewhere",
		[AB_NO_KEY] = "no-key",
	};
	return (unsigned)why < AB_WHYS ? texts[why] : "unknown";
}

uint64_t ab_hash(const struct ab_switch *sw, const char *key, size_t len)
{
	return split_hash(PURPOSE, sw->salt, key, len);
}

static const struct override *find(const struct ab_switch *sw, uint64_t hash, const char *key,
				   size_t len)
{
	size_t mask = sw->places - 1;
	for (size_t at = hash & mask; sw->overrides[at].key; at = (at + 1) & mask) {
		const struct override *o = &sw->overrides[at];
		if (o->hash == hash && o->len == len && !memcmp(o->key, key, len))
			return o;
	}
	return NULL;
}

/* Before a key is looked at. */
static bool is_default(const struct ab_switch *sw, bool applies, struct ab_choice *out)
{
	out->variant = sw->fallback;
	out->hash = 0;
	out->why = !sw->enabled ? AB_DISABLED : !applies ? AB_ELSEWHERE : AB_NO_KEY;
	return out->why != AB_NO_KEY;
}

static struct ab_choice choose(const struct ab_switch *sw, const char *key, size_t len)
{
	struct ab_choice choice = {.hash = ab_hash(sw, key, len)};
	const struct override *o = sw->places ? find(sw, choice.hash, key, len) : NULL;
	if (o) {
		choice.variant = o->variant;
		choice.why = AB_OVERRIDE;
	} else {
		choice.variant =
			sw->racers[race_run(sw->racers, sw->n_racers, choice.hash)].variant;
	}
	return choice;
}

struct ab_choice ab_choose_key(const struct ab_switch *sw, bool applies, const char *key,
			       size_t len)
{
	struct ab_choice choice;
	if (is_default(sw, applies, &choice))
		return choice;
	if (!sw->by.text)
		return (struct ab_choice){.variant = sw->racers[0].variant};
	return len ? choose(sw, key, len) : choice;
}

struct ab_choice ab_choose(const struct ab_switch *sw, bool applies,
			   const struct document *document)
{
	char made[NUMBER_TEXT];
	struct document_view view;
	const char *key = made;
	size_t len = 0;
	if (sw->enabled && applies && sw->by.text && document_get(document, &sw->by, &view)) {
		if (view.kind == DOCUMENT_TEXT) {
			key = view.text;
			len = view.len;
		} else if (view.number) {
			key = view.number;
			len = view.number_len;
		} else {
			len = document_view_text(&view, made, sizeof made);
		}
	}
	return ab_choose_key(sw, applies, key, len);
}
