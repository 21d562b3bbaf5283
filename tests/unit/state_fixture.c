#include "tests/unit/state_fixture.h"

void state_set(const char *yaml)
{
	rig_must_set("s", yaml);
}

int state_call(const char *id)
{
	return rig_process(id, 1);
}

void state_fails(const char *id)
{
	rig.fails_left = 1;
	ck_assert_int_eq(state_call(id), FLUME_FAILED);
}

void state_open_with(const char *yaml)
{
	state_set(yaml);
	state_fails("s");
	ck_assert_int_eq(state_call("s"), FLUME_REFUSED);
}

size_t state_lost(const char *place)
{
	return rig_saw(FLUME_EVENT_STATE_LOST, place);
}

size_t state_lost_in_all(void)
{
	size_t n = 0;
	for (size_t i = 0; i < rig.n_seen; i++)
		n += rig.seen[i].kind == FLUME_EVENT_STATE_LOST;
	return n;
}

void state_calls_at_once(int n)
{
	size_t before = rig.n_slept;
	while (n--)
		ck_assert_int_eq(state_call("s"), 0);
	ck_assert_uint_eq(rig.n_slept, before);
}
