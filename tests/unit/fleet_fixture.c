#include "tests/unit/fleet_fixture.h"

#include "agent/fleet/read.h"

#include <string.h>

#define RUNS(state, version, digest, revision)                                 \
	"{\"state\": \"" state "\", \"wanted\": {\"version\": \"" version      \
	"\", \"digest\": \"" digest "\", \"revision\": " revision              \
	"}, \"running\": {\"version\": \"" version "\", \"digest\": \"" digest \
	"\", \"generation\": 7, \"since\": \"2026-11-22T10:00:00Z\", \"proven\": true}}"

const struct fleet_word fleet_well[] = {
	{"schemas/checkout", 12, NULL},
	{"switches/compact", 13, NULL},
	{"nodes/n1", 0,
	 "{\"agent\": \"0.1.0\", \"proved_revision\": 13, \"schemas\": {\"checkout\": " RUNS(
		 "running", "1.2.0", "sha256:b",
		 "12") "}, \"switches\": {\"compact\": " RUNS("running", "3", "sha256:s",
							      "13") "}}"},
	{"nodes/n2", 0,
	 "{\"agent\": \"0.1.0\", \"proved_revision\": 13, \"schemas\": {\"checkout\": " RUNS(
		 "probation", "1.2.0", "sha256:b",
		 "12") "}, \"switches\": {\"compact\": " RUNS("running", "3", "sha256:s",
							      "13") "}}"},
	WORDS_END,
};

const struct fleet_word fleet_troubled[] = {
	{"schemas/checkout", 12, NULL},
	{"schemas/orders", 9, NULL},
	{"switches/compact", 13, NULL},
	/* All is well here. */
	{"nodes/n1", 0,
	 "{\"agent\": \"0.1.0\", \"schemas\": {\"checkout\": " RUNS(
		 "running", "1.2.0", "sha256:b",
		 "12") ", \"orders\": " RUNS("running", "2.0.0", "sha256:o",
					     "9") "}, \"switches\": "
						  "{\"compact\": " RUNS("running", "3",
									"sha256:s", "13") "}}"},
	/* Refused, held, and not heard of. */
	{"nodes/n2", 0,
	 "{\"agent\": \"0.1.0\", \"proved_revision\": 12, \"schemas\": {\"checkout\": "
	 "{\"state\": "
	 "\"rejected\", \"wanted\": {\"version\": \"1.2.0\", \"digest\": \"sha256:b\", "
	 "\"revision\": 12}, \"attempted\": {\"version\": \"1.2.0\", \"digest\": \"sha256:b\", "
	 "\"revision\": 12, \"stage\": \"check\", \"error\": \"/flume/schemas/checkout:3:7: "
	 "processor 'x' not found [unknown-ref]\", \"errors\": [{\"code\": \"unknown-ref\", "
	 "\"path\": \"ref\", \"line\": 3, \"column\": 7, \"message\": \"processor 'x' not "
	 "found\", \"hint\": \"did you mean 'xy'?\"}, {\"code\": \"b\", \"line\": 9}], \"at\": "
	 "\"2026-11-22T11:00:00Z\"}, \"running\": {\"version\": \"1.1.0\", \"digest\": "
	 "\"sha256:a\", \"generation\": 6, \"since\": \"2026-11-21T10:00:00Z\", \"proven\": "
	 "true}}, \"orders\": {\"state\": \"held\", \"reason\": \"pinned\", \"wanted\": "
	 "{\"version\": \"2.0.0\", \"digest\": \"sha256:o\", \"revision\": 9}, \"running\": "
	 "{\"version\": \"1.9.0\", \"digest\": \"sha256:n\"}, \"hold\": {\"kind\": \"pin\", "
	 "\"scope\": \"node\", \"by\": \"ada\", \"why\": \"incident 42\", \"at\": "
	 "\"2026-11-20T10:00:00Z\"}}, \"old\": " RUNS(
		 "running", "1.0.0", "sha256:z",
		 "3") "}, \"switches\": {\"compact\": " RUNS("running", "2", "sha256:r",
							     "11") "}}"},
	/* Blind, with a full disk, a broken configuration and broken cases. */
	{"nodes/n3", 0,
	 "{\"agent\": \"0.2.0\", \"proved_revision\": 8, \"link\": {\"up\": false, \"why\": "
	 "\"refused\"}, \"disk\": {\"ok\": false, \"why\": \"no space left\"}, "
	 "\"config\": {\"ok\": false, \"why\": \"flume.yaml:3:1: unknown key\"}, "
	 "\"freshness\": "
	 "{\"blind\": true, \"proved_at\": \"2026-11-22T10:00:00Z\"}, \"canaries\": "
	 "{\"checkout\": {\"cases\": 1, \"error\": \"checkout:1:1: no\"}, \"orders\": "
	 "{\"cases\": 2}}, \"schemas\": {}}"},
	{"nodes/n4", 0, "{}"},
	{"nodes/n5", 0, "["},
	{"nodes/n6", 0,
	 "{\"agent\": \"0.1.0\", \"proved_revision\": 12, \"truncated\": true, \"left_out\": "
	 "2, "
	 "\"schemas\": {\"orders\": " RUNS("probation", "2.0.0", "sha256:o", "9") "}}"},
	WORDS_END,
};

static bool add(struct fleet_view *v, const struct fleet_word *w)
{
	struct fleet_said *said = NULL;
	const char *name;
	int key = fleet_key(w->key, 0, &name);
	if (key < FLEET_KEY_NODE)
		fleet_view_want(v, (enum fleet_kind)key, name, w->revision);
	if (key != FLEET_KEY_NODE)
		return true;
	if (fleet_said_read(&said, name, w->text, strlen(w->text)))
		return false;
	fleet_view_add(v, said);
	fleet_said_free(said);
	return true;
}

struct fleet_view *fleet_of(const struct fleet_word *words, const char *only)
{
	struct fleet_view *v =
		fleet_view_new(&(struct fleet_view_options){.knows_store = true, .only = only});
	bool good = v;
	for (; good && words->key; words++)
		good = add(v, words);
	if (!good || v->failed)
		return fleet_view_free(v);
	v->revision = 14;
	fleet_view_end(v);
	return v;
}
