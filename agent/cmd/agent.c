/*
 * The agent: everything that the other rooms offer, put together.
 *
 * The order is the promise.  What was proven here before is running before anything else is
 * even tried; requests are answered from then on; only then does the node ask what is wanted.
 * The end is the same backwards.
 *
 * SIGTERM, SIGINT and SIGHUP are read as events of the loop, and blocked everywhere else.
 */
#include "agent/cmd/agent_options.h"
#include "agent/cmd/agent_sources.h"
#include "agent/cmd/agent_switches.h"

#include "agent/cmd/bench.h"
#include "agent/cmd/cmd.h"
#include "agent/cmd/lean.h"
#include "agent/cmd/notify.h"
#include "agent/cmd/reload.h"
#include "agent/cmd/store.h"
#include "agent/engine/claim.h"
#include "agent/engine/engine.h"
#include "agent/fleet/page.h"
#include "agent/fleet/status.h"
#include "agent/http/http.h"
#include "agent/log/log.h"
#include "agent/source/keep.h"
#include "lib/base/text.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define GOODBYE INT64_C(1500000000) /* for etcd to hear that the node leaves */

struct agent {
	const struct agent_options *options;
	struct agent_facts facts;
	struct loop *loop;
	int signals;
	int claim; /* on the state folder */
	struct loop_fd *on_signal;
	struct agent_switches switches;
	flume_factory *factory;
	struct board *board;
	struct engine *engine;
	struct http *http;
	struct etcd *etcd;
	struct agent_sources sources;
	struct fleet_status *status;
	struct notify *notify;
	struct reload *reload;
	struct fleet_page *fleet;
};

/* ---- schemas set over HTTP, in a folder ---- */

static int save(void *arg, const char *name, const char *text, size_t len,
		enum flume_format format, struct flume_err *err)
{
	return keep_save(arg, name, text, len, format, err);
}

static int forget(void *arg, const char *name, struct flume_err *err)
{
	return keep_remove(arg, name, err);
}

/* ---- the parts ---- */

static void on_signal(int fd, uint32_t events, void *arg)
{
	struct agent *a = arg;
	struct signalfd_siginfo info;
	(void)events;
	if (read(fd, &info, sizeof info) != (ssize_t)sizeof info)
		return;
	if (info.ssi_signo == SIGHUP) {
		reload_now(a->reload, "SIGHUP");
		return;
	}
	log_event(LOG_INFO, "stopping", LOG_STR("signal", strsignal((int)info.ssi_signo)));
	notify_stopping(a->notify);
	loop_stop(a->loop);
}

static int open_signals(struct agent *a, struct flume_err *err)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	a->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (a->signals >= 0)
		a->on_signal = loop_fd_add(a->loop, a->signals, EPOLLIN, on_signal, a);
	return a->on_signal ? 0 : flume_fail(err, FLUME_IO, "signals: %s", strerror(errno));
}

static struct engine_options engine_options(const struct agent_options *o,
					    const struct agent_facts *facts)
{
	return (struct engine_options){
		.node = facts->node,
		.agent_version = flume_version(),
		.source = o->etcd    ? "etcd"
			  : o->dir   ? "dir"
			  : *o->urls ? "url"
				     : "none",
		.labels = o->labels,
		.state_dir = o->state,
		.apply_same_version = o->same_version == SAME_VERSION_APPLY,
		.deny_downgrade = o->downgrade == DOWNGRADE_DENY,
		.case_limit_ns = o->case_limit,
		.probation_ns = o->probation,
		.probation_requests = o->probation_requests,
		.probation_error_rate = o->probation_error_rate,
		.blind_after_ns = facts->blind_after,
	};
}

static int open_engine(struct agent *a, struct flume_err *err)
{
	const struct engine_options options = engine_options(a->options, &a->facts);
	a->board = board_new();
	if (!a->board)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	return engine_new(&a->engine, a->loop, a->factory, a->board, &options, err);
}

static void on_notice(void *arg, bool bad, const char *text)
{
	(void)arg;
	log_event(bad ? LOG_ERROR : LOG_INFO, bad ? "etcd needs attention" : "etcd",
		  LOG_STR("reason", text));
}

static int open_etcd(struct agent *a, struct flume_err *err)
{
	const char *endpoints = a->options->etcd;
	struct etcd_options options = store_options(endpoints, &a->options->how);
	options.notice = on_notice;
	if (!endpoints)
		return 0;
	a->etcd = etcd_new(a->loop, &options, err);
	if (!a->etcd)
		return err->code;
	a->fleet = fleet_page_new(a->loop, a->etcd, a->options->prefix);
	return a->fleet ? 0 : flume_fail(err, FLUME_NOMEM, "out of memory");
}

