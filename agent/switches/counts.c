#include "agent/switches/inside.h"

#include <inttypes.h>

static void add_line(void *arg, const char *name, const char *variant, enum ab_why why,
		     uint64_t n)
{
	text_addf(arg,
		  "flume_switch_documents_total{switch=\"%s\",variant=\"%s\",why=\"%s\"} "
		  "%" PRIu64 "\n",
		  name, variant, ab_why_text(why), n);
}

void switches_write_counts(struct switches *all, struct text *out)
{
	text_add(out,
		 "# HELP flume_switch_documents_total Documents that asked a switch, by the "
		 "variant that they got, and why.\n"
		 "# TYPE flume_switch_documents_total counter\n");
	switchboard_counts(all->board, add_line, out);
}
