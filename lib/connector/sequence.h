/* sequence.h - inside lib/connector: what runs like a sequence is built by it. */
#ifndef FLUME_CONNECTOR_SEQUENCE_H
#define FLUME_CONNECTOR_SEQUENCE_H

#include "lib/connector/connector.h"

extern const struct flume_field sequence_fields[];
struct step *sequence_build(struct builder *, const flume_value *node, const char *name);

#endif
