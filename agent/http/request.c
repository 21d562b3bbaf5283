/*
 * One request, from its headers to its last byte.
 *
 * What can be refused is refused when the headers are there, but the refusal is sent when the
 * client has sent its body: a server that closes on unread data makes the client's system throw
 * the answer away.  The body is read and forgotten, up to DISCARD_MOST.  A client that asked
 * before it sends (Expect: 100-continue), or announces more than that, gets the answer at once.
 */
#include "agent/http/inside.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define DISCARD_MOST (64ULL << 20)

const char *request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

struct lines {
	const char *name;
	struct text joined;
};

static enum MHD_Result join_line(void *arg, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	struct lines *lines = arg;
	(void)kind;
	if (value && !strcasecmp(name, lines->name)) {
		if (lines->joined.len)
			text_add(&lines->joined, ", ");
		text_add(&lines->joined, value);
	}
	return MHD_YES;
}

int request_dup_list(const struct request *r, const char *name, char **out)
{
	struct lines lines = {.name = name};
	*out = NULL;
	if (!request_header(r, name))
		return 0;
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, join_line, &lines);
	*out = text_take(&lines.joined);
	if (!*out)
		text_fini(&lines.joined);
	return *out ? 0 : FLUME_NOMEM;
}

bool request_flag(const struct request *r, const char *name)
{
	const char *value = NULL;
	if (!MHD_lookup_connection_value_n(r->connection, MHD_GET_ARGUMENT_KIND, name,
					   strlen(name), &value, NULL))
		return false;
	return !value || (strcmp(value, "0") != 0 && strcmp(value, "false") != 0);
}

flume_pipeline *request_dup_pipeline(const struct request *r, const char *name)
{
	flume_binding *binding = flume_factory_dup_binding(r->http->factory, name);
	flume_pipeline *pipeline = binding ? flume_binding_dup_pipeline(binding) : NULL;
	flume_binding_unref(binding);
	return pipeline;
}

/* ---- life ---- */

/* The daemon's text of a URL ends at an encoded NUL, so the name in it would be another one
 * than the client's.  Only here it is seen as it came; the request itself begins later, and
 * meanwhile this stands for it. */
static const char with_nul;
#define WITH_NUL ((void *)(uintptr_t)&with_nul)

void *request_uri(void *arg, const char *uri, struct MHD_Connection *connection)
{
	(void)arg, (void)connection;
	return strstr(uri, "%00") ? WITH_NUL : NULL;
}

static bool through_socket(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
		       ->client_addr->sa_family == AF_UNIX;
}

static struct request *request_new(struct http *http, struct MHD_Connection *connection)
{
	struct request *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->http = http;
	r->connection = connection;
	r->local = through_socket(connection);
	pthread_mutex_lock(&http->lock);
	http->active++;
	pthread_mutex_unlock(&http->lock);
	return r;
}

/* The connection is not suspended any more. */
static void woken(struct request *r)
{
	struct http *http = r->http;
	r->waiting = false;
	pthread_mutex_lock(&http->lock);
	if (!--http->waiting)
		pthread_cond_broadcast(&http->quiet);
	pthread_mutex_unlock(&http->lock);
}

void request_completed(void *arg, struct MHD_Connection *connection, void **context,
		       enum MHD_RequestTerminationCode how)
{
	struct http *http = arg;
	struct request *r = *context;
	(void)connection, (void)how;
	if (!r || r == WITH_NUL)
		return;
	if (r->waiting)
		woken(r);
	answer_fini(&r->answer);
	text_fini(&r->body);
	free(r->name);
	free(r);
	*context = NULL;
	pthread_mutex_lock(&http->lock);
	if (!--http->active)
		pthread_cond_broadcast(&http->quiet);
	pthread_mutex_unlock(&http->lock);
}

/* ---- waiting for others ---- */

bool request_wait(struct request *r)
{
	struct http *http = r->http;
	pthread_mutex_lock(&http->lock);
	bool shut = http->shut;
	if (!shut)
		http->waiting++;
	pthread_mutex_unlock(&http->lock);
	if (shut) {
		answer_problemf(&r->answer, MHD_HTTP_SERVICE_UNAVAILABLE, "closing",
				"the agent is shutting down");
		return false;
	}
	r->waiting = true;
	MHD_suspend_connection(r->connection);
	return true;
}

void request_ready(struct request *r)
{
	MHD_resume_connection(r->connection);
}

static void run_job(void *arg)
{
	struct request *r = arg;
	if (r->work(r))
		request_ready(r);
}

void request_to_worker(struct request *r, const char *group, bool (*work)(struct request *))
{
	if (!request_wait(r))
		return;
	r->work = work;
	r->job = (struct job){.run = run_job, .arg = r};
	if (workers_push(r->http->workers, group, &r->job)) {
		answer_problemf(&r->answer, MHD_HTTP_SERVICE_UNAVAILABLE, "busy",
				"too many calls wait already: the queue is full");
		answer_header(&r->answer, MHD_HTTP_HEADER_RETRY_AFTER, "1");
		if (*group)
			meters_call(r->http->meters, group, FLUME_LIMITED, 0);
		request_ready(r);
	}
}

/* ---- the daemon's calls ---- */

static enum MHD_Result send_answer(struct request *r)
{
	struct http *http = r->http;
	pthread_mutex_lock(&http->lock);
	bool closing = http->closing;
	pthread_mutex_unlock(&http->lock);
	meters_answer(http->meters, r->answer.status);
	return answer_send(&r->answer, r->connection, closing || r->hang_up);
}

static enum MHD_Result take_body(struct request *r, const char *data, size_t size)
{
	r->received += size;
	if (r->received > DISCARD_MOST)
		return MHD_NO;
	if (!r->answer.status && r->received > r->http->max_body) {
		text_fini(&r->body);
		request_too_large(r);
	}
	if (r->answer.status)
		return MHD_YES;
	text_add_n(&r->body, data, size);
	if (r->body.failed)
		answer_status(&r->answer, MHD_HTTP_SERVICE_UNAVAILABLE);
	return MHD_YES;
}

static bool client_waits(const struct request *r)
{
	const char *expect = request_header(r, MHD_HTTP_HEADER_EXPECT);
	return r->hang_up || request_announced(r) > DISCARD_MOST ||
	       (expect && !strcasecmp(expect, "100-continue"));
}

enum MHD_Result request_handle(void *arg, struct MHD_Connection *connection, const char *url,
			       const char *method, const char *version, const char *data,
			       size_t *size, void **context)
{
	struct request *r = *context;
	(void)version;
	if (!r || r == WITH_NUL) {
		bool nul = r;
		r = *context = request_new(arg, connection);
		if (!r)
			return MHD_NO;
		if (nul)
			request_refuse_nul(r);
		else
			request_admit(r, url, method);
		return r->answer.status && client_waits(r) ? send_answer(r) : MHD_YES;
	}
	if (*size) {
		enum MHD_Result taken = take_body(r, data, *size);
		*size = 0;
		return taken;
	}
	if (r->waiting)
		woken(r);
	else if (!r->answer.status)
		r->method->run(r);
	return r->waiting ? MHD_YES : send_answer(r);
}
