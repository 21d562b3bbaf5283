/*
 * load - HTTP requests on kept-alive connections, each answer judged, for as many seconds as one
 * says; then one line of JSON.
 *
 *     load PORT PATH BODY_FILE [--connections 16] [--seconds 10] [--rate 0] [--versions]
 *
 * With no rate each connection sends its next request when it has its answer.  With one, requests
 * are due at fixed times, whatever happened to those before, and what they took counts from then:
 * a server that stops for a while is not let off the requests that nobody could send.
 *
 * --versions is for schemas that write the patch number of their version into the first and the last
 * step: "first" and "last" of a body and Flume-Version have to agree, and none may go back on a
 * connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 1024
#define REQUEST     65536
#define ANSWER      65536
#define SLOTS       2000000 /* microseconds; the last is for all above */
#define PATIENCE    INT64_C(5000000000)

struct connection {
	int fd;
	bool busy;
	int64_t due, begun;
	long version;
	size_t n;
	char answer[ANSWER];
};

static struct connection all[CONNECTIONS];
static uint32_t slots[SLOTS + 1];
static struct {
	long requests, failed, mixed, backwards, closed, versions;
	int64_t worst, gap, last_answer;
	char complaint[200];
} tally;
static char request[REQUEST];
static size_t request_len;
static const char *path, *body_file;
static int port, poller;
static long connections = 16, seconds = 10, rate;
static bool versions;

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void complain(long *count, const char *what, const char *text)
{
	++*count;
	if (*tally.complaint)
		return;
	snprintf(tally.complaint, sizeof tally.complaint, "%s: %.120s", what, text);
	for (char *c = tally.complaint; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '"' || *c == '\\')
			*c = '\'';
}

static void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- what is sent ---- */

static void make_request(void)
{
	static char body[REQUEST / 2];
	FILE *file = fopen(body_file, "re");
	if (!file)
		die(body_file);
	size_t n = fread(body, 1, sizeof body, file);
	fclose(file);
	int head = snprintf(request, REQUEST / 2,
			    "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
			    "application/json\r\nContent-Length: %zu\r\n\r\n",
			    path, n);
	memcpy(request + head, body, n);
	request_len = (size_t)head + n;
}

static void dial(struct connection *c)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	c->busy = false;
	c->n = 0;
	if (connect(c->fd, (struct sockaddr *)&at, sizeof at)) {
		close(c->fd);
		c->fd = -1;
		return;
	}
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
}

static void hang_up(struct connection *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->busy = false;
	c->version = 0;
}

