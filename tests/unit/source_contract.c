/*
 * What every source promises its sink, told to each kind of source: see agent/source/source.h.
 * What is particular to one kind is in a file of its own.
 */
#include "agent/source/source.h"

#include "agent/etcd/etcd.h"
#include "agent/source/url.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/suites.h"
#include "tests/unit/web_site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACE INT64_C(50000000)

struct kind {
	const char *name, *origin;
	bool polls, revisions;
	void (*open)(void);
	void (*set)(const char *name, const char *text); /* NULL deletes */
	void (*leave)(void);                             /* it cannot be asked ... */
	void (*back)(void);                              /* ... and can again, as it was */
	void (*follow)(const struct sink *, int64_t pace);
	void (*close)(void);
};

static struct {
	const struct kind *kind;
	struct loop *loop;
	struct source *source;
	struct map known; /* name to text: what follows from all that was said */
	size_t lists, batches, proofs;
	int fails;                /* so many batches are not taken in */
	int64_t revision, proved; /* of the last batch, of the last proof */
	bool up, told;
	char why[320];
	/* the stores */
	struct etcd_server server;
	struct etcd *etcd;
	struct web_site site;
	struct map texts; /* of the site */
	char top[256], dir[300];
	bool done;
} t;

/* ---- the sink ---- */

static void know(const char *name, const char *text, size_t len)
{
	free(map_remove(&t.known, name));
	if (text)
		ck_assert_int_eq(map_add(&t.known, name, strndup(text, len)), 0);
}

static void forget_all(struct map *map)
{
	for (size_t i = 0; i < map->len; i++)
		free(map->entries[i].thing);
	map_fini(map);
}

static int on_batch(void *arg, enum batch_kind kind, const struct change *changes, size_t n,
		    int64_t revision)
{
	(void)arg;
	t.batches++;
	if (t.fails-- > 0)
		return FLUME_NOMEM;
	if (kind == BATCH_LIST)
		forget_all(&t.known);
	t.lists += kind == BATCH_LIST;
	ck_assert(t.lists > 0 || kind == BATCH_LIST); /* a list comes first */
	ck_assert(t.kind->revisions ? revision > 0 : revision == 0);
	for (size_t i = 0; i < n; i++) {
		ck_assert(source_name_good(changes[i].name));
		ck_assert_str_eq(changes[i].origin, t.kind->origin);
		ck_assert_ptr_nonnull(strstr(changes[i].place, changes[i].name));
		ck_assert_int_le(changes[i].revision, revision);
		ck_assert(!t.kind->revisions || changes[i].revision > 0);
		ck_assert(changes[i].text || kind == BATCH_EVENTS);
		know(changes[i].name, changes[i].text, changes[i].len);
	}
	t.revision = revision;
	return 0;
}

static void on_proved(void *arg, int64_t revision)
{
	(void)arg;
	ck_assert_uint_gt(t.lists, 0);        /* nothing is proved before all was said */
	ck_assert_int_ge(revision, t.proved); /* what came meanwhile may be newer than it */
	t.proved = revision;
	t.proofs++;
}

static void on_link(void *arg, bool up, const char *why)
{
	(void)arg;
	ck_assert(up || *why);
	snprintf(t.why, sizeof t.why, "%s", up ? "" : why);
	t.up = up;
	t.told = true;
}

static void on_reset(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	ck_abort_msg("nothing was wiped");
}

/* ---- etcd ---- */

static void open_etcd(void)
{
	etcd_server_init(&t.server);
	etcd_server_start(&t.server);
	t.etcd = etcd_new(t.loop, &(struct etcd_options){.endpoints = t.server.url}, NULL);
	ck_assert_ptr_nonnull(t.etcd);
}

static void on_done(struct etcd_result *r, void *arg)
{
	(void)arg;
	ck_assert_msg(r->code == 0, "%s", r->err.text);
	t.done = true;
}

