/*
 * Holds: pins of single schemas, and a freeze of all of them, each said by the store or on this
 * node.  What was said here is kept in STATE/holds, a file a name, so that a restart does not
 * release it.
 */
#include "agent/engine/inside.h"

#include "agent/engine/file.h"
#include "agent/log/log.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER    "holds"
#define ALL       "_all" /* cannot be the name of a schema */
#define FILE_MOST ((size_t)64 << 10)

static const struct note *pin_here(const struct engine *e, const char *name)
{
	return map_get(&e->sides.pins_here, name);
}

static const struct note *freeze_there(const struct engine *e)
{
	return side_note(e, ENGINE_FREEZE, "freeze");
}

static struct decide_hold hold_of(const struct note *note)
{
	if (!note)
		return (struct decide_hold){0};
	return (struct decide_hold){.on = true,
				    .since = note->revision,
				    .version = note->version,
				    .digest = note->digest};
}

void holds_ask(const struct engine *e, const char *name, struct question *q)
{
	q->pins[DECIDE_BY_STORE] = hold_of(side_note(e, ENGINE_PINS, name));
	q->pins[DECIDE_BY_NODE] = hold_of(pin_here(e, name));
	q->freezes[DECIDE_BY_STORE] = hold_of(freeze_there(e));
	q->freezes[DECIDE_BY_NODE] = hold_of(e->sides.freeze_here);
}

const struct note *holds_find(const struct engine *e, const char *name, bool *out_all,
			      bool *out_here)
{
	const struct note *pin = side_note(e, ENGINE_PINS, name);
	const struct note *here = pin_here(e, name);
	const struct note *freeze = freeze_there(e);
	*out_all = !pin && !here;
	*out_here = *out_all ? !freeze : !pin;
	return pin ? pin : here ? here : freeze ? freeze : e->sides.freeze_here;
}

void holds_tell(const char *name, const struct note *note, bool on, bool here)
{
	log_event(LOG_WARN,
		  name ? on ? "schema pinned" : "schema released"
		  : on ? "all schemas frozen"
		       : "all schemas released",
		  LOG_STR("schema", name), LOG_STR("by", note->by), LOG_STR("why", note->why),
		  LOG_STR("version", *note->version ? note->version : NULL),
		  LOG_STR("scope", here ? "node" : "fleet"));
}

/* ---- the folder ---- */

static char *folder_of(const struct engine *e)
{
	struct text t = {0};
	text_addf(&t, "%s/" FOLDER, e->options.state_dir);
	return text_take(&t);
}

static int write_file(const char *folder, const char *name, const struct note *note,
		      struct flume_err *err)
{
	char *json = note_dup_json(note);
	int rc = json ? file_make_folder(folder, err) : FLUME_NOMEM;
	if (!rc)
		rc = file_write(folder, name, json, strlen(json), true, err);
	else if (!json)
		flume_fail(err, rc, "out of memory");
	free(json);
	return rc;
}

/* `note` NULL: none any more.  FLUME_IO for whatever goes wrong. */
static int keep(struct engine *e, const char *name, const struct note *note,
		struct flume_err *err)
{
	struct flume_err own = {0};
	if (!e->options.state_dir)
		return 0;
	const char *file = name ? name : ALL;
	char *folder = folder_of(e);
	int rc = !folder ? flume_fail(&own, FLUME_NOMEM, "out of memory")
		 : note  ? write_file(folder, file, note, &own)
			 : file_remove(folder, file, true, &own);
	free(folder);
	if (!rc)
		return 0;
	memory_trouble(e, "what is held here could not be written", &own);
	e->sides.holds_unsaved = true;
	sides_save_later(e);
	return flume_fail(err, FLUME_IO, "%s", own.text);
}

/* ---- the folder again, after it was broken or gone ---- */

