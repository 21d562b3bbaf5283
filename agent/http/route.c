/* Which resource a path means.  The table is short, so it is walked. */
#include "agent/http/inside.h"

#include <stdio.h>
#include <string.h>

static const struct http_resource *const resources[] = {
	&resource_pipeline, &resource_schemas, &resource_schema,  &resource_status,
	&resource_healthz,  &resource_readyz,  &resource_metrics,
};

const struct http_resource *route_find(const char *url, const char **out_name)
{
	for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
		const char *path = resources[i]->path;
		size_t len = strlen(path);
		bool named = path[len - 1] == '/';
		if (strncmp(url, path, len) != 0 || (named ? !url[len] : url[len]))
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
