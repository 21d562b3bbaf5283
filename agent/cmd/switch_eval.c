/* flume switch eval: who gets which variant, by the switch alone. */
#include "agent/cmd/bench.h"
#include "agent/cmd/findings.h"
#include "agent/cmd/options.h"
#include "agent/cmd/switch.h"
#include "agent/cmd/table.h"
#include "agent/source/slurp.h"
#include "agent/split/weight.h"
#include "lib/base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct eval {
	const struct switch_options *options;
	struct ab_switch *sw;
	bool applies;
	struct table table;
	struct text json;
	size_t told, refused; /* lines */
};

static int out_of_memory(void)
{
	return cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- the switch ---- */

static int read_file(struct eval *e, char *word)
{
	struct files files = {0};
	int code = files_read(&files, &word, 1);
	if (!code && files.n != 1)
		code = cmd_fail(CMD_USAGE, "%s: a folder; name one of the files", word);
	struct file *f = code ? NULL : &files.all[0];
	int rc = f && f->schema ? ab_make(&e->sw, f->name, f->schema, f->report) : 0;
	if (rc == FLUME_NOMEM)
		code = out_of_memory();
	else if (!code && !e->sw)
		code = bench_print(stderr, &files, e->options->output == OUTPUT_JSON);
	files_fini(&files);
	return code ? code : e->sw ? 0 : CMD_NEGATIVE;
}

static int take(struct eval *e, const struct etcd_kv *kv, const char *name)
{
	flume_report *report = flume_report_new();
	e->sw = report ? switch_of(kv, name, report) : NULL;
	if (!e->sw && report)
		findings_print(stderr, &(struct finding_source){name, kv->value, kv->value_len},
			       report);
	flume_report_free(report);
	return !report ? out_of_memory() : e->sw ? 0 : CMD_NEGATIVE;
}

static int read_etcd(struct eval *e, const char *name)
{
	const struct switch_options *o = e->options;
	struct etcd_sync *etcd = NULL;
	struct etcd_result list = {0};
	if (!o->etcd)
		return cmd_fail(CMD_USAGE,
				"switch eval: '%s' is no file; for one of etcd say "
				"--etcd URL or FLUME_ETCD",
				name);
	int code = store_open(&etcd, o->etcd, &o->how, o->prefix);
	if (!code)
		code = store_list(etcd, o->prefix, SWITCHES, &list);
	const struct etcd_kv *kv = code ? NULL : store_find(&list, o->prefix, SWITCHES, name);
	if (kv)
		code = take(e, kv, name);
	else if (!code)
		code = cmd_fail(CMD_NOT_FOUND, "no switch '%s' below %s" SWITCHES, name,
				o->prefix);
	etcd_result_fini(&list);
	etcd_sync_free(etcd);
	return code;
}

static int read_switch(struct eval *e, char *word)
{
	enum flume_format format;
	const char *slash = strrchr(word, '/');
	return slash || slurp_stem(word, &format) ? read_file(e, word) : read_etcd(e, word);
}

/* ---- answers ---- */

static const char *name_of(const struct eval *e, const struct ab_choice *choice)
{
	return ab_variant(e->sw, choice->variant)->name;
}

static void begin_row(struct eval *e, const char *member)
{
	text_addf(&e->json, "%s{\"%s\":", e->json.len ? ",\n" : "\n", member);
}

static void add_choice(struct eval *e, const struct ab_choice *choice)
{
	text_addf(&e->json, ",\"variant\":\"%s\",\"why\":\"%s\"}", name_of(e, choice),
		  ab_why_text(choice->why));
}

static void add_key(struct eval *e, const char *key)
{
	struct ab_choice choice = ab_choose_key(e->sw, e->applies, key, strlen(key));
	table_row(&e->table,
		  (const char *[]){key, name_of(e, &choice), ab_why_text(choice.why)});
	begin_row(e, "key");
	text_add_json(&e->json, key, strlen(key));
	add_choice(e, &choice);
}

/* Documents may be many, so what becomes of one is printed before the next is read. */
static void tell_line(struct eval *e, uint64_t line, const struct ab_choice *choice)
{
	if (e->options->output == OUTPUT_TEXT) {
		printf("%" PRIu64 " %s %s\n", line, name_of(e, choice),
		       ab_why_text(choice->why));
		return;
	}
	printf("%s{\"line\":%" PRIu64 ",\"variant\":\"%s\",\"why\":\"%s\"}",
	       e->told++ ? ",\n" : "\n", line, name_of(e, choice), ab_why_text(choice->why));
}

/* A document is one line, so its own place says the column alone. */
static void tell_refused(struct eval *e, uint64_t number, const char *why)
{
	static const char own[] = "line 1, ";
	bool placed = !strncmp(why, own, strlen(own));
	e->refused++;
	fprintf(stderr, "flume: line %" PRIu64 "%s%s\n", number, placed ? ", " : ": ",
		placed ? why + strlen(own) : why);
}

static int eval_line(struct eval *e, uint64_t number, const char *line, size_t len)
{
	struct document *document = NULL;
	struct flume_err err = {0};
	int rc = document_parse(&document, line, len, &err);
	if (rc == FLUME_NOMEM)
		return out_of_memory();
	if (rc) {
		tell_refused(e, number, err.text);
		return 0;
	}
	struct ab_choice choice = ab_choose(e->sw, e->applies, document);
	tell_line(e, number, &choice);
	document_free(document);
	return 0;
}

static int eval_lines(struct eval *e, FILE *in)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int code = 0;
	bool json = e->options->output == OUTPUT_JSON;
	fputs(json ? "[" : "", stdout);
	for (uint64_t number = 1; !code && (n = getline(&line, &cap, in)) >= 0; number++)
		code = eval_line(e, number, line, (size_t)n - (line[n - 1] == '\n'));
	if (!code && ferror(in))
		code = cmd_fail(CMD_NEGATIVE, "%s: %s", e->options->input, strerror(errno));
	fputs(json ? "\n]\n" : "", stdout);
	free(line);
	return code ? code : e->refused ? CMD_NEGATIVE : CMD_DONE;
}

