#include "agent/cmd/store.h"

#include "agent/cmd/cmd.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"
#include "lib/base/text.h"

#include <stdlib.h>
#include <string.h>

#define WITHIN_MS 10000
#define SECOND    INT64_C(1000000000)

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

struct etcd_options store_options(const char *endpoints, const struct etcd_how *how)
{
	return (struct etcd_options){
		.endpoints = endpoints,
		.ca_file = how->ca,
		.cert_file = how->cert,
		.key_file = how->key,
		.server_name = how->server_name,
		.user = how->user,
		.password_file = how->password_file,
		.silence_ms = (int)(how->silence / 1000000),
	};
}

bool store_silence_good(const struct etcd_how *how)
{
	return how->silence >= SECOND && how->silence <= 600 * SECOND;
}

int store_check(const struct etcd_how *how)
{
	if (!store_silence_good(how))
		return cmd_fail(CMD_USAGE, "--etcd-silence: expected 1s to 10m");
	return 0;
}

int store_open(struct etcd_sync **out, const char *endpoints, const struct etcd_how *how,
	       const char *prefix)
{
	const struct etcd_options options = store_options(endpoints, how);
	struct flume_err err = {0};
	int code = cmd_check_prefix(prefix);
	if (!code)
		code = store_check(how);
	if (code)
		return code;
	*out = etcd_sync_new(&options, WITHIN_MS, &err);
	return *out ? 0 : cmd_fail(cmd_exit_of(err.code), "%s", err.text);
}

const char *store_name(const struct etcd_kv *kv, const char *prefix, const char *folder)
{
	return kv->key + strlen(prefix) + strlen(folder);
}

static void keep_names(struct etcd_result *r, const char *prefix, const char *folder)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->n; i++) {
		struct etcd_kv kv = r->kvs[i];
		if (strlen(kv.key) == kv.key_len &&
		    source_name_good(store_name(&kv, prefix, folder))) {
			r->kvs[i] = r->kvs[kept];
			r->kvs[kept++] = kv;
		}
	}
	/* The others lie behind them, and are freed here since nobody else will see them. */
	for (size_t i = kept; i < r->n; i++) {
		free(r->kvs[i].key);
		free(r->kvs[i].value);
	}
	r->n = kept;
}

int store_list(struct etcd_sync *etcd, const char *prefix, const char *folder,
	       struct etcd_result *out)
{
	struct flume_err err = {0};
	struct text key = {0};
	text_addf(&key, "%s%s", prefix, folder);
	if (key.failed) {
		text_fini(&key);
		return out_of_memory();
	}
	int code = etcd_sync_range(etcd, &(struct etcd_query){.key = key.s, .prefix = true},
				   out, &err);
	text_fini(&key);
	if (code)
		return cmd_fail(cmd_exit_of(code), "%s", err.text);
	keep_names(out, prefix, folder);
	return 0;
}

const struct etcd_kv *store_find(const struct etcd_result *r, const char *prefix,
				 const char *folder, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(store_name(&r->kvs[i], prefix, folder), name))
			return &r->kvs[i];
	return NULL;
}

static int parse_one(struct file *f, const struct etcd_kv *kv, const char *name)
{
	f->name = strdup(name);
	f->path = strdup(kv->key);
	f->text = malloc(kv->value_len + 1);
	f->report = flume_report_new();
	if (!f->name || !f->path || !f->text || !f->report)
		return FLUME_NOMEM;
	memcpy(f->text, kv->value, kv->value_len);
	f->text[kv->value_len] = '\0';
	f->len = kv->value_len;
	f->format = slurp_guess(f->text, f->len);
	return flume_schema_parse(&f->schema, f->text, f->len, f->format, NULL, f->report);
}

static bool has(const struct files *files, const char *name)
{
	for (size_t i = 0; files && i < files->n; i++)
		if (!strcmp(files->all[i].name, name))
			return true;
	return false;
}

int store_parse(struct files *files, const struct etcd_result *r, const char *prefix,
		const struct files *except)
{
	files->all = calloc(r->n ? r->n : 1, sizeof *files->all);
	if (!files->all)
		return out_of_memory();
	files->cap = r->n;
	for (size_t i = 0; i < r->n; i++) {
		const char *name = store_name(&r->kvs[i], prefix, "schemas/");
		if (!has(except, name) &&
		    parse_one(&files->all[files->n++], &r->kvs[i], name) == FLUME_NOMEM)
			return out_of_memory();
	}
	return 0;
}
