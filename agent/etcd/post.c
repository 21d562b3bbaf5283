/*
 * What is asked of libcurl for one POST, and what is made of its answer.
 *
 * A post that has to wait for a token, or cannot even begin, is told so later, as every other:
 * callbacks do not run before the function that started it has returned.
 */
#include "agent/etcd/post.h"

#include "agent/etcd/login.h"
#include "agent/etcd/pool.h"
#include "lib/base/text.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

struct etcd_post {
	struct etcd *e;
	struct etcd_post_options how;
	struct etcd_pool *pool; /* NULL: not begun */
	CURL *curl;
	struct curl_slist *headers, *connect_to;
	struct etcd_lines in;
	struct loop_timer *late; /* no first byte, no token; or `failed` */
	struct flume_err failed; /* it cannot begin                        */
	unsigned token;
	int broken; /* a code: what came could not be kept */
	bool waiting, readable;
	LIST_ENTRY(etcd_post) link; /* of the waiting, or the readable ones */
	char error[CURL_ERROR_SIZE];
};

/* ---- what libcurl calls ---- */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct etcd_post *p = arg;
	size_t n = size * count;
	loop_timer_disarm(p->late);
	p->broken = etcd_lines_feed(&p->in, bytes, n, p->e->options.reply_max);
	if (p->broken)
		return 0; /* ends the transfer */
	long status = 0;
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
	if (p->how.on_lines && status == 200 && !p->readable) {
		p->readable = true;
		LIST_INSERT_HEAD(&p->pool->readable, p, link);
	}
	return n;
}

/* A peer that vanished without a word is noticed by the kernel: probes while idle, and a limit
 * for what was sent and not confirmed.  A program that is started gets no copy. */
static int tune_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg, (void)purpose;
	int probes = 3;
	unsigned patience_ms = 20000;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
	return CURL_SOCKOPT_OK;
}

/* ---- to begin ---- */

static bool add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *grown = curl_slist_append(*list, line);
	if (grown)
		*list = grown;
	return grown;
}

static bool add_headers(struct etcd_post *p)
{
	char deadline[48] = "";
	if (p->how.timeout_ms)
		snprintf(deadline, sizeof deadline, "Grpc-Timeout: %dm",
			 p->how.timeout_ms / 4 * 3);
	const char *token = p->how.anonymous ? NULL : etcd_login_header(p->e, &p->token);
	return add_line(&p->headers, "Content-Type: application/json") &&
	       add_line(&p->headers, "Expect:") &&
	       add_line(&p->headers, "Grpc-Metadata-hasleader: true") &&
	       (!deadline[0] || add_line(&p->headers, deadline)) &&
	       (!token || add_line(&p->headers, token));
}

static bool is_secure(const struct etcd_post *p)
{
	return !strncasecmp(etcd_endpoint(p->e, p->how.endpoint), "https:", 6);
}

/* Where the server has another name than the endpoint, libcurl is told that name, and to
 * connect to the endpoint instead. */
static bool address(struct etcd_post *p, struct text *url)
{
	const char *endpoint = etcd_endpoint(p->e, p->how.endpoint);
	const char *host = strstr(endpoint, "://") + 3;
	const char *name = is_secure(p) ? p->e->server_name : NULL;
	if (!name) {
		text_addf(url, "%s%s", endpoint, p->how.path);
		return !url->failed;
	}
	const char *port = strrchr(host, ':');
	if (port && strchr(port, ']'))
		port = NULL; /* it was the colon of an address */
	const char *number = port ? port + 1 : "443";
	struct text to = {0};
	text_addf(&to, "%s:%s:%.*s:%s", name, number,
		  (int)(port ? (size_t)(port - host) : strlen(host)), host, number);
	text_addf(url, "https://%s:%s%s", name, number, p->how.path);
	bool added = !to.failed && add_line(&p->connect_to, to.s);
	text_fini(&to);
	return added && !url->failed;
}

#define SET(option, value) (bad = bad ? bad : curl_easy_setopt(c, CURLOPT_##option, value))

static CURLcode prepare_tls(const struct etcd_post *p)
{
	CURL *c = p->curl;
	const struct etcd_identity *id = p->pool->identity;
	CURLcode bad = CURLE_OK;
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(PIPEWAIT, 1L);
	if (id->paths[ETCD_TLS_CA][0]) {
		SET(CAINFO, id->paths[ETCD_TLS_CA]);
		SET(CAPATH, NULL);
	}
	if (id->paths[ETCD_TLS_CERT][0]) {
		SET(SSLCERT, id->paths[ETCD_TLS_CERT]);
		SET(SSLKEY, id->paths[ETCD_TLS_KEY]);
	}
	return bad;
}

