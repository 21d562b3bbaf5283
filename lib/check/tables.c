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
	{"compare", FLUME_FIELD_ANY,
	 .about = "What the outputs of the cases must be equal to, beside what they expect."},
	{"shadow", FLUME_FIELD_ANY,
	 .about = "Documents to run through it too, without effects, before it serves."},
	{"live", FLUME_FIELD_ANY, .about = "Documents that it serves before it serves all."},
	{"probation", FLUME_FIELD_ANY, .about = "What live traffic must show after the swap."},
	{0},
};

static const struct flume_field case_fields[] = {
	{"name", FLUME_FIELD_TEXT, .about = "Appears in the message when the case fails."},
	{"input", FLUME_FIELD_ANY, .required = true, .about = "The document to process."},
	{"max_latency", FLUME_FIELD_DURATION,
	 .about = "How long it may take, in place of the limit for all."},
	{"expect", FLUME_FIELD_ANY, .about = "What is named must match; the rest is free."},
	{"expect_exact", FLUME_FIELD_ANY, .about = "The whole document, numbers by value."},
	{"expect_error", FLUME_FIELD_TEXT, .about = "Text that the error must contain."},
	{"expect_dropped", FLUME_FIELD_BOOL, .about = "The document must leave the pipeline."},
	{0},
};

static const struct flume_field compare_fields[] = {
	{"with", FLUME_FIELD_TEXT, .required = true, .about = "The generation that runs."},
	{"except", FLUME_FIELD_TEXTS, .about = "Paths in the document that may differ."},
	{0},
};

static const struct flume_field shadow_fields[] = {
	{"share", FLUME_FIELD_PERCENT, .fallback = "10%",
	 .about = "How many of the documents."},
	{"duration", FLUME_FIELD_DURATION, .fallback = "30s", .about = "For how long."},
	{"min_requests", FLUME_FIELD_COUNT, .fallback = "50", .min = 1, .max = 1000000000,
	 .about = "With fewer there is no verdict."},
	{"max_differences", FLUME_FIELD_PERCENT, .fallback = "0%",
	 .about = "Above this share of other outcomes or outputs it is rejected."},
	{"max_latency_ratio", FLUME_FIELD_NUMBER,
	 .about = "How many times as long as the running one its median may take."},
	{"except", FLUME_FIELD_TEXTS, .about = "Paths in the document that may differ."},
	{"wait_for_verdict", FLUME_FIELD_BOOL, .fallback = "false",
	 .about = "Without a verdict at the end: go on with it, and do not swap."},
	{0},
};

static const struct flume_field live_fields[] = {
	{"share", FLUME_FIELD_PERCENT, .fallback = "5%", .about = "How many of the documents."},
	{"by", FLUME_FIELD_TEXT,
	 .about = "Path in the document: those that agree there go the same way."},
	{"duration", FLUME_FIELD_DURATION, .fallback = "60s", .about = "For how long."},
	{"min_requests", FLUME_FIELD_COUNT, .fallback = "50", .min = 1, .max = 1000000000,
	 .about = "With fewer there is no verdict."},
	{"max_error_rate", FLUME_FIELD_PERCENT, .fallback = "1%",
	 .about = "Above this, and above the rate of the running one meanwhile: rejected."},
	{"wait_for_verdict", FLUME_FIELD_BOOL, .fallback = "false",
	 .about = "Without a verdict at the end: go on with it, and do not swap."},
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
	{.key = "cases", .fields = case_fields, .list = true, .exclusive = case_fields + 3},
	{.key = "compare", .fields = compare_fields, .word = "running"},
	{.key = "shadow", .fields = shadow_fields},
	{.key = "live", .fields = live_fields},
	{.key = "probation", .fields = probation_fields},
	{0},
};
