#include "lib/describe/describe.h"

#include "lib/factory/factory.h"

char *flume_factory_dup_spec(const flume_factory *factory)
{
	return spec_dup(factory_registry(factory));
}

char *flume_dup_json_schema(const flume_factory *factory)
{
	return json_schema_dup(factory ? factory_registry(factory) : NULL);
}
