/*
 * plugin.h - kinds of components that are brought by shared objects (flume-plugin.h is what those
 * are written against).
 */
#ifndef FLUME_AGENT_PLUGIN_H
#define FLUME_AGENT_PLUGIN_H

#include "lib/flume.h"

/* Loads what `paths` names, the `plugins` of a configuration (NULL: none), and makes all of its
 * kinds known to a factory of documents.  `checking`: nothing outside is to be touched by what
 * they make.  What cannot be loaded is a finding at its place, code "plugin", and then no plug-in
 * has been started; the factory may know some of the kinds, and is to be freed.
 *
 * What is loaded stays until the process ends, and is found there the next time.  One thread at a
 * time.  Returns 0, FLUME_REJECTED or FLUME_NOMEM. */
int plugin_register(flume_factory *, const flume_value *paths, bool checking, flume_report *);

#endif
