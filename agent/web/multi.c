/*
 * libcurl says which descriptors and which timeout it waits for; the loop waits and tells it what
 * happened.
 *
 * A socket that could not connect is closed without a word, and the next one often has the same
 * number; libcurl compares numbers, finds nothing new and says nothing.  So each socket is opened
 * here, and the loop hears of it.
 */
#include "agent/web/multi.h"

#include "lib/flume.h"

#include <sys/epoll.h>
#include <sys/socket.h>

static void go_on(struct web_multi *m, curl_socket_t fd, int what)
{
	int running;
	curl_multi_socket_action(m->curl, fd, what, &running);
	m->deliver(m->arg);
}

static void on_socket(int fd, uint32_t events, void *arg)
{
	int what = 0;
	if (events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	go_on(arg, fd, what);
}

static void on_timer(void *arg)
{
	go_on(arg, CURL_SOCKET_TIMEOUT, 0);
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	const struct web_multi *m = arg;
	(void)purpose;
	int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	loop_fd_opened(m->loop, fd);
	return fd;
}

/* A descriptor the loop cannot watch leaves its transfer to the timeouts. */
static int want_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *watched)
{
	struct web_multi *m = arg;
	struct loop_fd *watch = watched;
	uint32_t events = 0;
	(void)curl;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= EPOLLIN;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= EPOLLOUT;
	if (what == CURL_POLL_REMOVE) {
		loop_fd_remove(watch);
		curl_multi_assign(m->curl, fd, NULL);
	} else if (watch) {
		loop_fd_change(watch, events);
	} else {
		watch = loop_fd_add(m->loop, fd, events, on_socket, m);
		curl_multi_assign(m->curl, fd, watch);
	}
	return 0;
}

static int want_timer(CURLM *multi, long ms, void *arg)
{
	struct web_multi *m = arg;
	(void)multi;
	if (ms < 0)
		loop_timer_disarm(m->timer);
	else
		loop_timer_arm(m->timer, (int64_t)ms * 1000000);
	return 0;
}

int web_multi_init(struct web_multi *m, struct loop *loop, void (*deliver)(void *), void *arg)
{
	*m = (struct web_multi){.loop = loop, .deliver = deliver, .arg = arg};
	m->timer = loop_timer_new(loop, on_timer, m);
	m->curl = curl_multi_init();
	if (!m->timer || !m->curl)
		return FLUME_NOMEM;
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
	return FLUME_OK;
}

void web_multi_fini(struct web_multi *m)
{
	if (m->curl)
		curl_multi_cleanup(m->curl);
	loop_timer_free(m->timer);
	*m = (struct web_multi){0};
}

int web_multi_add(struct web_multi *m, CURL *curl)
{
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, m);
	return curl_multi_add_handle(m->curl, curl) ? FLUME_NOMEM : FLUME_OK;
}
