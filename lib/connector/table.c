/* One row per connector; the forms, FORMS of them, stand first. */
#include "lib/connector/connector.h"
#include "lib/schema/get.h"

#include <string.h>

extern const struct connector connector_stream, connector_sequence, connector_filter,
	connector_switch, connector_fallback, connector_retry, connector_handle,
	connector_concurrent, connector_race, connector_contest, connector_timeout,
	connector_worker_pool, connector_circuit_breaker, connector_rate_limit,
	connector_scaffold;

enum { FORMS = 2 };

const struct connector *const connectors[] = {
	&connector_ref,
	&connector_stream,
	&connector_sequence,
	&connector_filter,
	&connector_switch,
	&connector_fallback,
	&connector_retry,
	&connector_handle,
	&connector_concurrent,
	&connector_race,
	&connector_contest,
	&connector_timeout,
	&connector_worker_pool,
	&connector_circuit_breaker,
	&connector_rate_limit,
	&connector_scaffold,
	NULL,
};

const struct connector *connector_find(const char *type)
{
	for (size_t i = 0; connectors[i]; i++)
		if (*connectors[i]->type == *type && !connectors[i]->form &&
		    !strcmp(connectors[i]->type, type))
			return connectors[i];
	return NULL;
}

static inline const struct connector *find_form(const char *key)
{
	for (size_t i = 0; i < FORMS; i++)
		if (*connectors[i]->type == *key && !strcmp(connectors[i]->type, key))
			return connectors[i];
	return NULL;
}

const struct connector *connector_form(const char *key)
{
	return find_form(key);
}

static inline void read_entry(struct said *said, const flume_value *key,
			      const flume_value *value)
{
	const struct connector *form;
	if (VALUE_IS(key, "type"))
		said->type = value, said->ways++;
	else if (VALUE_IS(key, "name"))
		said->name = value;
	else if (VALUE_IS(key, "description"))
		said->description = value;
	else if ((form = find_form(value_chars(key))))
		said->form = form, said->of = value, said->ways++;
}

struct said node_read(const flume_value *node)
{
	struct said said = {0};
	for (size_t i = 0, n = value_entries(node); i < n; i++)
		read_entry(&said, value_key_at(node, i), value_entry_at(node, i));
	return said;
}

/* What a leaf runs has a name already. */
struct naming connector_naming(const struct connector *connector, const flume_value *node)
{
	if (connector->named_if && flume_value_get(node, connector->named_if))
		return (struct naming){connector->named_if, "", NULL};
	if (!connector->named_by)
		return (struct naming){connector->type, "", NULL};
	if (connector == &connector_ref)
		return (struct naming){"", "", connector->named_by};
	return (struct naming){connector->type, connector->form ? ":" : "-",
			       connector->named_by};
}
