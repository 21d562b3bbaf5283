#include "agent/document/kinds.h"

const struct flume_maker *const document_kinds[] = {
#define X(row) &(row),
	DOCUMENT_KINDS(X)
#undef X
		NULL};

int document_register(flume_factory *factory, struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0; document_kinds[i] && !rc; i++)
		rc = flume_factory_add_maker(factory, document_kinds[i], err);
	return rc;
}
