/* libyaml speaks of tokens and octets; people who write schemas look for a missing quote. */
#include "lib/schema/read.h"

#include <string.h>

static const struct {
	const char *problem; /* the beginning of libyaml's words */
	struct complaint complaint;
} table[] = {
	{"mapping values are not allowed in this context",
	 {"':' cannot stand here",
	  "put text that contains ': ' in quotes, or check the indentation", false}},
	{"block sequence entries are not allowed in this context",
	 {"a list cannot begin here", "begin it on a line of its own", false}},
	{"mapping keys are not allowed in this context",
	 {"'?' cannot stand here", "put text that begins with '?' in quotes", false}},
	{"did not find expected key",
	 {"expected a key", "check the indentation and the quotes", false}},
	{"did not find expected '-' indicator",
	 {"expected '-' or the end of the list", "check the indentation", false}},
	{"did not find expected ',' or ']'", {"expected ',' or ']'", NULL, false}},
	{"did not find expected ',' or '}'", {"expected ',' or '}'", NULL, false}},
	{"did not find expected node content", {"expected a value", NULL, false}},
	{"did not find expected <document start>",
	 {"nothing may follow the document", "check the indentation", false}},
	{"could not find expected ':'",
	 {"expected ':' after a key", "a key is text on one line, followed by ': '", true}},
	{"found unexpected ':'",
	 {"':' cannot stand here", "put text that contains ':' in quotes", false}},
	{"found character that cannot start any token",
	 {"no value can begin with this character", "put the text in quotes", false}},
	{"found unknown directive name",
	 {"no value can begin with '%'", "put the text in quotes", true}},
	{"could not find expected directive name",
	 {"no value can begin with '%'", "put the text in quotes", true}},
	{"found a tab character", {"a tab cannot indent", "indent with spaces", false}},
	{"found unexpected end of stream", {"this text in quotes is never closed", NULL, true}},
	{"found unexpected document indicator",
	 {"this text in quotes is never closed", "a line that begins with --- or ... ends it",
	  true}},
	{"found unknown escape character",
	 {"unknown escape in text", "write a backslash as \\\\, or use single quotes", false}},
	{"did not find expected hexdecimal number",
	 {"an escape lacks hexadecimal digits",
	  "write a backslash as \\\\, or use single quotes", false}},
	{"found invalid Unicode character escape code",
	 {"this escape names no character", "write the character itself", false}},
	{"did not find expected alphabetic or numeric character",
	 {"expected a name after '&' or '*'", "put text that begins with one of them in quotes",
	  false}},
	{"did not find expected comment or line break",
	 {"expected the end of the line", "text after '|' or '>' begins on the next line",
	  false}},
	{"found undefined tag handle", {"tags are not supported", NULL, false}},
	{"found incompatible YAML document",
	 {"this version of YAML is not supported", "remove the %YAML line", false}},
	{"control characters are not allowed",
	 {"a control character is not allowed", NULL, false}},
	{"invalid leading UTF-8 octet", {"the text is not valid UTF-8", NULL, false}},
	{"invalid trailing UTF-8 octet", {"the text is not valid UTF-8", NULL, false}},
	{"incomplete UTF-8 octet sequence", {"the text is not valid UTF-8", NULL, false}},
	{"invalid length of a UTF-8 sequence", {"the text is not valid UTF-8", NULL, false}},
	{"invalid Unicode character", {"the text is not valid UTF-8", NULL, false}},
};

static const struct {
	const char *context;
	const char *thing;
} things[] = {
	{"while parsing a block mapping", "the map"},
	{"while parsing a flow mapping", "the map"},
	{"while parsing a block collection", "the list"},
	{"while parsing a flow sequence", "the list"},
};

const struct complaint *complaint_find(const char *problem)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strncmp(problem, table[i].problem, strlen(table[i].problem)))
			return &table[i].complaint;
	return NULL;
}

const char *complaint_thing(const char *context)
{
	for (size_t i = 0; context && i < sizeof things / sizeof *things; i++)
		if (!strcmp(context, things[i].context))
			return things[i].thing;
	return NULL;
}