/* The options of libcurl fail for want of memory only. */
static bool prepare(struct etcd_post *p)
{
	CURL *c = p->curl;
	struct text url = {0};
	CURLcode bad = !address(p, &url) || !add_headers(p) ? CURLE_OUT_OF_MEMORY : CURLE_OK;
	bool secure = is_secure(p);
	long fresh = p->how.way == ETCD_WAY_OWN || (p->how.way == ETCD_WAY_STREAM && !secure);
	SET(URL, url.s);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CONNECT_TO, p->connect_to);
	SET(PROXY, "");
	SET(NOSIGNAL, 1L);
	SET(PRIVATE, p);
	SET(ERRORBUFFER, p->error);
	SET(HTTPHEADER, p->headers);
	SET(POST, 1L);
	SET(POSTFIELDS, p->how.body);
	SET(POSTFIELDSIZE_LARGE, (curl_off_t)strlen(p->how.body));
	SET(WRITEFUNCTION, take_bytes);
	SET(WRITEDATA, p);
	SET(CONNECTTIMEOUT_MS, (long)p->e->options.connect_ms);
	SET(TIMEOUT_MS, (long)p->how.timeout_ms);
	SET(TCP_KEEPALIVE, 1L);
	SET(TCP_KEEPIDLE, 10L);
	SET(TCP_KEEPINTVL, 5L);
	SET(SOCKOPTFUNCTION, tune_socket);
	SET(FRESH_CONNECT, fresh);
	SET(FORBID_REUSE, fresh);
	if (!bad && secure)
		bad = prepare_tls(p);
	text_fini(&url);
	return !bad;
}
#undef SET

/* Returns 0 or a code with `failed`. */
static int begin(struct etcd_post *p)
{
	p->pool = etcd_pool_take(p->e, p->how.way == ETCD_WAY_OWN, &p->failed);
	if (!p->pool)
		return p->failed.code;
	p->curl = curl_easy_init();
	if (!p->curl || !prepare(p) || web_multi_add(&p->pool->multi, p->curl))
		return flume_fail(&p->failed, FLUME_NOMEM, "out of memory");
	if (p->how.first_ms)
		loop_timer_arm(p->late, (int64_t)p->how.first_ms * 1000000);
	else
		loop_timer_disarm(p->late);
	return 0;
}

static void wait_for_token(struct etcd_post *p)
{
	int most_ms = p->how.first_ms ? p->how.first_ms : p->how.timeout_ms;
	p->waiting = true;
	LIST_INSERT_HEAD(&p->e->waiting, p, link);
	if (most_ms)
		loop_timer_arm(p->late, (int64_t)most_ms * 1000000);
}

static void leave_lists(struct etcd_post *p)
{
	if (p->waiting || p->readable)
		LIST_REMOVE(p, link);
	p->waiting = p->readable = false;
}

static void release(struct etcd_post *p)
{
	leave_lists(p);
	if (p->curl) {
		if (p->pool)
			curl_multi_remove_handle(p->pool->multi.curl, p->curl);
		curl_easy_cleanup(p->curl);
	}
	if (p->pool)
		etcd_pool_give(p->pool);
	loop_timer_free(p->late);
	curl_slist_free_all(p->headers);
	curl_slist_free_all(p->connect_to);
	etcd_lines_fini(&p->in);
	free(p);
}

struct etcd_lines *etcd_post_lines(struct etcd_post *p)
{
	return &p->in;
}

unsigned etcd_post_token(const struct etcd_post *p)
{
	return p->token;
}

bool etcd_post_waits(const struct etcd_post *p)
{
	return p->waiting;
}

void etcd_post_distrust(struct etcd_post *p)
{
	if (p->pool && p->how.way != ETCD_WAY_OWN && is_secure(p))
		etcd_pool_retire(p->pool);
}

struct etcd_post *etcd_post_cancel(struct etcd_post *p)
{
	if (p)
		release(p);
	return NULL;
}

/* ---- to end ---- */

static bool connected(CURL *curl)
{
	curl_off_t when = 0;
	curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &when);
	return when > 0;
}

/* Was it the server that did not like us?  It says so, if at all, when the handshake is over for
 * us, and all we may get to see is that the connection is no more. */
static bool turned_away(const struct etcd_post *p, CURLcode result)
{
	long connections = 0, status = 0;
	curl_easy_getinfo(p->curl, CURLINFO_NUM_CONNECTS, &connections);
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
	return is_secure(p) && connections && !status &&
	       (result == CURLE_SSL_CONNECT_ERROR || result == CURLE_RECV_ERROR ||
		result == CURLE_SEND_ERROR || result == CURLE_GOT_NOTHING ||
		result == CURLE_HTTP2 || result == CURLE_HTTP2_STREAM);
}

