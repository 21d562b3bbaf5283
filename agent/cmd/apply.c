/*
 * Lint, test, compare and put.  What etcd holds already is read first: schemas may refer to those,
 * and each write demands that its key is still as it was read, so nobody's work is undone unseen.
 *
 * A write whose answer got lost may have happened.  Then the key is read again: it holds what was
 * to be written, or it does not.
 */
#include "agent/cmd/bench.h"
#include "agent/cmd/cases.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/follow.h"
#include "agent/cmd/options.h"
#include "agent/cmd/store.h"
#include "agent/source/source.h"
#include "lib/base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct apply_options {
	const char *const *files;
	const char *etcd, *prefix, *config;
	int64_t timeout, case_limit;
	int output;
	bool wait, dry_run;
};

static const struct conf_option options[] = {
	{"file", 'f', CONF_TEXTS, "FILE|DIR", NULL, NULL, offsetof(struct apply_options, files),
	 "What to apply; may be given again."},
	OPTION_ETCD(apply_options),
	OPTION_PREFIX(apply_options),
	{"wait", 'w', CONF_FLAG, "", NULL, NULL, offsetof(struct apply_options, wait),
	 "Wait until every live node runs it, or one says why not."},
	{"timeout", 0, CONF_DURATION, "TIME", "60s", NULL, offsetof(struct apply_options, timeout),
	 "How long to wait."},
	{"dry-run", 0, CONF_FLAG, "", NULL, NULL, offsetof(struct apply_options, dry_run),
	 "Do everything but write."},
	OPTION_CASE_LIMIT(apply_options),
	OPTION_CONFIG(apply_options, "The agent's configuration, for etcd, prefix and components."),
	OPTION_OUTPUT(apply_options),
	{0},
};

enum applied { CREATED, CONFIGURED, UNCHANGED };
static const char *const words[] = {"created", "configured", "unchanged"};

struct session {
	const struct apply_options *options;
	const struct conf *conf;
	struct etcd_sync *etcd;
	struct etcd_result list;
	struct files files;
	struct files there; /* what etcd holds, without those of the same names */
	size_t *order;      /* of the files: each after those it refers to */
	struct follow_wanted *wanted;
	struct text json;
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- before anything is written ---- */

static int read_words(struct session *s)
{
	size_t n = 0;
	while (s->options->files[n])
		n++;
	if (!n && !s->conf->n_words)
		return cmd_fail(CMD_USAGE, "apply: what? -f FILE or -f DIR");
	char **all = calloc(n + s->conf->n_words, sizeof *all);
	if (!all)
		return out_of_memory();
	for (size_t i = 0; i < n; i++)
		all[i] = (char *)(uintptr_t)s->options->files[i];
	for (size_t i = 0; i < s->conf->n_words; i++)
		all[n + i] = s->conf->words[i];
	int code = files_read(&s->files, all, n + s->conf->n_words);
	free(all);
	for (size_t i = 0; i < s->files.n; i++)
		if (!source_name_good(s->files.all[i].name))
			flume_report_add(s->files.all[i].report, "bad-name", "", NULL, NULL,
					 "'%s' cannot be the name of a schema: lower-case letters, "
					 "digits, '.', '_' and '-', a letter or digit first",
					 s->files.all[i].name);
	return code;
}

static int read_store(struct session *s)
{
	int code = store_open(&s->etcd, s->options->etcd);
	if (!code)
		code = store_list(s->etcd, s->options->prefix, "schemas/", &s->list);
	if (!code)
		code = store_parse(&s->there, &s->list, s->options->prefix);
	if (code)
		return code;
	struct files other = {0};
	struct files *there = &s->there;
	size_t kept = 0;
	for (size_t i = 0; i < there->n; i++) {
		bool replaced = false;
		for (size_t j = 0; j < s->files.n && !replaced; j++)
			replaced = !strcmp(there->all[i].name, s->files.all[j].name);
		struct file f = there->all[i];
		there->all[i] = there->all[kept];
		there->all[kept] = f;
		kept += !replaced;
	}
	if (kept < there->n) {
		/* What is replaced lies behind the others now. */
		other = (struct files){.all = malloc((there->n - kept) * sizeof *other.all)};
		if (!other.all)
			return out_of_memory();
		other.n = there->n - kept;
		memcpy(other.all, there->all + kept, other.n * sizeof *other.all);
		there->n = kept;
		files_fini(&other);
	}
	return 0;
}
