/*
 * libcurl's multi interface on the loop.  libcurl says which descriptors and which timeout it
 * waits for; the loop waits and tells it what happened.
 *
 * libcurl does not bear being called back: nothing may be started or cancelled from inside its
 * callbacks.  So those only store what came (see take_bytes), and the callbacks of posts run in
 * deliver(), after libcurl has returned.
 */
#include "agent/etcd/post.h"
#include "lib/base/text.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

struct etcd_post {
	struct etcd *e;
	CURL *curl;
	struct curl_slist *headers;
	struct etcd_lines in;
	etcd_post_lines_fn *on_lines;
	etcd_post_end_fn *on_end;
	void *arg;
	int timeout_ms;
	struct loop_timer *first; /* until the first byte; NULL: no matter */
	int broken;               /* a code: what came could not be kept */
	bool readable;
	LIST_ENTRY(etcd_post) link; /* of the readable ones */
	char error[CURL_ERROR_SIZE];
};

/* ---- one post ---- */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct etcd_post *p = arg;
	size_t n = size * count;
	if (p->first)
		loop_timer_disarm(p->first);
	p->broken = etcd_lines_feed(&p->in, bytes, n, p->e->options.reply_max);
	if (p->broken)
		return 0; /* ends the transfer */
	long status = 0;
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
	if (p->on_lines && status == 200 && !p->readable) {
		p->readable = true;
		LIST_INSERT_HEAD(&p->e->readable, p, link);
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

static bool add_header(struct etcd_post *p, const char *header)
{
	struct curl_slist *grown = curl_slist_append(p->headers, header);
	if (grown)
		p->headers = grown;
	return grown;
}

static bool add_headers(struct etcd_post *p)
{
	char deadline[48] = "";
	if (p->timeout_ms)
		snprintf(deadline, sizeof deadline, "Grpc-Timeout: %dm", p->timeout_ms / 4 * 3);
	return add_header(p, "Content-Type: application/json") && add_header(p, "Expect:") &&
	       add_header(p, "Grpc-Metadata-hasleader: true") &&
	       (!deadline[0] || add_header(p, deadline));
}

/* The options of libcurl fail for want of memory only. */
static bool prepare(struct etcd_post *p, const struct etcd_post_options *o)
{
	CURL *c = p->curl;
	struct text url = {0};
	text_addf(&url, "%s%s", etcd_endpoint(p->e, o->endpoint), o->path);
	CURLcode bad = url.failed || !add_headers(p) ? CURLE_OUT_OF_MEMORY : CURLE_OK;
#define SET(option, value) (bad = bad ? bad : curl_easy_setopt(c, CURLOPT_##option, value))
	SET(URL, url.s);
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(PROXY, "");
	SET(NOSIGNAL, 1L);
	SET(PRIVATE, p);
	SET(ERRORBUFFER, p->error);
	SET(HTTPHEADER, p->headers);
	SET(POST, 1L);
	SET(POSTFIELDS, o->body);
	SET(POSTFIELDSIZE_LARGE, (curl_off_t)strlen(o->body));
	SET(WRITEFUNCTION, take_bytes);
	SET(WRITEDATA, p);
	SET(CONNECTTIMEOUT_MS, (long)p->e->options.connect_ms);
	SET(TIMEOUT_MS, (long)o->timeout_ms);
	SET(TCP_KEEPALIVE, 1L);
	SET(TCP_KEEPIDLE, 10L);
	SET(TCP_KEEPINTVL, 5L);
	SET(SOCKOPTFUNCTION, tune_socket);
	SET(FRESH_CONNECT, o->own_connection ? 1L : 0L);
	SET(FORBID_REUSE, o->own_connection ? 1L : 0L);
#undef SET
	text_fini(&url);
	return !bad;
}

static void release(struct etcd_post *p)
{
	if (p->readable)
		LIST_REMOVE(p, link);
	if (p->curl)
		curl_easy_cleanup(p->curl);
	loop_timer_free(p->first);
	curl_slist_free_all(p->headers);
	etcd_lines_fini(&p->in);
	free(p);
}

struct etcd_lines *etcd_post_lines(struct etcd_post *p)
{
	return &p->in;
}

struct etcd_post *etcd_post_cancel(struct etcd_post *p)
{
	if (!p)
		return NULL;
	curl_multi_remove_handle(p->e->multi, p->curl);
	release(p);
	return NULL;
}

static bool connected(CURL *curl)
{
	curl_off_t when = 0;
	curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &when);
	return when > 0;
}

