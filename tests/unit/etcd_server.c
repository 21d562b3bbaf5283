/*
 * A failing test ends at once, without its teardown.  Two things clean up then: etcd asked the
 * kernel to be killed with its parent, and a guard, a process of its own session that waits for
 * the end of a pipe, removes the folder.
 */
#include "tests/unit/etcd_server.h"

#include <check.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	remove(path);
	return 0;
}

static void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void watch_over(struct etcd_server *s)
{
	int fds[2];
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		char c;
		setsid();
		dup2(fds[0], 0);
		close_range(1, ~0U, 0);
		while (read(0, &c, 1) < 0 && errno == EINTR)
			;
		for (int i = 0; i < 50 && !access(s->dir, F_OK); i++) {
			remove_tree(s->dir);
			usleep(20000); /* etcd may be on its way out, still writing */
		}
		_exit(0);
	}
	close(fds[0]);
	s->guard = fds[1];
}

static int free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void take_ports(struct etcd_server *s)
{
	s->port = free_port();
	do
		s->peer_port = free_port();
	while (s->peer_port == s->port);
	snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", s->port);
}

void etcd_server_init(struct etcd_server *s)
{
	const char *tmp = getenv("TMPDIR");
	*s = (struct etcd_server){0};
	snprintf(s->dir, sizeof s->dir, "%s/flume-etcd-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	ck_assert_msg(mkdtemp(s->dir) != NULL, "no folder for etcd: %s", strerror(errno));
	take_ports(s);
	watch_over(s);
}

/* ---- running it ---- */

static void run_etcd(const struct etcd_server *s)
{
	char data[300], log[300], peer[64], cluster[80];
	snprintf(data, sizeof data, "%s/data", s->dir);
	snprintf(log, sizeof log, "%s/log", s->dir);
	snprintf(peer, sizeof peer, "http://127.0.0.1:%d", s->peer_port);
	snprintf(cluster, sizeof cluster, "default=%s", peer);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execlp("etcd", "etcd", "--data-dir", data, "--listen-client-urls", s->url,
	       "--advertise-client-urls", s->url, "--listen-peer-urls", peer,
	       "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster,
	       "--heartbeat-interval", "20", "--election-timeout", "200", "--logger", "zap",
	       (char *)NULL);
	_exit(127);
}

static void show_log(const struct etcd_server *s)
{
	char path[300], text[4096];
	snprintf(path, sizeof path, "%s/log", s->dir);
	FILE *f = fopen(path, "r");
	size_t n;
	while (f && (n = fread(text, 1, sizeof text, f)))
		fwrite(text, 1, n, stderr);
	if (f)
		fclose(f);
}

static bool healthy(struct etcd_server *s);

void etcd_server_start(struct etcd_server *s)
{
	int64_t until = loop_now() + INT64_C(30000000000);
	ck_assert_int_eq(s->pid, 0);
	s->pid = fork();
	ck_assert_int_ge(s->pid, 0);
	if (!s->pid)
		run_etcd(s);
	while (!healthy(s)) {
		int status;
		if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
			show_log(s);
			ck_abort_msg(WIFEXITED(status) && WEXITSTATUS(status) == 127
					     ? "there is no etcd on this machine (package "
					       "etcd-server)"
					     : "etcd did not start; its log is above");
		}
		ck_assert_msg(loop_now() < until, "etcd runs but does not answer");
		usleep(10000);
	}
}

void etcd_server_kill(struct etcd_server *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

void etcd_server_freeze(struct etcd_server *s, bool frozen)
{
	int status;
	kill(s->pid, frozen ? SIGSTOP : SIGCONT);
	if (frozen)
		ck_assert_int_eq(waitpid(s->pid, &status, WUNTRACED), s->pid);
}

void etcd_server_wipe(struct etcd_server *s)
{
	char data[300];
	etcd_server_kill(s);
	snprintf(data, sizeof data, "%s/data", s->dir);
	remove_tree(data);
}

void etcd_server_fini(struct etcd_server *s)
{
	etcd_server_kill(s);
	remove_tree(s->dir);
	close(s->guard);
}

/* ---- talking to it, without the client under test ---- */

static struct {
	char text[65536];
	size_t len;
} reply;

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
	size_t n = size * count, room = sizeof reply.text - 1 - reply.len;
	(void)arg;
	memcpy(reply.text + reply.len, bytes, n < room ? n : room);
	reply.len += n < room ? n : room;
	reply.text[reply.len] = '\0';
	return n;
}

static CURLcode ask(struct etcd_server *s, const char *path, const char *json)
{
	char url[256];
	CURL *curl = curl_easy_init();
	ck_assert_ptr_nonnull(curl);
	snprintf(url, sizeof url, "%s%s", s->url, path);
	reply.len = 0;
	reply.text[0] = '\0';
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	if (json)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
	CURLcode rc = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	return rc;
}

static bool healthy(struct etcd_server *s)
{
	return ask(s, "/health", NULL) == CURLE_OK && strstr(reply.text, "\"true\"");
}

const char *etcd_server_post(struct etcd_server *s, const char *path, const char *json)
{
	CURLcode rc = ask(s, path, json);
	ck_assert_msg(rc == CURLE_OK, "POST %s: %s", path, curl_easy_strerror(rc));
	return reply.text;
}
