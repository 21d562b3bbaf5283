#include "tests/sim/drafts.h"

#include "agent/engine/facts.h"
#include "lib/base/text.h"
#include "tests/sim/nodes.h"
#include "tests/sim/promises.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_TO_A_CRASH 4

static const char *const names[NAMES_MOST] = {"alpha", "beta",  "gamma",
					      "delta", "omega", "zeta"};

static const char *const trait_words[DRAFT_TRAITS] = {
	[DRAFT_GOOD] = "good",
	[DRAFT_SLOW] = "good, slowly",
	[DRAFT_WITHOUT_CASES] = "good, without cases",
	[DRAFT_UNPARSABLE] = "no YAML",
	[DRAFT_UNKNOWN_STEP] = "with an unknown step",
	[DRAFT_FAILS_CANARY] = "failing its canary",
	[DRAFT_HANGS_CANARY] = "hanging in its canary",
	[DRAFT_CRASHES_CANARY] = "crashing in its canary",
	[DRAFT_FAILS_LIVE] = "failing live",
	[DRAFT_CRASHES_LIVE] = "crashing live",
	[DRAFT_BREAKS_USERS] = "breaking its users",
};

static struct draft drafts[DRAFTS_MOST];
static unsigned count;

const char *name_text(unsigned name)
{
	return names[name % NAMES_MOST];
}

int name_index(const char *text)
{
	for (unsigned i = 0; i < NAMES_MOST; i++)
		if (!strcmp(names[i], text))
			return (int)i;
	return -1;
}

const char *trait_text(enum trait trait)
{
	return trait_words[trait];
}

void drafts_open(void)
{
	count = 0;
}

void drafts_close(void)
{
	for (unsigned i = 0; i < count; i++)
		free(drafts[i].text);
	count = 0;
}

static void write_text(struct draft *d)
{
	struct text t = {0};
	text_addf(&t, "version: \"%s\"\n", d->version);
	text_addf(&t, "components: {processors: {work: {kind: work, draft: %u}}}\n",
		  d->number + 1);
	text_add(&t, "type: sequence\nchildren: [{ref: work}");
	if (d->refers_to >= 0)
		text_addf(&t, ", {ref: %s}", name_text((unsigned)d->refers_to));
	if (d->trait == DRAFT_UNKNOWN_STEP)
		text_add(&t, ", {ref: nobody}");
	text_add(&t, d->trait == DRAFT_UNPARSABLE ? "\n" : "]\n");
	text_add(&t, "canary:\n  probation: {duration: 5s, min_requests: 10, "
		     "max_error_rate: 10%}\n");
	if (d->trait != DRAFT_WITHOUT_CASES)
		text_add(&t, "  cases: [{name: one, input: {}}]\n");
	d->len = t.len;
	d->text = text_take(&t);
	if (!d->text)
		abort();
}

static void read_back(struct draft *d)
{
	flume_schema *schema = NULL;
	d->parses = !flume_schema_parse(&schema, d->text, d->len, FLUME_YAML, NULL, NULL);
	if (d->parses)
		snprintf(d->digest, sizeof d->digest, "%s", flume_schema_get_digest(schema));
	else
		facts_digest_bytes(d->digest, d->text, d->len);
	flume_schema_unref(schema);
}

struct draft *draft_new(unsigned name, enum trait trait, unsigned minor, int refers_to)
{
	if (count == DRAFTS_MOST)
		return NULL;
	struct draft *d = &drafts[count];
	*d = (struct draft){
		.number = count++, .name = name, .trait = trait, .refers_to = refers_to};
	snprintf(d->version, sizeof d->version, "1.%u.0", minor);
	for (unsigned i = 0; i < d->number; i++)
		d->reuses |= drafts[i].name == name && !strcmp(drafts[i].version, d->version);
	write_text(d);
	read_back(d);
	return d;
}

unsigned drafts_count(void)
{
	return count;
}

struct draft *draft_at(unsigned number)
{
	return &drafts[number];
}

struct draft *draft_by_digest(const char *digest)
{
	for (unsigned i = 0; i < count; i++)
		if (!strcmp(drafts[i].digest, digest))
			return &drafts[i];
	return NULL;
}

/* ---- the processor ---- */

static int work(const struct flume_call *call, void **item, void *arg, struct flume_err *err)
{
	const struct draft *d = &drafts[(uintptr_t)arg - 1];
	(void)item;
	if (call->flags & FLUME_CALL_CANARY)
		return 0;
	promise_serves(sim.node, d);
	if (d->trait == DRAFT_CRASHES_LIVE && chance_in(&sim.faults, CALLS_TO_A_CRASH)) {
		promise_crashes(sim.node, d);
		node_doom(sim.node, DOOM_CRASH);
	}
	bool fails = d->trait == DRAFT_FAILS_LIVE && !chance_in(&sim.faults, 4);
	return fails ? flume_fail(err, FLUME_FAILED, "failed") : 0;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	const flume_value *draft = flume_value_get(decl, "draft");
	(void)path, (void)scope, (void)report;
	out->run = work;
	out->prompt = true;
	out->arg = (void *)(uintptr_t)strtoul(flume_value_text(draft), NULL, 10);
	return 0;
}

static const struct flume_field fields[] = {
	{.name = "draft",
	 .type = FLUME_FIELD_COUNT,
	 .required = true,
	 .about = "The number of the draft."},
	{0},
};

static const struct flume_maker maker = {.of = FLUME_PROCESSOR,
					 .kind = "work",
					 .about = "Says which draft serves.",
					 .fields = fields,
					 .make = make};

int drafts_register(flume_factory *factory)
{
	return flume_factory_add_maker(factory, &maker, NULL);
}
