/* status_changes.h - inside agent/cmd: what is different between two views, a line for each. */
#ifndef FLUME_AGENT_CMD_STATUS_CHANGES_H
#define FLUME_AGENT_CMD_STATUS_CHANGES_H

#include "agent/fleet/view.h"
#include "lib/base/text.h"

/* Nothing where nothing is. */
void status_changes(struct text *, const struct fleet_view *before,
		    const struct fleet_view *now);

#endif
