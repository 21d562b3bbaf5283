#include "tests/sim/promises.h"

#include "agent/log/log.h"
#include "tests/sim/book.h"
#include "tests/sim/members.h"
#include "tests/sim/operators.h"
#include "tests/sim/trace.h"
#include "tests/sim/wires.h"

#include <stdlib.h>
#include <string.h>

#define CRASH_WINDOW (600 * SIM_SECOND)
#define CALM         (75 * SIM_SECOND) /* after which all links stand again    */
#define SOON         (1500 * SIM_MS)   /* from a write to the swap, in calm    */
#define PROBATION    (7 * SIM_SECOND)  /* and a look, and a bit                */
#define ENOUGH       (3 * SIM_SECOND)  /* of calls, to compare with            */

/* ---- canaries ---- */

void promise_tries(struct node *n, const struct draft *d, bool own)
{
	struct page_of *page = book_page(n, d);
	bool twice = page->own_at[0] > book_of(n)->forgot_at &&
		     page->own_at[1] - page->own_at[0] < CRASH_WINDOW;
	page->trying = page->trying || own;
	if (own)
		page->began_at = sim.now;
	if (own && twice)
		promise_broken("what crashed a node twice is not run a third time: %s %s on %s",
			       name_text(d->name), d->version, node_name(n));
}

void promise_passes(struct node *n, const struct draft *d)
{
	book_page(n, d)->passed = true;
}

void promise_fails(struct node *n, const struct draft *d)
{
	book_page(n, d)->bad = true;
	book_page(n, d)->trying = false;
	book_of(n)->bad_updates++;
}

void promise_crashes(struct node *n, const struct draft *d)
{
	struct page_of *page = book_page(n, d);
	bool under_way = d->trait == DRAFT_CRASHES_CANARY || book_of(n)->watched[d->name] == d;
	trace("%s %s makes it crash", name_text(d->name), d->version);
	if (!under_way) {
		book_of(n)->crash_loop[d->name] = true;
		return;
	}
	if (node_disk(n)->full || node_disk(n)->broken ||
	    page->began_at < book_of(n)->forgot_at)
		return; /* it could not be written down */
	page->own_at[0] = page->own_at[1];
	page->own_at[1] = sim.now;
}

/* ---- calls ---- */

void promise_serves(struct node *n, const struct draft *d)
{
	const struct page_of *page = book_page(n, d);
	if (!page->passed && d->trait != DRAFT_WITHOUT_CASES)
		promise_broken("no unproven generation serves: %s %s on %s", name_text(d->name),
			       d->version, node_name(n));
	if (page->rolled_back)
		promise_broken("what was rolled back does not serve again: %s %s on %s",
			       name_text(d->name), d->version, node_name(n));
}

/* ---- what it logs ---- */

static const char *text_of(const struct log_pair *pairs, const char *key)
{
	for (; pairs && pairs->type != LOG_END; pairs++)
		if (pairs->type == LOG_TYPE_STR && !strcmp(pairs->key, key))
			return pairs->text ? pairs->text : "";
	return "";
}

static int64_t number_of(const struct log_pair *pairs, const char *key)
{
	for (; pairs && pairs->type != LOG_END; pairs++)
		if (pairs->type == LOG_TYPE_INT && !strcmp(pairs->key, key))
			return pairs->number;
	return 0;
}

/* ---- what operators said ---- */

/* Pins come in one stream with the schemas, so what was written after one is heard after it. */
static bool is_held(const struct book *book, unsigned name, int64_t revision)
{
	int64_t pinned = cluster.resets ? 0 : operators_pinned(name);
	return book->pinned[name] || book->frozen || (pinned && revision > pinned);
}

/* Where nothing runs, what was there before goes on. */
static void check_held(struct node *n, unsigned name, int64_t revision, bool nothing_ran)
{
	const struct book *book = book_of(n);
	if (is_held(book, name, revision) && !nothing_ran && !book->hasty)
		promise_broken("what is pinned or frozen stays what it is: %s on %s",
			       name_text(name), node_name(n));
}

static void hear_hold(struct node *n, int name, bool on)
{
	if (name >= 0)
		book_of(n)->pinned[name] = on;
	else
		book_of(n)->frozen = on;
}

static void hear_forgotten(struct node *n, unsigned name)
{
	for (unsigned i = 0; i < drafts_count(); i++) {
		struct page_of *page = book_page(n, draft_at(i));
		if (draft_at(i)->name != name)
			continue;
		page->rolled_back = page->rolling = false;
		page->own_at[0] = page->own_at[1] = 0;
	}
}

