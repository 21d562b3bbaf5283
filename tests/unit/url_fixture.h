/* url_fixture.h - a web site, a source that asks it, and everything the source said. */
#ifndef FLUME_TESTS_UNIT_URL_FIXTURE_H
#define FLUME_TESTS_UNIT_URL_FIXTURE_H

#include "agent/source/url.h"
#include "lib/base/text.h"
#include "tests/unit/etcd_server.h"
#include "tests/unit/web_site.h"

#include <check.h>
#include <string.h>

extern struct url_site {
	struct loop *loop;
	struct web_site site;
	struct source *source;
	struct text said; /* "list(a=1 b=2) event(a=3) " */
	char why[320], places[256];
	size_t proofs;
	int fails; /* so many batches are not taken in */
	bool up, told;
} url_site;
extern const struct sink url_sink; /* tells url_site */

/* A case in which each test has a web site, and no source yet. */
TCase *url_case(Suite *, const char *name);
/* Starts the source: on "/schemas", or on a list that NULL ends. */
void url_follow(void);
void url_follow_list(const char *const *urls, const char *token_file);
/* "NAME=URL" of a path of the site, without a name its URL; one of the last eight. */
const char *url_at(const char *name, const char *path);

/* Until it has said so. */
#define URL_EXPECT(what) \
	LOOP_UNTIL(url_site.loop, url_site.said.s &&strstr(url_site.said.s, what), what)

void url_until_proofs(size_t more);
/* The link goes down with a reason that says this, and nothing else is said. */
void url_until_down(const char *part);

#endif
