#include "agent/cmd/refusals.h"

#include <string.h>

/* What stands before the step, the detail (each with its NUL) and the input. */
struct head {
	uint64_t line;
	int code;
	const char *word; /* a constant */
	size_t step, detail, len;
};

void refusals_keep(struct text *kept, const struct ndjson_refusal *r)
{
	struct head head = {r->line,         r->code,           r->word,
			    strlen(r->step), strlen(r->detail), r->len};
	size_t mark = kept->len;
	text_add_n(kept, (const char *)&head, sizeof head);
	text_add_n(kept, r->step, head.step + 1);
	text_add_n(kept, r->detail, head.detail + 1);
	text_add_n(kept, r->input, head.len);
	if (kept->failed)
		kept->len = mark;
}

void refusals_tell(const struct text *kept, uint64_t before, ndjson_refused_fn *tell, void *arg)
{
	struct head head;
	for (size_t at = 0; at < kept->len; at += head.len) {
		struct ndjson_refusal r;
		memcpy(&head, kept->s + at, sizeof head);
		at += sizeof head;
		r.line = before + head.line;
		r.code = head.code;
		r.word = head.word;
		r.step = kept->s + at;
		at += head.step + 1;
		r.detail = kept->s + at;
		at += head.detail + 1;
		r.input = kept->s + at;
		r.len = head.len;
		tell(arg, &r);
	}
}