/* False: it is about something else. */
static bool hear_operator(struct node *n, const char *message, int name)
{
	if (!strcmp(message, "schema pinned") || !strcmp(message, "all schemas frozen"))
		hear_hold(n, name, true);
	else if (!strcmp(message, "schema released") ||
		 !strcmp(message, "all schemas released"))
		hear_hold(n, name, false);
	else if (!strcmp(message, "what failed is forgotten") && name >= 0)
		hear_forgotten(n, (unsigned)name);
	else if (!strcmp(message, "changes go on without what stands beside them in the store"))
		book_of(n)->hasty = true;
	else
		return false;
	return true;
}

/* ---- what they do ---- */

static void hear_applied(struct node *n, const struct draft *d, const struct log_pair *pairs)
{
	struct book *book = book_of(n);
	int64_t revision = number_of(pairs, "revision");
	bool may_not_know = book->resets[d->name] != cluster.resets &&
			    book->booted_at > book->applied_at[d->name];
	if (revision < book->revision[d->name] && !may_not_know)
		promise_broken(
			"no node goes back by itself: %s from revision %lld to %lld on %s",
			name_text(d->name), (long long)book->revision[d->name],
			(long long)revision, node_name(n));
	check_held(n, d->name, revision, !*text_of(pairs, "from"));
	/* One that was under way when the store was reset is of no history any more. */
	book->revision[d->name] = revision > cluster.store.last ? 0 : revision;
	book->resets[d->name] = cluster.resets;
	book->applied_at[d->name] = sim.now;
	book->removed[d->name] = book_page(n, d)->trying = false;
	book->watched[d->name] = *text_of(pairs, "from") ? d : NULL;
	if (!*text_of(pairs, "from"))
		book_page(n, d)->proven = true;
}

static void hear_proven(struct node *n, const struct draft *d)
{
	book_page(n, d)->proven = true;
	book_of(n)->watched[d->name] = NULL;
}

static bool may_be_rolled_back(const struct draft *d)
{
	if (d->trait == DRAFT_FAILS_LIVE)
		return true;
	for (unsigned i = 0; i < drafts_count(); i++) /* the failures of others count too */
		if (draft_at(i)->refers_to >= 0)
			return true;
	return false;
}

static void hear_rolled_back(struct node *n, const struct draft *d)
{
	book_page(n, d)->bad = book_page(n, d)->rolling = true;
	book_of(n)->watched[d->name] = NULL;
	book_of(n)->bad_updates++;
	if (!may_be_rolled_back(d))
		promise_broken("what does well live stays: %s %s on %s", name_text(d->name),
			       d->version, node_name(n));
}

/* Would the store's emptiness take away most of what serves there? */
static bool is_emptied(const struct book *book)
{
	unsigned serving = 0, forgotten = 0;
	for (unsigned i = 0; i < fleet_options()->names; i++) {
		bool here = book->serves[i] && !book->leaves[i] &&
			    sim.now - book->serves_since[i] > SIM_SECOND;
		serving += here;
		forgotten += here && !book_key(i);
	}
	return forgotten >= 3 && forgotten > serving / 2;
}

static void hear_removed(struct node *n, unsigned name)
{
	struct book *book = book_of(n);
	bool agreed = book->confirmed[name] || book_key(name);
	if (!agreed && book->serves[name] && is_emptied(book))
		promise_broken("a store that was emptied empties no node: %s on %s",
			       name_text(name), node_name(n));
	if (book->serves[name])
		check_held(n, name, 0, false);
	book->claimed[name] = false;
	book->removed[name] = true;
	book->serves[name] = NULL;
	book->condemn_by[name] = 0;
}

static void hear_started(struct node *n, unsigned name)
{
	if (book_of(n)->removed[name])
		promise_broken("what was removed does not come back: %s on %s", name_text(name),
			       node_name(n));
}

void promise_heard(struct node *n, const char *message, const struct log_pair *pairs)
{
	struct book *book = book_of(n);
	const struct draft *d = draft_by_digest(text_of(pairs, "digest"));
	int name = name_index(text_of(pairs, "schema"));
	if (hear_operator(n, message, name))
		return;
	if (!strcmp(message, "the store went back: wiped or restored; revisions start anew"))
		memset(book->revision, 0, sizeof book->revision);
	else if (!strcmp(message, "the store has forgotten a revision: wiped or restored") &&
		 name >= 0)
		book->revision[name] = 0;
	else if (!strcmp(message, "schema removed") && name >= 0)
		hear_removed(n, (unsigned)name);
	else if (!strcmp(message, "schema started from disk") && name >= 0)
		hear_started(n, (unsigned)name);
	else if (!strcmp(message, "change held") &&
		 !strcmp(text_of(pairs, "reason"), "mass-delete"))
		book->mass_held = true;
	if (!d)
		return;
	if (!strcmp(message, "schema applied"))
		hear_applied(n, d, pairs);
	else if (!strcmp(message, "schema proven") ||
		 !strcmp(message, "probation inconclusive: the schema stays"))
		hear_proven(n, d);
	else if (!strcmp(message, "schema rolled back"))
		hear_rolled_back(n, d);
	else if (!strcmp(message, "change rejected") || !strcmp(message, "change superseded"))
		book_page(n, d)->trying = false;
}

