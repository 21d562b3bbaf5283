/* What follows from the options of an agent, and what no single row can say of them. */
#include "agent/cmd/agent_options.h"

#include "agent/cmd/cmd.h"
#include "agent/cmd/store.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"
#include "agent/source/url.h"
#include "agent/tap/tap.h"
#include "lib/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKET_FOLDER "/run/flume"
#define PROOF_PACE    INT64_C(10000000000) /* of sources that are watched */

struct asked {
	const struct agent_options *o;
	struct agent_facts *f;
	struct flume_err *err;
};

/* This option is to blame, by its name. */
static int FLUME_PRINTF(3, 4)
	blame(const struct asked *a, const char *option, const char *fmt, ...)
{
	char why[256];
	va_list args;
	va_start(args, fmt);
	vsnprintf(why, sizeof why, fmt, args);
	va_end(args);
	a->f->blame = option;
	return flume_fail(a->err, FLUME_INVALID, "--%s: %s", option, why);
}

static int out_of_memory(const struct asked *a)
{
	return flume_fail(a->err, FLUME_NOMEM, "out of memory");
}

/* ---- the node ---- */

/* The host name in lower case, with '-' for what a name may not have. */
static void name_after_host(char out[129])
{
	char host[256] = "";
	size_t n = 0;
	if (gethostname(host, sizeof host - 1))
		*host = '\0';
	for (const char *c = host; *c && n < 128; c++) {
		char lower = (char)tolower((unsigned char)*c);
		bool first = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
		if (first)
			out[n++] = lower;
		else if (n)
			out[n++] = strchr("._-", lower) ? lower : '-';
	}
	out[n] = '\0';
	if (!n)
		memcpy(out, "node", sizeof "node");
}

bool agent_node_name(char out[129], const char *given)
{
	if (!given)
		name_after_host(out);
	else if (source_name_good(given))
		memcpy(out, given, strlen(given) + 1);
	else
		return false;
	return true;
}

static int find_name(const struct asked *a)
{
	if (agent_node_name(a->f->node, a->o->node))
		return 0;
	return blame(a, "node",
		     "'%s' cannot name a node: expected a lower-case letter or a digit, then "
		     "those, '.', '_' or '-'",
		     a->o->node);
}

static int check_labels(const struct asked *a)
{
	for (const char *const *label = a->o->labels; *label; label++) {
		const char *equals = strchr(*label, '=');
		if (!equals || equals == *label)
			return blame(a, "label", "'%s' is not KEY=VALUE", *label);
	}
	return 0;
}

/* ---- the socket ---- */

/* The folder in /run is ours to make.  Whether that went well shows when the socket is made. */
static char *default_socket(void)
{
	struct text t = {0};
	const char *folder = getenv("RUNTIME_DIRECTORY");
	if (!folder || !*folder) {
		folder = SOCKET_FOLDER;
		(void)mkdir(folder, 0755);
	}
	text_add_n(&t, folder, strcspn(folder, ":")); /* systemd may name several */
	text_add(&t, "/flume.sock");
	return text_take(&t);
}

static int find_socket(const struct asked *a)
{
	const char *socket = a->o->socket;
	if (socket && !strcmp(socket, "none"))
		return 0;
	a->f->socket_optional = !socket;
	a->f->socket = socket ? strdup(socket) : default_socket();
	return a->f->socket ? 0 : out_of_memory(a);
}

/* ---- who may change and see what ---- */

static int read_token(const struct asked *a, const char *option, const char *path, char **out)
{
	struct flume_err why = {0};
	return path && slurp_token(path, out, &why) ? blame(a, option, "%s", why.text) : 0;
}

