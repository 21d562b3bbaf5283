#include "agent/cmd/doctor.h"

#include "agent/cmd/store.h"
#include "agent/engine/facts.h"
#include "agent/loop/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ONE_MS    3000 /* for a question to one member */
#define ALL_MS    6000 /* and to those that answer     */
#define SKEW_MOST 5    /* seconds: certificates, tokens and stamps go by the clock */
#define MILLI     1000000

/* ---- each member ---- */

static struct doctor_request question(const struct doctor *d, const char *url, const char *path,
				      int within)
{
	const struct etcd_how *how = &d->options->how;
	return (struct doctor_request){
		.url = url,
		.path = path,
		.ca = how->ca,
		.cert = how->cert,
		.key = how->key,
		.server_name = how->server_name,
		.within_ms = within,
	};
}

static void say_clock(struct doctor *d, const char *url, int64_t date)
{
	int64_t skew = date - stamp_now(), far = skew < 0 ? -skew : skew;
	if (!date)
		return;
	if (far <= SKEW_MOST)
		doctor_say(d, DOCTOR_OK, "clock", NULL, "%s: its clock agrees with this one",
			   url);
	else
		doctor_say(d, DOCTOR_WARN, "clock",
			   "set both by NTP: certificates and stamps go by them",
			   "%s: its clock is %" PRId64 " s %s this one", url, far,
			   skew < 0 ? "behind" : "before");
}

static const char *text_of(const flume_value *map, const char *key)
{
	return flume_value_text(flume_value_get(map, key));
}

static void say_version(struct doctor *d, const char *url, const struct doctor_reply *reply)
{
	flume_value *root = NULL;
	const char *body = reply->body.s ? reply->body.s : "";
	int rc = flume_value_parse(&root, body, reply->body.len, FLUME_JSON, NULL, NULL);
	const char *version = rc ? "" : text_of(root, "etcdserver");
	bool old = !strncmp(version, "3.4.", 4);
	bool other = !*version || (strncmp(version, "3.", 2) != 0);
	if (other)
		doctor_say(d, DOCTOR_FAIL, "etcd", "name an etcd 3.4 to 3.6 with --etcd",
			   "%s answers with status %ld, and is no etcd 3", url, reply->status);
	else
		doctor_say(d, old ? DOCTOR_WARN : DOCTOR_OK, "etcd",
			   old ? "3.4 gets no repairs any more" : NULL,
			   "%s answers in %" PRId64 " ms, version %s", url,
			   reply->took_ns / MILLI, version);
	flume_value_free(root);
}

static void say_health(struct doctor *d, const char *url)
{
	struct flume_err err = {0};
	struct doctor_reply reply;
	int within = doctor_time(d, "health", ONE_MS);
	if (!within)
		return;
	const struct doctor_request q = question(d, url, "/health", within);
	if (doctor_get(&q, &reply, &err))
		doctor_say(d, DOCTOR_FAIL, "health", NULL, "%s: %s", url, err.text);
	else if (reply.status == 200)
		doctor_say(d, DOCTOR_OK, "health", NULL, "%s: healthy", url);
	else
		doctor_say(d, DOCTOR_FAIL, "health",
			   "look at 'etcdctl endpoint status' and 'alarm list'",
			   "%s: status %ld: %.300s", url, reply.status,
			   reply.body.s ? reply.body.s : "");
	text_fini(&reply.body);
}

static bool check_member(struct doctor *d, const char *url)
{
	struct flume_err err = {0};
	struct doctor_reply reply;
	int within = doctor_time(d, "etcd", ONE_MS);
	if (!within)
		return false;
	const struct doctor_request q = question(d, url, "/version", within);
	int rc = doctor_get(&q, &reply, &err);
	if (rc) {
		bool secure = !strncmp(url, "https:", 6);
		doctor_say(d, DOCTOR_FAIL, "etcd",
			   secure ? "is it there, and are --etcd-ca, -cert and -key right?"
				  : "is it there, and does it speak without TLS?",
			   "%s: %s", url, err.text);
	} else {
		say_version(d, url, &reply);
		say_clock(d, url, reply.date);
	}
	text_fini(&reply.body);
	if (!rc)
		say_health(d, url);
	return !rc;
}

static bool check_members(struct doctor *d)
{
	const char *s = d->options->etcd;
	bool any = false;
	while (*s) {
		size_t n = strcspn(s, ",");
		char *url = strndup(s, n);
		if (!url) {
			doctor_say(d, DOCTOR_FAIL, "etcd", NULL, "out of memory");
			return false;
		}
		if (n && url[n - 1] == '/')
			url[n - 1] = '\0';
		if (n)
			any = check_member(d, url) || any;
		free(url);
		s += n + (s[n] == ',');
	}
	return any;
}

/* ---- what the user may ---- */

static char *key_of(const struct doctor *d, const char *folder, const char *name)
{
	struct text t = {0};
	text_addf(&t, "%s%s%s", d->options->prefix, folder, name);
	return text_take(&t);
}

static const char *advice_of(const struct doctor *d, int rc)
{
	return rc == FLUME_REFUSED
		       ? d->options->how.user
				 ? "check --etcd-password-file, and the rights of the user's "
				   "role"
				 : "etcd has users: say --etcd-user and --etcd-password-file"
		       : NULL;
}

