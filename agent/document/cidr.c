#include "agent/document/document.h"
#include "agent/document/kinds.h"
#include "agent/document/networks.h"
#include "agent/document/paths.h"

#include <stdio.h>
#include <stdlib.h>

static const struct flume_field fields[] = {
	{.name = "field",
	 .type = FLUME_FIELD_TEXT,
	 .required = true,
	 .about = "Path of the text to look at; one that is no address is in no block."},
	{.name = "blocks",
	 .type = FLUME_FIELD_TEXTS,
	 .required = true,
	 .about = "Blocks or single addresses, IPv4 and IPv6: 10.0.0.0/8, 2001:db8::/32."},
	{0},
};

struct cidr {
	struct path field;
	size_t n;
	struct network blocks[];
};

static bool test(const struct flume_call *call, const void *item, void *arg)
{
	(void)call;
	const struct cidr *cidr = arg;
	struct document_view view;
	struct address address;
	return document_get(item, &cidr->field, &view) && view.kind == DOCUMENT_TEXT &&
	       address_read(view.text, view.len, &address) &&
	       networks_have(cidr->blocks, cidr->n, &address);
}

static void done(void *arg)
{
	struct cidr *cidr = arg;
	path_fini(&cidr->field);
	free(cidr);
}

static int add(struct cidr *cidr, const flume_value *list, size_t i, const char *at,
	       flume_report *report)
{
	char place[512];
	struct flume_err err = {0};
	const flume_value *block = flume_value_at(list, i);
	int rc = network_read(flume_value_text(block), &cidr->blocks[cidr->n], &err);
	if (!rc) {
		cidr->n++;
		return FLUME_OK;
	}
	snprintf(place, sizeof place, "%s.blocks[%zu]", at, i);
	flume_report_add(report, "bad-value", place, block, NULL, "%s", err.text);
	return FLUME_REJECTED;
}

static int make(const flume_value *decl, const char *path, flume_scope *scope,
		struct flume_component *out, flume_report *report)
{
	(void)scope;
	const flume_value *list = flume_value_get(decl, "blocks");
	size_t n = flume_value_size(list);
	struct cidr *cidr = calloc(1, sizeof *cidr + n * sizeof *cidr->blocks);
	if (!cidr)
		return FLUME_NOMEM;
	int rc = paths_field(&cidr->field, decl, path, report);
	for (size_t i = 0; i < n && rc != FLUME_NOMEM; i++) {
		int failed = add(cidr, list, i, path, report);
		rc = failed ? failed : rc;
	}
	if (rc) {
		done(cidr);
		return rc;
	}
	cidr->n = networks_join(cidr->blocks, cidr->n);
	out->test = test;
	out->prompt = true;
	out->arg = cidr;
	out->done = done;
	return FLUME_OK;
}

const struct flume_maker kind_cidr = {
	.of = FLUME_PREDICATE,
	.kind = "cidr",
	.about = "Is the field an address in one of the blocks?",
	.fields = fields,
	.example = "{kind: cidr, field: client.ip, blocks: [10.0.0.0/8, '2001:db8::/32']}",
	.make = make,
};
