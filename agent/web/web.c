/*
 * libcurl's multi interface on the loop: libcurl says which descriptors and which timeout it waits
 * for, the loop waits and tells it what happened.
 *
 * libcurl does not bear being called back, so its callbacks only store what came, and those of the
 * gets run in deliver(), after it has returned.
 */
#include "agent/web/inside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

static void deliver(struct web *w)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(w->multi, &left))) {
		struct web_get *get = NULL;
		CURLcode result = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &get);
		web_finish(get, result);
	}
}

static void on_socket(int fd, uint32_t events, void *arg)
{
	struct web *w = arg;
	int what = 0, running;
	if (events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	curl_multi_socket_action(w->multi, fd, what, &running);
	deliver(w);
}

static void on_timer(void *arg)
{
	struct web *w = arg;
	int running;
	curl_multi_socket_action(w->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	deliver(w);
}

/* A descriptor the loop cannot watch leaves its get to the timeouts. */
static int want_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *watched)
{
	struct web *w = arg;
	struct loop_fd *watch = watched;
	uint32_t events = 0;
	(void)curl;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE) {
		loop_fd_remove(watch);
		curl_multi_assign(w->multi, fd, NULL);
	} else if (watch) {
		loop_fd_change(watch, events);
	} else {
		watch = loop_fd_add(w->loop, fd, events, on_socket, w);
		curl_multi_assign(w->multi, fd, watch);
	}
	return 0;
}

static int want_timer(CURLM *multi, long ms, void *arg)
{
	struct web *w = arg;
	(void)multi;
	if (ms < 0)
		loop_timer_disarm(w->timer);
	else
		loop_timer_arm(w->timer, (int64_t)ms * 1000000);
	return 0;
}

static void set_defaults(struct web_options *o)
{
	o->connect_ms = o->connect_ms > 0 ? o->connect_ms : 5000;
	o->first_ms = o->first_ms > 0 ? o->first_ms : 5000;
	o->whole_ms = o->whole_ms > 0 ? o->whole_ms : 60000;
	o->redirects = o->redirects ? o->redirects : 5;
}

struct web *web_new(struct loop *loop, const struct web_options *options, struct flume_err *err)
{
	struct web *w = calloc(1, sizeof *w);
	if (w && curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(w);
		w = NULL;
	}
	if (!w) {
		flume_fail(err, FLUME_NOMEM, "out of memory");
		return NULL;
	}
	w->loop = loop;
	w->options = *options;
	w->options.ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
	set_defaults(&w->options);
	w->timer = loop_timer_new(loop, on_timer, w);
	w->multi = curl_multi_init();
	if (!w->timer || !w->multi || !w->options.ca_file != !options->ca_file) {
		flume_fail(err, FLUME_NOMEM, "out of memory");
		return web_free(w);
	}
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(w->multi, CURLMOPT_SOCKETDATA, w);
	curl_multi_setopt(w->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(w->multi, CURLMOPT_TIMERDATA, w);
	return w;
}

struct web *web_free(struct web *w)
{
	if (!w)
		return NULL;
	if (w->multi)
		curl_multi_cleanup(w->multi);
	loop_timer_free(w->timer);
	curl_global_cleanup();
	free((char *)(uintptr_t)w->options.ca_file);
	free(w);
	return NULL;
}
