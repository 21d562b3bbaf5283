#include "agent/document/kinds.h"

const struct flume_maker *const document_kinds[] = {
#define X(row) &(row),
	DOCUMENT_KINDS(X)
#undef X
		NULL};

static const struct flume_maker *unopened(const struct flume_maker *kind)
{
	return kind == &kind_file          ? &kind_file_unopened
	       : kind == &kind_redact_hash ? &kind_redact_hash_unopened
					   : kind;
}

static int register_all(flume_factory *factory, bool open, struct flume_err *err)
{
	int rc = FLUME_OK;
	for (size_t i = 0; document_kinds[i] && !rc; i++) {
		const struct flume_maker *kind = document_kinds[i];
		rc = flume_factory_add_maker(factory, open ? kind : unopened(kind), err);
	}
	return rc;
}

int document_register(flume_factory *factory, struct flume_err *err)
{
	return register_all(factory, true, err);
}

int document_register_unopened(flume_factory *factory, struct flume_err *err)
{
	return register_all(factory, false, err);
}
