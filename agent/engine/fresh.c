#include "agent/engine/fresh.h"

void fresh_begin(struct fresh *f, int64_t bound, int64_t now)
{
	*f = (struct fresh){.bound = bound, .proved_at = now};
}

enum fresh_news fresh_prove(struct fresh *f, int64_t now)
{
	bool was_blind = f->blind;
	f->proved_at = now;
	f->blind = false;
	return was_blind ? FRESH_SEES : FRESH_SAME;
}

enum fresh_news fresh_look(struct fresh *f, int64_t now, int64_t *out_wake)
{
	int64_t left = f->bound - (now - f->proved_at);
	*out_wake = f->bound && !f->blind && left > 0 ? now + left : INT64_MAX;
	if (!f->bound || f->blind || left > 0)
		return FRESH_SAME;
	f->blind = true;
	return FRESH_BLIND;
}
