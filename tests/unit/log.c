#include "agent/log/log.h"

#include "tests/unit/suites.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* stderr is one end of a socket that keeps writes apart, so a test sees each write(2). */
static int saved, sight;

static void setup(void)
{
	int pair[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	saved = dup(STDERR_FILENO);
	dup2(pair[1], STDERR_FILENO);
	close(pair[1]);
	sight = pair[0];
}

static void teardown(void)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(sight);
}

/* What one write wrote; "" when there was none. */
static const char *written(void)
{
	static char line[8192];
	ssize_t n = recv(sight, line, sizeof line - 1, MSG_DONTWAIT);
	line[n > 0 ? n : 0] = '\0';
	return line;
}

/* The line without its time, whose shape is checked. */
static const char *after_time(const char *line, size_t skip)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
	line += skip;
	for (size_t i = 0; shape[i]; i++, line++) {
		if (shape[i] == 'd')
			ck_assert_msg(*line >= '0' && *line <= '9', "at '%s'", line);
		else
			ck_assert_int_eq(*line, shape[i]);
	}
	return line;
}

START_TEST(json_is_one_object_a_line_in_one_write)
{
	log_init(LOG_JSON, LOG_INFO);
	log_event(LOG_INFO, "schema swapped", LOG_STR("schema", "checkout"),
		  LOG_INT("generation", 7));
	ck_assert_str_eq(after_time(written(), strlen("{\"time\":\"")),
			 "\",\"level\":\"info\",\"message\":\"schema swapped\","
			 "\"schema\":\"checkout\",\"generation\":7}\n");
	ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(text_is_time_level_message_and_pairs)
{
	log_init(LOG_TEXT, LOG_INFO);
	log_event(LOG_WARN, "schema rejected", LOG_STR("schema", "checkout"),
		  LOG_STR("reason", "total: expected 90, got \"100\""),
		  LOG_INT("revision", -3));
	ck_assert_str_eq(after_time(written(), 0),
			 " WARN schema rejected schema=checkout "
			 "reason=\"total: expected 90, got \\\"100\\\"\" revision=-3\n");
}
END_TEST

START_TEST(what_has_no_value_is_left_out)
{
	log_init(LOG_TEXT, LOG_INFO);
	log_event(LOG_ERROR, "m", LOG_STR("none", NULL), LOG_STR("empty", ""),
		  LOG_INT("zero", 0));
	ck_assert_str_eq(after_time(written(), 0), " ERROR m zero=0\n");
	log_write(LOG_INFO, "alone", NULL);
	ck_assert_str_eq(after_time(written(), 0), " INFO alone\n");
	log_init(LOG_JSON, LOG_INFO);
	log_event(LOG_ERROR, "m", LOG_STR("none", NULL), LOG_STR("empty", ""),
		  LOG_INT("zero", 0));
	ck_assert_str_eq(after_time(written(), 9),
			 "\",\"level\":\"error\",\"message\":\"m\",\"zero\":0}\n");
}
END_TEST

START_TEST(levels_below_the_least_are_not_written)
{
	log_init(LOG_TEXT, LOG_WARN);
	log_event(LOG_INFO, "no", LOG_INT("n", 1));
	ck_assert_str_eq(written(), "");
	log_init(LOG_TEXT, LOG_DEBUG);
	log_event(LOG_DEBUG, "yes", LOG_INT("n", 1));
	ck_assert_str_eq(after_time(written(), 0), " DEBUG yes n=1\n");
}
END_TEST

START_TEST(no_value_brings_control_characters_or_a_second_line)
{
	static const char nasty[] = "a\nb\x1b[2J\x7f=\"";
	log_init(LOG_TEXT, LOG_INFO);
	log_event(LOG_INFO, "m", LOG_STR("k", nasty));
	const char *line = written();
	for (const char *c = line; c[1]; c++)
		ck_assert_int_ge((unsigned char)*c, ' ');
	ck_assert_ptr_nonnull(strstr(line, "k=\"a\\nb\\u001b[2J"));

	log_init(LOG_JSON, LOG_INFO);
	log_event(LOG_INFO, "m", LOG_STR("k", nasty), LOG_STR("broken", "\xff\xfe"));
	json_t *object = json_loads(written(), 0, NULL);
	ck_assert_ptr_nonnull(object);
	ck_assert_str_eq(json_string_value(json_object_get(object, "k")), nasty);
	json_decref(object);
}
END_TEST

START_TEST(a_terminal_gets_text_and_a_pipe_json)
{
	char line[256] = "";
	log_init(LOG_AUTO, LOG_INFO);
	log_event(LOG_INFO, "m", LOG_INT("n", 1));
	ck_assert_int_eq(written()[0], '{');

	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(terminal, 0);
	ck_assert_int_eq(grantpt(terminal) || unlockpt(terminal), 0);
	int user = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(user, 0);
	dup2(user, STDERR_FILENO);
	log_init(LOG_AUTO, LOG_INFO);
	log_event(LOG_INFO, "m", LOG_INT("n", 1));
	ck_assert_int_gt(read(terminal, line, sizeof line - 1), 0);
	ck_assert_str_eq(after_time(line, 0), " INFO m n=1\r\n");
	close(user);
	close(terminal);
}
END_TEST

enum { THREADS = 4, LINES = 50 };

static void *write_lines(void *arg)
{
	for (int i = 0; i < LINES; i++)
		log_event(LOG_INFO, "from a thread", LOG_INT("thread", (intptr_t)arg),
			  LOG_INT("line", i));
	return NULL;
}

START_TEST(lines_of_threads_do_not_mix)
{
	pthread_t threads[THREADS];
	int next[THREADS] = {0};
	log_init(LOG_JSON, LOG_INFO);
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, write_lines, (void *)i);
	for (int i = 0; i < THREADS * LINES; i++) {
		char line[512];
		ssize_t n = recv(sight, line, sizeof line, 0);
		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(line[n - 1], '\n');
		json_t *object = json_loadb(line, (size_t)n, 0, NULL);
		ck_assert_ptr_nonnull(object);
		json_int_t thread = json_integer_value(json_object_get(object, "thread"));
		ck_assert_int_eq(json_integer_value(json_object_get(object, "line")),
				 next[thread]++);
		json_decref(object);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}
END_TEST

Suite *suite_log(void)
{
	Suite *s = suite_create("log");
	TCase *c = tcase_create("log");
	tcase_set_timeout(c, 20);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, json_is_one_object_a_line_in_one_write);
	tcase_add_test(c, text_is_time_level_message_and_pairs);
	tcase_add_test(c, what_has_no_value_is_left_out);
	tcase_add_test(c, levels_below_the_least_are_not_written);
	tcase_add_test(c, no_value_brings_control_characters_or_a_second_line);
	tcase_add_test(c, a_terminal_gets_text_and_a_pipe_json);
	tcase_add_test(c, lines_of_threads_do_not_mix);
	suite_add_tcase(s, c);
	return s;
}
