#include "agent/etcd/call.h"

#include "agent/etcd/file.h"
#include "agent/etcd/login.h"
#include "agent/etcd/wire.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct etcd_call {
	struct etcd *e;
	struct etcd_call_options how;
	struct etcd_post *post;
	char *body;
	size_t endpoint;
	uint64_t asked; /* a bit for each endpoint that was    */
	bool renewed;   /* it has been asked with a new token  */
	struct etcd_result result;
	LIST_ENTRY(etcd_call) link;
};

void etcd_result_fini(struct etcd_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		etcd_kv_fini(&r->kvs[i]);
	free(r->kvs);
	*r = (struct etcd_result){0};
}

/* It may hold a password. */
static void drop_body(struct etcd_call *c)
{
	c->body = etcd_file_wipe(c->body, c->body ? strlen(c->body) : 0);
}

static void release(struct etcd_call *c)
{
	if (c->how.free_state)
		c->how.free_state(c->how.state);
	etcd_result_fini(&c->result);
	drop_body(c);
	free(c);
}

struct etcd_call *etcd_cancel(struct etcd_call *c)
{
	if (!c)
		return NULL;
	etcd_post_cancel(c->post);
	LIST_REMOVE(c, link);
	release(c);
	return NULL;
}

int etcd_call_ask(struct etcd_call *c, struct text *body)
{
	drop_body(c);
	c->body = text_take(body);
	return c->body ? 0 : FLUME_NOMEM;
}

/* What one try came to.  `elsewhere`: it was the endpoint's fault, and asking another cannot do
 * harm.  `renew`: nothing was done, for want of another token. */
struct outcome {
	int code; /* or ETCD_AGAIN */
	bool endpoint_at_fault, elsewhere, renew;
	struct etcd_failure failure; /* what etcd said; grpc 0: nothing of that kind */
};

static const char *words(int code)
{
	switch (code) {
	case FLUME_CONFLICT:
		return "the key was changed meanwhile";
	case FLUME_NOT_FOUND:
		return "there is no such lease";
	case FLUME_NOMEM:
		return "out of memory";
	default:
		return "the reply is not understood";
	}
}

static int read_reply(struct etcd_call *c, const json_t *root)
{
	const json_t *reply =
		json_object_get(root, "result"); /* calls that are streams to etcd */
	if (!json_is_object(reply))
		reply = root;
	const json_t *header = json_object_get(reply, "header");
	if (etcd_read_int(header, "revision", &c->result.revision) ||
	    etcd_read_int(reply, "count", &c->result.count))
		return FLUME_IO;
	if (c->result.revision < 1)
		return FLUME_IO; /* whoever says {} is no store, let alone an empty one */
	c->result.cluster_id = etcd_read_id(header, "cluster_id");
	c->result.raft_term = etcd_read_id(header, "raft_term");
	return c->how.read ? c->how.read(c, reply, &c->result, c->how.state) : 0;
}

/* Of a token that etcd does not take. */
static bool renew(struct etcd_call *c, const struct etcd_ending *end, struct flume_err *err)
{
	if (c->how.anonymous || etcd_complaint(err->text) != ETCD_COMPLAINT_TOKEN)
		return false;
	if (etcd_login_refused(c->e, end->token))
		return true;
	char said[sizeof err->text];
	memcpy(said, err->text, sizeof said);
	flume_fail(err, err->code, "%.200s: it wants a user and a password, and none is given",
		   said);
	return false;
}

static struct outcome judge_answer(struct etcd_call *c, const struct etcd_ending *end,
				   struct flume_err *err)
{
	const char *at = etcd_endpoint(c->e, c->endpoint);
	struct outcome o = {0};
	size_t len;
	const char *body = etcd_lines_rest(etcd_post_lines(c->post), &len);
	json_error_t where;
	json_t *root = json_loadb(body, len, 0, &where);
	if (!root && json_error_code(&where) == json_error_out_of_memory) {
		o.code = flume_fail(err, FLUME_NOMEM, "out of memory");
		return o;
	}
	struct etcd_failure f = json_is_object(root)
					? etcd_failure_read(root, end->status)
					: etcd_failure_guess(body, len, end->status);
	o.failure = f;
	if (f.grpc) {
		o.code = flume_fail(err, etcd_failure_code(&f), "etcd at %s: %s", at, f.text);
		o.endpoint_at_fault = etcd_failure_passes(&f) || o.code == FLUME_IO;
		o.elsewhere = o.endpoint_at_fault && (!c->how.write || etcd_failure_unsent(&f));
		o.renew = renew(c, end, err);
	} else {
		etcd_login_taken(c->e, end->token);
		etcd_endpoint_worked(c->e, c->endpoint);
		o.code = read_reply(c, root);
		if (o.code < 0)
			flume_fail(err, o.code, "etcd at %s: %s", at, words(o.code));
	}
	json_decref(root);
	return o;
}