/* `due`: from when on it counts. */
static void ask(struct connection *c, int64_t due)
{
	if (c->fd < 0)
		dial(c);
	tally.requests++;
	c->begun = due;
	if (c->fd < 0) {
		complain(&tally.failed, "cannot connect", strerror(errno));
	} else if (send(c->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len) {
		complain(&tally.failed, "cannot send", strerror(errno));
		hang_up(c);
	} else {
		c->busy = true;
	}
}

/* ---- what comes back ---- */

static long number_after(const char *text, const char *word)
{
	const char *at = strcasestr(text, word);
	return at ? strtol(at + strlen(word), NULL, 10) : -1;
}

static void judge_version(struct connection *c, const char *body)
{
	long first = number_after(body, "\"first\":"), last = number_after(body, "\"last\":");
	long named = number_after(c->answer, "flume-version: 1.0.");
	if (first < 0 || first != last || first != named)
		complain(&tally.mixed, "mixed", body);
	if (named < c->version)
		complain(&tally.backwards, "an older version after a newer one", body);
	tally.versions += named != c->version;
	c->version = named;
}

static void judge(struct connection *c, const char *body)
{
	int64_t now = now_ns(), took = now - c->begun;
	if (strncmp(c->answer, "HTTP/1.1 200", 12))
		complain(&tally.failed, "answer", c->answer);
	else if (versions)
		judge_version(c, body);
	slots[took / 1000 < SLOTS ? took / 1000 : SLOTS]++;
	if (took > tally.worst)
		tally.worst = took;
	if (tally.last_answer && now - tally.last_answer > tally.gap)
		tally.gap = now - tally.last_answer;
	tally.last_answer = now;
	c->busy = false;
	c->n = 0;
	if (strcasestr(c->answer, "connection: close")) {
		tally.closed++;
		hang_up(c);
	}
}

static void lose(struct connection *c, const char *why)
{
	if (c->busy)
		complain(&tally.failed, "no answer", why);
	tally.closed++;
	hang_up(c);
}

static void receive(struct connection *c)
{
	ssize_t n = recv(c->fd, c->answer + c->n, sizeof c->answer - 1 - c->n, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		lose(c, n ? strerror(errno) : "the connection was closed");
		return;
	}
	c->n += (size_t)n;
	c->answer[c->n] = '\0';
	char *end = strstr(c->answer, "\r\n\r\n");
	if (!end)
		return;
	long length = number_after(c->answer, "content-length:");
	size_t head = (size_t)(end - c->answer) + 4;
	if (c->n < head + (size_t)(length > 0 ? length : 0))
		return;
	*end = '\0';
	if (c->busy)
		judge(c, end + 4);
	else
		lose(c, "an answer to nothing");
}

/* ---- when ---- */

static int64_t each_ns(void)
{
	return rate ? 1000000000 * connections / rate : 0;
}

/* Sends what is due.  When the next one is. */
static int64_t send_due(int64_t now, int64_t until)
{
	int64_t next = until;
	for (long i = 0; i < connections; i++) {
		struct connection *c = &all[i];
		if (c->busy && now - c->begun > PATIENCE)
			lose(c, "none for 5 s");
		while (!c->busy && c->due <= now && c->due < until) {
			ask(c, rate ? c->due : now);
			c->due = rate ? c->due + each_ns() : now;
			if (!rate && !c->busy)
				break; /* not at once again */
		}
		if (!c->busy && c->due < next)
			next = c->due;
	}
	return next;
}

/* Also requests that could not be sent when they were due. */
static bool any_left(int64_t until)
{
	for (long i = 0; i < connections; i++)
		if (all[i].busy || (rate && all[i].due < until))
			return true;
	return false;
}

static void run(void)
{
	struct epoll_event events[64];
	int64_t begun = now_ns(), until = begun + seconds * 1000000000, now;
	for (long i = 0; i < connections; i++) {
		dial(&all[i]);
		all[i].due = begun + (rate ? i * 1000000000 / rate : 0);
	}
	while ((now = now_ns()) < until || (any_left(until) && now < until + PATIENCE)) {
		int64_t wait = send_due(now, until) - now;
		wait = wait < 0 ? 1000000 : wait > 100000000 ? 100000000 : wait;
		struct timespec pause = {.tv_nsec = wait};
		int n = epoll_pwait2(poller, events, 64, &pause, NULL);
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;
			receive(c);
			if (!rate && !c->busy && c->fd >= 0 && now < until)
				ask(c, now_ns());
		}
	}
	for (long i = 0; i < connections; i++)
		if (all[i].busy)
			lose(&all[i], "none in time");
}

/* ---- telling ---- */

static double quantile_ms(double q)
{
	uint64_t n = 0, seen = 0;
	for (size_t i = 0; i <= SLOTS; i++)
		n += slots[i];
	for (size_t i = 0; i <= SLOTS; i++)
		if ((double)(seen += slots[i]) >= q * (double)n)
			return (double)(i + 1) / 1000;
	return 0;
}

static void tell(void)
{
	printf("{\"requests\":%ld,\"failed\":%ld,\"mixed\":%ld,\"backwards\":%ld,\"closed\":%"
	       "ld,"
	       "\"versions\":%ld,\"seconds\":%ld,\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,"
	       "\"max\":%.3f,\"gap\":%.3f,\"complaint\":\"%s\"}\n",
	       tally.requests, tally.failed, tally.mixed, tally.backwards, tally.closed,
	       tally.versions, seconds, quantile_ms(0.5), quantile_ms(0.99), quantile_ms(0.999),
	       (double)tally.worst / 1e6, (double)tally.gap / 1e6, tally.complaint);
}

static void read_options(int argc, char **argv)
{
	port = atoi(argv[1]);
	path = argv[2];
	body_file = argv[3];
	for (int i = 4; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (!strcmp(argv[i], "--versions"))
			versions = true;
		else if (!strcmp(argv[i], "--connections"))
			connections = atol(value), i++;
		else if (!strcmp(argv[i], "--seconds"))
			seconds = atol(value), i++;
		else if (!strcmp(argv[i], "--rate"))
			rate = atol(value), i++;
		else
			connections = 0;
	}
}

int main(int argc, char **argv)
{
	if (argc >= 4)
		read_options(argc, argv);
	if (argc < 4 || connections < 1 || connections > CONNECTIONS || seconds < 1) {
		fprintf(stderr, "load PORT PATH BODY_FILE [--connections N] [--seconds N] "
				"[--rate N] [--versions]\n");
		return 2;
	}
	poller = epoll_create1(EPOLL_CLOEXEC);
	make_request();
	run();
	tell();
	return 0;
}
