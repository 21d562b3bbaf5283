/* Carries out what auth.c decides.  The password is read from its file for each question, so it
 * can be changed there, and is not kept. */
#include "agent/etcd/login.h"

#include "agent/etcd/auth.h"
#include "agent/etcd/call.h"
#include "agent/etcd/file.h"
#include "agent/etcd/post.h"
#include "agent/etcd/wire.h"

#include <stdlib.h>
#include <string.h>

struct etcd_login {
	struct etcd_auth auth;
	char *user, *password_file; /* NULL: none */
	char *header;               /* "Authorization: ..."; NULL: no token */
	char *fresh;                /* the token of the answer being read */
	enum etcd_complaint complaint;
	struct etcd_call *call; /* NULL: none */
	struct loop_timer *timer;
	struct flume_err why;         /* no token is to be had */
	struct etcd_stamp asked_with; /* of the file, before the last question */
};

#define LOOK_NS INT64_C(2000000000) /* how often, once refused, the file is looked at */

static void act(struct etcd *, struct etcd_auth_todo);

/* ---- asking ---- */

static int read_token(struct etcd_call *call, const json_t *reply, struct etcd_result *result,
		      void *state)
{
	struct etcd_login *l = state;
	(void)call, (void)result;
	l->fresh = etcd_file_wipe(l->fresh, l->fresh ? strlen(l->fresh) : 0);
	return etcd_read_token(reply, &l->fresh);
}

static int look_why(struct etcd_call *call, const struct etcd_failure *failure, int code,
		    struct etcd_result *result, void *state)
{
	struct etcd_login *l = state;
	(void)call, (void)code, (void)result;
	l->complaint = failure ? etcd_complaint(failure->text) : ETCD_COMPLAINT_NONE;
	return 0;
}

static bool keep_token(struct etcd_login *l)
{
	struct text header = {0};
	text_addf(&header, "Authorization: %s", l->fresh);
	l->header = text_take(&header);
	return l->header;
}

static void answered(struct etcd *e, enum etcd_auth_answer answer)
{
	act(e, etcd_auth_answered(&e->login->auth, answer, loop_now(), etcd_random()));
}

static void on_answer(struct etcd_result *r, void *arg)
{
	struct etcd *e = arg;
	struct etcd_login *l = e->login;
	enum etcd_auth_answer answer = AUTH_NOTHING;
	l->call = NULL;
	l->why = (struct flume_err){0};
	if (!r->code && keep_token(l)) {
		answer = AUTH_TOKEN;
	} else if (!r->code) {
		flume_fail(&l->why, FLUME_NOMEM, "out of memory");
	} else if (l->complaint == ETCD_COMPLAINT_NO_USERS) {
		answer = AUTH_OFF;
	} else if (l->complaint == ETCD_COMPLAINT_PASSWORD) {
		answer = AUTH_WRONG;
		flume_fail(&l->why, FLUME_REFUSED,
			   "etcd refuses the user '%s' or its password in '%s': %s", l->user,
			   l->password_file, r->err.text);
	} else {
		flume_fail(&l->why, r->code, "no token for the user '%s': %s", l->user,
			   r->err.text);
	}
	l->fresh = etcd_file_wipe(l->fresh, l->fresh ? strlen(l->fresh) : 0);
	answered(e, answer);
}

/* 0, or a code with `why`. */
static int read_password(struct etcd_login *l, char **out, size_t *len)
{
	int rc = etcd_file_read("the password for etcd", l->password_file, out, len, &l->why);
	if (rc)
		return rc;
	char *s = *out;
	while (*len && (s[*len - 1] == '\n' || s[*len - 1] == '\r'))
		s[--*len] = '\0';
	if (*len && strlen(s) == *len && !strpbrk(s, "\r\n"))
		return 0;
	*out = etcd_file_wipe(s, *len);
	return flume_fail(&l->why, FLUME_IO,
			  "the password for etcd: '%s' does not hold one line of text",
			  l->password_file);
}

/* False, with `why`, when there is nothing to ask with. */
static bool ask(struct etcd *e, int within_ms)
{
	struct etcd_login *l = e->login;
	struct text body = {0};
	char *password = NULL;
	size_t len = 0;
	l->why = (struct flume_err){0};
	l->complaint = ETCD_COMPLAINT_NONE;
	l->asked_with = etcd_file_stamp(l->password_file);
	if (read_password(l, &password, &len))
		return false;
	text_add(&body, "{\"name\":");
	text_add_json(&body, l->user, strlen(l->user));
	text_add(&body, ",\"password\":");
	text_add_json(&body, password, len);
	text_add_char(&body, '}');
	etcd_file_wipe(password, len);
	l->call = etcd_call_new(e, &(struct etcd_call_options){
					   .path = "/v3/auth/authenticate",
					   .body = &body,
					   .timeout_ms = within_ms,
					   .write = true, /* not twice: each costs etcd a lot */
					   .anonymous = true,
					   .read = read_token,
					   .failed = look_why,
					   .state = l,
					   .done = on_answer,
					   .arg = e,
				   });
	if (!l->call)
		flume_fail(&l->why, FLUME_NOMEM, "out of memory");
	return l->call;
}

