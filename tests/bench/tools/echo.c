/*
 * echo - an HTTP server that answers each body with itself, on libmicrohttpd and nothing else: what
 * over_http.py measures the agent against.
 *
 *     echo PORT [THREADS]
 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct body {
	size_t n;
	char bytes[65536];
};

static enum MHD_Result answer(struct MHD_Connection *connection, const struct body *body)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		body->n, (void *)(uintptr_t)body->bytes, MHD_RESPMEM_MUST_COPY);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

/* First for the head, then for each piece of the body, then for the end of it. */
static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *n, void **slot)
{
	struct body *body = *slot;
	(void)arg, (void)url, (void)method, (void)version;
	if (!body) {
		body = *slot = malloc(sizeof *body);
		if (body)
			body->n = 0;
		return body ? MHD_YES : MHD_NO;
	}
	if (!*n)
		return answer(connection, body);
	if (*n > sizeof body->bytes - body->n)
		return MHD_NO;
	memcpy(body->bytes + body->n, data, *n);
	body->n += *n;
	*n = 0;
	return MHD_YES;
}

static void over(void *arg, struct MHD_Connection *connection, void **slot,
		 enum MHD_RequestTerminationCode code)
{
	(void)arg, (void)connection, (void)code;
	free(*slot);
	*slot = NULL;
}

int main(int argc, char **argv)
{
	unsigned port = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
	unsigned threads = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
	struct MHD_Daemon *daemon =
		MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)port, NULL, NULL,
				 handle, NULL, MHD_OPTION_THREAD_POOL_SIZE, threads,
				 MHD_OPTION_NOTIFY_COMPLETED, over, NULL, MHD_OPTION_END);
	if (!daemon) {
		fprintf(stderr, "echo: it cannot listen on port %u\n", port);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