/* ---- now and then ---- */

/* A draft that fails live, after one that did well for long enough to compare with.  What is kept
 * while another is on probation comes back without one of its own. */
static void begin_to_serve(struct book *book, unsigned name, const struct draft *d)
{
	const struct draft *before = book->serves[name];
	bool compared = before && before->trait != DRAFT_FAILS_LIVE &&
			sim.now - book->serves_since[name] > ENOUGH && before->refers_to < 0;
	bool kept = d == book->served[name] && sim.now - book->serves_since[name] <= PROBATION;
	bool fails = d && d->trait == DRAFT_FAILS_LIVE && d->refers_to < 0 && !kept;
	book->condemn_by[name] =
		compared && fails && fleet_options()->traffic ? sim.now + PROBATION : 0;
	book->served[name] = before;
	book->serves[name] = d;
	book->serves_since[name] = sim.now;
}

void promise_look(struct node *n)
{
	struct book *book = book_of(n);
	bool remembers = !node_disk(n)->full && !node_disk(n)->broken;
	for (unsigned i = 0; i < drafts_count(); i++) {
		book->drafts[i].rolled_back |= book->drafts[i].rolling && remembers;
		book->drafts[i].rolling = false;
	}
	for (unsigned i = 0; i < fleet_options()->names; i++) {
		const struct draft *d = book_serving(n, i);
		if (d != book->serves[i])
			begin_to_serve(book, i, d);
		if (book->condemn_by[i] && sim.now > book->condemn_by[i])
			promise_broken("what fails live is rolled back: %s %s on %s",
				       name_text(i), d->version, node_name(n));
	}
}

/* ---- status ---- */

void promise_status(struct node *n)
{
	json_t *status = book_status(n);
	const json_t *schemas = json_object_get(status, "schemas");
	for (unsigned i = 0; i < fleet_options()->names; i++) {
		const struct draft *d = book_serving(n, i);
		const json_t *schema = json_object_get(schemas, name_text(i));
		const json_t *wanted = json_object_get(schema, "wanted");
		const char *said = book_text(schema, "running", "digest");
		book_of(n)->leaves[i] = json_is_true(json_object_get(wanted, "deleted"));
		if (strcmp(said, d ? d->digest : "") != 0)
			promise_broken("the status says what runs: %s on %s says %.13s, it is "
				       "%.13s",
				       name_text(i), node_name(n), said, d ? d->digest : "-");
	}
	json_decref(status);
}

/* ---- starts and ends ---- */

static void note_claims(struct node *n)
{
	struct book *book = book_of(n);
	json_t *status = book_status(n);
	const json_t *schemas = json_object_get(status, "schemas");
	for (unsigned i = 0; i < fleet_options()->names; i++) {
		const json_t *schema = json_object_get(schemas, name_text(i));
		const json_t *running = json_object_get(schema, "running");
		book->claimed[i] = json_is_true(json_object_get(running, "proven"));
	}
	json_decref(status);
}

static void note_under_way(struct node *n)
{
	struct book *book = book_of(n);
	for (unsigned i = 0; i < drafts_count(); i++) {
		struct page_of *page = &book->drafts[i];
		page->crashes +=
			page->trying || book->watched[draft_at(i)->name] == draft_at(i);
	}
}

void promise_stops(struct node *n, bool orderly)
{
	struct book *book = book_of(n);
	book->disturbed_at = sim.now;
	note_claims(n);
	if (!orderly) {
		book->crashed_at = sim.now;
		note_under_way(n);
	}
	for (unsigned i = 0; i < drafts_count(); i++)
		book->drafts[i].trying = book->drafts[i].rolling = false;
	memset(book->serves, 0, sizeof book->serves);
	memset(book->watched, 0, sizeof book->watched);
	memset(book->condemn_by, 0, sizeof book->condemn_by);
}

