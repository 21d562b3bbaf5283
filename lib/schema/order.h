/* order.h - inside lib/schema: the entries of a map by their keys, bytewise. */
#ifndef FLUME_SCHEMA_ORDER_H
#define FLUME_SCHEMA_ORDER_H

#include "lib/schema/value.h"

/* Fills `order` with 0..n-1; equal keys stay in document order. */
void order_keys(uint32_t *order, const flume_value *items, uint32_t n);

#endif