/* libcurl's words; about certificates, in ours where it names a copy that nobody knows. */
static void describe(const struct etcd_post *p, CURLcode result, char *out, size_t size)
{
	char suspect[280];
	const char *said = p->error[0] ? p->error : curl_easy_strerror(result);
	const char *ca = p->e->tls.files[ETCD_TLS_CA];
	if (turned_away(p, result)) {
		if (result != CURLE_SSL_CONNECT_ERROR)
			said = "the server closed the connection";
		etcd_tls_suspect(&p->e->tls, (int64_t)time(NULL), suspect, sizeof suspect);
		snprintf(out, size, "%.150s%s", said, suspect);
	} else if (result == CURLE_PEER_FAILED_VERIFICATION && strstr(said, "CAfile")) {
		snprintf(out, size,
			 "the server's certificate is not one that %s%s%s vouches for, or is "
			 "out "
			 "of date",
			 ca ? "'" : "this system", ca ? ca : "", ca ? "'" : "");
	} else if (result == CURLE_GOT_NOTHING && !is_secure(p)) {
		snprintf(out, size, "%s (does it speak https?)", said);
	} else {
		snprintf(out, size, "%.150s", said);
	}
}

static struct etcd_ending ending(struct etcd_post *p, CURLcode result, char *text, size_t size)
{
	struct etcd_ending end = {.code = FLUME_IO, .token = p->token, .text = text};
	long os = 0;
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &end.status);
	curl_easy_getinfo(p->curl, CURLINFO_OS_ERRNO, &os);
	if (result == CURLE_OK) {
		end.code = 0;
		snprintf(text, size, "the connection was closed");
		return end;
	}
	end.unsent = !connected(p->curl);
	end.at_fault = !p->broken && result != CURLE_OUT_OF_MEMORY;
	end.closed = result == CURLE_GOT_NOTHING || result == CURLE_HTTP2_STREAM;
	if (p->broken) {
		end.code = p->broken;
		snprintf(text, size, "the reply is too big");
	} else if (result == CURLE_OUT_OF_MEMORY) {
		end.code = FLUME_NOMEM;
		snprintf(text, size, "out of memory");
	} else if (result == CURLE_OPERATION_TIMEDOUT) {
		end.code = FLUME_TIMED_OUT;
		snprintf(text, size, "no %s in time", end.unsent ? "connection" : "answer");
	} else if (result == CURLE_COULDNT_CONNECT && os) {
		snprintf(text, size, "%s", strerror((int)os));
	} else {
		describe(p, result, text, size);
	}
	return end;
}

void etcd_post_ended(struct etcd_post *p, CURLcode result)
{
	char text[480];
	struct etcd_ending end = ending(p, result, text, sizeof text);
	leave_lists(p);
	curl_multi_remove_handle(p->pool->multi.curl, p->curl);
	if (end.code == FLUME_TIMED_OUT)
		etcd_post_distrust(p);
	p->how.on_end(&end, p->how.arg);
	release(p);
}

void etcd_post_readable(struct etcd_post *p)
{
	leave_lists(p);
	p->how.on_lines(p->how.arg);
}

/* It never left. */
static void end_unsent(struct etcd_post *p, int code, const char *text)
{
	const struct etcd_ending end = {.code = code, .unsent = true, .text = text};
	leave_lists(p);
	p->how.on_end(&end, p->how.arg);
	release(p);
}

static void on_late(void *arg)
{
	struct etcd_post *p = arg;
	if (p->failed.code)
		end_unsent(p, p->failed.code, p->failed.text);
	else if (p->waiting)
		end_unsent(p, FLUME_TIMED_OUT, "no token in time");
	else
		etcd_post_ended(p, CURLE_OPERATION_TIMEDOUT);
}

struct etcd_post *etcd_post_new(struct etcd *e, const struct etcd_post_options *o)
{
	struct etcd_post *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->e = e;
	p->how = *o;
	p->late = loop_timer_new(e->loop, on_late, p);
	int rc = FLUME_NOMEM;
	if (p->late) {
		rc = o->anonymous ? 0 : etcd_login_may_go(e, &p->failed);
		if (!rc)
			rc = begin(p);
	}
	if (rc == FLUME_NOMEM) {
		release(p);
		return NULL;
	}
	if (rc == ETCD_LOGIN_WAIT)
		wait_for_token(p);
	else if (rc)
		loop_timer_arm(p->late, 0);
	return p;
}

/* ---- those that wait ---- */

void etcd_posts_go(struct etcd *e)
{
	struct etcd_post *p;
	while ((p = LIST_FIRST(&e->waiting))) {
		leave_lists(p);
		if (begin(p))
			loop_timer_arm(p->late, 0); /* says `failed` */
	}
}

void etcd_posts_stop(struct etcd *e, const struct flume_err *why)
{
	struct etcd_post *p;
	while ((p = LIST_FIRST(&e->waiting))) {
		leave_lists(p);
		p->failed = *why;
		loop_timer_arm(p->late, 0);
	}
}
