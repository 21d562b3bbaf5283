/*
 * Nothing is wrong with such a switch: the schema that asks it may come later, or somebody else than Flume
 * chooses by it.  So it is a word, and no finding.
 */
#include "agent/cmd/switch_unasked.h"

#include "agent/cmd/cmd.h"
#include "agent/split/routes.h"
#include "lib/base/suggest.h"

#include <string.h>

static int is_name(void *arg, const char *name)
{
	return !strcmp(arg, name);
}

static bool is_asked(const struct files *files, const char *name)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct file *f = &files->all[i];
		if (!f->is_switch && f->schema &&
		    ab_each_name(f->schema, files->shared, is_name, (void *)(uintptr_t)name) >
			    0)
			return true;
	}
	return false;
}

/* One of the variants, and what it may have been meant for. */
static const char *find_near(const struct ab_switch *sw, const struct files *files,
			     const char **out_schema)
{
	for (size_t v = 0; v < ab_count(sw); v++)
		for (size_t i = 0; i < files->n; i++) {
			const char *name = files->all[i].name;
			if (files->all[i].is_switch ||
			    !suggest(ab_variant(sw, v)->name, &name, 1))
				continue;
			*out_schema = name;
			return ab_variant(sw, v)->name;
		}
	return NULL;
}

void switch_tell_unasked(const char *what, const struct ab_switch *sw,
			 const struct judge_world *world, const struct files *schemas)
{
	const char *schema = "";
	if (!judge_is_unasked(world, sw, is_asked(schemas, ab_name(sw))))
		return;
	const char *variant = find_near(sw, schemas, &schema);
	cmd_fail(0,
		 "%s: it decides nothing: no schema %s asks it, or is called as one of its "
		 "variants%s%s%s%s%s",
		 what, world->where, variant ? " (variant '" : "", variant ? variant : "",
		 variant ? "': did you mean '" : "", schema, variant ? "'?)" : "");
}
