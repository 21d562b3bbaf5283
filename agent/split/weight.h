/* weight.h - per cent as written, in thousandths of one.  Pure. */
#ifndef FLUME_AGENT_SPLIT_WEIGHT_H
#define FLUME_AGENT_SPLIT_WEIGHT_H

#include <stddef.h>
#include <stdint.h>

enum weight_outcome {
	WEIGHT_GOOD,
	WEIGHT_NO_NUMBER, /* of digits and a point alone: no sign, no exponent */
	WEIGHT_TOO_FINE,
	WEIGHT_TOO_LARGE, /* over 100 */
};

enum weight_outcome weight_read(const char *text, uint32_t *out);
/* "12.5" */
#define WEIGHT_TEXT 24
void weight_write(char out[WEIGHT_TEXT], uint64_t weight);

#endif
