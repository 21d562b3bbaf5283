/*
 * A token is dear: each costs etcd some 50 ms of computing, and a member that restarts has
 * forgotten all it gave, so a whole fleet wants new ones at once.  Hence one question at a time,
 * after a random pause that grows while answers stay away, and more patience with each, for an
 * answer nobody waits for costs as much.
 *
 * How long a token lives is not known, and each member counts for itself, so it is used until it
 * is refused; whoever is refused with a token that has been replaced since just goes again.  A
 * token that was refused before it ever worked is no reason to hurry for the next one.
 *
 * Some etcds close the connection on a token they do not know.  So does one that dies, with the
 * token as good as before on the others; only the second time in a row is it the token's.
 *
 * A wrong password does not mend itself: it is told, and tried again slowly, as each try costs
 * as much as the right one, unless the file with it has changed.  The users of etcd can be switched on and off at any time: "off" is
 * an answer to the question for a token, "on" shows by a request being refused for want of one.
 */
#include "agent/etcd/auth.h"

static const int64_t never = INT64_MAX;
static const int64_t second = 1000000000;

enum {
	WITHIN_MS = 8000,
	WITHIN_MOST_MS = 30000,
	HURRY_NS = 200000000, /* the most that is waited with a token that used to work */
	CLOSED = 2            /* in a row, and the token is to blame */
};

void etcd_auth_begin(struct etcd_auth *a, bool has_user, int64_t now)
{
	*a = (struct etcd_auth){
		.has_user = has_user,
		.phase = has_user ? AUTH_WANTING : AUTH_OPEN,
		.at = now,
		.lost = {.least = second, .most = 30 * second},
		.wrong = {.least = 15 * second, .most = 300 * second},
	};
}

int64_t etcd_auth_wake(const struct etcd_auth *a)
{
	return a->phase == AUTH_WANTING || a->phase == AUTH_FAILED ? a->at : never;
}

struct etcd_auth_todo etcd_auth_time(struct etcd_auth *a, int64_t now)
{
	struct etcd_auth_todo todo = {0};
	if (now < etcd_auth_wake(a))
		return todo;
	a->phase = AUTH_ASKING;
	todo.what = AUTH_ASK;
	todo.within_ms = a->late > 1 ? WITHIN_MOST_MS : WITHIN_MS << a->late;
	return todo;
}

/* ---- the answer ---- */

static void calm(struct etcd_auth *a, struct etcd_auth_todo *todo)
{
	etcd_backoff_reset(&a->wrong);
	a->late = 0;
	if (a->told)
		todo->what |= AUTH_CALM;
	a->told = false;
}

static void fail(struct etcd_auth *a, struct etcd_auth_todo *todo, int64_t pause, int64_t now)
{
	a->phase = AUTH_FAILED;
	a->at = now + pause;
	todo->what |= AUTH_STOP;
}

struct etcd_auth_todo etcd_auth_answered(struct etcd_auth *a, enum etcd_auth_answer answer,
					 int64_t now, uint32_t random)
{
	struct etcd_auth_todo todo = {0};
	if (a->phase != AUTH_ASKING)
		return todo;
	switch (answer) {
	case AUTH_TOKEN:
		calm(a, &todo);
		a->phase = AUTH_HOLDING;
		a->serial++;
		a->worked = false;
		a->silent = 0;
		todo.what |= AUTH_GO;
		break;
	case AUTH_OFF:
		calm(a, &todo);
		etcd_backoff_reset(&a->lost);
		a->phase = AUTH_OPEN;
		todo.what |= AUTH_GO;
		break;
	case AUTH_WRONG:
		a->late = 0;
		fail(a, &todo, a->wrong.least + etcd_backoff_next(&a->wrong, random), now);
		if (!a->told)
			todo.what |= AUTH_TELL;
		a->told = true;
		break;
	case AUTH_NOTHING:
		a->late++;
		fail(a, &todo, etcd_backoff_next(&a->lost, random), now);
		break;
	}
	return todo;
}

void etcd_auth_hurry(struct etcd_auth *a, int64_t now)
{
	etcd_backoff_reset(&a->wrong);
	if (a->phase == AUTH_FAILED && a->told)
		a->at = now;
}

/* ---- what requests met ---- */

struct etcd_auth_todo etcd_auth_refused(struct etcd_auth *a, unsigned serial, int64_t now,
					uint32_t random)
{
	struct etcd_auth_todo todo = {0};
	bool ours = a->phase == AUTH_HOLDING && serial == a->serial;
	bool switched_on = a->phase == AUTH_OPEN && a->has_user;
	if (!ours && !switched_on)
		return todo;
	if (ours && !a->worked) {
		a->at = now + etcd_backoff_next(&a->lost, random);
	} else {
		struct etcd_backoff hurry = {.least = HURRY_NS, .most = HURRY_NS};
		a->at = now + etcd_backoff_next(&hurry, random);
	}
	a->phase = AUTH_WANTING;
	todo.what = AUTH_DROP;
	return todo;
}

struct etcd_auth_todo etcd_auth_closed(struct etcd_auth *a, unsigned serial, int64_t now,
				       uint32_t random)
{
	struct etcd_auth_todo todo = {0};
	if (a->phase == AUTH_HOLDING && serial == a->serial && ++a->silent >= CLOSED)
		todo = etcd_auth_refused(a, serial, now, random);
	return todo;
}

void etcd_auth_taken(struct etcd_auth *a, unsigned serial)
{
	if (a->phase != AUTH_HOLDING || serial != a->serial)
		return;
	a->worked = true;
	a->silent = 0;
	etcd_backoff_reset(&a->lost);
}