static void set_etcd(const char *name, const char *text)
{
	char key[160];
	snprintf(key, sizeof key, "/flume/schemas/%s", name);
	t.done = false;
	ck_assert_ptr_nonnull(text ? etcd_put(t.etcd, key, text, strlen(text), 0, on_done, NULL)
				   : etcd_delete(t.etcd, key, on_done, NULL));
	LOOP_UNTIL(t.loop, t.done, "a write");
}

static void leave_etcd(void)
{
	etcd_server_kill(&t.server);
}

static void back_etcd(void)
{
	etcd_server_start(&t.server);
}

static void follow_etcd(const struct sink *sink, int64_t pace)
{
	const struct source_folder folder = {"schemas/", *sink};
	ck_assert_int_eq(
		source_etcd_new(&t.source, t.loop, t.etcd, "/flume/", &folder, 1, pace, NULL),
		0);
}

static void close_etcd(void)
{
	t.etcd = etcd_free(t.etcd);
	etcd_server_fini(&t.server);
}

/* ---- a folder ---- */

static void open_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(t.top, sizeof t.top, "%s/flume-contract-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(t.top));
	snprintf(t.dir, sizeof t.dir, "%s/schemas", t.top);
	ck_assert_int_eq(mkdir(t.dir, 0777), 0);
}

