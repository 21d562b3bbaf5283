/* A sequence under a name of its own. */
#include "lib/connector/sequence.h"

const struct connector connector_scaffold = {
	.type = "scaffold",
	.about = "Groups its children under a name; they run like a sequence.",
	.fields = sequence_fields,
	.build = sequence_build,
};
