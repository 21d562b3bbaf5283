/* url_names.h - inside agent/source: URL, or NAME=URL. */
#ifndef FLUME_AGENT_SOURCE_URL_NAMES_H
#define FLUME_AGENT_SOURCE_URL_NAMES_H

#include <stddef.h>

/* The length of NAME in NAME=URL; 0 when there is none. */
size_t url_name_length(const char *text);
/* What is behind that. */
const char *url_behind_name(const char *text);

#endif
