/* order.h - inside lib/schema: which key comes before another, bytewise. */
#ifndef FLUME_SCHEMA_ORDER_H
#define FLUME_SCHEMA_ORDER_H

#include <stdint.h>
#include <string.h>

/* Of two texts of that many bytes, each with a NUL behind it: <0, 0, >0. */
static inline int order_texts(const char *a, uint32_t a_size, const char *b, uint32_t b_size)
{
	int order = (unsigned char)a[0] - (unsigned char)b[0];
	if (order)
		return order;
	order = memcmp(a, b, a_size < b_size ? a_size : b_size);
	return order ? order : (a_size > b_size) - (a_size < b_size);
}

#endif
