/* The sockets of http_fixture.h: for what curl would be too polite to do. */
#include "tests/unit/http_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)http_port(node.http)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval patience = {.tv_sec = 30};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

void hear(int fd, const char *part)
{
	char heard[8192] = "";
	size_t len = 0;
	do {
		ssize_t n = recv(fd, heard + len, sizeof heard - 1 - len, 0);
		ck_assert_msg(n > 0, "'%s' did not come: %s", part, heard);
		len += (size_t)n;
		heard[len] = '\0';
	} while (!strstr(heard, part));
}

void hear_the_end(int fd)
{
	char byte[256];
	ssize_t n;
	while ((n = recv(fd, byte, sizeof byte, 0)) > 0)
		;
	ck_assert(n == 0 || errno == ECONNRESET);
	close(fd);
}
