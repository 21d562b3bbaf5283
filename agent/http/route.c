/* Which resource a path means.  The table is short, so it is walked. */
#include "agent/http/inside.h"

#include <stdio.h>
#include <string.h>

static const struct http_resource *const resources[] = {
	&resource_tap,         &resource_pipeline, &resource_schemas,  &resource_clear,
	&resource_hold,        &resource_confirm,  &resource_schema,   &resource_freeze,
	&resource_confirm_all, &resource_status,   &resource_fleet,    &resource_healthz,
	&resource_readyz,      &resource_metrics,  &resource_switches, &resource_switch,
};

/* Does `rest`, which follows the path, have the resource's name and suffix? */
static bool fits(const struct http_resource *resource, const char *rest, size_t *out_len)
{
	const char *path = resource->path;
	bool named = path[strlen(path) - 1] == '/';
	size_t n = strlen(rest), suffix = resource->suffix ? strlen(resource->suffix) : 0;
	*out_len = n - suffix;
	if (!named)
		return !n;
	return n > suffix && (!suffix || !strcmp(rest + n - suffix, resource->suffix));
}

/* One with a suffix stands before the one without. */
const struct http_resource *route_find(const char *url, const char **out_name, size_t *out_len)
{
	for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
		size_t len = strlen(resources[i]->path);
		if (strncmp(url, resources[i]->path, len) != 0 ||
		    !fits(resources[i], url + len, out_len))
			continue;
		*out_name = url + len;
		return resources[i];
	}
	return NULL;
}

const struct http_method *route_method(const struct http_resource *resource, const char *name)
{
	if (!strcmp(name, "HEAD"))
		name = "GET";
	for (const struct http_method *m = resource->methods; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

void route_methods(const struct http_resource *resource, char *out, size_t size)
{
	size_t n = 0;
	for (const struct http_method *m = resource->methods; m->name && n < size; m++) {
		const char *name = strcmp(m->name, "GET") != 0 ? m->name : "GET, HEAD";
		n += (size_t)snprintf(out + n, size - n, "%s%s", n ? ", " : "", name);
	}
}
