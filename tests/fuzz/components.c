/*
 * The small languages that components read, each by the first byte: in documents, pairs of keys and
 * values, points in time and addresses; in schemas, templates, expressions, formats of time and blocks
 * of addresses.  Whatever is accepted keeps what its header promises.
 */
#include "agent/document/expression.h"
#include "agent/document/moment.h"
#include "agent/document/networks.h"
#include "agent/document/pairs.h"
#include "agent/document/template.h"
#include "lib/base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static struct document *sample(void)
{
	static const char json[] = "{\"a\":7,\"b\":{\"c\":2.5,\"d\":[1,{\"e\":\"x\"}]},\"t\":"
				   "\"text\",\"n\":null,\"z\":0}";
	struct document *document = NULL;
	require(document_parse(&document, json, sizeof json - 1, NULL) == 0, "memory");
	return document;
}

/* As every text of a document. */
static bool is_utf8(const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n)
		if (!(n = utf8_length(text + i, len - i)))
			return false;
	return true;
}

/* What is read is JSON, and no key comes twice. */
static void read_pairs(const char *text, size_t len)
{
	static const struct pairs_rules rules[] = {{" \t", "="}, {";,", ":="}};
	struct document *value = NULL;
	if (!is_utf8(text, len))
		return;
	for (size_t i = 0; i < 2; i++) {
		struct flume_err err = {0};
		struct room room;
		room_init(&room);
		int rc = pairs_read(&rules[i], text, len, &room, &err);
		require(rc == 0 || (rc == FLUME_FAILED && !strncmp(err.text, "column ", 7)),
			"an error has its place");
		if (!rc) {
			require(document_parse(&value, room.s, room.len, &err) == 0, err.text);
			require(document_root(value).kind == DOCUMENT_OBJECT, "an object");
			document_free(value);
		}
		room_fini(&room);
	}
}

static void come_back(const struct moment *moment)
{
	char text[MOMENT_TEXT];
	struct moment again;
	size_t len = moment_write(text, moment);
	require(len == strlen(text) && len < sizeof text, "a length");
	require(moment_read(text, len, &again), "what is written can be read");
	require(again.seconds == moment->seconds && again.nanos == moment->nanos,
		"and means the same");
}

static void read_moment(const char *text, size_t len)
{
	struct moment moment;
	int zone;
	if (moment_read(text, len, &moment))
		come_back(&moment);
	if (moment_read_zone(text, len, &zone))
		require(zone > -86400 && zone < 86400, "a zone is less than a day");
}

/* A format up to the first NUL, and a text. */
static void read_format(const char *format, size_t len)
{
	struct moment moment;
	size_t n = strlen(format);
	const char *text = n < len ? format + n + 1 : format + n;
	if (!moment_check_format(format, NULL) &&
	    moment_read_format(format, 3600, text, len - (size_t)(text - format), &moment))
		come_back(&moment);
}

static void read_address(const char *text, size_t len)
{
	struct network networks[2];
	struct address address;
	if (address_read(text, len, &address))
		require(len < 46, "an address is short");
	if (network_read(text, &networks[0], NULL) ||
	    network_read("10.0.0.0/8", &networks[1], NULL))
		return;
	address = networks[0].last;
	size_t n = networks_join(networks, 2);
	require(n && networks_have(networks, n, &address), "a block has its last address");
}

static void write_template(const char *text)
{
	struct template *template = NULL;
	struct flume_err err = {0};
	if (template_compile(&template, text, &err)) {
		require(!strncmp(err.text, "column ", 7), "an error has its place");
		return;
	}
	struct document *document = sample();
	struct room room;
	room_init(&room);
	require(template_write(template, document, "-", &room, &err) == 0, err.text);
	require(room.len <= ROOM_MOST, "a bound");
	room_fini(&room);
	document_free(document);
	template_free(template);
}

static void compute(const char *text)
{
	struct expression *expression = NULL;
	struct number number;
	struct flume_err err = {0};
	if (expression_compile(&expression, text, &err)) {
		require(!strncmp(err.text, "column ", 7), "an error has its place");
		return;
	}
	struct document *document = sample();
	struct path to = {0};
	require(path_compile(&to, "x", NULL) == 0, "memory");
	int rc = expression_run(expression, document, &number, &err);
	require(rc == 0 || rc == FLUME_FAILED, "a result, or none");
	if (!rc && !number.whole)
		require(document_set_real(document, &to, number.real, &err) == 0, err.text);
	path_fini(&to);
	document_free(document);
	expression_free(expression);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > 4096)
		return 0;
	size_t len = size - 1;
	char *text = malloc(len + 1);
	require(text, "memory");
	memcpy(text, data + 1, len);
	text[len] = '\0';
	switch (data[0]) {
	case 'p':
		read_pairs(text, len);
		break;
	case 'm':
		read_moment(text, len);
		break;
	case 'f':
		read_format(text, len);
		break;
	case 'a':
		read_address(text, len);
		break;
	case 't':
		write_template(text);
		break;
	default:
		compute(text);
	}
	free(text);
	return 0;
}