/* ---- doing ---- */

static void plan(struct etcd_login *l)
{
	int64_t at = etcd_auth_wake(&l->auth), now = loop_now();
	if (at == INT64_MAX)
		loop_timer_disarm(l->timer);
	else if (l->auth.told && at - now > LOOK_NS)
		loop_timer_arm(l->timer, LOOK_NS);
	else
		loop_timer_arm(l->timer, at - now);
}

static void act(struct etcd *e, struct etcd_auth_todo todo)
{
	struct etcd_login *l = e->login;
	if (todo.what & AUTH_DROP)
		l->header = etcd_file_wipe(l->header, l->header ? strlen(l->header) : 0);
	if (todo.what & AUTH_ASK && !ask(e, todo.within_ms)) {
		answered(e, l->why.code == FLUME_NOMEM ? AUTH_NOTHING : AUTH_WRONG);
		return;
	}
	plan(l);
	if (todo.what & AUTH_TELL)
		etcd_notice(e, true, l->why.text);
	if (todo.what & AUTH_CALM)
		etcd_notice(e, false, "etcd takes the user and its password again");
	if (todo.what & AUTH_GO)
		etcd_posts_go(e);
	if (todo.what & AUTH_STOP)
		etcd_posts_stop(e, &l->why);
}

static void on_time(void *arg)
{
	struct etcd *e = arg;
	struct etcd_login *l = e->login;
	struct etcd_stamp now =
		l->auth.told ? etcd_file_stamp(l->password_file) : l->asked_with;
	if (!etcd_stamp_same(&now, &l->asked_with))
		etcd_auth_hurry(&l->auth, loop_now());
	act(e, etcd_auth_time(&l->auth, loop_now()));
}

/* ---- what requests ask and tell ---- */

int etcd_login_may_go(const struct etcd *e, struct flume_err *err)
{
	const struct etcd_login *l = e->login;
	switch (l->auth.phase) {
	case AUTH_OPEN:
	case AUTH_HOLDING:
		return 0;
	case AUTH_FAILED:
		*err = l->why;
		return l->why.code;
	case AUTH_WANTING:
	case AUTH_ASKING:
		break;
	}
	return ETCD_LOGIN_WAIT;
}

const char *etcd_login_header(const struct etcd *e, unsigned *serial)
{
	*serial = e->login->header ? e->login->auth.serial : 0;
	return e->login->header;
}

bool etcd_login_has_user(const struct etcd *e)
{
	return e->login->user;
}

bool etcd_login_refused(struct etcd *e, unsigned serial)
{
	act(e, etcd_auth_refused(&e->login->auth, serial, loop_now(), etcd_random()));
	return e->login->user;
}

bool etcd_login_closed(struct etcd *e, unsigned serial)
{
	struct etcd_auth_todo todo =
		etcd_auth_closed(&e->login->auth, serial, loop_now(), etcd_random());
	act(e, todo);
	return todo.what & AUTH_DROP;
}

void etcd_login_taken(struct etcd *e, unsigned serial)
{
	etcd_auth_taken(&e->login->auth, serial);
}

/* ---- life ---- */

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

int etcd_login_new(struct etcd *e, const struct etcd_options *o, struct flume_err *err)
{
	const char *user = or_null(o->user), *file = or_null(o->password_file);
	if (!user != !file)
		return flume_fail(
			err, FLUME_INVALID,
			"a user of etcd and the file with its password are given together, "
			"or neither is");
	struct etcd_login *l = e->login = calloc(1, sizeof *l);
	if (!l)
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	etcd_auth_begin(&l->auth, user, loop_now());
	l->user = user ? strdup(user) : NULL;
	l->password_file = file ? strdup(file) : NULL;
	l->timer = loop_timer_new(e->loop, on_time, e);
	if (!l->timer || (user && (!l->user || !l->password_file)))
		return flume_fail(err, FLUME_NOMEM, "out of memory");
	if (user)
		loop_timer_arm(l->timer, 0);
	return 0;
}

void etcd_login_free(struct etcd *e)
{
	struct etcd_login *l = e->login;
	if (!l)
		return;
	loop_timer_free(l->timer);
	free(l->user);
	free(l->password_file);
	etcd_file_wipe(l->header, l->header ? strlen(l->header) : 0);
	etcd_file_wipe(l->fresh, l->fresh ? strlen(l->fresh) : 0);
	free(l);
	e->login = NULL;
}
