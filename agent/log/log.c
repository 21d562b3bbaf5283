/*
 * A line is built aside and written with one write(2), so that lines of several threads, and of
 * several processes on one stderr, do not mix.
 *
 * On a terminal a value is written bare where that is unambiguous, and as a JSON string
 * elsewhere: nothing that came from outside reaches the terminal with control characters in it.
 */
#include "agent/log/log.h"

#include "lib/base/text.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = {"debug", "info", "warn", "error"};
static const char *const shouts[] = {"DEBUG", "INFO", "WARN", "ERROR"};

static _Atomic enum log_format format = LOG_JSON;
static _Atomic enum log_level least = LOG_INFO;

void log_init(enum log_format wanted, enum log_level lowest)
{
	if (wanted == LOG_AUTO)
		wanted = isatty(STDERR_FILENO) ? LOG_TEXT : LOG_JSON;
	format = wanted;
	least = lowest;
}

static void add_time(struct text *t)
{
	struct timespec now;
	struct tm utc;
	char date[32];
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
	text_addf(t, "%s.%03ldZ", date, now.tv_nsec / 1000000);
}

static bool left_out(const struct log_pair *p)
{
	return p->type == LOG_TYPE_STR && (!p->text || !*p->text);
}

static void add_bare(struct text *t, const char *s)
{
	for (const char *c = s; *c; c++) {
		if (*c <= ' ' || *c > '~' || *c == '"' || *c == '\\' || *c == '=') {
			text_add_json(t, s, strlen(s));
			return;
		}
	}
	text_add(t, s);
}

static void add_text_line(struct text *t, enum log_level level, const char *message,
			  const struct log_pair *pairs)
{
	add_time(t);
	text_addf(t, " %s %s", shouts[level], message);
	for (const struct log_pair *p = pairs; p && p->type != LOG_END; p++) {
		if (left_out(p))
			continue;
		text_addf(t, " %s=", p->key);
		if (p->type == LOG_TYPE_INT)
			text_addf(t, "%lld", (long long)p->number);
		else
			add_bare(t, p->text);
	}
	text_add_char(t, '\n');
}

static void add_json_line(struct text *t, enum log_level level, const char *message,
			  const struct log_pair *pairs)
{
	text_add(t, "{\"time\":\"");
	add_time(t);
	text_addf(t, "\",\"level\":\"%s\",\"message\":", names[level]);
	text_add_json(t, message, strlen(message));
	for (const struct log_pair *p = pairs; p && p->type != LOG_END; p++) {
		if (left_out(p))
			continue;
		text_add_char(t, ',');
		text_add_json(t, p->key, strlen(p->key));
		text_add_char(t, ':');
		if (p->type == LOG_TYPE_INT)
			text_addf(t, "%lld", (long long)p->number);
		else
			text_add_json(t, p->text, strlen(p->text));
	}
	text_add(t, "}\n");
}

/* A pipe may take a long line in pieces; a log that cannot be written has nobody to tell. */
static void put(const char *s, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, s, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		s += n;
		len -= (size_t)n;
	}
}

void log_write(enum log_level level, const char *message, const struct log_pair *pairs)
{
	if (level < least)
		return;
	int saved = errno;
	struct text line = {0};
	if (format == LOG_TEXT)
		add_text_line(&line, level, message, pairs);
	else
		add_json_line(&line, level, message, pairs);
	if (line.failed) {
		static const char lost[] =
			"{\"level\":\"error\",\"message\":\"out of memory: a line "
			"of the log was lost\"}\n";
		put(lost, sizeof lost - 1);
	} else {
		put(line.s, line.len);
	}
	text_fini(&line);
	errno = saved;
}
