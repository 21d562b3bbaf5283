/*
 * log.h - the one place of the agent that writes what happened.
 *
 * One line per event on stderr: text on a terminal, one JSON object otherwise.  Any thread.
 */
#ifndef FLUME_AGENT_LOG_H
#define FLUME_AGENT_LOG_H

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_AUTO, LOG_TEXT, LOG_JSON };

/* Any thread, at any time.  LOG_AUTO looks whether stderr is a terminal. */
void log_init(enum log_format, enum log_level lowest);

enum log_type { LOG_END, LOG_TYPE_STR, LOG_TYPE_INT };
struct log_pair { /* one key with its value; made by the macros below */
	enum log_type type;
	const char *key;
	const char *text;
	int64_t number;
};
/* A text that is NULL or "" is left out. */
#define LOG_STR(k, v) ((struct log_pair){LOG_TYPE_STR, (k), (v), 0})
#define LOG_INT(k, v) ((struct log_pair){LOG_TYPE_INT, (k), 0, (int64_t)(v)})

/* log_event(LOG_INFO, "schema swapped", LOG_STR("schema", name), LOG_INT("generation", 7)); */
#define log_event(level, message, ...) \
	log_write((level), (message),  \
		  (const struct log_pair[]){__VA_ARGS__, {LOG_END, 0, 0, 0}})
/* `pairs` end with LOG_END; NULL: none. */
void log_write(enum log_level, const char *message, const struct log_pair *pairs);

#endif
