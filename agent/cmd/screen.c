#include "agent/cmd/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define ENTER "\033[?1049h\033[?25l\033[?7l" /* another page, no cursor, lines are cut */
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

static volatile sig_atomic_t ended;
static struct termios before;
static bool is_open;

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

void screen_hear_signals(void)
{
	struct sigaction action = {.sa_handler = on_end};
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

bool screen_open(void)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before))
		return false;
	struct termios raw = before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw))
		return false;
	is_open = true;
	fputs(ENTER, stdout);
	return true;
}

void screen_close(void)
{
	if (!is_open)
		return;
	is_open = false;
	fputs(LEAVE, stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

void screen_draw(const char *text)
{
	struct winsize size;
	unsigned left =
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row ? 24 : size.ws_row;
	fputs("\033[H", stdout);
	while (*text && left--) {
		size_t n = strcspn(text, "\n");
		printf("%.*s\033[K%s", (int)n, text, left ? "\r\n" : "");
		text += n + (text[n] == '\n');
	}
	fputs("\033[J", stdout);
	fflush(stdout);
}

int screen_key(double seconds)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	unsigned char key;
	if (ended)
		return SCREEN_END;
	int n = poll(&in, 1, seconds > 0 ? (int)(seconds * 1e3) + 1 : 0);
	if (ended || (n < 0 && errno != EINTR))
		return SCREEN_END;
	if (n <= 0)
		return SCREEN_NONE;
	return read(STDIN_FILENO, &key, 1) == 1 ? key : SCREEN_END;
}

bool screen_sleep(double seconds)
{
	struct timespec left = {(time_t)seconds,
				(long)((seconds - (double)(time_t)seconds) * 1e9)};
	while (!ended && seconds > 0 && nanosleep(&left, &left) && errno == EINTR)
		;
	return !ended;
}
