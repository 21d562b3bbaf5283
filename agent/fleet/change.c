/*
 * The records of the name are listed, and the transaction holds as long as there is no other.  When one came
 * in between, and the document is what it was, the list is made again.
 */
#include "agent/fleet/change.h"

#include "agent/fleet/history.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 8 /* each time somebody else wrote a record in between */

struct fleet_change {
	struct etcd *etcd;
	fleet_change_fn *done;
	void *arg;
	struct etcd_call *call;
	char *key, *records; /* of the document; the folder of its records */
	struct etcd_kv seen; /* value NULL: it was not there */
	const char *text;
	size_t len;
	struct record record;
	int tries;
};

static void change_free(struct fleet_change *c)
{
	free(c->key);
	free(c->records);
	free(c->seen.value);
	free(c);
}

static void end(struct fleet_change *c, int64_t revision, const struct flume_err *err)
{
	fleet_change_fn *done = c->done;
	void *arg = c->arg;
	change_free(c);
	done(arg, revision, err);
}

static void end_failed(struct fleet_change *c, int code, const char *why)
{
	struct flume_err err = {0};
	flume_fail(&err, code, "%s", why);
	end(c, 0, &err);
}

static const struct etcd_kv *seen_of(const struct fleet_change *c)
{
	return c->seen.value ? &c->seen : NULL;
}

/* ---- the document alone ---- */

static void on_alone(struct etcd_result *r, void *arg)
{
	end(arg, r->revision, r->code ? &r->err : NULL);
}

static void write_alone(struct fleet_change *c)
{
	int64_t expected = c->seen.mod_revision;
	c->call = c->text ? etcd_put_if(c->etcd, c->key, c->text, c->len, expected, 0, on_alone,
					c)
			  : etcd_delete_if(c->etcd, c->key, expected, on_alone, c);
	if (!c->call)
		end_failed(c, FLUME_NOMEM, "out of memory");
}

/* ---- both ---- */

static void list_records(struct fleet_change *);

static void on_written(struct etcd_result *r, void *arg)
{
	struct fleet_change *c = arg;
	c->call = NULL;
	if (r->code == FLUME_REFUSED)
		write_alone(c);
	else if (r->code)
		end(c, 0, &r->err);
	else if (r->succeeded)
		end(c, r->revision, NULL);
	else if ((r->n ? r->kvs[0].mod_revision : 0) != c->seen.mod_revision ||
		 ++c->tries == TRIES)
		end_failed(c, FLUME_CONFLICT, "somebody else wrote it");
	else
		list_records(c);
}

static void on_list(struct etcd_result *r, void *arg)
{
	struct fleet_change *c = arg;
	const struct history history = {c->records, r->kvs, r->n, r->revision};
	struct history_write w;
	c->call = NULL;
	if (r->code == FLUME_REFUSED) {
		write_alone(c);
		return;
	}
	if (r->code) {
		end(c, 0, &r->err);
		return;
	}
	history_write_begin(&w, &history);
	if (!history_write_change(&w, &(struct history_change){.key = c->key,
							       .seen = seen_of(c),
							       .text = c->text,
							       .len = c->len,
							       .number = history_next(&history),
							       .record = &c->record})) {
		const struct etcd_txn txn = history_write_end(&w);
		c->call = etcd_transact(c->etcd, &txn, on_written, c);
	}
	history_write_fini(&w);
	if (!c->call)
		end_failed(c, FLUME_NOMEM, "out of memory");
}

/* Whoever calls it from outside is told by a NULL in `call`. */
static void ask_records(struct fleet_change *c)
{
	const struct etcd_query query = {.key = c->records, .prefix = true, .keys_only = true};
	c->call = etcd_range(c->etcd, &query, on_list, c);
}

static void list_records(struct fleet_change *c)
{
	ask_records(c);
	if (!c->call)
		end_failed(c, FLUME_NOMEM, "out of memory");
}

/* ---- life ---- */

static int describe(struct fleet_change *c, const struct fleet_change_of *of)
{
	struct record *r = &c->record;
	int rc = 0;
	r->at = stamp_now();
	r->text = of->text;
	r->len = of->len;
	snprintf(r->who, sizeof r->who, "%s", of->who);
	utf8_mend(r->who);
	snprintf(r->node, sizeof r->node, "%s", of->node);
	snprintf(r->action, sizeof r->action, "%s", of->text ? "put" : "delete");
	if (of->text)
		rc = record_version_of(&r->version, of->text, of->len, 0);
	if (!rc && of->seen)
		rc = record_version_of(&r->previous, of->seen->value, of->seen->value_len,
				       of->seen->mod_revision);
	return rc;
}

static bool keep_seen(struct fleet_change *c, const struct etcd_kv *seen)
{
	if (!seen)
		return true;
	c->seen = (struct etcd_kv){.value = malloc(seen->value_len + 1),
				   .value_len = seen->value_len,
				   .mod_revision = seen->mod_revision};
	if (c->seen.value)
		memcpy(c->seen.value, seen->value, seen->value_len + 1);
	return c->seen.value;
}

struct fleet_change *fleet_change_new(struct etcd *etcd, const struct fleet_change_of *of,
				      fleet_change_fn *done, void *arg)
{
	struct fleet_change *c = calloc(1, sizeof *c);
	struct text key = {0};
	if (!c)
		return NULL;
	*c = (struct fleet_change){
		.etcd = etcd, .done = done, .arg = arg, .text = of->text, .len = of->len};
	text_addf(&key, "%s%s%s", of->prefix, of->folder, of->name);
	c->key = text_take(&key);
	c->records = history_dup_folder(of->prefix, of->folder, of->name);
	if (c->key && c->records && keep_seen(c, of->seen) && !describe(c, of))
		ask_records(c);
	if (c->call)
		return c;
	change_free(c);
	return NULL;
}

struct fleet_change *fleet_change_cancel(struct fleet_change *c)
{
	if (c) {
		etcd_cancel(c->call);
		change_free(c);
	}
	return NULL;
}
