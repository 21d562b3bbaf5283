/*
 * Beginning and end of the server.
 *
 * The end has an order: the door is closed; whoever waits for the engine hears that it is over;
 * for a moment more what comes on open connections is answered, and ends them; requests in flight
 * end by themselves or, after a while, by a cancel; the workers are joined,
 * so that none of them touches a connection any more; and only then the daemon goes, which must
 * not happen while a connection is suspended.
 */
#include "agent/http/http.h"

#include "agent/http/door.h"
#include "agent/http/inside.h"
#include "agent/http/through.h"
#include "agent/log/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S     1000000000
#define LISTEN_ON_NS (NS_PER_S / 4)
#define HAND_OVER_NS NS_PER_S /* for cancelled calls to be answered, and again to end */

#define OR(value, otherwise) ((value) ? (value) : (otherwise))

FLUME_PRINTF(2, 0)
static void daemon_says(void *arg, const char *fmt, va_list args)
{
	char line[256];
	(void)arg;
	vsnprintf(line, sizeof line, fmt, args);
	line[strcspn(line, "\n")] = '\0';
	log_event(LOG_DEBUG, "http daemon", LOG_STR("said", line));
}

static struct MHD_Daemon *start_daemon(struct http *http, const struct http_options *options)
{
	unsigned threads = OR(options->threads, 2U);
	return MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
			MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG,
		0, NULL, NULL, request_handle, http,                     /* who answers */
		MHD_OPTION_EXTERNAL_LOGGER, daemon_says, NULL,           /* first */
		MHD_OPTION_URI_LOG_CALLBACK, request_uri, http,          /* who sees it raw */
		MHD_OPTION_NOTIFY_COMPLETED, request_completed, http,    /* who frees */
		MHD_OPTION_NOTIFY_CONNECTION, crowd_leave, http,         /* who counts */
		MHD_OPTION_THREAD_POOL_SIZE, threads,                    /* */
		MHD_OPTION_CONNECTION_LIMIT,                             /* out of reach */
		crowd_daemon_limit(&http->crowd, threads),               /* */
		MHD_OPTION_CONNECTION_TIMEOUT, OR(options->idle_s, 30U), /* */
		MHD_OPTION_END);
}

/* Signals are the main thread's: what is started here does not get them. */
static int start_threads(struct http *http, const struct http_options *options,
			 struct flume_err *err)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	http->daemon = start_daemon(http, options);
	bool good = http->daemon && !door_open(http->door, crowd_enter, http);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return good ? 0 : flume_fail(err, FLUME_NOMEM, "no threads for HTTP");
}

/* One that nobody asked for may be missing, as long as there is another way in. */
static int open_socket(struct http *http, const struct http_options *options,
		       struct flume_err *err)
{
	struct flume_err why = {0};
	int r = door_add_local(http->door, options->socket, &why);
	if (!r)
		return 0;
	if (!options->socket_optional || !options->listen)
		return flume_fail(err, r, "%s", why.text);
	log_event(LOG_WARN, "no unix socket", LOG_STR("reason", why.text));
	return 0;
}

