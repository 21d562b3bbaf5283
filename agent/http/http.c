/*
 * Beginning and end of the server.
 *
 * The end has an order: the door is closed; whoever waits for the engine hears that it is over;
 * for a moment more what comes on open connections is answered, and ends them; requests in flight
 * end by themselves or, after a while, by a cancel; the workers are joined, so that none of them
 * has a request any more; and only then the server goes.
 */
#include "agent/http/http.h"

#include "agent/fleet/page.h"
#include "agent/http/inside.h"
#include "agent/http/through.h"
#include "agent/log/log.h"
#include "agent/serve/door.h"
#include "agent/switches/switches.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S     1000000000
#define LISTEN_ON_NS (NS_PER_S / 4)
#define FIRST_NS     NS_PER_S /* for the first request of a connection that was just taken */
#define HAND_OVER_NS NS_PER_S /* for cancelled calls to be answered, and again to end */

#define OR(value, otherwise) ((value) ? (value) : (otherwise))

/* Signals are the main thread's: what is started here does not get them. */
static int start_threads(struct http *http, const struct http_options *options,
			 struct flume_err *err)
{
	struct serve_handler handler = request_handler;
	sigset_t all, before;
	handler.arg = http;
	http->serve = serve_new(
		&(struct serve_options){
			.threads = options->threads,
			.connections = options->connections,
			.max_body = http->max_body,
			.idle_ns = OR(options->idle_ns, 30LL * NS_PER_S),
			.pause_ns = OR(options->stream_idle_ns, 300LL * NS_PER_S),
		},
		&handler);
	if (!http->serve)
		return flume_fail(err, FLUME_NOMEM, "no threads for HTTP");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool good = !door_open(http->door, serve_enter, http->serve);
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

static struct lane *new_lanes(unsigned n)
{
	struct lane *lanes = aligned_alloc(_Alignof(struct lane), n * sizeof *lanes);
	for (unsigned i = 0; lanes && i < n; i++)
		ids_init(&lanes[i].ids);
	return lanes;
}

static int fill(struct http *http, const struct http_options *options, struct flume_err *err)
{
	if (options->read_only)
		http->read_only = strdup(options->read_only);
	if (options->keeper)
		http->keeper = *options->keeper;
	http->fleet = options->fleet;
	if (options->switch_keeper)
		http->switch_keeper = *options->switch_keeper;
	http->switches = options->switches;
	http->shelf = options->switches ? switches_get_shelf(options->switches) : NULL;
	http->switchboard = options->switches ? switches_get_board(options->switches) : NULL;
	struct rules *rules = rules_new(options);
	rules_put(http, rules);
	rules_limits(http, options);
	http->cancel = flume_cancel_new();
	http->meters = meters_new(http->factory, OR(options->threads, 2U));
	http->workers = workers_new(OR(options->workers, 32U), OR(options->queue, 1024U));
	http->lanes = new_lanes(OR(options->threads, 2U));
	if (!http->cancel || !http->meters || !http->workers || !http->lanes || !rules ||
	    (options->read_only && !http->read_only))
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	int r = taps_init(&http->taps, options->tap_redact, err);
	if (r)
		return r;
	http->writes_through = options->etcd != NULL;
	if (options->etcd) {
		http->through =
			through_new(http, options->etcd, options->prefix, options->node);
		if (!http->through)
			return flume_fail(err, FLUME_NOMEM, "out of memory");
	}
	r = edits_new(&http->edits, http, err);
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
	if (http->serve)
		serve_end_connections(http->serve);
	taps_end(&http->taps);
	if (http->edits)
		edits_close(http->edits);
	http->through = through_free(http->through);
	if (http->fleet)
		fleet_page_close(http->fleet);
}

/* Until no request waits.  False when the time is over before. */
static bool wait_for_none(struct http *http, int64_t most_ns)
{
	int64_t until = loop_now() + most_ns;
	struct timespec at = {.tv_sec = until / NS_PER_S, .tv_nsec = until % NS_PER_S};
	int r = 0;
	pthread_mutex_lock(&http->lock);
	while (http->waiting && !r)
		r = pthread_cond_timedwait(&http->quiet, &http->lock, &at);
	bool none = !http->waiting;
	pthread_mutex_unlock(&http->lock);
	return none;
}

/* Until `count` is 0.  Nobody is in a hurry here, so the threads that serve need not tell. */
static bool poll_for_none(const struct http *http, unsigned (*count)(const struct serve *),
			  int64_t most_ns)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	int64_t until = loop_now() + most_ns;
	while (count(http->serve) && loop_now() < until)
		nanosleep(&moment, NULL);
	return !count(http->serve);
}

static void shut(struct http *http)
{
	pthread_mutex_lock(&http->lock);
	http->shut = true;
	pthread_mutex_unlock(&http->lock);
}

/* A client on an open connection may have a request on its way.  It is answered, and told that the
 * connection ends; so a client that asks often loses none.  When it returns true no request waits
 * for others any more, and none will. */
static bool drain(struct http *http)
{
	if (!http->serve)
		return true;
	poll_for_none(http, serve_connections, LISTEN_ON_NS);
	serve_end_idle(http->serve);
	poll_for_none(http, serve_ending_idle, HAND_OVER_NS);
	poll_for_none(http, serve_fresh, http->drain_ns < FIRST_NS ? http->drain_ns : FIRST_NS);
	if (!poll_for_none(http, serve_active, http->drain_ns)) {
		flume_cancel_request(http->cancel);
		serve_wake_all(http->serve);
		poll_for_none(http, serve_active, HAND_OVER_NS);
	}
	shut(http);
	return wait_for_none(http, HAND_OVER_NS);
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
	serve_free(http->serve);
	edits_free(http->edits);
	door_free(http->door);
	meters_free(http->meters);
	taps_fini(&http->taps);
	free(http->lanes);
	flume_cancel_free(http->cancel);
	rules_put(http, NULL);
	free(http->read_only);
	pthread_cond_destroy(&http->quiet);
	pthread_mutex_destroy(&http->lock);
	free(http);
	return NULL;
}