static bool check_read(struct doctor *d, struct etcd_sync *etcd)
{
	struct etcd_result r = {0};
	struct flume_err err = {0};
	char *key = key_of(d, "schemas/", "");
	int rc = key ? etcd_sync_range(etcd,
				       &(struct etcd_query){
					       .key = key, .prefix = true, .count_only = true},
				       &r, &err)
		     : flume_fail(&err, FLUME_NOMEM, "out of memory");
	if (rc)
		doctor_say(d, DOCTOR_FAIL, "read", advice_of(d, rc), "%s", err.text);
	else
		doctor_say(d, r.count ? DOCTOR_OK : DOCTOR_WARN, "read",
			   r.count ? NULL : "is --prefix right? 'flume apply' puts some there",
			   "%" PRId64 " schema%s below %s", r.count, r.count == 1 ? "" : "s",
			   key);
	etcd_result_fini(&r);
	free(key);
	return !rc;
}

/* A condition that is never true: nothing is written. */
static int try_to_write(struct etcd_sync *etcd, const char *key, struct flume_err *err)
{
	const struct etcd_compare never = {
		.key = key, .target = ETCD_MOD_REVISION, .relation = ETCD_LESS};
	const struct etcd_operation put = {.action = ETCD_PUT, .key = key, .value = ""};
	const struct etcd_txn txn = {
		.compares = &never, .n_compares = 1, .success = &put, .n_success = 1};
	return key ? etcd_sync_transact(etcd, &txn, NULL, err)
		   : flume_fail(err, FLUME_NOMEM, "out of memory");
}

/* Is there time for one more call? */
static bool may_go_on(struct doctor *d, struct etcd_sync *etcd, const char *check)
{
	int within = doctor_time(d, check, ALL_MS);
	etcd_sync_bound(etcd, within);
	return within;
}

static void check_write(struct doctor *d, struct etcd_sync *etcd, const char *folder,
			enum doctor_level level, const char *without)
{
	struct flume_err err = {0};
	if (!may_go_on(d, etcd, "write"))
		return;
	char *key = key_of(d, folder, d->node);
	int rc = try_to_write(etcd, key, &err);
	if (rc)
		doctor_say(d, level, "write", without, "%s: %s", key ? key : "", err.text);
	else
		doctor_say(d, DOCTOR_OK, "write", NULL, "%s%s may be written",
			   d->options->prefix, folder);
	free(key);
}

/* ---- what the node says there ---- */

static void say_status(struct doctor *d, const struct etcd_kv *kv)
{
	const struct flume_limits limits = {.bytes = 16 << 20, .nodes = 1 << 20};
	flume_value *status = NULL;
	if (flume_value_parse(&status, kv->value, kv->value_len, FLUME_JSON, &limits, NULL)) {
		doctor_say(d, DOCTOR_FAIL, "status", "who else writes it?", "%s does not parse",
			   kv->key);
		return;
	}
	const flume_value *fresh = flume_value_get(status, "freshness");
	const char *agent = text_of(status, "agent");
	bool blind = !strcmp(text_of(fresh, "blind"), "true");
	if (!kv->lease)
		doctor_say(d, DOCTOR_WARN, "status", "delete it: no agent wrote it",
			   "%s is under no lease, so it says nothing of who lives", kv->key);
	else if (blind)
		doctor_say(d, DOCTOR_FAIL, "status", "look at the agent's log",
			   "%s: the node is blind: it was last proved at %s", kv->key,
			   text_of(fresh, "proved_at"));
	else
		doctor_say(d, DOCTOR_OK, "status", NULL, "%s is there, under a lease", kv->key);
	if (strcmp(agent, flume_version()) != 0)
		doctor_say(d, DOCTOR_WARN, "version", "bring both to the same",
			   "the agent is %s, this is %s", agent, flume_version());
	flume_value_free(status);
}

static void check_status(struct doctor *d, struct etcd_sync *etcd)
{
	struct etcd_result r = {0};
	struct flume_err err = {0};
	if (!may_go_on(d, etcd, "status"))
		return;
	char *key = key_of(d, "nodes/", d->node);
	int rc = key ? etcd_sync_range(etcd, &(struct etcd_query){.key = key}, &r, &err)
		     : flume_fail(&err, FLUME_NOMEM, "out of memory");
	if (rc)
		doctor_say(d, DOCTOR_FAIL, "status", advice_of(d, rc), "%s", err.text);
	else if (!r.n)
		doctor_say(d, DOCTOR_FAIL, "status",
			   "is an agent with this --node running, and does it reach etcd?",
			   "%s is not there", key);
	else
		say_status(d, r.kvs);
	etcd_result_fini(&r);
	free(key);
}

/* ---- all of it ---- */

static void check_rights(struct doctor *d)
{
	const struct etcd_options options = store_options(d->options->etcd, &d->options->how);
	struct flume_err err = {0};
	int within = doctor_time(d, "read", ALL_MS);
	if (!within)
		return;
	struct etcd_sync *etcd = etcd_sync_new(&options, within, &err);
	if (!etcd) {
		doctor_say(d, DOCTOR_FAIL, "read", NULL, "%s", err.text);
	} else if (check_read(d, etcd)) {
		check_write(d, etcd, "nodes/", DOCTOR_FAIL,
			    "without it 'flume status' does not see this node");
		check_write(
			d, etcd, "history/", DOCTOR_WARN,
			"without it changes by 'etcdctl put' are not recorded by this node");
		check_status(d, etcd);
	}
	etcd_sync_free(etcd);
}

/* What makes no sense is not tried; a file that cannot be read is found out here as well. */
static bool check_options(struct doctor *d)
{
	const struct etcd_options options = store_options(d->options->etcd, &d->options->how);
	struct flume_err err = {0};
	struct etcd_sync *etcd = etcd_sync_new(&options, ONE_MS, &err);
	if (!etcd)
		doctor_say(d, DOCTOR_FAIL, "etcd", "the agent would not start with it", "%s",
			   err.text);
	etcd_sync_free(etcd);
	return etcd;
}

void doctor_etcd(struct doctor *d)
{
	if (check_options(d) && check_members(d))
		check_rights(d);
}