static int fill(struct http *http, const struct http_options *options, struct flume_err *err)
{
	if (options->read_only)
		http->read_only = strdup(options->read_only);
	if (options->keeper)
		http->keeper = *options->keeper;
	http->max_body = OR(options->max_body, 1U << 20);
	http->timeout_ns = OR(options->timeout_ns, 30LL * NS_PER_S);
	http->drain_ns = OR(options->drain_ns, 10LL * NS_PER_S);
	crowd_init(&http->crowd, OR(options->connections, 1024U));
	http->cancel = flume_cancel_new();
	http->meters = meters_new(http->factory);
	http->workers = workers_new(OR(options->workers, 32U), OR(options->queue, 1024U));
	if (!http->cancel || !http->meters || !http->workers ||
	    (options->read_only && !http->read_only) ||
	    guard_init(&http->guard, options->listen, options->node, options->allow_hosts,
		       options->token))
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (options->etcd) {
		http->through = through_new(http, options->etcd, options->prefix);
		if (!http->through)
			return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	int r = edits_new(&http->edits, http, err);
	if (!r)
		r = door_new(&http->door, options->listen, err);
	if (!r && options->socket)
		r = open_socket(http, options, err);
	return r ? r : start_threads(http, options, err);
}

int http_new(struct http **out, struct loop *loop, flume_factory *factory,
	     struct engine *engine, struct board *board, const struct http_options *options,
	     struct flume_err *err)
{
	struct http *http = calloc(1, sizeof *http);
	if (!http)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	http->loop = loop;
	http->factory = factory;
	http->engine = engine;
	http->board = board;
	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&http->quiet, &clock);
	pthread_condattr_destroy(&clock);
	pthread_mutex_init(&http->lock, NULL);
	int r = fill(http, options, err);
	if (r) {
		http_free(http);
		return r;
	}
	log_event(LOG_INFO, "http listens", LOG_STR("address", options->listen),
		  LOG_INT("port", http_port(http)), LOG_STR("socket", http_socket(http)));
	*out = http;
	return 0;
}

void http_look(void *arg)
{
	struct http *http = arg;
	if (http->through)
		through_look(http->through);
}

int http_port(const struct http *http)
{
	return door_port(http->door);
}

const char *http_socket(const struct http *http)
{
	return door_path(http->door);
}

/* ---- the end ---- */

static void stop_accepting(struct http *http)
{
	if (http->door)
		door_close(http->door);
	pthread_mutex_lock(&http->lock);
	http->closing = true;
	pthread_mutex_unlock(&http->lock);
	if (http->edits)
		edits_close(http->edits);
	http->through = through_free(http->through);
}

/* Until none is left of what `count`, one of ours, counts.  False when the time is over before. */
static bool wait_for_none(struct http *http, const size_t *count, int64_t most_ns)
{
	int64_t until = loop_now() + most_ns;
	struct timespec at = {.tv_sec = until / NS_PER_S, .tv_nsec = until % NS_PER_S};
	int r = 0;
	pthread_mutex_lock(&http->lock);
	while (*count && !r)
		r = pthread_cond_timedwait(&http->quiet, &http->lock, &at);
	bool none = !*count;
	pthread_mutex_unlock(&http->lock);
	return none;
}

/* A client on an open connection may have a request on its way.  It is answered, and told that the
 * connection ends; so a client that asks often loses none. */
static void listen_on(struct http *http)
{
	const struct timespec moment = {.tv_nsec = 5000000};
	int64_t until = loop_now() + LISTEN_ON_NS;
	while (atomic_load(&http->crowd.count) && loop_now() < until)
		nanosleep(&moment, NULL);
}

static void shut(struct http *http)
{
	pthread_mutex_lock(&http->lock);
	http->shut = true;
	pthread_mutex_unlock(&http->lock);
}

/* When it returns true no connection is suspended any more, and none will be. */
static bool drain(struct http *http)
{
	listen_on(http);
	if (!wait_for_none(http, &http->active, http->drain_ns)) {
		flume_cancel_request(http->cancel);
		wait_for_none(http, &http->active, HAND_OVER_NS);
	}
	shut(http);
	return wait_for_none(http, &http->waiting, HAND_OVER_NS);
}

struct http *http_free(struct http *http)
{
	if (!http)
		return NULL;
	stop_accepting(http);
	if (!drain(http)) {
		log_event(LOG_ERROR, "calls do not end", LOG_INT("calls", http->waiting));
		return http;
	}
	workers_free(http->workers);
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	edits_free(http->edits);
	door_free(http->door);
	meters_free(http->meters);
	flume_cancel_free(http->cancel);
	guard_fini(&http->guard);
	free(http->read_only);
	pthread_cond_destroy(&http->quiet);
	pthread_mutex_destroy(&http->lock);
	free(http);
	return NULL;
}
