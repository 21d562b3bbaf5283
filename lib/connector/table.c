/* One row per connector. */
#include "lib/connector/connector.h"

#include <string.h>

extern const struct connector connector_ref, connector_stream, connector_sequence,
	connector_filter, connector_switch, connector_fallback, connector_retry,
	connector_handle, connector_concurrent, connector_race, connector_contest,
	connector_timeout, connector_worker_pool;

const struct connector *const connectors[] = {
	&connector_ref,         &connector_stream,
	&connector_sequence,    &connector_filter,
	&connector_switch,      &connector_fallback,
	&connector_retry,       &connector_handle,
	&connector_concurrent,  &connector_race,
	&connector_contest,     &connector_timeout,
	&connector_worker_pool, NULL,
};

static const struct connector *find(const char *type, bool form)
{
	for (size_t i = 0; connectors[i]; i++)
		if (connectors[i]->form == form && !strcmp(connectors[i]->type, type))
			return connectors[i];
	return NULL;
}

const struct connector *connector_find(const char *type)
{
	return find(type, false);
}

const struct connector *connector_form(const char *key)
{
	return find(key, true);
}
