#include "agent/cmd/operate.h"

#include "agent/cmd/fetch.h"
#include "agent/cmd/store.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOCKET     "/run/flume/flume.sock"
#define TOKEN_MOST 4096

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- what, who and why ---- */

static int find_name(struct operate *o, const struct conf *conf, const char *command,
		     enum operate_all all)
{
	o->name = conf->n_words ? conf->words[0] : NULL;
	if (!o->name && all == OPERATE_ALL_VERSIONS)
		return cmd_fail(CMD_USAGE, "%s: which schema? --all is about its versions",
				command);
	if (o->name && o->options->all && all == OPERATE_ALL_SCHEMAS)
		return cmd_fail(CMD_USAGE, "%s: '%s' or --all? name one of them", command,
				o->name);
	if (!o->name && !o->options->all)
		return cmd_fail(CMD_USAGE, "%s: which schema? NAME or --all", command);
	if (o->name && !source_name_good(o->name))
		return cmd_fail(CMD_USAGE, "%s: '%s' cannot be the name of a schema", command,
				o->name);
	return 0;
}

static void find_who(struct operate *o)
{
	struct note *note = &o->note;
	const struct passwd *user = o->options->by ? NULL : getpwuid(geteuid());
	const char *by = o->options->by ? o->options->by : user ? user->pw_name : "unknown";
	const char *why = o->options->why ? o->options->why : "";
	snprintf(note->by, sizeof note->by, "%s", by);
	snprintf(note->why, sizeof note->why, "%s", why);
	note->at = stamp_now();
}

int operate_begin(struct operate *o, const struct cmd_call *call, const char *command,
		  enum operate_all all)
{
	*o = (struct operate){.options = call->options};
	int code = find_name(o, call->conf, command, all);
	if (code)
		return code;
	find_who(o);
	o->fleet = o->options->etcd && !o->options->agent && !o->options->socket;
	return o->fleet ? store_open(&o->etcd, o->options->etcd, &o->options->how,
				     o->options->prefix)
			: 0;
}

/* ---- a node ---- */

static int read_token(const struct operate *o, char **out)
{
	size_t len = 0;
	const char *file = o->options->token_file;
	if (!file)
		return 0;
	if (slurp(file, TOKEN_MOST, out, &len))
		return cmd_fail(CMD_USAGE, "--token-file: %s cannot be read", file);
	while (len && isspace((unsigned char)(*out)[len - 1]))
		(*out)[--len] = '\0';
	return 0;
}

int operate_ask(struct operate *o, const char *method, const char *path)
{
	const struct operate_options *options = o->options;
	struct flume_err err = {0};
	char *token = NULL, *body = note_dup_json(&o->note);
	int code = read_token(o, &token);
	if (!code && (!body || !path))
		code = out_of_memory();
	if (!code) {
		int rc = fetch_send(
			&(struct fetch_request){
				.url = options->agent ? options->agent : "http://localhost",
				.socket = options->agent    ? NULL
					  : options->socket ? options->socket
							    : SOCKET,
				.method = method,
				.path = path,
				.body = body,
				.token = token,
			},
			&err);
		code = rc ? cmd_fail(cmd_exit_of(rc), "%s", err.text) : 0;
	}
	free(token);
	free(body);
	return code;
}

char *operate_path(const struct operate *o, const char *below, const char *all)
{
	struct text t = {0};
	if (o->name)
		text_addf(&t, "/schemas/%s%s", o->name, below);
	else
		text_add(&t, all);
	return text_take(&t);
}

/* ---- the fleet ---- */

static char *key_of(const struct operate *o, const char *folder, const char *name)
{
	struct text t = {0};
	text_addf(&t, "%s%s%s", o->options->prefix, folder, name ? name : "");
	return text_take(&t);
}

static int look(struct operate *o, const char *key, struct operate_seen *out)
{
	struct etcd_result r = {0};
	struct flume_err err = {0};
	int rc = etcd_sync_range(o->etcd, &(struct etcd_query){.key = key}, &r, &err);
	if (rc)
		return cmd_fail(cmd_exit_of(rc), "%s", err.text);
	out->store = r.revision;
	if (r.n) {
		out->revision = r.kvs[0].mod_revision;
		out->len = r.kvs[0].value_len;
		out->value = r.kvs[0].value;
		r.kvs[0].value = NULL;
	}
	etcd_result_fini(&r);
	return 0;
}

int operate_look(struct operate *o, const char *folder, const char *name,
		 struct operate_seen *out)
{
	char *key = key_of(o, folder, name);
	*out = (struct operate_seen){0};
	int code = key ? look(o, key, out) : out_of_memory();
	free(key);
	return code;
}

static int explain(int rc, const char *key, const struct flume_err *err)
{
	if (!rc)
		return 0;
	if (rc == FLUME_CONFLICT)
		return cmd_fail(CMD_CONFLICT, "%s: somebody else changed it at the same time",
				key);
	return cmd_fail(cmd_exit_of(rc), "%s: %s", key, err->text);
}

int operate_put(struct operate *o, const char *folder, const char *name,
		const struct operate_seen *seen)
{
	struct flume_err err = {0};
	struct etcd_result r = {0};
	char *key = key_of(o, folder, name), *value = note_dup_json(&o->note);
	int code = CMD_NEGATIVE;
	if (key && value) {
		int rc = etcd_sync_put_if(o->etcd, key, value, strlen(value), seen->revision, 0,
					  &r, &err);
		code = explain(rc, key, &err);
		etcd_result_fini(&r);
	} else {
		out_of_memory();
	}
	free(key);
	free(value);
	return code;
}

int operate_delete(struct operate *o, const char *folder, const char *name,
		   const struct operate_seen *seen)
{
	struct flume_err err = {0};
	struct etcd_result r = {0};
	char *key = key_of(o, folder, name);
	int code = CMD_NEGATIVE;
	if (key) {
		code = explain(etcd_sync_delete_if(o->etcd, key, seen->revision, &r, &err), key,
			       &err);
		etcd_result_fini(&r);
	} else {
		out_of_memory();
	}
	free(key);
	return code;
}

/* ---- what was done ---- */

void operate_tell(struct operate *o, const char *name, const char *result)
{
	struct text *t = &o->told;
	o->n_told++;
	if (o->options->output == OUTPUT_TEXT) {
		text_addf(t, "%s %s%s\n", name ? name : "all schemas", result,
			  o->fleet ? "" : " on this node");
		return;
	}
	text_add(t, o->n_told > 1 ? ",\n{\"name\":" : "\n{\"name\":");
	if (name)
		text_add_json(t, name, strlen(name));
	else
		text_add(t, "null");
	text_addf(t, ",\"result\":\"%s\",\"scope\":\"%s\"}", result,
		  o->fleet ? "fleet" : "node");
}

int operate_end(struct operate *o, int code)
{
	bool json = o->options && o->options->output == OUTPUT_JSON;
	char *told = text_take(&o->told);
	if (told && json && (!code || o->n_told))
		printf("[%s%s]\n", told, o->n_told ? "\n" : "");
	else if (told)
		fputs(told, stdout);
	else
		code = code ? code : out_of_memory();
	free(told);
	etcd_sync_free(o->etcd);
	return code;
}
