#include "agent/outside/kinds.h"

static const struct {
	const struct flume_maker *opened, *unopened;
} kinds[] = {
#define X(row, unopened) {&(row), &(unopened)},
	OUTSIDE_KINDS(X)
#undef X
};

static int register_all(flume_factory *factory, bool open, struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !rc; i++)
		rc = flume_factory_add_maker(factory,
					     open ? kinds[i].opened : kinds[i].unopened, err);
	return rc;
}

int outside_register(flume_factory *factory, struct flume_err *err)
{
	return register_all(factory, true, err);
}

int outside_register_unopened(flume_factory *factory, struct flume_err *err)
{
	return register_all(factory, false, err);
}
