/*
 * Which dialect an etcd speaks depends on the library it was built with, not on its version, so
 * both are read wherever one can come:
 *
 *   {"error":"<text>","message":"<text>","code":3}            older, unary
 *   {"code":3,"message":"<text>"}                             newer, unary
 *   {"error":{"grpc_code":14,"message":"<text>",...}}         older, streams
 *   {"error":{"code":14,"message":"<text>"}}                  newer, streams
 *
 * Proxies, wrong ports and the gateway's own router answer with plain text.
 */
#include "agent/etcd/failure.h"

#include <stdio.h>
#include <string.h>

static int grpc_of_http(long http)
{
	switch (http) {
	case 400:
		return GRPC_INVALID_ARGUMENT;
	case 401:
		return GRPC_UNAUTHENTICATED;
	case 403:
		return GRPC_PERMISSION_DENIED;
	case 404:
	case 405:
	case 501:
		return GRPC_UNIMPLEMENTED;
	case 429:
		return GRPC_RESOURCE_EXHAUSTED;
	case 504:
		return GRPC_DEADLINE_EXCEEDED;
	default:
		return http >= 500 ? GRPC_UNAVAILABLE : GRPC_UNKNOWN;
	}
}

/* Plain text on one line, whatever came. */
static void say(struct etcd_failure *f, const char *s, size_t len)
{
	size_t at = 0;
	for (size_t i = 0; i < len && s[i] != '\n' && at < sizeof f->text - 1; i++)
		if ((unsigned char)s[i] >= ' ' && s[i] != 0x7f)
			f->text[at++] = s[i];
	f->text[at] = '\0';
}

struct etcd_failure etcd_failure_read(const json_t *reply, long http)
{
	struct etcd_failure f = {0};
	const json_t *error = json_object_get(reply, "error");
	const json_t *at = json_is_object(error) ? error : reply;
	const json_t *code = json_object_get(at, "grpc_code");
	if (!code)
		code = json_object_get(at, "code");
	if (http == 200 && !error)
		return f;

	json_int_t n = json_integer_value(code);
	f.grpc = n > 0 && n <= GRPC_UNAUTHENTICATED ? (int)n : grpc_of_http(http);
	const json_t *message = json_object_get(at, "message");
	if (!message && json_is_string(error))
		message = error;
	if (message)
		say(&f, json_string_value(message), json_string_length(message));
	if (!f.text[0])
		snprintf(f.text, sizeof f.text, "HTTP status %ld", http);
	return f;
}

struct etcd_failure etcd_failure_guess(const char *body, size_t len, long http)
{
	struct etcd_failure f = {.grpc = http == 200 ? GRPC_UNKNOWN : grpc_of_http(http)};
	struct etcd_failure said = {0};
	if (http == 400 && len && memmem(body, len, "CommonName", 10)) {
		f.grpc = GRPC_PERMISSION_DENIED;
		snprintf(f.text, sizeof f.text,
			 "while its users are switched on, etcd refuses client certificates "
			 "with "
			 "a common name (CN): use one without, with an organization (O) or a "
			 "SAN, "
			 "and a user and password");
		return f;
	}
	if (len && memmem(body, len, "password", 8)) /* it may be a question of ours, echoed */
		snprintf(said.text, sizeof said.text,
			 "(not shown, as a password may be in it)");
	else
		say(&said, body, len > 120 ? 120 : len);
	if (http == 200)
		snprintf(f.text, sizeof f.text, "the reply is not JSON: %.120s", said.text);
	else
		snprintf(f.text, sizeof f.text, "HTTP status %ld: %.120s", http, said.text);
	return f;
}

struct etcd_failure etcd_failure_parse(const char *body, size_t len, long http)
{
	json_t *reply = json_loadb(body, len, 0, NULL);
	struct etcd_failure f = json_is_object(reply) ? etcd_failure_read(reply, http)
						      : etcd_failure_guess(body, len, http);
	json_decref(reply);
	return f;
}

enum etcd_complaint etcd_complaint(const char *text)
{
	static const struct {
		const char *words;
		enum etcd_complaint complaint;
	} rows[] = {
		{"invalid auth token", ETCD_COMPLAINT_TOKEN},
		{"user name is empty", ETCD_COMPLAINT_TOKEN},
		{"revision of auth store is old", ETCD_COMPLAINT_TOKEN},
		{"authentication failed", ETCD_COMPLAINT_PASSWORD},
		{"authentication is not enabled", ETCD_COMPLAINT_NO_USERS},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strstr(text, rows[i].words))
			return rows[i].complaint;
	return ETCD_COMPLAINT_NONE;
}

bool etcd_without_leader(const char *text)
{
	return strstr(text, "etcdserver: no leader") || strstr(text, "leader changed");
}

/* Too much of something is told by its words too. */
static int code_of_argument(const char *text)
{
	if (etcd_complaint(text))
		return FLUME_REFUSED;
	if (strstr(text, "too many operations") || strstr(text, "request is too large"))
		return FLUME_LIMITED;
	return FLUME_INVALID;
}

/* Out of room it stays until somebody makes some; of this it recovers by itself. */
static bool is_busy(const struct etcd_failure *f)
{
	return f->grpc == GRPC_RESOURCE_EXHAUSTED && strstr(f->text, "too many requests");
}

int etcd_failure_code(const struct etcd_failure *f)
{
	switch (f->grpc) {
	case GRPC_OK:
		return 0;
	case GRPC_INVALID_ARGUMENT:
		return code_of_argument(f->text);
	case GRPC_DEADLINE_EXCEEDED:
		return FLUME_TIMED_OUT;
	case GRPC_NOT_FOUND:
		return FLUME_NOT_FOUND;
	case GRPC_PERMISSION_DENIED:
	case GRPC_UNAUTHENTICATED:
		return FLUME_REFUSED;
	case GRPC_RESOURCE_EXHAUSTED:
		return is_busy(f) ? FLUME_IO : FLUME_LIMITED;
	case GRPC_OUT_OF_RANGE:
		return FLUME_CONFLICT;
	default:
		return FLUME_IO;
	}
}

bool etcd_failure_passes(const struct etcd_failure *f)
{
	switch (f->grpc) {
	case GRPC_CANCELLED:
	case GRPC_UNKNOWN:
	case GRPC_DEADLINE_EXCEEDED:
	case GRPC_UNAVAILABLE:
		return true;
	default:
		return is_busy(f);
	}
}

bool etcd_failure_unsent(const struct etcd_failure *f)
{
	return is_busy(f) ||
	       (f->grpc == GRPC_UNAVAILABLE && strstr(f->text, "etcdserver: no leader"));
}
