#include "agent/cmd/agent_options.h"

#include "agent/cmd/cmd.h"
#include "agent/cmd/store.h"
#include "agent/source/slurp.h"
#include "agent/source/source.h"
#include "agent/source/url.h"
#include "lib/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKET_FOLDER "/run/flume"
#define PROOF_PACE    INT64_C(10000000000) /* of sources that are watched */

#define ROW(field) offsetof(struct agent_options, field)

const struct conf_option agent_option_rows[] = {
	OPTION_ETCD(agent_options),
	{"dir", 0, CONF_TEXT, "DIR", NULL, "FLUME_DIR", ROW(dir),
	 "Follow the NAME.yaml, NAME.yml and NAME.json of this folder."},
	{"url", 0, CONF_TEXTS, "[NAME=]URL", NULL, "FLUME_URL", ROW(urls),
	 "Ask there for a JSON map of names and schemas; or NAME=URL, once for each schema, "
	 "for "
	 "that one as YAML or JSON."},
	{"url-token-file", 0, CONF_TEXT, "FILE", NULL, "FLUME_URL_TOKEN_FILE",
	 ROW(url_token_file),
	 "Holds a bearer token that is shown to --url; read again for each question."},
	{"url-ca-file", 0, CONF_TEXT, "FILE", NULL, "FLUME_URL_CA_FILE", ROW(url_ca_file),
	 "Who may vouch for the certificate of --url, as PEM. Default: whom this host trusts."},
	OPTION_PREFIX(agent_options),
	{"write-through", 0, CONF_FLAG, "", NULL, "FLUME_WRITE_THROUGH", ROW(write_through),
	 "Let schemas be changed over HTTP: they are written to etcd, for all nodes."},
	{"poll", 0, CONF_DURATION, "TIME", NULL, "FLUME_POLL", ROW(poll),
	 "Look at this pace instead of waiting for changes; --url is asked every 30s "
	 "otherwise."},
	{"blind-after", 0, CONF_DURATION, "TIME", "30s", "FLUME_BLIND_AFTER", ROW(blind_after),
	 "Without a proof from the source for so long, twice its pace at least, the node says "
	 "that it is blind; 0: never."},
	{"record-within", 0, CONF_DURATION, "TIME", "10s", "FLUME_RECORD_WITHIN",
	 ROW(record_within),
	 "Record what others than flume change in etcd, after a time by chance up to this; 0: "
	 "never. With --poll it is never."},
	{"node", 0, CONF_TEXT, "NAME", NULL, "FLUME_NODE", ROW(node),
	 "The name of this node. Default: the host name."},
	{"label", 0, CONF_TEXTS, "KEY=VALUE", NULL, "FLUME_LABEL", ROW(labels),
	 "A label of this node; may be given again."},
	{"state", 0, CONF_TEXT, "DIR", NULL, "FLUME_STATE", ROW(state),
	 "Remember there what was proven, to start from it. Default: nothing is remembered."},
	{"listen", 0, CONF_TEXT, "HOST:PORT", "127.0.0.1:8410", "FLUME_LISTEN", ROW(listen),
	 "Where to serve HTTP; nothing: only on the socket."},
	{"socket", 0, CONF_TEXT, "PATH", NULL, "FLUME_SOCKET", ROW(socket),
	 "Serve HTTP on this unix socket too; none: on none. Default: flume.sock in "
	 "$RUNTIME_DIRECTORY or /run/flume, where that can be had."},
	{"allow-host", 0, CONF_TEXTS, "NAME", NULL, "FLUME_ALLOW_HOST", ROW(allow_hosts),
	 "A name under which this node may be asked, beside its own and its addresses; may be "
	 "given again."},
	{"token-file", 0, CONF_TEXT, "FILE", NULL, "FLUME_TOKEN_FILE", ROW(token_file),
	 "Holds the bearer token that changes over TCP must show; without one, schemas are "
	 "changed through the socket alone."},
	{"tap-redact", 0, CONF_TEXTS, "PATH", NULL, "FLUME_TAP_REDACT", ROW(tap_redact),
	 "What 'flume tap' never shows of documents, like customer.email; may be given again."},
	OPTION_CONFIG(agent_options, "YAML or JSON with these options, and shared components."),
	{"log", 'o', CONF_CHOICE, "text|json|auto", "auto", "FLUME_LOG", ROW(log),
	 "How to write the log; auto is text on a terminal."},
	{"log-level", 0, CONF_CHOICE, "debug|info|warn|error", "info", "FLUME_LOG_LEVEL",
	 ROW(log_level), "The least that is worth a line."},
	{"same-version", 0, CONF_CHOICE, "reject|apply", "reject", "FLUME_SAME_VERSION",
	 ROW(same_version), "What to do with another content of the version that runs."},
	{"downgrade", 0, CONF_CHOICE, "allow|deny", "allow", "FLUME_DOWNGRADE", ROW(downgrade),
	 "What to do with a version below the one that runs."},
	{"probation", 0, CONF_DURATION, "TIME", "60s", "FLUME_PROBATION", ROW(probation),
	 "How long live traffic is watched after a swap, where the schema does not say."},
	{"probation-requests", 0, CONF_COUNT, "N", "50", "FLUME_PROBATION_REQUESTS",
	 ROW(probation_requests),
	 "With fewer there is no verdict; where the schema does not say."},
	{"probation-error-rate", 0, CONF_PERCENT, "RATE", "1%", "FLUME_PROBATION_ERROR_RATE",
	 ROW(probation_error_rate), "Above it, roll back; where the schema does not say."},
	OPTION_CASE_LIMIT(agent_options),
	{"max-body", 0, CONF_SIZE, "SIZE", "1MiB", "FLUME_MAX_BODY", ROW(max_body),
	 "The largest document or schema that is taken over HTTP."},
	{"request-timeout", 0, CONF_DURATION, "TIME", "30s", "FLUME_REQUEST_TIMEOUT",
	 ROW(request_timeout), "The most that a call may take."},
	{"drain", 0, CONF_DURATION, "TIME", "10s", "FLUME_DRAIN", ROW(drain),
	 "What requests in flight get at the end, before they are cancelled."},
	{0},
};

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