static struct http_options http_options(const struct agent_options *o,
					const struct agent_facts *facts)
{
	return (struct http_options){
		.listen = *o->listen ? o->listen : NULL,
		.socket = facts->socket,
		.socket_optional = facts->socket_optional,
		.token = facts->token,
		.node = facts->node,
		.allow_hosts = o->allow_hosts,
		.tap_redact = o->tap_redact,
		.read_only = facts->read_only,
		.prefix = o->prefix,
		.max_body = (size_t)o->max_body,
		.timeout_ns = o->request_timeout,
		.idle_ns = o->idle,
		.stream_idle_ns = o->stream_idle,
		.drain_ns = o->drain ? o->drain : 1, /* 0: at once */
	};
}

static int open_http(struct agent *a, struct flume_err *err)
{
	const struct agent_options *o = a->options;
	const struct http_keeper keeper = {save, forget, (void *)(uintptr_t)o->dir};
	const struct http_keeper switch_keeper = agent_switches_keeper(&a->switches);
	struct http_options options = http_options(o, &a->facts);
	options.keeper = o->dir ? &keeper : NULL;
	options.switches = a->switches.all;
	options.switch_keeper = o->dir ? &switch_keeper : NULL;
	options.fleet = a->fleet;
	options.etcd = o->write_through ? a->etcd : NULL;
	return http_new(&a->http, a->loop, a->factory, a->engine, a->board, &options, err);
}

static void on_went_back(void *arg, int64_t revision, int64_t since)
{
	const struct agent *a = arg;
	agent_sources_reset(&a->sources, revision, since);
}

static int open_status(struct agent *a, struct flume_err *err)
{
	const struct fleet_status_options options = {
		.prefix = a->options->prefix,
		.node = a->facts.node,
		.went_back = on_went_back,
		.arg = a,
	};
	return fleet_status_new(&a->status, a->loop, a->etcd, a->board, &options, err);
}

static void on_status(void *arg)
{
	const struct agent *a = arg;
	http_look(a->http);
	fleet_status_changed(a->status);
}

static int open_source(struct agent *a, struct flume_err *err)
{
	const struct agent_parts parts = {a->loop, a->etcd, a->engine, &a->switches};
	int code = agent_sources_open(&a->sources, &parts, a->options, a->facts.node, err);
	if (!code && a->etcd)
		code = open_status(a, err);
	if (!code && a->etcd)
		engine_on_status(a->engine, on_status, a);
	return code;
}

/* ---- another configuration ---- */

static void set_log(const struct agent_options *o)
{
	static const enum log_format formats[] = {LOG_TEXT, LOG_JSON, LOG_AUTO};
	log_init(formats[o->log], (enum log_level)o->log_level);
}

static int change(void *arg, const struct agent_options *o, const struct agent_facts *facts,
		  struct flume_err *err)
{
	struct agent *a = arg;
	const struct engine_options engine = engine_options(o, facts);
	const struct http_options http = http_options(o, facts);
	int code = http_change(a->http, &http, err);
	if (!code && (engine_change(a->engine, &engine) ||
		      switches_set_labels(a->switches.all, o->labels)))
		code = flume_fail(err, FLUME_NOMEM, "out of memory");
	if (!code)
		set_log(o);
	return code;
}

static void on_said(void *arg, const struct engine_config *config)
{
	const struct agent *a = arg;
	(void)engine_say_config(a->engine, config); /* without memory, at the next reading */
}

static void on_begin(void *arg)
{
	const struct agent *a = arg;
	notify_reloading(a->notify);
}

static void on_end(void *arg)
{
	const struct agent *a = arg;
	notify_ready(a->notify, NULL);
}

static int open_reload(struct agent *a, const struct cmd_call *call, struct flume_err *err)
{
	const struct reload_user user = {a, change, on_said, on_begin, on_end};
	return reload_new(&a->reload, a->loop, call, &a->facts, &user)
		       ? flume_fail(err, FLUME_NOMEM, "out of memory")
		       : 0;
}