static void set_dir(const char *name, const char *text)
{
	char path[512], beside[512];
	snprintf(path, sizeof path, "%s/%s.yaml", t.dir, name);
	snprintf(beside, sizeof beside, "%s/.%s", t.dir, name);
	if (!text) {
		ck_assert_int_eq(unlink(path), 0);
		return;
	}
	FILE *f = fopen(beside, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(rename(beside, path), 0);
}

static void leave_dir(void)
{
	char away[512];
	snprintf(away, sizeof away, "%s/away", t.top);
	ck_assert_int_eq(rename(t.dir, away), 0);
}

static void back_dir(void)
{
	char away[512];
	snprintf(away, sizeof away, "%s/away", t.top);
	ck_assert_int_eq(rename(away, t.dir), 0);
}

static void follow_dir(const struct sink *sink, int64_t pace)
{
	ck_assert_int_eq(source_dir_new(&t.source, t.loop, t.dir, pace, sink, NULL), 0);
}

static void close_dir(void)
{
	char command[400];
	snprintf(command, sizeof command, "rm -rf '%s'", t.top);
	ck_assert_int_eq(system(command), 0); /* NOLINT(cert-env33-c) */
}

/* ---- a web server ---- */

static void show_map(void)
{
	struct text map = {0};
	text_add(&map, "{");
	for (size_t i = 0; i < t.texts.len; i++) {
		const char *text = t.texts.entries[i].thing;
		text_addf(&map, "%s\"%s\": ", i ? ", " : "", t.texts.entries[i].name);
		text_add_json(&map, text, strlen(text));
	}
	text_add(&map, "}");
	web_site_set(&t.site, "/schemas", map.s);
	text_fini(&map);
}

static void open_url(void)
{
	web_site_open(&t.site, t.loop);
	show_map();
}

static void set_url(const char *name, const char *text)
{
	free(map_remove(&t.texts, name));
	if (text)
		ck_assert_int_eq(map_add(&t.texts, name, strdup(text)), 0);
	show_map();
}

static void leave_url(void)
{
	web_site_leave(&t.site);
}

static void back_url(void)
{
	web_site_return(&t.site);
}

static void follow_url(const struct sink *sink, int64_t pace)
{
	char url[80];
	snprintf(url, sizeof url, "%s/schemas", t.site.url);
	const struct source_url_options options = {.urls = (const char *[]){url, NULL},
						   .poll_ns = pace};
	ck_assert_int_eq(source_url_new(&t.source, t.loop, &options, sink, NULL), 0);
}

static void close_url(void)
{
	web_site_close(&t.site);
	forget_all(&t.texts);
}

/* ---- the kinds ---- */

#define ETCD open_etcd, set_etcd, leave_etcd, back_etcd, follow_etcd, close_etcd
#define DIR  open_dir, set_dir, leave_dir, back_dir, follow_dir, close_dir
#define URL  open_url, set_url, leave_url, back_url, follow_url, close_url

static const struct kind kinds[] = {
	{"etcd, watched", "etcd", false, true, ETCD},
	{"etcd, polled", "etcd", true, true, ETCD},
	{"a folder, watched", "dir", false, false, DIR},
	{"a folder, polled", "dir", true, false, DIR},
	{"a web server", "url", true, false, URL},
};
#define KINDS ((int)(sizeof kinds / sizeof *kinds))

static void begin(int kind)
{
	memset(&t, 0, sizeof t);
	t.kind = &kinds[kind];
	t.loop = loop_new();
	ck_assert_ptr_nonnull(t.loop);
	t.kind->open();
}

static void follow(void)
{
	const struct sink sink = {on_batch, on_proved, on_link, on_reset, NULL};
	t.kind->follow(&sink, t.kind->polls ? PACE : 0);
}

static void end(void)
{
	t.source = source_free(t.source);
	t.kind->close();
	t.loop = loop_free(t.loop);
	forget_all(&t.known);
}

/* "a=1 b=2" is all that is known. */
static bool knows(const char *all)
{
	struct text known = {0};
	for (size_t i = 0; i < t.known.len; i++)
		text_addf(&known, "%s%s=%s", i ? " " : "", t.known.entries[i].name,
			  (const char *)t.known.entries[i].thing);
	bool same = !strcmp(known.s ? known.s : "", all);
	text_fini(&known);
	return same && t.lists;
}

#define EXPECT(all)                                                                 \
	do {                                                                        \
		char what_[128];                                                    \
		snprintf(what_, sizeof what_, "%s brings '%s'", t.kind->name, all); \
		LOOP_UNTIL(t.loop, knows(all), what_);                              \
	} while (0)

static void until_proofs(size_t more)
{
	size_t n = t.proofs + more;
	LOOP_UNTIL(t.loop, t.proofs >= n, t.kind->name);
}

static void go_on_for(int64_t ms)
{
	for (int64_t until = loop_now() + ms * 1000000; loop_now() < until;)
		loop_step(t.loop, 10);
}

/* ---- the promises ---- */

START_TEST(all_there_is_comes_first_and_is_proved)
{
	begin(_i);
	t.kind->set("a", "1");
	t.kind->set("b", "2");
	follow();
	EXPECT("a=1 b=2");
	until_proofs(t.proofs ? 0 : 1);
	ck_assert(t.told && t.up);
	end();
}
END_TEST

START_TEST(nothing_there_is_said_and_proved_too)
{
	begin(_i);
	follow();
	EXPECT("");
	until_proofs(t.proofs ? 0 : 1);
	end();
}
END_TEST

START_TEST(each_change_and_each_deletion_comes)
{
	begin(_i);
	t.kind->set("a", "1");
	follow();
	EXPECT("a=1");
	t.kind->set("b", "1");
	EXPECT("a=1 b=1");
	t.kind->set("a", "2");
	EXPECT("a=2 b=1");
	t.kind->set("b", NULL);
	EXPECT("a=2");
	t.kind->set("b", "3");
	EXPECT("a=2 b=3");
	t.kind->set("a", NULL);
	t.kind->set("b", NULL);
	EXPECT("");
	end();
}
END_TEST

START_TEST(the_last_of_many_changes_comes)
{
	begin(_i);
	follow();
	EXPECT("");
	for (int i = 0; i < 20; i++) {
		char text[16];
		snprintf(text, sizeof text, "%d", i);
		t.kind->set("a", text);
		loop_step(t.loop, 1);
	}
	EXPECT("a=19");
	LOOP_UNTIL(t.loop, t.proofs && t.proved >= t.revision, "all of it is proved");
	end();
}
END_TEST

START_TEST(a_store_that_is_away_changes_nothing_and_proves_nothing)
{
	begin(_i);
	t.kind->set("a", "1");
	follow();
	EXPECT("a=1");
	t.kind->leave();
	LOOP_UNTIL(t.loop, !t.up, "the link is down");
	ck_assert_str_ne(t.why, "");
	size_t proofs = t.proofs, batches = t.batches;
	go_on_for(300);
	ck_assert_uint_eq(t.proofs, proofs);
	ck_assert_uint_eq(t.batches, batches);
	ck_assert(knows("a=1"));
	t.kind->back();
	t.kind->set("a", "2");
	EXPECT("a=2");
	LOOP_UNTIL(t.loop, t.up, "the link is up");
	until_proofs(t.proofs > proofs ? 0 : 1);
	end();
}
END_TEST

START_TEST(a_store_may_come_after_the_node)
{
	begin(_i);
	t.kind->set("a", "1");
	t.kind->leave();
	follow();
	LOOP_UNTIL(t.loop, t.told, "a word of the link");
	ck_assert(!t.up);
	ck_assert_uint_eq(t.batches, 0);
	t.kind->back();
	EXPECT("a=1");
	ck_assert(t.up);
	end();
}
END_TEST

START_TEST(what_could_not_be_taken_in_comes_again)
{
	begin(_i);
	t.kind->set("a", "1");
	t.fails = 1;
	follow();
	EXPECT("a=1");
	t.fails = 1;
	t.kind->set("a", "2");
	EXPECT("a=2");
	t.fails = 1;
	t.kind->set("a", NULL);
	EXPECT("");
	end();
}
END_TEST

START_TEST(with_a_pace_proofs_go_on_while_nothing_happens)
{
	begin(_i);
	if (t.kind->polls) {
		t.kind->set("a", "1");
		follow();
		EXPECT("a=1");
		/* Two revisions of etcd may have the same list. */
		size_t lists = t.lists;
		until_proofs(5);
		ck_assert(t.kind->revisions || t.lists == lists);
	}
	end();
}
END_TEST

START_TEST(an_end_at_any_moment_is_the_end)
{
	begin(_i);
	t.kind->set("a", "1");
	for (int turns = 0; turns < 12; turns++) {
		follow();
		for (int i = 0; i < turns; i++)
			loop_step(t.loop, 1);
		t.source = source_free(t.source);
		size_t batches = t.batches, proofs = t.proofs;
		go_on_for(5);
		ck_assert_uint_eq(t.batches, batches);
		ck_assert_uint_eq(t.proofs, proofs);
		t.lists = 0;
	}
	end();
}
END_TEST

Suite *suite_source_contract(void)
{
	Suite *suite = suite_create("source_contract");
	TCase *tests = tcase_create("source_contract");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, all_there_is_comes_first_and_is_proved, 0, KINDS);
	tcase_add_loop_test(tests, nothing_there_is_said_and_proved_too, 0, KINDS);
	tcase_add_loop_test(tests, each_change_and_each_deletion_comes, 0, KINDS);
	tcase_add_loop_test(tests, the_last_of_many_changes_comes, 0, KINDS);
	tcase_add_loop_test(tests, a_store_that_is_away_changes_nothing_and_proves_nothing, 0,
			    KINDS);
	tcase_add_loop_test(tests, a_store_may_come_after_the_node, 0, KINDS);
	tcase_add_loop_test(tests, what_could_not_be_taken_in_comes_again, 0, KINDS);
	tcase_add_loop_test(tests, with_a_pace_proofs_go_on_while_nothing_happens, 0, KINDS);
	tcase_add_loop_test(tests, an_end_at_any_moment_is_the_end, 0, KINDS);
	suite_add_tcase(suite, tests);
	return suite;
}
