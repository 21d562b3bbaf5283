/* quantile.h - inside agent/cmd: how long things took, of any number of them, to 3 %. */
#ifndef FLUME_AGENT_CMD_QUANTILE_H
#define FLUME_AGENT_CMD_QUANTILE_H

#include <stdint.h>

#define QUANTILE_STEPS 32 /* from one power of two to the next */

struct quantile { /* all zero is none */
	uint64_t n;
	uint64_t counts[64 * QUANTILE_STEPS];
};

void quantile_add(struct quantile *, int64_t ns);
/* What so many of a thousand did not exceed, 500 being the median; 0 when there is none. */
int64_t quantile_get(const struct quantile *, unsigned of_1000);

#endif
