/*
 * view.h - the fleet at a glance: what the store wants, what each live node says, and what follows.
 * Pure: no I/O, no clock.
 */
#ifndef FLUME_AGENT_FLEET_VIEW_H
#define FLUME_AGENT_FLEET_VIEW_H

#include "agent/fleet/judge.h"

struct fleet_row {                    /* nodes that run the same, and say the same of it */
	struct fleet_version running; /* without revision; "": nothing runs */
	const char *state;
	size_t nodes;
};

struct fleet_item { /* a schema or a switch */
	enum fleet_kind kind;
	const char *name;
	bool there;                  /* in the store */
	struct fleet_version wanted; /* version and digest once a node has heard of it */
	size_t by[FLEET_VERDICTS];   /* nodes */
	struct fleet_row *rows;
	size_t n, cap;
};

struct fleet_stray { /* a node and what it does not run as wanted */
	const char *node;
	struct fleet_judgement judgement;
	int64_t proved_revision;         /* the node's */
	const struct fleet_entry *entry; /* NULL: it says nothing of it */
	const struct fleet_item *item;
};

enum fleet_ill {                  /* of a node as a whole */
		 FLEET_NO_STATUS, /* its status does not parse */
		 FLEET_NO_WORD,   /* says nothing yet          */
		 FLEET_BLIND,
		 FLEET_CUT,    /* its status was too big    */
		 FLEET_DISK,   /* it cannot write           */
		 FLEET_CONFIG, /* its configuration file is not taken */
		 FLEET_CASES,  /* a document of cases is broken: `name` */
};
struct fleet_trouble {
	const char *node;
	enum fleet_ill ill;
	const char *name, *why; /* "": none */
};
const char *fleet_ill_word(enum fleet_ill);
/* Somebody has to do something about it: all but FLEET_CUT. */
bool fleet_ill_counts(enum fleet_ill);

struct fleet_agents { /* nodes of one version of the agent */
	const char *version;
	const char *one; /* of them */
	size_t nodes;
};

struct fleet_view { /* to be read; what it holds is its own */
	struct arena arena;
	bool knows_store;
	const char *only; /* of this name alone; NULL: of all.  Lent */
	int64_t revision; /* of the store, as it was read; 0: not known */
	size_t nodes, well;
	const char **names; /* of the nodes, in the order in which they were added */
	size_t cap_names;
	struct fleet_item **items; /* by kind and name */
	size_t n_items, cap_items;
	struct fleet_stray *strays; /* in the order in which the nodes were added */
	size_t n_strays, cap_strays;
	struct fleet_trouble *troubles;
	size_t n_troubles, cap_troubles;
	struct fleet_agents *agents; /* the most common first */
	size_t n_agents, cap_agents;
	size_t most;  /* strays, and troubles, that are kept */
	size_t spare; /* ... and how many were not */
	bool failed;  /* out of memory: what it shows is not whole */
};

struct fleet_view_options {
	bool knows_store; /* else nobody says what it wants, and each node is taken at its word */
	const char *only; /* a name; NULL: all.  Lent */
	size_t most;      /* 0: all strays are kept */
};
/* NULL when out of memory. */
struct fleet_view *fleet_view_new(const struct fleet_view_options *);
/* The store holds it, last changed at that revision; before any node is added. */
void fleet_view_want(struct fleet_view *, enum fleet_kind, const char *name, int64_t revision);
/* Nothing of `said` is kept. */
void fleet_view_add(struct fleet_view *, const struct fleet_said *);
/* Everybody was added. */
void fleet_view_end(struct fleet_view *);
const struct fleet_item *fleet_view_find(const struct fleet_view *, enum fleet_kind,
					 const char *name);
struct fleet_view *fleet_view_free(struct fleet_view *); /* NULL is fine; returns NULL */

/* In one line, of a stray. */
void fleet_stray_why(struct text *, const struct fleet_stray *);

#endif