static int write_held(const struct engine *e, const char *folder, struct flume_err *err)
{
	const struct map *pins = &e->sides.pins_here;
	int rc = e->sides.freeze_here ? write_file(folder, ALL, e->sides.freeze_here, err) : 0;
	for (size_t i = 0; !rc && i < pins->len; i++)
		rc = write_file(folder, pins->entries[i].name, pins->entries[i].thing, err);
	return rc;
}

static bool is_held(const struct engine *e, const char *file)
{
	return !strcmp(file, ALL) ? e->sides.freeze_here != NULL : pin_here(e, file) != NULL;
}

static int remove_released(const struct engine *e, const char *folder, struct flume_err *err)
{
	char **names;
	int rc = file_list(folder, &names, err);
	if (rc)
		return rc;
	for (size_t i = 0; !rc && names[i]; i++)
		if (!is_held(e, names[i]) &&
		    (source_name_good(names[i]) || !strcmp(names[i], ALL)))
			rc = file_remove(folder, names[i], true, err);
	free(names);
	return rc;
}

bool holds_save(struct engine *e)
{
	struct flume_err err = {0};
	if (!e->sides.holds_unsaved)
		return true;
	char *folder = folder_of(e);
	int rc = folder ? file_make_folder(folder, &err)
			: flume_fail(&err, FLUME_NOMEM, "out of memory");
	if (!rc)
		rc = write_held(e, folder, &err);
	if (!rc)
		rc = remove_released(e, folder, &err);
	free(folder);
	if (rc)
		memory_trouble(e, "what is held here could not be written", &err);
	e->sides.holds_unsaved = rc;
	return !rc;
}

/* ---- what is said here ---- */

static int set(struct engine *e, const char *name, const struct note *note)
{
	void *old = e->sides.freeze_here;
	struct note *copy = malloc(sizeof *copy);
	if (!copy)
		return FLUME_NOMEM;
	*copy = *note;
	copy->revision = 0;
	if (!name) {
		e->sides.freeze_here = copy;
	} else if (map_put(&e->sides.pins_here, name, copy, &old)) {
		free(copy);
		return FLUME_NOMEM;
	}
	free(old);
	return 0;
}

int engine_hold(struct engine *e, const char *name, const struct note *note,
		struct flume_err *err)
{
	if (set(e, name, note))
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	holds_tell(name, note, true, true);
	int rc = keep(e, name, note, err);
	board_changed(e);
	again_all(e);
	return rc;
}

int engine_release(struct engine *e, const char *name, const struct note *note,
		   struct flume_err *err)
{
	struct note *old = name ? map_remove(&e->sides.pins_here, name) : e->sides.freeze_here;
	if (!old)
		return flume_fail(err, FLUME_NOT_FOUND, "nothing is held on this node");
	if (!name)
		e->sides.freeze_here = NULL;
	free(old);
	holds_tell(name, note, false, true);
	int rc = keep(e, name, NULL, err);
	board_changed(e);
	again_all(e);
	return rc;
}

/* ---- at the start ---- */

static void load(struct engine *e, const char *folder, const char *name)
{
	struct flume_err err = {0};
	struct note note;
	char *bytes;
	size_t len;
	bool all = !strcmp(name, ALL);
	if (!all && !source_name_good(name))
		return;
	/* Whatever is in it, the file says that something is held. */
	if (file_read(folder, name, FILE_MOST, &bytes, &len, &err)) {
		memory_trouble(e, "what is held here could not be read", &err);
		note = (struct note){0};
	} else {
		(void)note_read(&note, bytes, len, 0);
		free(bytes);
	}
	if (!set(e, all ? NULL : name, &note))
		holds_tell(all ? NULL : name, &note, true, true);
}

void holds_boot(struct engine *e)
{
	struct flume_err err = {0};
	char **names = NULL, *folder = folder_of(e);
	if (folder && !file_make_folder(folder, &err))
		(void)file_list(folder, &names, &err);
	for (size_t i = 0; names && names[i]; i++)
		load(e, folder, names[i]);
	free(names);
	free(folder);
}