static void say_hello(const struct agent *a, size_t running, int64_t begun)
{
	const struct agent_options *o = a->options;
	log_event(LOG_INFO, "agent started", LOG_STR("version", flume_version()),
		  LOG_STR("node", a->facts.node), LOG_STR("etcd", o->etcd),
		  LOG_STR("dir", o->dir), LOG_STR("url", *o->urls),
		  LOG_STR("listen", o->listen), LOG_INT("port", http_port(a->http)),
		  LOG_STR("socket", http_socket(a->http)), LOG_INT("running", running),
		  LOG_INT("took_ms", (loop_now() - begun) / 1000000));
	if (o->etcd && !o->state)
		log_event(
			LOG_WARN,
			"no --state folder: after a restart this node runs nothing until etcd "
			"answers",
			LOG_STR("node", a->facts.node));
}

/* ---- life ---- */

static int start(struct agent *a, const struct cmd_call *call, struct flume_err *err)
{
	int64_t begun = loop_now();
	a->loop = loop_new();
	if (!a->loop)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	a->notify = notify_new(a->loop);
	int code = open_signals(a, err);
	if (!code && a->options->state)
		code = claim_folder(a->options->state, &a->claim, err);
	if (!code)
		code = open_engine(a, err);
	if (!code)
		code = agent_switches_open(&a->switches, a->loop, a->factory, a->engine,
					   a->options, err);
	size_t running = code ? 0 : engine_boot(a->engine);
	if (!code)
		code = open_etcd(a, err);
	if (!code)
		code = open_http(a, err);
	if (!code)
		code = open_source(a, err);
	if (!code)
		code = open_reload(a, call, err);
	if (code)
		return code;
	say_hello(a, running, begun);
	notify_ready(a->notify, "serves");
	return 0;
}

/* A call that does not end, even though it was cancelled, must not keep the node: what others
 * wait for is done, and the rest, which the call may still use, is left to the system. */
static void leave(struct agent *a)
{
	if (!a->http)
		return;
	log_event(LOG_ERROR, "agent stopped, with calls that did not end",
		  LOG_STR("version", flume_version()));
	_exit(CMD_NEGATIVE);
}

static void stop(struct agent *a)
{
	a->reload = reload_free(a->reload);
	agent_sources_close(&a->sources);
	if (a->engine)
		engine_on_status(a->engine, NULL, NULL);
	a->http = http_free(a->http);
	a->status = fleet_status_free(a->status, GOODBYE);
	agent_switches_end(&a->switches, a->http);
	a->engine = engine_free(a->engine);
	leave(a);
	a->fleet = fleet_page_free(a->fleet);
	a->etcd = etcd_free(a->etcd);
	a->factory = flume_factory_free(a->factory);
	agent_switches_fini(&a->switches);
	a->board = board_free(a->board);
	loop_fd_remove(a->on_signal);
	if (a->signals >= 0)
		close(a->signals);
	if (a->claim >= 0)
		close(a->claim);
	a->notify = notify_free(a->notify);
	a->loop = loop_free(a->loop);
}

static int run(const struct cmd_call *call)
{
	struct agent a = {.options = call->options, .signals = -1, .claim = -1};
	struct flume_err err = {0};
	int code = agent_facts(&a.facts, a.options, &err);
	code = code ? cmd_fail(code == FLUME_INVALID ? CMD_USAGE : CMD_NEGATIVE, "agent: %s",
			       err.text)
		    : agent_switches_begin(&a.switches, a.options, call->conf);
	if (!code)
		code = bench_factory(&a.factory, a.switches.board, call->conf, BENCH_RUN);
	if (code) {
		agent_switches_fini(&a.switches);
		agent_facts_fini(&a.facts);
		return code;
	}
	lean_heap();
	set_log(a.options);
	if (start(&a, call, &err)) {
		code = err.code == FLUME_INVALID ? CMD_USAGE : CMD_NEGATIVE;
		log_event(LOG_ERROR, "the agent cannot start", LOG_STR("reason", err.text));
	} else {
		lean_code();
		loop_run(a.loop);
	}
	stop(&a);
	agent_facts_fini(&a.facts);
	if (!code)
		log_event(LOG_INFO, "agent stopped", LOG_STR("version", flume_version()));
	return code;
}

const struct command command_agent = {
	.name = "agent",
	.usage = "[OPTION...]",
	.about = "Keep this node's pipelines in step with etcd, a folder or a web server, and "
		 "serve "
		 "them.",
	.details =
		"Serves the pipelines whose schemas lie in etcd (--etcd), in a folder (--dir) "
		"or on a "
		"web server (--url), one of these, and "
		"follows every change: checks it, tries it, swaps it in between two requests, "
		"watches it, and goes back when it fails. With none of them, schemas come over "
		"HTTP "
		"alone. SIGTERM ends it well.",
	.negative = "it cannot start",
	.options = agent_option_rows,
	.size = sizeof(struct agent_options),
	.run = run,
};
