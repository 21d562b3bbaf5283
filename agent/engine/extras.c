/*
 * Extra cases in force.  A document that is broken is said loudly, in the log and in the status,
 * and the last good one goes on counting: neither does a slip of one person let everything through,
 * nor does it stop the others' work.  The good ones are kept on disk, so that a node which starts
 * without its store is as strict as it was.
 */
#include "agent/engine/inside.h"

#include "agent/engine/canary.h"
#include "agent/engine/extra.h"
#include "agent/engine/file.h"
#include "agent/engine/proven.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER    "canaries"
#define FILE_MOST ((size_t)16 << 20)
#define AT_ONCE   64
#define BYTES     ((size_t)4 << 20) /* no more are begun beyond it */

flume_schema *extras_of(const struct engine *e, const char *name)
{
	const struct extras *cases = map_get(&e->sides.all[ENGINE_CASES].said, name);
	return cases ? cases->good : NULL;
}

void extras_digest(const struct engine *e, flume_change *change, char out[DIGEST_SIZE])
{
	struct digest d;
	const char *id;
	digest_init(&d);
	for (size_t i = 0; (id = flume_change_get_id(change, i)); i++) {
		const flume_schema *cases = extras_of(e, id);
		const char *digest = cases ? flume_schema_get_digest(cases) : "none";
		digest_add(&d, id, strlen(id) + 1);
		digest_add(&d, digest, strlen(digest) + 1);
	}
	digest_end(&d, out);
}

void extras_free(struct extras *cases)
{
	if (!cases)
		return;
	flume_schema_unref(cases->good);
	free(cases->error);
	free(cases);
}

void extras_fini(struct side *side)
{
	for (size_t i = 0; i < side->said.len; i++)
		extras_free(side->said.entries[i].thing);
}

/* What waits for the schema of that name may get on with other cases, or not. */
static void have_moved(struct engine *e, const char *name)
{
	e->sides.moved++;
	engine_stir(e, name);
}

void extras_lost(struct engine *e)
{
	struct side *side = &e->sides.all[ENGINE_CASES];
	for (size_t i = 0; i < side->said.len; i++) {
		struct extras *cases = side->said.entries[i].thing;
		cases->unsaved |= cases->good != NULL;
	}
}

static void save_soon(struct engine *e)
{
	if (!e->options.state_dir)
		return;
	e->sides.save_at = 1;
	engine_wake(e, 0);
}

static struct extras *find(struct side *side, const char *name)
{
	struct extras *cases = map_get(&side->said, name);
	if (cases)
		return cases;
	cases = calloc(1, sizeof *cases);
	if (cases && map_add(&side->said, name, cases)) {
		free(cases);
		return NULL;
	}
	return cases;
}

static void take_good(struct side *side, struct extras *cases, const struct change *c,
		      flume_schema *good)
{
	bool same = cases->good && !strcmp(flume_schema_get_digest(cases->good),
					   flume_schema_get_digest(good));
	flume_schema_unref(cases->good);
	cases->good = good;
	cases->facts = facts_of(good, c->revision, c->origin);
	free(cases->error);
	cases->error = NULL;
	if (same)
		return;
	log_event(LOG_INFO, "extra cases in force", LOG_STR("schema", c->name),
		  LOG_INT("cases", canary_size(good)), LOG_STR("digest", cases->facts.digest),
		  LOG_INT("revision", c->revision), LOG_STR("origin", c->origin));
	cases->unsaved = true;
	save_soon(side->engine);
	have_moved(side->engine, c->name);
}

/* Takes the error.  FLUME_NOMEM when there is none to be had: it has to come again. */
static int take_broken(struct extras *cases, const struct change *c, char *error)
{
	struct facts facts = facts_of(NULL, c->revision, c->origin);
	facts_digest_bytes(facts.digest, c->text, c->len);
	bool known = cases->error && !strcmp(cases->broken.digest, facts.digest);
	if (!error)
		return FLUME_NOMEM;
	free(cases->error);
	cases->error = error;
	cases->broken = facts;
	if (!known)
		log_event(LOG_ERROR, "extra cases are broken", LOG_STR("schema", c->name),
			  LOG_INT("revision", c->revision), LOG_STR("error", error),
			  LOG_STR("in_force", cases->good ? cases->facts.digest : "none"));
	return 0;
}

int extras_take(struct side *side, const struct change *c)
{
	struct extras *cases = find(side, c->name);
	flume_report *report = flume_report_new();
	flume_schema *good = NULL;
	int rc = cases && report ? extra_read(&good, c->text, c->len, c->format, report)
				 : FLUME_NOMEM;
	if (!rc)
		take_good(side, cases, c, good);
	else if (rc != FLUME_NOMEM)
		rc = take_broken(cases, c,
				 first_finding(report, c->place ? c->place : "", "broken"));
	flume_report_free(report);
	return rc == FLUME_NOMEM ? rc : 0;
}

void extras_drop(struct side *side, const char *name)
{
	struct engine *e = side->engine;
	struct extras *cases = map_get(&side->said, name);
	if (!cases || (!cases->good && !cases->error))
		return; /* or only its file is left */
	log_event(LOG_INFO, "extra cases removed", LOG_STR("schema", name),
		  LOG_STR("digest", cases->facts.digest));
	/* An empty one is a file to be removed. */
	flume_schema_unref(cases->good);
	free(cases->error);
	*cases = (struct extras){.unsaved = true};
	have_moved(e, name);
	if (!e->options.state_dir)
		extras_free(map_remove(&side->said, name));
	else
		save_soon(e);
}