static int eval_documents(struct eval *e)
{
	const char *input = e->options->input;
	if (!strcmp(input, "-"))
		return eval_lines(e, stdin);
	FILE *in = fopen(input, "re");
	if (!in)
		return cmd_fail(CMD_NOT_FOUND, "%s: %s", input, strerror(errno));
	int code = eval_lines(e, in);
	fclose(in);
	return code;
}

static int print_rows(struct eval *e)
{
	bool good = !e->json.failed && !e->table.failed;
	if (good && e->options->output == OUTPUT_JSON)
		printf("[%s\n]\n", e->json.s ? e->json.s : "");
	else if (good)
		good = table_print(stdout, &e->table);
	return good ? CMD_DONE : out_of_memory();
}

static int eval_keys(struct eval *e, char *const *keys, size_t n)
{
	e->table.columns = 3;
	table_row(&e->table, (const char *[]){"KEY", "VARIANT", "WHY"});
	for (size_t i = 0; i < n; i++)
		add_key(e, keys[i]);
	return print_rows(e);
}

/* ---- shares ---- */

static void add_share(struct eval *e, size_t i, uint64_t seen, uint64_t of)
{
	char weight[WEIGHT_TEXT], count[24], share[24];
	const struct ab_variant *variant = ab_variant(e->sw, i);
	weight_write(weight, variant->weight);
	snprintf(count, sizeof count, "%" PRIu64, seen);
	snprintf(share, sizeof share, "%.3f", 100.0 * (double)seen / (double)of);
	table_row(&e->table, (const char *[]){variant->name, weight, count, share});
	begin_row(e, "variant");
	text_addf(&e->json, "\"%s\",\"weight\":%s,\"keys\":%s,\"share\":%s}", variant->name,
		  weight, count, share);
}

/* Why all keys get the default, where it is so. */
static void tell_none(const struct eval *e)
{
	const char *name = ab_variant(e->sw, ab_default(e->sw))->name;
	if (!ab_enabled(e->sw))
		fprintf(stderr, "flume: the switch is off: all keys get the default '%s'\n",
			name);
	else if (!e->applies)
		fprintf(stderr,
			"flume: the node matches none of 'where', so all keys get the default "
			"'%s': say --label KEY=VALUE as the node has it\n",
			name);
}

static int eval_shares(struct eval *e)
{
	uint64_t seen[AB_VARIANTS] = {0}, of = (uint64_t)e->options->keys;
	char key[24];
	for (uint64_t i = 1; i <= of; i++) {
		int n = snprintf(key, sizeof key, "%" PRIu64, i);
		seen[ab_choose_key(e->sw, e->applies, key, (size_t)n).variant]++;
	}
	e->table.columns = 4;
	table_row(&e->table, (const char *[]){"VARIANT", "WEIGHT %", "KEYS", "SHARE %"});
	for (size_t i = 0; i < ab_count(e->sw); i++)
		add_share(e, i, seen[i], of);
	tell_none(e);
	return print_rows(e);
}

static int run(const struct switch_options *o, char *const *words, size_t n)
{
	struct eval e = {.options = o};
	if (o->input && n > 1)
		return cmd_fail(CMD_USAGE, "switch eval: keys, or documents of --input");
	if (o->keys < 1)
		return cmd_fail(CMD_USAGE, "--keys: at least 1");
	int code = read_switch(&e, words[0]);
	if (!code) {
		e.applies = ab_applies(e.sw, o->labels);
		code = o->input ? eval_documents(&e)
		       : n > 1  ? eval_keys(&e, words + 1, n - 1)
				: eval_shares(&e);
	}
	ab_unref(e.sw);
	table_fini(&e.table);
	text_fini(&e.json);
	return code;
}

const struct switch_verb switch_eval = {"eval", 1, SIZE_MAX, run};
