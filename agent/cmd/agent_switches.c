#include "agent/cmd/agent_switches.h"

#include "agent/cmd/cmd.h"
#include "agent/engine/file.h"
#include "agent/source/keep.h"
#include "lib/base/text.h"

#include <stdlib.h>

int agent_switches_begin(struct agent_switches *s, const struct agent_options *o,
			 const struct conf *conf)
{
	struct text folder = {0};
	int code = switchboard_new(&s->board, o->labels);
	if (!code)
		code = conf_dup_components(conf, &s->components);
	if (!code && o->dir) {
		text_addf(&folder, "%s/switches", o->dir);
		s->folder = text_take(&folder);
		code = s->folder ? 0 : FLUME_NOMEM;
	}
	return code ? cmd_fail(CMD_NEGATIVE, "out of memory") : 0;
}

int agent_switches_open(struct agent_switches *s, struct loop *loop, flume_factory *factory,
			struct engine *engine, const struct agent_options *o,
			struct flume_err *err)
{
	const struct switches_options options = {.state_dir = o->state,
						 .components = s->components};
	int code = switches_new(&s->all, loop, factory, engine, s->board, &options, err);
	if (!code)
		switches_boot(s->all);
	return code;
}

int agent_switches_follow(struct agent_switches *s, struct loop *loop,
			  const struct agent_options *o, struct flume_err *err)
{
	const struct sink sink = switches_sink(s->all);
	return source_dir_new_optional(&s->source, loop, s->folder, o->poll, &sink, err);
}

/* ---- keeping ---- */

static int save(void *arg, const char *name, const char *text, size_t len,
		enum flume_format format, struct flume_err *err)
{
	int code = file_make_folder(arg, err);
	return code ? code : keep_save(arg, name, text, len, format, err);
}

static int forget(void *arg, const char *name, struct flume_err *err)
{
	int code = file_make_folder(arg, err);
	return code ? code : keep_remove(arg, name, err);
}

struct http_keeper agent_switches_keeper(struct agent_switches *s)
{
	return (struct http_keeper){save, forget, s->folder};
}

/* ---- the end ---- */

void agent_switches_end(struct agent_switches *s, bool in_use)
{
	s->source = source_free(s->source);
	if (s->all)
		switches_save(s->all);
	if (!in_use)
		s->all = switches_free(s->all);
}

void agent_switches_fini(struct agent_switches *s)
{
	free(s->folder);
	flume_value_free(s->components);
	s->board = switchboard_unref(s->board);
}
