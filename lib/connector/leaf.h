/*
 * leaf.h - most nodes of a schema are leaves that say no more than `ref: NAME`, and are soon read.
 */
#ifndef FLUME_CONNECTOR_LEAF_H
#define FLUME_CONNECTOR_LEAF_H

#include "lib/connector/connector.h"
#include "lib/schema/get.h"

/* What such a leaf refers to; NULL for any other node. */
static inline const flume_value *node_leaf(const flume_value *node)
{
	bool leaf = value_entries(node) == 1 && VALUE_IS(value_key_at(node, 0), "ref");
	return leaf ? value_entry_at(node, 0) : NULL;
}
/* Its step. */
struct step *ref_build(struct builder *, const flume_value *to, const char *name);

#endif
