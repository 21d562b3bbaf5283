/* Exactly one place owns the schemas; what stands beside them comes from there too. */
#include "agent/cmd/agent_sources.h"

#include "agent/source/etcd.h"
#include "agent/source/url.h"
#include "lib/base/text.h"

struct asked {
	const struct agent_parts *parts;
	const struct agent_options *options;
	const char *node;
};

/* Whoever writes to a folder of etcd by other means than flume is put on record.  With a pace there may
 * have been several in between. */
static int open_recorder(struct recorder **out, const struct asked *a, const char *folder,
			 struct sink *sink, struct flume_err *err)
{
	const struct agent_options *o = a->options;
	const struct recorder_options options = {
		.prefix = o->prefix,
		.folder = folder,
		.node = a->node,
		.within_ns = o->record_within,
	};
	if (!o->record_within || o->poll)
		return 0;
	int code = recorder_new(out, a->parts->loop, a->parts->etcd, &options, err);
	if (!code)
		*sink = recorder_sink(*out, *sink);
	return code;
}

/* Pins and switches lie beside the schemas in the store, so what one revision changes of them comes
 * together: pins and switches first, for schemas are measured by them. */
static int open_etcd(struct agent_sources *s, const struct asked *a, struct flume_err *err)
{
	struct engine *e = a->parts->engine;
	const struct agent_options *o = a->options;
	const struct source_folder beside[] = {
		{"bad/", engine_side_sink(e, ENGINE_CLEARS)},
		{"canaries/", engine_side_sink(e, ENGINE_CASES)},
		{"confirm/", engine_side_sink(e, ENGINE_CONFIRMS)},
		{"freeze", engine_side_sink(e, ENGINE_FREEZE)},
	};
	struct sink schemas = engine_sink(e), switches = switches_sink(a->parts->switches->all);
	int code = open_recorder(&s->recorder, a, "schemas/", &schemas, err);
	if (!code)
		code = open_recorder(&s->switch_recorder, a, "switches/", &switches, err);
	const struct source_folder main[] = {
		{"pins/", engine_side_sink(e, ENGINE_PINS)},
		{"switches/", switches},
		{"schemas/", schemas},
	};
	if (!code)
		code = source_etcd_new(&s->beside, a->parts->loop, a->parts->etcd, o->prefix,
				       beside, sizeof beside / sizeof *beside, o->poll, err);
	if (!code)
		code = source_etcd_new(&s->main, a->parts->loop, a->parts->etcd, o->prefix,
				       main, sizeof main / sizeof *main, o->poll, err);
	return code;
}

/* Cases for the schemas of a folder lie in a folder in it, if there are any, and so do switches. */
static int open_dir(struct agent_sources *s, const struct asked *a, struct flume_err *err)
{
	const struct agent_options *o = a->options;
	const struct sink sink = engine_sink(a->parts->engine);
	const struct sink cases = engine_side_sink(a->parts->engine, ENGINE_CASES);
	struct text folder = {0};
	text_addf(&folder, "%s/canaries", o->dir);
	int code = folder.failed ? flume_fail(err, FLUME_NOMEM, "out of memory")
				 : source_dir_new_optional(&s->beside, a->parts->loop, folder.s,
							   o->poll, &cases, err);
	text_fini(&folder);
	if (!code)
		code = agent_switches_follow(a->parts->switches, a->parts->loop, o, err);
	if (!code)
		code = source_dir_new(&s->main, a->parts->loop, o->dir, o->poll, &sink, err);
	return code;
}

int agent_sources_open(struct agent_sources *s, const struct agent_parts *parts,
		       const struct agent_options *o, const char *node, struct flume_err *err)
{
	const struct asked asked = {parts, o, node};
	const struct sink sink = engine_sink(parts->engine);
	const struct source_url_options url = {
		.urls = o->urls,
		.ca_file = o->url_ca_file,
		.token_file = o->url_token_file,
		.poll_ns = o->poll,
	};
	if (o->dir)
		return open_dir(s, &asked, err);
	if (*o->urls)
		return source_url_new(&s->main, parts->loop, &url, &sink, err);
	return parts->etcd ? open_etcd(s, &asked, err) : 0;
}

void agent_sources_reset(const struct agent_sources *s, int64_t revision, int64_t since)
{
	source_etcd_reset(s->beside, revision, since);
	source_etcd_reset(s->main, revision, since);
}

void agent_sources_close(struct agent_sources *s)
{
	s->main = source_free(s->main);
	s->beside = source_free(s->beside);
	s->recorder = recorder_free(s->recorder);
	s->switch_recorder = recorder_free(s->switch_recorder);
}
