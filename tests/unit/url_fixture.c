#include "tests/unit/url_fixture.h"

#include <stdio.h>

#define POLL INT64_C(20000000)

struct url_site url_site;

static int on_batch(void *arg, enum batch_kind kind, const struct change *changes, size_t n,
		    int64_t revision)
{
	(void)arg;
	ck_assert_int_eq(revision, 0);
	text_add(&url_site.said, kind == BATCH_LIST ? "list(" : "event(");
	*url_site.places = '\0';
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(changes[i].origin, "url");
		text_addf(&url_site.said, "%s%s=", i ? " " : "", changes[i].name);
		if (changes[i].len < 100)
			text_add_n(&url_site.said, changes[i].text, changes[i].len);
		else
			text_addf(&url_site.said, "%zu", changes[i].len);
		strncat(url_site.places, changes[i].place, 100);
	}
	text_add(&url_site.said, ") ");
	return url_site.fails-- > 0 ? FLUME_NOMEM : 0;
}

static void on_proved(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	url_site.proofs++;
}

static void on_link(void *arg, bool up, const char *why)
{
	(void)arg;
	snprintf(url_site.why, sizeof url_site.why, "%s", up ? "" : why);
	url_site.up = up;
	url_site.told = true;
}

static void on_reset(void *arg, int64_t revision)
{
	(void)arg, (void)revision;
	ck_abort_msg("a web server has no revisions to reset");
}

static void begin(void)
{
	memset(&url_site, 0, sizeof url_site);
	url_site.loop = loop_new();
	ck_assert_ptr_nonnull(url_site.loop);
	web_site_open(&url_site.site, url_site.loop);
}

static void end(void)
{
	url_site.source = source_free(url_site.source);
	web_site_close(&url_site.site);
	url_site.loop = loop_free(url_site.loop);
	text_fini(&url_site.said);
}

const struct sink url_sink = {on_batch, on_proved, on_link, on_reset, NULL};

void url_follow_list(const char *const *urls, const char *token_file)
{
	const struct source_url_options options = {
		.urls = urls, .token_file = token_file, .poll_ns = POLL, .first_ms = 300};
	ck_assert_int_eq(
		source_url_new(&url_site.source, url_site.loop, &options, &url_sink, NULL), 0);
}

const char *url_at(const char *name, const char *path)
{
	static char urls[8][128];
	static int turn;
	char *url = urls[turn++ % 8];
	snprintf(url, 128, "%s%s%s%s", name ? name : "", name ? "=" : "", url_site.site.url,
		 path);
	return url;
}

void url_follow(void)
{
	url_follow_list((const char *[]){url_at(NULL, "/schemas"), NULL}, NULL);
}

void url_until_proofs(size_t more)
{
	size_t n = url_site.proofs + more;
	LOOP_UNTIL(url_site.loop, url_site.proofs >= n, "a proof");
}

void url_until_down(const char *part)
{
	size_t said = url_site.said.len;
	LOOP_UNTIL(url_site.loop, url_site.told && !url_site.up && strstr(url_site.why, part),
		   part);
	size_t proofs = url_site.proofs;
	for (int64_t until = loop_now() + 100000000; loop_now() < until;)
		loop_step(url_site.loop, 10);
	ck_assert_uint_eq(url_site.proofs, proofs);
	ck_assert_uint_eq(url_site.said.len, said);
}

TCase *url_case(Suite *suite, const char *name)
{
	TCase *tests = tcase_create(name);
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return tests;
}
