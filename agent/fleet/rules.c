#include "agent/fleet/rules.h"

#include <string.h>

#define APPLY "flume apply -f FILE"
#define CLEAR "flume clear @"
#define PUT   "flume switch set -f FILE"
#define AGAIN                                                                                \
	"correct the document: another content is tried at once, this one not before it is " \
	"cleared"

static const struct fleet_rule rules[] = {
	{"running", "", "what is wanted has the digest of what runs: there is nothing to do",
	 "", "", NULL},
	{"running", "unasked",
	 "it runs, and decides nothing: no schema asks it, or is called as one of its variants",
	 "such a schema comes; `front: false` in it when it is meant so", "", NULL},
	{"running", NULL, "what is wanted has the digest of what runs: there is nothing to do",
	 "", "", NULL},
	{"probation", NULL,
	 "it was checked, passed its canary and was swapped in; it is on probation on live "
	 "calls, "
	 "and the one before it is kept to go back to",
	 "the end of its probation", "flume status @ --wait --proven", NULL},
	{"leaving", NULL, "it was deleted, and goes when what refers to it has gone",
	 "it goes by itself; when that takes longer than a minute, the log of the node says "
	 "why",
	 "flume status @ --wait", NULL},
	{"left-out", NULL,
	 "the status has no room for it, which is so of schemas that are well",
	 "nothing has to; GET /status of the node says all of it", "", NULL},
	{"not-in-front", "name-taken",
	 "it runs, and documents do not reach it under its name, for a schema has that name",
	 "the schema goes, or the switch is put under another name", "flume delete @", NULL},
	{"not-in-front", NULL,
	 "it runs, and documents do not reach it under its name, for a variant has no schema",
	 "the schema of that variant comes, or the variant goes", APPLY, NULL},
	{"behind", NULL, "nothing yet: what is wanted now has not reached this node",
	 "the node hears of it; when that takes longer than a minute, its log says why",
	 "flume status @ --wait", NULL},

	{"rejected", "version-reused",
	 "refused: it has the version of what runs and another content, and one version is one "
	 "content (--same-version reject)",
	 "raise `version` in the document", APPLY, PUT},
	{"rejected", "downgrade",
	 "refused: its version is older than the one that runs, and this agent takes no "
	 "downgrades "
	 "(--downgrade deny)",
	 "raise `version` in the document", APPLY, PUT},
	{"rejected", "parse", "refused: the document cannot be read", "correct the document",
	 APPLY, PUT},
	{"rejected", "check", "refused: the document was read, and is not right",
	 "correct the document", APPLY, PUT},
	{"rejected", "build", "refused: nothing could be built from the document",
	 "correct the document, or what it needs of the node", APPLY, PUT},
	{"rejected", "canary", "refused before it served: a canary case failed on it", AGAIN,
	 APPLY, PUT},
	{"rejected", "shadow",
	 "refused before it served: in its shadow it answered live documents otherwise than "
	 "what "
	 "runs",
	 AGAIN, APPLY, PUT},
	{"rejected", "live",
	 "refused: too much failed while it served a share of the live documents", AGAIN, APPLY,
	 PUT},
	{"rejected", "crash", "refused: the agent crashed twice while it was tried",
	 "correct the document; clear it only when it is known not to be the cause", APPLY,
	 PUT},
	{"rejected", NULL, "refused", "correct the document", APPLY, PUT},

	{"rolled-back", "no-way-back",
	 "it failed too often on probation, and what ran before cannot be built any more: it "
	 "serves on",
	 "put a version that works", APPLY, PUT},
	{"rolled-back", "crash",
	 "the agent crashed twice while it was tried: the one before it serves again", AGAIN,
	 APPLY, PUT},
	{"rolled-back", NULL,
	 "it served on probation and failed too often: the one before it serves again", AGAIN,
	 APPLY, PUT},

	{"held", "known-bad",
	 "kept back: this very content has failed here before, and is not tried again",
	 "correct the document, or have this one tried once more", CLEAR, PUT},
	{"held", "update-breaker",
	 "kept back: too many bad changes came one after another, so none is tried for a while",
	 "the breaker lets the newest through when its time is over, or when it is cleared",
	 CLEAR, PUT},
	{"held", "pinned", "kept back: an operator holds it at what runs",
	 "the operator lets go", "flume release @", NULL},
	{"held", "frozen", "kept back: an operator holds everything at what runs",
	 "the operator lets go", "flume release --all", NULL},
	{"held", "mass-delete",
	 "its deletion is kept back: it was one of more than half of all, three at least, at "
	 "one "
	 "revision or in one list",
	 "it is put again; only if it was meant to go: 'flume confirm' carries it out",
	 "flume rollback @", NULL},
	{"held", "in-use", "its deletion is kept back: others of this node refer to it",
	 "those go first, or are put again without a reference to it", APPLY, NULL},
	{"held", NULL, "kept back", "whoever holds it lets go", "flume status @ -w", NULL},

	{"waiting", "unknown-ref", "waits: it refers to a schema that this node does not have",
	 "that schema arrives", APPLY, NULL},
	{"waiting", "unknown-schema",
	 "waits: a variant is a schema that this node does not have", "that schema arrives",
	 APPLY, NULL},
	{"waiting", "canary", "its canary cases run, off traffic", "their verdict",
	 "flume status @ --wait", NULL},
	{"waiting", "shadow",
	 "its shadow runs: live documents go through it, with nothing sent", "its verdict",
	 "flume status @ --wait", NULL},
	{"waiting", "live", "its live canary runs: it serves a share of the documents",
	 "its verdict", "flume status @ --wait", NULL},
	{"waiting", "starting",
	 "waits: this node has just started, and does not know yet what operators and others "
	 "have "
	 "said",
	 "a few seconds", "flume status @ --wait", NULL},
	{"waiting", "after-crash",
	 "waits: after a crash what is suspected is tried in turn, and nothing else beside it",
	 "its turn", "flume status @ --wait", NULL},
	{"waiting", NULL, "waits", "what it waits for", "flume status @ --wait", NULL},
	{"", NULL, "nobody here knows that word: this flume is older than the agent, or newer",
	 "the flume of the agent's version explains it; what the node says, word for word:",
	 "flume status --raw", NULL},
};

static bool fits(const struct fleet_rule *rule, const char *state, const char *reason,
		 const char *stage)
{
	if (*rule->state && strcmp(rule->state, state) != 0)
		return false;
	return !rule->of || !strcmp(rule->of, *reason ? reason : stage);
}

const struct fleet_rule *fleet_rule(const char *state, const char *reason, const char *stage)
{
	const struct fleet_rule *rule = rules;
	while (!fits(rule, state, reason, stage))
		rule++;
	return rule;
}