int agent_node_name(char out[129], const char *given)
{
	if (!given) {
		name_after_host(out);
		return 0;
	}
	if (!source_name_good(given))
		return cmd_fail(CMD_USAGE,
				"--node: '%s' cannot name a node: expected a lower-case "
				"letter or a digit, then those, '.', '_' or '-'",
				given);
	memcpy(out, given, strlen(given) + 1);
	return 0;
}

static int check_labels(const struct agent_options *o)
{
	for (size_t i = 0; o->labels[i]; i++) {
		const char *equals = strchr(o->labels[i], '=');
		if (!equals || equals == o->labels[i])
			return cmd_fail(CMD_USAGE, "agent: --label: '%s' is not KEY=VALUE",
					o->labels[i]);
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

static int find_socket(struct agent_facts *f, const struct agent_options *o)
{
	if (o->socket && !strcmp(o->socket, "none"))
		return 0;
	f->socket_optional = !o->socket;
	f->socket = o->socket ? strdup(o->socket) : default_socket();
	return f->socket ? 0 : cmd_fail(CMD_NEGATIVE, "out of memory");
}

/* ---- who may change schemas ---- */

static int read_token(char **out, const char *flag, const char *path)
{
	struct flume_err err = {0};
	return path && slurp_token(path, out, &err)
		       ? cmd_fail(CMD_USAGE, "agent: %s: %s", flag, err.text)
		       : 0;
}

static int find_owner(struct agent_facts *f, const struct agent_options *o)
{
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
	f->read_only = text_take(&t);
	return f->read_only ? 0 : cmd_fail(CMD_NEGATIVE, "out of memory");
}

static void find_bound(struct agent_facts *f, const struct agent_options *o)
{
	int64_t pace = o->poll > 0 ? o->poll : *o->urls ? SOURCE_URL_POLL : PROOF_PACE;
	f->blind_after = o->blind_after;
	if (f->blind_after && f->blind_after / 2 < pace)
		f->blind_after = 2 * pace;
}

static int check_source(const struct agent_options *o)
{
	const char *given[3];
	size_t n = 0;
	if (o->etcd)
		given[n++] = "--etcd";
	if (o->dir)
		given[n++] = "--dir";
	if (*o->urls)
		given[n++] = "--url";
	if (n > 1)
		return cmd_fail(CMD_USAGE,
				"agent: %s and %s: schemas come from one place: leave out one",
				given[0], given[1]);
	if ((o->url_token_file || o->url_ca_file) && !*o->urls)
		return cmd_fail(CMD_USAGE, "agent: %s: there is no --url",
				o->url_ca_file ? "--url-ca-file" : "--url-token-file");
	if (o->write_through && !o->etcd)
		return cmd_fail(CMD_USAGE, "agent: --write-through: there is no --etcd");
	int code = store_check(&o->how);
	if (code)
		return code;
	if (!*o->listen && o->socket && !strcmp(o->socket, "none"))
		return cmd_fail(CMD_USAGE, "agent: neither --listen nor --socket");
	return cmd_check_prefix(o->prefix);
}

static int check_urls(const struct agent_options *o)
{
	struct flume_err err = {0};
	const struct source_url_options options = {.urls = o->urls,
						   .token_file = o->url_token_file};
	if (o->url_ca_file && access(o->url_ca_file, R_OK))
		return cmd_fail(CMD_USAGE, "agent: --url-ca-file: %s: %s", o->url_ca_file,
				strerror(errno));
	char *token = NULL;
	int code = read_token(&token, "--url-token-file", o->url_token_file);
	free(token); /* that it is there is enough */
	return code || !source_url_check(&options, &err)
		       ? code
		       : cmd_fail(CMD_USAGE, "agent: --url: %s", err.text);
}

int agent_facts(struct agent_facts *f, const struct agent_options *o)
{
	int code = check_source(o);
	find_bound(f, o);
	if (!code)
		code = check_labels(o);
	if (!code)
		code = agent_node_name(f->node, o->node);
	if (!code)
		code = read_token(&f->token, "--token-file", o->token_file);
	if (!code)
		code = check_urls(o);
	if (!code)
		code = find_owner(f, o);
	if (!code)
		code = find_socket(f, o);
	return code;
}

void agent_facts_fini(struct agent_facts *f)
{
	free(f->token);
	free(f->socket);
	free(f->read_only);
	*f = (struct agent_facts){0};
}
