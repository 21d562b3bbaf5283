#include "agent/cmd/doctor.h"

#include "agent/loop/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ONE_MS 3000
#define MILLI  1000000

struct place { /* where the agent listens */
	const char *check, *name;
	const char *url, *socket;
};

static int ask(struct doctor *d, const struct place *p, const char *path,
	       struct doctor_reply *reply, struct flume_err *err)
{
	int within = doctor_time(d, p->check, ONE_MS);
	*reply = (struct doctor_reply){0};
	if (!within)
		return flume_fail(err, FLUME_TIMED_OUT, "the time is over");
	return doctor_get(
		&(struct doctor_request){
			.url = p->url, .path = path, .socket = p->socket, .within_ms = within},
		reply, err);
}

static bool check_place(struct doctor *d, const struct place *p, enum doctor_level level)
{
	struct flume_err err = {0};
	struct doctor_reply reply;
	int rc = ask(d, p, "/healthz", &reply, &err);
	if (rc)
		doctor_say(d, level, p->check,
			   "is the agent running, and does it listen there?", "%s: %s", p->name,
			   err.text);
	else if (reply.status != 200)
		doctor_say(d, DOCTOR_FAIL, p->check, "who else listens there?",
			   "%s: status %ld", p->name, reply.status);
	else
		doctor_say(d, DOCTOR_OK, p->check, NULL, "%s answers in %" PRId64 " ms",
			   p->name, reply.took_ns / MILLI);
	text_fini(&reply.body);
	return !rc && reply.status == 200;
}

/* ---- what it says of itself ---- */

/* Lines, as one. */
static void fold(struct text *t, const char *lines)
{
	size_t n = strlen(lines);
	while (n && lines[n - 1] == '\n')
		n--;
	for (size_t i = 0; i < n; i++)
		if (lines[i] == '\n')
			text_add(t, ", ");
		else
			text_add_char(t, lines[i]);
}

static void check_ready(struct doctor *d, const struct place *p)
{
	struct flume_err err = {0};
	struct doctor_reply reply;
	struct text folded = {0};
	int rc = ask(d, p, "/readyz?verbose", &reply, &err);
	fold(&folded, reply.body.s ? reply.body.s : "");
	const char *why = folded.s ? folded.s : "";
	if (rc)
		doctor_say(d, DOCTOR_FAIL, "ready", NULL, "%s", err.text);
	else if (reply.status != 200)
		doctor_say(d, DOCTOR_FAIL, "ready", "'flume status' says more of each schema",
			   "not ready: %.700s", why);
	else
		doctor_say(d, DOCTOR_OK, "ready", NULL, "%.200s", *why ? why : "ready");
	text_fini(&folded);
	text_fini(&reply.body);
}

static const char *text_of(const flume_value *map, const char *key)
{
	return flume_value_text(flume_value_get(map, key));
}

/* Of the status, what is about the node and not about a schema. */
static void say_status(struct doctor *d, const flume_value *status)
{
	const flume_value *link = flume_value_get(status, "link");
	const flume_value *disk = flume_value_get(status, "disk");
	const flume_value *fresh = flume_value_get(status, "freshness");
	const char *agent = text_of(status, "agent"), *node = text_of(status, "node");
	bool same = !strcmp(agent, flume_version());
	doctor_say(d, same ? DOCTOR_OK : DOCTOR_WARN, "version",
		   same ? NULL : "bring both to the same", "the agent is %s, this is %s", agent,
		   flume_version());
	if (strcmp(node, d->node) != 0)
		doctor_say(d, DOCTOR_WARN, "node", "say --node, or --config as the agent does",
			   "the agent is node '%s', and '%s' is looked for in etcd", node,
			   d->node);
	if (!strcmp(text_of(link, "up"), "false"))
		doctor_say(d, DOCTOR_FAIL, "link", "it serves on with what it has",
			   "the agent does not reach its source: %s", text_of(link, "why"));
	if (!strcmp(text_of(fresh, "blind"), "true"))
		doctor_say(d, DOCTOR_FAIL, "link", "what it runs may be old",
			   "the agent is blind since %s", text_of(fresh, "proved_at"));
	if (!strcmp(text_of(disk, "ok"), "false"))
		doctor_say(d, DOCTOR_FAIL, "disk", "what is proven is not remembered: mend it",
			   "the agent cannot write: %s", text_of(disk, "why"));
}

static void check_status(struct doctor *d, const struct place *p)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	struct flume_err err = {0};
	struct doctor_reply reply;
	flume_value *status = NULL;
	int rc = ask(d, p, "/status", &reply, &err);
	if (!rc)
		rc = flume_value_parse(&status, reply.body.s ? reply.body.s : "",
				       reply.body.len, FLUME_JSON, &limits, NULL);
	if (rc)
		doctor_say(d, DOCTOR_WARN, "version", NULL, "%s: its status cannot be read",
			   p->name);
	else
		say_status(d, status);
	flume_value_free(status);
	text_fini(&reply.body);
}

/* ---- where it is ---- */

/* One that listens everywhere is asked on this host. */
static char *dup_url(const char *listen)
{
	struct text t = {0};
	const char *port = strrchr(listen, ':');
	bool every = !strncmp(listen, "0.0.0.0:", 8) || listen == port;
	bool every6 = !strncmp(listen, "[::]:", 5);
	text_addf(&t, "http://%s%s",
		  every    ? "127.0.0.1"
		  : every6 ? "[::1]"
			   : listen,
		  every || every6 ? port : "");
	return text_take(&t);
}

static char *dup_socket(const char *given)
{
	struct text t = {0};
	const char *folder = getenv("RUNTIME_DIRECTORY");
	if (given)
		text_add(&t, given);
	else if (folder && *folder)
		text_addf(&t, "%.*s/flume.sock", (int)strcspn(folder, ":"), folder);
	else
		text_add(&t, "/run/flume/flume.sock");
	return text_take(&t);
}

void doctor_agent(struct doctor *d)
{
	const struct doctor_options *o = d->options;
	char *url = dup_url(o->listen), *path = dup_socket(o->socket);
	struct place tcp = {"listen", o->listen, url, NULL};
	struct place local = {"socket", path, "http://localhost", path};
	const struct place *alive = NULL;
	if (!url || !path) {
		doctor_say(d, DOCTOR_FAIL, "listen", NULL, "out of memory");
	} else {
		if (*o->listen && check_place(d, &tcp, DOCTOR_FAIL))
			alive = &tcp;
		bool none = o->socket && !strcmp(o->socket, "none");
		bool wanted = o->socket || !*o->listen;
		if (!none && check_place(d, &local, wanted ? DOCTOR_FAIL : DOCTOR_WARN) &&
		    !alive)
			alive = &local;
	}
	if (alive) {
		check_ready(d, alive);
		check_status(d, alive);
	}
	free(url);
	free(path);
}
