/* What a document may say beside what its connectors and makers do. */
#include "lib/check/check.h"

const struct flume_field document_fields[] = {
	[DOCUMENT_VERSION] =
		{"version", FLUME_FIELD_TEXT,
		 .about = "Semantic versions are ordered, any other text is only compared."},
	[DOCUMENT_COMPONENTS] = {"components", FLUME_FIELD_ANY,
				 .about = "The functions that the schema brings along."},
	[DOCUMENT_CANARY] =
		{"canary", FLUME_FIELD_ANY,
		 .about = "Cases to meet before it serves, and limits to meet afterwards."},
	{0},
};

const struct flume_field node_fields[] = {
	[NODE_NAME] = {"name", FLUME_FIELD_TEXT,
		       .about = "Appears in errors, events and metrics, in place of the "
				"default name."},
	[NODE_DESCRIPTION] = {"description", FLUME_FIELD_TEXT,
			      .about = "For readers; it means nothing."},
	{0},
};

const struct flume_field type_fields[] = {
	{"type", FLUME_FIELD_REF, .about = "The way in which the node joins its children."},
	{0},
};

const struct flume_field canary_fields[] = {
	{"cases", FLUME_FIELD_ANY, .about = "Inputs, and what must come of them."},
	{"max_latency", FLUME_FIELD_DURATION, .about = "How long any one case may take."},
	{"probation", FLUME_FIELD_ANY, .about = "What live traffic must show after the swap."},
	{0},
};

static const struct flume_field case_fields[] = {
	{"name", FLUME_FIELD_TEXT, .about = "Appears in the message when the case fails."},
	{"input", FLUME_FIELD_ANY, .required = true, .about = "The document to process."},
	{"expect", FLUME_FIELD_ANY, .about = "What is named must match; the rest is free."},
	{"expect_error", FLUME_FIELD_TEXT, .about = "Text that the error must contain."},
	{"expect_dropped", FLUME_FIELD_BOOL, .about = "The document must leave the pipeline."},
	{0},
};

static const struct flume_field probation_fields[] = {
	{"duration", FLUME_FIELD_DURATION, .about = "How long the new generation is watched."},
	{"min_requests", FLUME_FIELD_COUNT, .min = 1, .max = 1000000000,
	 .about = "With fewer there is no verdict, and the schema stays."},
	{"max_error_rate", FLUME_FIELD_PERCENT,
	 .about = "Above this, and above the rate of the generation before: roll back."},
	{0},
};

const struct part canary_parts[] = {
	{.key = "cases", .fields = case_fields, .list = true, .exclusive = case_fields + 2},
	{.key = "probation", .fields = probation_fields},
	{0},
};
