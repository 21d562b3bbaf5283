/*
 * stream - one NDJSON body after another over one kept-alive connection, sent and received at the
 * same time and neither held in memory.
 *
 *     stream PORT PATH [--input FILE] [--output FILE] [--times 1]
 *
 * A file is sent with its length; stdin in chunks, as it comes.  A line for each body tells the status,
 * the bytes and lines of the answer, whether the connection stayed open, and the seconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE ((size_t)65536)

enum part { HEAD, SIZED, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, UNTIL_CLOSE, OVER };

struct answer {
	enum part part;
	int status;
	uint64_t left, bytes, lines;
	bool closes;
	size_t n; /* of the line or head that is being read */
	char text[16384];
};

struct upload {
	int file; /* of known size, or -1: stdin in chunks */
	off_t at, size;
	size_t n, done; /* of what is in `piece` */
	bool over;
	char piece[PIECE + 32];
};

static const char *path, *input, *output;
static int port, sink = -1;
static struct answer answer;
static struct upload up;

static void die(const char *what)
{
	fprintf(stderr, "stream: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int dial(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at))
		die("connect");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	return fd;
}

/* ---- sending ---- */

static void begin_upload(void)
{
	struct stat st = {0};
	up = (struct upload){.file = -1};
	if (input) {
		up.file = open(input, O_RDONLY | O_CLOEXEC);
		if (up.file < 0 || fstat(up.file, &st))
			die(input);
		up.size = st.st_size;
	}
	int n = snprintf(up.piece, sizeof up.piece,
			 "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
			 "application/x-ndjson\r\n",
			 path);
	n += input ? snprintf(up.piece + n, 100, "Content-Length: %lld\r\n\r\n",
			      (long long)up.size)
		   : snprintf(up.piece + n, 100, "Transfer-Encoding: chunked\r\n\r\n");
	up.n = (size_t)n;
}

/* The next chunk of stdin; the last one is empty. */
static void fill(void)
{
	char data[PIECE];
	ssize_t n = read(STDIN_FILENO, data, sizeof data);
	if (n < 0)
		die("stdin");
	int head = snprintf(up.piece, 32, "%zx\r\n", (size_t)n);
	memcpy(up.piece + head, data, (size_t)n);
	memcpy(up.piece + head + n, "\r\n", 2);
	up.n = (size_t)head + (size_t)n + 2;
	up.done = 0;
	up.over = n == 0;
}

static bool sent_all(void)
{
	return up.done == up.n && (up.file < 0 ? up.over : up.at == up.size);
}

/* As much as the connection takes now. */
static void upload(int fd)
{
	while (!sent_all()) {
		ssize_t n;
		if (up.done < up.n) {
			n = send(fd, up.piece + up.done, up.n - up.done, MSG_NOSIGNAL);
			up.done += n > 0 ? (size_t)n : 0;
		} else if (up.file >= 0) {
			n = sendfile(fd, up.file, &up.at, (size_t)(up.size - up.at));
		} else {
			fill();
			continue;
		}
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) { /* it may have said why */
			up.over = true;
			up.done = up.n;
			up.at = up.size;
		}
	}
}

/* ---- receiving ---- */

static void begin_body(void)
{
	char *length = strcasestr(answer.text, "\ncontent-length:");
	answer.status = atoi(answer.text + 9);
	answer.closes = strcasestr(answer.text, "\nconnection: close");
	answer.left = length ? strtoull(length + 16, NULL, 10) : 0;
	answer.n = 0;
	if (strcasestr(answer.text, "\ntransfer-encoding: chunked"))
		answer.part = CHUNK_SIZE;
	else if (length || answer.status == 204)
		answer.part = answer.left ? SIZED : OVER;
	else
		answer.part = UNTIL_CLOSE;
}

/* What a whole line of the framing leads to. */
static void end_of_line(void)
{
	answer.text[answer.n] = '\0';
	if (answer.part == CHUNK_SIZE) {
		answer.left = strtoull(answer.text, NULL, 16);
		answer.part = answer.left ? CHUNK : TRAILER;
	} else if (answer.part == CHUNK_END) {
		answer.part = CHUNK_SIZE;
	} else if (answer.n <= 2) {
		answer.part = OVER;
	}
	answer.n = 0;
}

static size_t take_framing(const char *s)
{
	if (answer.n + 1 >= sizeof answer.text) {
		errno = EMSGSIZE;
		die("answer");
	}
	answer.text[answer.n++] = *s;
	answer.text[answer.n] = '\0';
	if (answer.part == HEAD) {
		if (answer.n >= 4 && !memcmp(answer.text + answer.n - 4, "\r\n\r\n", 4))
			begin_body();
	} else if (*s == '\n') {
		end_of_line();
	}
	return 1;
}

static size_t take_body(const char *s, size_t n)
{
	if (answer.part != UNTIL_CLOSE && n > answer.left)
		n = (size_t)answer.left;
	answer.bytes += n;
	for (const char *at = s; (at = memchr(at, '\n', (size_t)(s + n - at))); at++)
		answer.lines++;
	if (sink >= 0 && write(sink, s, n) != (ssize_t)n)
		die(output);
	if (answer.part != UNTIL_CLOSE && !(answer.left -= n))
		answer.part = answer.part == CHUNK ? CHUNK_END : OVER;
	return n;
}

/* False when the connection ended. */
static bool receive(int fd)
{
	static char piece[PIECE * 4];
	ssize_t n = recv(fd, piece, sizeof piece, 0);
	if (n < 0 && errno == EAGAIN)
		return true;
	for (ssize_t at = 0; at < n && answer.part != OVER;) {
		bool body = answer.part == SIZED || answer.part == CHUNK ||
			    answer.part == UNTIL_CLOSE;
		at += (ssize_t)(body ? take_body(piece + at, (size_t)(n - at))
				     : take_framing(piece + at));
	}
	return n > 0;
}

/* ---- one body ---- */

static bool exchange(int fd)
{
	answer = (struct answer){0};
	begin_upload();
	double begun = now_s();
	bool open = true;
	while (open && answer.part != OVER) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (!sent_all())
			p.events |= POLLOUT;
		poll(&p, 1, -1);
		if (p.revents & (POLLIN | POLLHUP | POLLERR))
			open = receive(fd);
		if (p.revents & POLLOUT)
			upload(fd);
	}
	bool whole = answer.part == OVER || answer.part == UNTIL_CLOSE;
	bool kept = open && !answer.closes && sent_all();
	printf("%d %llu %llu %s %.6f\n", whole ? answer.status : 0,
	       (unsigned long long)answer.bytes, (unsigned long long)answer.lines,
	       kept ? "kept" : "closed", now_s() - begun);
	fflush(stdout);
	if (up.file >= 0)
		close(up.file);
	return kept;
}

int main(int argc, char **argv)
{
	long times = 1;
	for (int i = 3; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "--input"))
			input = argv[i + 1];
		else if (!strcmp(argv[i], "--output"))
			output = argv[i + 1];
		else if (!strcmp(argv[i], "--times"))
			times = atol(argv[i + 1]);
	}
	if (argc < 3) {
		fprintf(stderr,
			"stream PORT PATH [--input FILE] [--output FILE] [--times N]\n");
		return 2;
	}
	port = atoi(argv[1]);
	path = argv[2];
	sink = output ? open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	int fd = dial();
	for (; times > 0; times--)
		if (!exchange(fd) && times > 1) {
			close(fd);
			fd = dial();
		}
	close(fd);
	return 0;
}