static struct outcome judge(struct etcd_call *c, const struct etcd_ending *end,
			    struct flume_err *err)
{
	if (!end->code)
		return judge_answer(c, end, err);
	struct outcome o = {.code = end->code, .endpoint_at_fault = end->at_fault};
	if (end->at_fault)
		flume_fail(err, end->code, "etcd at %s: %s", etcd_endpoint(c->e, c->endpoint),
			   end->text);
	else
		flume_fail(err, end->code, "%s", end->text);
	o.elsewhere = o.endpoint_at_fault && (!c->how.write || end->unsent);
	o.renew = end->closed && etcd_login_closed(c->e, end->token) && !c->how.write;
	return o;
}

static void finish(struct etcd_call *c, int code, const struct flume_err *err)
{
	c->result.code = code;
	if (code)
		c->result.err = *err;
	LIST_REMOVE(c, link);
	c->how.done(&c->result, c->how.arg);
	release(c);
}

static int ask(struct etcd_call *);

static void on_end(const struct etcd_ending *end, void *arg)
{
	struct etcd_call *c = arg;
	struct etcd *e = c->e;
	struct flume_err err = {0};
	struct outcome o = judge(c, end, &err);
	c->post = NULL;
	c->asked |= UINT64_C(1) << c->endpoint;
	if (o.endpoint_at_fault)
		etcd_endpoint_failed(e, c->endpoint);
	size_t next = etcd_endpoint_next(e, c->endpoint + 1, c->asked);
	if (o.renew && !c->renewed) {
		c->renewed = true;
		o.code = ETCD_AGAIN;
	} else if (o.code < 0 && c->how.failed &&
		   c->how.failed(c, o.failure.grpc ? &o.failure : NULL, o.code, &c->result,
				 c->how.state)) {
		o.code = ETCD_AGAIN;
	} else if (o.elsewhere && !c->how.pinned && !(c->asked >> next & 1)) {
		c->endpoint = next;
		o.code = ETCD_AGAIN;
	}
	if (o.code == ETCD_AGAIN) {
		if (!ask(c))
			return;
		o.code = flume_fail(&err, FLUME_NOMEM, "out of memory");
	}
	finish(c, o.code, &err);
}

static enum etcd_way way(const struct etcd_call *c)
{
	bool secure = !strncasecmp(etcd_endpoint(c->e, c->endpoint), "https:", 6);
	return c->how.write || (c->how.long_answer && secure) ? ETCD_WAY_OWN : ETCD_WAY_SHARED;
}

static int ask(struct etcd_call *c)
{
	if (c->body)
		c->post = etcd_post_new(c->e, &(struct etcd_post_options){
						      .endpoint = c->endpoint,
						      .path = c->how.path,
						      .body = c->body,
						      .timeout_ms = c->how.timeout_ms,
						      .first_ms = c->how.first_ms,
						      .way = way(c),
						      .anonymous = c->how.anonymous,
						      .on_end = on_end,
						      .arg = c,
					      });
	return c->post ? 0 : FLUME_NOMEM;
}

struct etcd_call *etcd_call_new(struct etcd *e, const struct etcd_call_options *how)
{
	struct etcd_call *c = calloc(1, sizeof *c);
	if (!c) {
		text_fini(how->body);
		if (how->free_state)
			how->free_state(how->state);
		return NULL;
	}
	c->e = e;
	c->how = *how;
	c->how.body = NULL;
	c->endpoint = how->pinned ? how->endpoint : e->ring.current;
	if (etcd_call_ask(c, how->body) || ask(c)) {
		release(c);
		return NULL;
	}
	LIST_INSERT_HEAD(&e->calls, c, link);
	return c;
}
