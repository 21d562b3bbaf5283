#include "agent/fleet/judge.h"

#include <inttypes.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
	return !strcmp(a, b);
}

static bool has_heard(const struct fleet_store *store, const struct fleet_entry *entry)
{
	if (!store->known)
		return true;
	return store->there ? !entry->deleted && entry->wanted.revision == store->revision
			    : entry->deleted;
}

static enum fleet_verdict verdict_of(const struct fleet_entry *entry)
{
	static const char *const over[] = {"rejected", "rolled-back", "held"};
	for (size_t i = 0; i < sizeof over / sizeof *over; i++)
		if (same(entry->state, over[i]))
			return FLEET_ASTRAY;
	if (!same(entry->state, "running") && !same(entry->state, "probation"))
		return FLEET_COMING;
	bool other = *entry->wanted.digest && *entry->running.digest &&
		     !same(entry->wanted.digest, entry->running.digest);
	return other ? FLEET_COMING : FLEET_WELL;
}

bool fleet_judge(struct fleet_judgement *out, struct fleet_store store,
		 const struct fleet_said *said, const struct fleet_entry *entry)
{
	if (!entry && !store.there)
		return false;
	*out = (struct fleet_judgement){FLEET_COMING, "behind", ""};
	if (!entry && said->left_out && said->proved_revision >= store.revision)
		*out = (struct fleet_judgement){FLEET_WELL, "left-out", ""};
	if (!entry || !has_heard(&store, entry))
		return true;
	*out = (struct fleet_judgement){verdict_of(entry), entry->state, entry->reason};
	if (out->verdict == FLEET_WELL && entry->deleted)
		*out = (struct fleet_judgement){FLEET_COMING, "leaving", ""};
	else if (out->verdict == FLEET_WELL && same(entry->reason, "not-in-front"))
		*out = (struct fleet_judgement){FLEET_ASTRAY, "not-in-front", ""};
	return true;
}

/* An error ends with its code, which may be the reason that was said already. */
static void add_error(struct text *t, const char *error, const char *reason)
{
	size_t len = strlen(error), n = strlen(reason) + 3; /* " [reason]" */
	bool ends = *reason && len > n && error[len - 1] == ']' &&
		    !strncmp(error + len - n, " [", 2) &&
		    !strncmp(error + len - n + 2, reason, n - 3);
	text_addf(t, "%.*s", (int)(ends ? len - n : len), error);
}

static void add_finding(struct text *t, const struct fleet_entry *entry, const char *reason)
{
	const struct fleet_finding *f = &entry->finding;
	if (!entry->findings || !f->line) {
		add_error(t, entry->error, reason);
		return;
	}
	text_addf(t, "line %" PRId64 ", column %" PRId64 ": %s", f->line, f->column,
		  f->message);
	if (*f->code && !same(f->code, reason))
		text_addf(t, " [%s]", f->code);
	if (entry->findings > 1)
		text_addf(t, " (and %zu more)", entry->findings - 1);
}

static void add_attempt(struct text *t, const struct fleet_judgement *judgement,
			const struct fleet_entry *entry)
{
	text_add(t, judgement->reason);
	if (!*entry->stage && !*entry->error)
		return;
	text_addf(t, "%s%s%s", *judgement->reason ? ": " : "", entry->stage,
		  *entry->stage && (*entry->error || entry->findings) ? ": " : "");
	add_finding(t, entry, judgement->reason);
}

static void add_behind(struct text *t, const struct fleet_store *store, int64_t proved)
{
	if (store->there)
		text_addf(t, "has not heard of revision %" PRId64, store->revision);
	else
		text_add(t, "has not heard that it was deleted");
	if (proved)
		text_addf(t, "; it had seen all up to %" PRId64 " when it last said so",
			  proved);
}

/* Of what an operator holds, the operator; of a held deletion, the way out; of all else, what was
 * attempted. */
void fleet_why(struct text *t, const struct fleet_judgement *judgement,
	       const struct fleet_entry *entry, struct fleet_store store,
	       int64_t proved_revision)
{
	const char *reason = judgement->reason;
	bool held = same(reason, "pinned") || same(reason, "frozen");
	if (same(judgement->state, "behind"))
		add_behind(t, &store, proved_revision);
	else if (!entry)
		return;
	else if (*entry->why)
		text_add(t, entry->why);
	else if (held && (*entry->held_by || *entry->held_why))
		text_addf(t, "%s by %s: %s", reason,
			  *entry->held_by ? entry->held_by : "nobody said whom",
			  entry->held_why);
	else if (same(reason, "mass-delete"))
		text_addf(t,
			  "%s: 'flume rollback' puts it back, 'flume confirm' carries it out",
			  reason);
	else
		add_attempt(t, judgement, entry);
}