void promise_boots(struct node *n)
{
	struct book *book = book_of(n);
	book->booted_at = book->disturbed_at = sim.now;
	book->hasty = book->frozen = false;
	memset(book->pinned, 0, sizeof book->pinned);
}

/* Since the copy was written it may have been deleted, and written anew. */
static bool was_deleted(const struct book *book, unsigned name)
{
	const struct key *key = book_key(name);
	const struct version *v = key ? key_at(key, cluster.store.last) : NULL;
	return !v || v->create_revision > book->revision[name];
}

void promise_booted(struct node *n)
{
	struct book *book = book_of(n);
	for (unsigned i = 0; i < fleet_options()->names; i++) {
		const struct draft *d = book_serving(n, i);
		if (d && !book_page(n, d)->proven)
			promise_broken("only what was proven starts from disk: %s %s on %s",
				       name_text(i), d->version, node_name(n));
		if (!d && book->claimed[i] && !node_disk(n)->broken && !was_deleted(book, i))
			promise_broken("what was proven is there after a restart: %s on %s",
				       name_text(i), node_name(n));
	}
}

/* ---- what befalls them ---- */

void promise_disturbed(struct node *n)
{
	book_of(n)->disturbed_at = sim.now;
}

void promise_disk_trouble(struct node *n)
{
	struct book *book = book_of(n);
	book->disturbed_at = book->forgot_at = sim.now;
	memset(book->removed, 0, sizeof book->removed);
	for (unsigned i = 0; i < drafts_count(); i++)
		book->drafts[i].rolled_back = book->drafts[i].rolling = false;
}

void promise_disk_lost(struct node *n)
{
	promise_disk_trouble(n);
	memset(book_of(n)->claimed, 0, sizeof book_of(n)->claimed);
	memset(book_of(n)->revision, 0, sizeof book_of(n)->revision);
}

void promise_clock_jumped(struct node *n)
{
	book_of(n)->forgot_at = sim.now;
}

void promise_confirmed(struct node *n, unsigned name)
{
	book_of(n)->confirmed[name] = true;
}

bool promise_crash_loop(unsigned name)
{
	for (unsigned i = 0; i < fleet_options()->nodes; i++)
		if (book_of(node_at(i))->crash_loop[name])
			return true;
	return false;
}

/* ---- nobody waits for a bad document ---- */

static int64_t written_at[DRAFTS_MOST]; /* last */

static bool is_free(const struct draft *d)
{
	bool good = d->trait == DRAFT_GOOD || d->trait == DRAFT_SLOW ||
		    d->trait == DRAFT_WITHOUT_CASES;
	for (unsigned i = 0; i < drafts_count(); i++) /* nor has its name users */
		if (draft_at(i)->refers_to == (int)d->name)
			return false;
	return good && d->refers_to < 0 && !d->reuses;
}

/* A member that serves, within reach. */
static bool is_served(const struct node *n)
{
	for (unsigned i = 0; i < cluster.n; i++)
		if (member_has_leader(cluster_member(i)) && !cluster_member(i)->lag_ns &&
		    !wires_is_blocked(node_index(n), i))
			return !cluster.no_space && !cluster.refuses;
	return false;
}

/* What is wrong has been so for a while, and there is a way round it. */
static bool is_calm(const struct node *n, int64_t since)
{
	const struct book *book = book_of(n);
	bool crashed_lately = book->crashed_at && sim.now - book->crashed_at < CRASH_WINDOW;
	return node_is_up(n) && book->disturbed_at < since && cluster.changed_at < since &&
	       !crashed_lately && is_served(n) && !wires_are_slow() &&
	       book->bad_updates < fleet_options()->breaker_failures;
}

static int64_t patience(void)
{
	return SOON + fleet_options()->poll_ns * 11 / 10;
}

static void check_written(void *arg)
{
	const struct draft *d = draft_at((unsigned)(uintptr_t)arg);
	int64_t revision, began = sim.now - patience() - CALM;
	bool again = sim.now - written_at[d->number] < patience();
	if (again || book_wanted(d->name, &revision) != d || fleet_options()->deny_downgrade ||
	    operators_pinned(d->name) || operators_frozen())
		return;
	for (unsigned i = 0; i < fleet_options()->nodes; i++) {
		struct node *n = node_at(i);
		if (is_calm(n, began) && book_serving(n, d->name) != d)
			promise_broken("a good document waits for nobody: %s %s on %s",
				       name_text(d->name), d->version, node_name(n));
	}
}

void promise_written(const struct draft *d)
{
	written_at[d->number] = sim.now;
	if (is_free(d))
		sim_after(patience(), check_written, (void *)(uintptr_t)d->number);
}