static int find_owner(const struct asked *a)
{
	const struct agent_options *o = a->o;
	struct text t = {0};
	if (o->etcd && o->write_through)
		return 0;
	if (o->etcd)
		text_add(&t, "etcd owns the schemas: write them there, or start the agent with "
			     "--write-through");
	else if (*o->urls)
		text_addf(&t, "%s owns the schemas: change them there",
			  o->urls[1] ? "the web" : o->urls[0]);
	else if (o->dir && access(o->dir, W_OK))
		text_addf(&t, "the folder '%s' cannot be written", o->dir);
	else
		return 0;
	a->f->read_only = text_take(&t);
	return a->f->read_only ? 0 : out_of_memory(a);
}

static int check_redacted(const struct asked *a)
{
	struct flume_err why = {0};
	struct taps taps = {0};
	int code = taps_init(&taps, a->o->tap_redact, &why);
	taps_fini(&taps);
	return code == FLUME_NOMEM ? out_of_memory(a)
	       : code              ? blame(a, "tap-redact", "%s", why.text)
				   : 0;
}

/* ---- the source ---- */

static void find_bound(const struct asked *a)
{
	const struct agent_options *o = a->o;
	int64_t pace = o->poll > 0 ? o->poll : *o->urls ? SOURCE_URL_POLL : PROOF_PACE;
	a->f->blind_after = o->blind_after;
	if (a->f->blind_after && a->f->blind_after / 2 < pace)
		a->f->blind_after = 2 * pace;
}

static int check_source(const struct asked *a)
{
	const struct agent_options *o = a->o;
	const char *given[3];
	size_t n = 0;
	if (o->etcd)
		given[n++] = "etcd";
	if (o->dir)
		given[n++] = "dir";
	if (*o->urls)
		given[n++] = "url";
	if (n > 1) {
		a->f->blame = given[1];
		return flume_fail(a->err, FLUME_INVALID,
				  "--%s and --%s: schemas come from one place: leave out one",
				  given[0], given[1]);
	}
	if ((o->url_token_file || o->url_ca_file) && !*o->urls)
		return blame(a, o->url_ca_file ? "url-ca-file" : "url-token-file",
			     "there is no --url");
	if (o->write_through && !o->etcd)
		return blame(a, "write-through", "there is no --etcd");
	if (!store_silence_good(&o->how))
		return blame(a, "etcd-silence", "expected 1s to 10m");
	if (!*o->listen && o->socket && !strcmp(o->socket, "none")) {
		a->f->blame = "listen";
		return flume_fail(a->err, FLUME_INVALID, "neither --listen nor --socket");
	}
	return cmd_prefix_good(o->prefix)
		       ? 0
		       : blame(a, "prefix", "'%s' does not end with '/'", o->prefix);
}

static int check_urls(const struct asked *a)
{
	const struct agent_options *o = a->o;
	struct flume_err why = {0};
	const struct source_url_options options = {.urls = o->urls,
						   .token_file = o->url_token_file};
	if (o->url_ca_file && access(o->url_ca_file, R_OK))
		return blame(a, "url-ca-file", "%s: %s", o->url_ca_file, strerror(errno));
	char *token = NULL;
	int code = read_token(a, "url-token-file", o->url_token_file, &token);
	free(token); /* that it is there is enough */
	return code || !source_url_check(&options, &why) ? code
							 : blame(a, "url", "%s", why.text);
}

int agent_facts(struct agent_facts *f, const struct agent_options *o, struct flume_err *err)
{
	const struct asked a = {o, f, err};
	int code = check_source(&a);
	find_bound(&a);
	if (!code)
		code = check_labels(&a);
	if (!code)
		code = find_name(&a);
	if (!code)
		code = read_token(&a, "token-file", o->token_file, &f->token);
	if (!code)
		code = check_urls(&a);
	if (!code)
		code = check_redacted(&a);
	if (!code)
		code = find_owner(&a);
	if (!code)
		code = find_socket(&a);
	return code;
}

void agent_facts_fini(struct agent_facts *f)
{
	free(f->token);
	free(f->socket);
	free(f->read_only);
	*f = (struct agent_facts){0};
}