/* ---- the folder ---- */

static char *folder_of(const struct engine *e)
{
	struct text t = {0};
	text_addf(&t, "%s/" FOLDER, e->options.state_dir);
	return text_take(&t);
}

static char *encode(const char *name, const struct extras *cases, size_t *out_len)
{
	struct proven p = {.name = name,
			   .facts = cases->facts,
			   .format = FLUME_JSON,
			   .proven = true,
			   .at = stamp_now()};
	p.text = flume_schema_get_text(cases->good, &p.len);
	return proven_encode(&p, out_len);
}

struct writing { /* of a few: together they cost about as much as one */
	struct file_item items[AT_ONCE];
	struct extras *cases[AT_ONCE];
	size_t n, bytes;
};

/* 0 or FLUME_NOMEM. */
static int gather(struct side *side, struct writing *w)
{
	for (size_t i = 0; i < side->said.len && w->n < AT_ONCE && w->bytes < BYTES; i++) {
		struct extras *cases = side->said.entries[i].thing;
		struct file_item *item = &w->items[w->n];
		if (!cases->unsaved)
			continue;
		*item = (struct file_item){.name = side->said.entries[i].name};
		if (cases->good && !(item->bytes = encode(item->name, cases, &item->len)))
			return FLUME_NOMEM;
		w->bytes += item->len;
		w->cases[w->n++] = cases;
	}
	return 0;
}

static int write_some(struct side *side, const char *folder, struct flume_err *err)
{
	struct writing w = {.n = 0};
	size_t done = 0;
	bool made;
	int rc = gather(side, &w);
	if (rc)
		flume_fail(err, rc, "out of memory");
	else if (w.n)
		rc = file_commit(folder, w.items, w.n, &done, &made, err);
	for (size_t i = 0; i < w.n; i++) {
		free((void *)(uintptr_t)w.items[i].bytes);
		if (i < done)
			w.cases[i]->unsaved = false;
	}
	return rc;
}

/* Those of which nothing is left but the file that was removed. */
static void forget_removed(struct side *side)
{
	for (size_t i = side->said.len; i > 0; i--) {
		const struct extras *cases = side->said.entries[i - 1].thing;
		if (!cases->unsaved && !cases->good && !cases->error)
			extras_free(map_remove(&side->said, side->said.entries[i - 1].name));
	}
}

bool extras_save(struct engine *e)
{
	struct flume_err err = {0};
	struct side *side = &e->sides.all[ENGINE_CASES];
	char *folder = folder_of(e);
	int rc = folder ? write_some(side, folder, &err)
			: flume_fail(&err, FLUME_NOMEM, "out of memory");
	free(folder);
	forget_removed(side);
	if (rc)
		memory_trouble(e, "extra cases could not be written", &err);
	return !rc;
}

bool extras_are_saved(const struct engine *e)
{
	const struct side *side = &e->sides.all[ENGINE_CASES];
	for (size_t i = 0; i < side->said.len; i++)
		if (((const struct extras *)side->said.entries[i].thing)->unsaved)
			return false;
	return true;
}

/* ---- at the start ---- */

static const char *parse(const struct proven *p, flume_schema **out)
{
	int rc = flume_schema_parse(out, p->text, p->len, p->format, NULL, NULL);
	if (rc)
		return flume_code_text(rc);
	const flume_value *canary = flume_schema_get_canary(*out);
	rc = canary ? flume_canary_check(canary, NULL) : FLUME_REJECTED;
	if (!rc && !strcmp(flume_schema_get_digest(*out), p->facts.digest))
		return NULL;
	*out = flume_schema_unref(*out);
	return rc ? "there are no cases in it" : "its digest is another one";
}

static const char *load(struct side *side, const char *folder, const char *name,
			struct flume_err *err)
{
	struct proven p = {0};
	flume_schema *good;
	char *bytes;
	size_t len;
	if (!source_name_good(name))
		return "not a name for a schema";
	if (file_read(folder, name, FILE_MOST, &bytes, &len, err))
		return err->text;
	const char *why =
		proven_decode(&p, name, bytes, len, err) ? err->text : parse(&p, &good);
	free(bytes);
	struct extras *cases = why ? NULL : find(side, name);
	if (!why && !cases)
		flume_schema_unref(good);
	if (!cases)
		return why ? why : "out of memory";
	cases->good = good;
	cases->facts = p.facts;
	return NULL;
}

void extras_boot(struct engine *e)
{
	struct flume_err err = {0};
	char **names = NULL, *folder = folder_of(e);
	if (folder && !file_make_folder(folder, &err))
		(void)file_list(folder, &names, &err);
	for (size_t i = 0; names && names[i]; i++) {
		struct flume_err own = {0};
		const char *why = load(&e->sides.all[ENGINE_CASES], folder, names[i], &own);
		if (why)
			log_event(LOG_ERROR, "extra cases on disk cannot be used",
				  LOG_STR("schema", names[i]), LOG_STR("error", why));
	}
	if (err.code)
		memory_trouble(e, "the state folder cannot be used", &err);
	free(names);
	free(folder);
}