static struct etcd_ending ending(struct etcd_post *p, CURLcode result, char text[160])
{
	struct etcd_ending end = {.code = FLUME_IO, .text = text};
	long os = 0;
	curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &end.status);
	curl_easy_getinfo(p->curl, CURLINFO_OS_ERRNO, &os);
	if (result == CURLE_OK) {
		end.code = 0;
		snprintf(text, 160, "the connection was closed");
		return end;
	}
	end.unsent = !connected(p->curl);
	if (p->broken) {
		end.code = p->broken;
		snprintf(text, 160, "the reply is too big");
	} else if (result == CURLE_OUT_OF_MEMORY) {
		end.code = FLUME_NOMEM;
		snprintf(text, 160, "out of memory");
	} else if (result == CURLE_OPERATION_TIMEDOUT) {
		end.code = FLUME_TIMED_OUT;
		snprintf(text, 160, "no %s in time", end.unsent ? "connection" : "answer");
	} else if (result == CURLE_COULDNT_CONNECT && os) {
		snprintf(text, 160, "%s", strerror((int)os));
	} else {
		snprintf(text, 160, "%.150s",
			 p->error[0] ? p->error : curl_easy_strerror(result));
	}
	return end;
}

static void finish(struct etcd_post *p, CURLcode result)
{
	char text[160];
	struct etcd_ending end = ending(p, result, text);
	curl_multi_remove_handle(p->e->multi, p->curl);
	p->on_end(&end, p->arg);
	release(p);
}

static void on_late(void *arg)
{
	finish(arg, CURLE_OPERATION_TIMEDOUT);
}

/* False when out of memory. */
static bool await_first(struct etcd_post *p, int first_ms)
{
	if (!first_ms)
		return true;
	p->first = loop_timer_new(p->e->loop, on_late, p);
	if (p->first)
		loop_timer_arm(p->first, (int64_t)first_ms * 1000000);
	return p->first;
}

struct etcd_post *etcd_post_new(struct etcd *e, const struct etcd_post_options *o)
{
	struct etcd_post *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->e = e;
	p->on_lines = o->on_lines;
	p->on_end = o->on_end;
	p->arg = o->arg;
	p->timeout_ms = o->timeout_ms;
	p->curl = curl_easy_init();
	if (!p->curl || !prepare(p, o) || !await_first(p, o->first_ms) ||
	    curl_multi_add_handle(e->multi, p->curl)) {
		release(p);
		return NULL;
	}
	return p;
}

/* ---- the multi handle and the loop ---- */

static void deliver(struct etcd *e)
{
	struct etcd_post *p;
	while ((p = LIST_FIRST(&e->readable))) {
		LIST_REMOVE(p, link);
		p->readable = false;
		p->on_lines(p->arg);
	}
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(e->multi, &left))) {
		CURLcode result = message->data.result;
		if (message->msg == CURLMSG_DONE &&
		    !curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&p))
			finish(p, result);
	}
}

static void on_socket(int fd, uint32_t events, void *arg)
{
	struct etcd *e = arg;
	int running, what = 0;
	if (events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(e->multi, fd, what, &running);
	deliver(e);
}

static void on_timer(void *arg)
{
	struct etcd *e = arg;
	int running;
	curl_multi_socket_action(e->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	deliver(e);
}

/* A descriptor the loop cannot watch leaves its post to the timeouts. */
static int want_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *watched)
{
	struct etcd *e = arg;
	struct loop_fd *watch = watched;
	uint32_t events = 0;
	(void)curl;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE) {
		loop_fd_remove(watch);
		curl_multi_assign(e->multi, fd, NULL);
	} else if (watch) {
		loop_fd_change(watch, events);
	} else {
		watch = loop_fd_add(e->loop, fd, events, on_socket, e);
		curl_multi_assign(e->multi, fd, watch);
	}
	return 0;
}

static int want_timer(CURLM *multi, long ms, void *arg)
{
	struct etcd *e = arg;
	(void)multi;
	if (ms < 0)
		loop_timer_disarm(e->timer);
	else
		loop_timer_arm(e->timer, (int64_t)ms * 1000000);
	return 0;
}

int etcd_transport_init(struct etcd *e, struct flume_err *err)
{
	LIST_INIT(&e->readable);
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return flume_fail(err, FLUME_NOMEM, "libcurl does not start");
	e->timer = loop_timer_new(e->loop, on_timer, e);
	e->multi = curl_multi_init();
	if (!e->timer || !e->multi) {
		etcd_transport_fini(e);
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(e->multi, CURLMOPT_SOCKETDATA, e);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(e->multi, CURLMOPT_TIMERDATA, e);
	curl_multi_setopt(e->multi, CURLMOPT_MAXCONNECTS, (long)e->endpoints_len + 2);
	return 0;
}

void etcd_transport_fini(struct etcd *e)
{
	if (e->multi)
		curl_multi_cleanup(e->multi);
	loop_timer_free(e->timer);
	curl_global_cleanup();
}
