#include "tests/unit/switches_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lever lever;

static const char *const labels[] = {"zone=a", NULL};

void lever_open(void)
{
	const struct switches_options options = {.state_dir = site.options.state_dir};
	ck_assert_int_eq(switches_new(&lever.all, site.loop, site.factory, site.engine,
				      lever.board, &options, NULL),
			 0);
	lever.sink = switches_sink(lever.all);
	lever.booted = switches_boot(lever.all);
}

void lever_close(void)
{
	lever.all = switches_free(lever.all);
}

static void open_board(void)
{
	ck_assert_int_eq(switchboard_new(&lever.board, labels), 0);
	ck_assert_int_eq(switchboard_register(lever.board, site.factory, NULL), 0);
}

static void open_site(void)
{
	site_open();
	open_board();
	lever_open();
	LIST_NOTHING(1);
}

static void close_site(void)
{
	lever_close();
	site_close();
	lever.board = switchboard_unref(lever.board);
}

void lever_restart(void)
{
	lever_close();
	site_stop();
	lever.board = switchboard_unref(lever.board);
	site_open_engine();
	open_board();
	lever_open();
	engine_boot(site.engine);
}

TCase *lever_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, open_site, close_site);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}

/* ---- texts ---- */

const char *lever_text(const char *version, const char *share_a, const char *share_b,
		       const char *more)
{
	static char texts[8][512];
	static unsigned next;
	char *text = texts[next++ % 8];
	snprintf(text, sizeof texts[0],
		 "version: \"%s\"\nby: user.id\nvariants: {a: %s, b: %s}\ndefault: a\n%s",
		 version, share_a, share_b, more);
	return text;
}

const char *asking(const char *version, const char *name, const char *const routes[2])
{
	static char texts[4][768];
	static unsigned next;
	char *text = texts[next++ % 4];
	snprintf(text, sizeof texts[0],
		 "version: \"%s\"\n"
		 "components:\n"
		 "  processors: {one: {kind: set, fields: {made_by: 1}}, "
		 "two: {kind: set, fields: {made_by: 2}}}\n"
		 "  conditions: {layout: {kind: ab, switch: %s}}\n"
		 "type: switch\n"
		 "condition: layout\n"
		 "routes: {%s: {ref: one}, %s: {ref: two}}\n",
		 version, name, routes[0], routes[1]);
	return text;
}

/* ---- the store ---- */

static struct change change_of(const char *name, int64_t revision, const char *text)
{
	return (struct change){.name = name,
			       .text = text,
			       .len = text ? strlen(text) : 0,
			       .format = text && *text == '{' ? FLUME_JSON : FLUME_YAML,
			       .revision = revision,
			       .origin = "etcd",
			       .place = name};
}

int lever_put(const char *name, int64_t revision, const char *text)
{
	const struct change change = change_of(name, revision, text);
	return lever.sink.batch(lever.sink.arg, BATCH_EVENTS, &change, 1, revision);
}

int lever_list(int64_t revision, const struct site_key *keys, size_t n)
{
	struct change changes[16];
	for (size_t i = 0; i < n; i++)
		changes[i] = change_of(keys[i].name, keys[i].revision, keys[i].text);
	return lever.sink.batch(lever.sink.arg, BATCH_LIST, changes, n, revision);
}

void lever_delete_at_once(int64_t revision, const char *const *names, size_t n)
{
	struct change changes[16];
	for (size_t i = 0; i < n; i++)
		changes[i] = change_of(names[i], revision, NULL);
	lever.sink.batch(lever.sink.arg, BATCH_EVENTS, changes, n, revision);
}

void lever_submit(const char *name, const char *text)
{
	struct change change = change_of(name, 0, text);
	change.origin = "http";
	switches_submit(lever.all, &change, site_note_answer, NULL);
}

/* ---- what comes of it ---- */

const char *lever_variant(const char *name)
{
	static struct switch_answer answer;
	static const char input[] = "{\"user\": {\"id\": \"u\"}}";
	struct switch_slot *slot;
	struct document *document;
	ck_assert_int_eq(switchboard_slot(lever.board, name, &slot), 0);
	ck_assert_int_eq(document_parse(&document, input, sizeof input - 1, NULL), 0);
	bool there = switch_ask(slot, NULL, document, &answer);
	document_free(document);
	return there ? answer.variant : "-";
}

bool lever_is_front(const char *name)
{
	struct shelf *shelf = switches_get_shelf(lever.all);
	const struct shelf_view *view = shelf_take(shelf);
	const struct shelf_item *item = shelf_find(view, name);
	bool front = item && item->front;
	shelf_release(shelf, view);
	return front;
}
