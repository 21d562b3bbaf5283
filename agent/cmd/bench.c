/*
 * The factory takes a schema only when everything it refers to is there, so the order would
 * matter, and one broken schema would break all that use it.  Therefore a trivial schema is
 * stored under every name first; then each real one is set in its place.  Now every reference
 * between the files means something, a failure is the file's own fault, and the last schema of
 * a circle meets the others and is refused with the whole chain.
 */
#include "agent/cmd/bench.h"

#include "agent/cmd/bench_switches.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/findings.h"
#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/places.h"
#include "agent/outside/kinds.h"
#include "agent/plugin/plugin.h"
#include "agent/split/switchboard.h"

#include <stdlib.h>
#include <string.h>

static const char placeholder[] =
	"{\"components\": {\"processors\": {\"x\": {\"kind\": \"drop\"}}},"
	" \"ref\": \"x\"}";

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- the factory ---- */

static int make(flume_factory **out, struct switchboard *switches, enum bench_use use,
		struct flume_err *err)
{
	flume_factory *factory = NULL;
	int code = flume_factory_new(&factory, &(struct flume_options){.type = &document_type},
				     err);
	if (!code)
		code = document_register(factory, err);
	if (!code)
		code = use == BENCH_RUN ? outside_register(factory, err)
					: outside_register_unopened(factory, err);
	if (!code)
		code = switchboard_register(switches, factory, err);
	if (code)
		factory = flume_factory_free(factory);
	*out = factory;
	return code;
}

/* The kinds first: what is declared may be of them. */
static int declare_in(flume_factory *factory, const struct conf *conf, enum bench_use use,
		      flume_report *report)
{
	flume_value *components = NULL;
	int code = plugin_register(factory, conf_get_plugins(conf), use == BENCH_CHECK, report);
	if (!code)
		code = conf_dup_components(conf, &components);
	if (!code)
		code = flume_factory_take_declared(factory, components, report);
	return code;
}

static int declare(flume_factory *factory, const struct conf *conf, enum bench_use use)
{
	flume_report *report = flume_report_new();
	int code = report ? declare_in(factory, conf, use, report) : FLUME_NOMEM;
	if (code && code != FLUME_NOMEM)
		findings_print(stderr,
			       &(struct finding_source){conf->file, conf->text, conf->len},
			       report);
	flume_report_free(report);
	if (code == FLUME_NOMEM)
		return out_of_memory();
	return code ? CMD_USAGE : 0;
}

int bench_factory(flume_factory **out, struct switchboard *switches, const struct conf *conf,
		  enum bench_use use)
{
	struct flume_err err = {0};
	flume_factory *factory;
	int code = make(&factory, switches, use, &err);
	code = code ? cmd_fail(CMD_NEGATIVE, "%s", err.text) : declare(factory, conf, use);
	if (code) {
		flume_factory_free(factory);
		return code;
	}
	*out = factory;
	return 0;
}

int bench_look(const struct conf *conf, flume_report *report, struct flume_err *err)
{
	flume_factory *factory;
	int code = make(&factory, NULL, BENCH_CHECK, err);
	if (!code)
		code = declare_in(factory, conf, BENCH_CHECK, report);
	flume_factory_free(factory);
	if (code && !*err->text)
		flume_fail(err, code,
			   code == FLUME_NOMEM ? "out of memory" : "the components are wrong");
	return code;
}

/* ---- checking ---- */

static bool is_clean(const struct file *f)
{
	return f->schema && !f->is_switch && !flume_report_size(f->report);
}

static int hold_places(flume_factory *factory, const struct files *files)
{
	flume_schema *schema = NULL;
	int code = flume_schema_parse(&schema, placeholder, sizeof placeholder - 1, FLUME_JSON,
				      NULL, NULL);
	for (size_t i = 0; i < files->n && code >= 0; i++)
		if (!files->all[i].is_switch)
			code = flume_factory_set_schema(factory, files->all[i].name, schema,
							NULL);
	flume_schema_unref(schema);
	return code < 0 ? cmd_fail(CMD_NEGATIVE, "the schemas cannot be checked: %s",
				   flume_code_text(code))
			: 0;
}

int bench_check(flume_factory *factory, struct files *files)
{
	int code = hold_places(factory, files);
	for (size_t i = 0; i < files->n && !code; i++) {
		struct file *f = &files->all[i];
		if (!is_clean(f))
			continue;
		int places = places_check(flume_schema_get_canary(f->schema), f->report);
		int result = flume_factory_set_schema(factory, f->name, f->schema, f->report);
		if (result == FLUME_NOMEM || places == FLUME_NOMEM)
			code = out_of_memory();
		else if (result < 0 && !flume_report_size(f->report))
			flume_report_add(f->report, "rejected", "", NULL, NULL, "%s",
					 flume_code_text(result));
	}
	if (!code && bench_switches(files))
		code = out_of_memory();
	return code;
}

int bench_check_structure(struct files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		struct file *f = &files->all[i];
		if (is_clean(f) &&
		    flume_schema_check(f->schema, NULL, f->report) == FLUME_NOMEM)
			return out_of_memory();
	}
	return bench_read_switches(files) ? out_of_memory() : 0;
}

int bench_build_file(flume_factory *factory, const struct file *file, flume_pipeline **out)
{
	int code = flume_schema_build(file->schema, factory, out, NULL);
	return code ? cmd_fail(CMD_NEGATIVE, "%s: it cannot be built: %s", file->path,
			       flume_code_text(code))
		    : 0;
}

int bench_build(flume_factory *factory, const struct files *files, const char *path,
		flume_pipeline **out)
{
	for (size_t i = 0; i < files->n; i++)
		if (!strcmp(files->all[i].path, path) && !files->all[i].is_switch)
			return bench_build_file(factory, &files->all[i], out);
	return cmd_fail(CMD_USAGE, "%s: a schema is wanted here, not a folder or a switch",
			path);
}

size_t bench_findings(const struct files *files)
{
	size_t n = 0;
	for (size_t i = 0; i < files->n; i++)
		n += flume_report_size(files->all[i].report);
	return n;
}

/* ---- printing ---- */

int bench_print(FILE *out, const struct files *files, bool json)
{
	struct text t = {0};
	bool comma = false;
	for (size_t i = 0; i < files->n; i++) {
		const struct file *f = &files->all[i];
		if (!flume_report_size(f->report))
			continue;
		if (json)
			findings_add_json(&t, comma, f->path, f->report);
		else
			findings_print(out, &(struct finding_source){f->path, f->text, f->len},
				       f->report);
		comma = true;
	}
	char *array = text_take(&t);
	if (!array)
		return out_of_memory();
	if (json)
		fprintf(out, "[%s%s]\n", array, comma ? "\n" : "");
	free(array);
	return 0;
}
