/* The client of http_fixture.h, and what it expects. */
#include "agent/document/document.h"
#include "tests/unit/http_fixture.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct growing {
	char *text;
	size_t len;
};

static size_t grow(char *data, size_t one, size_t n, void *arg)
{
	struct growing *g = arg;
	(void)one;
	g->text = realloc(g->text, g->len + n + 1);
	ck_assert_ptr_nonnull(g->text);
	memcpy(g->text + g->len, data, n);
	g->len += n;
	g->text[g->len] = '\0';
	return n;
}

static struct curl_slist *list_headers(const struct ask *a)
{
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	if (a->chunked)
		list = curl_slist_append(list, "Transfer-Encoding: chunked");
	list = curl_slist_append(list,
				 "Content-Type:"); /* curl's own; one of ours comes later */
	for (size_t i = 0; i < sizeof a->headers / sizeof *a->headers && a->headers[i]; i++)
		list = curl_slist_append(list, a->headers[i]);
	return list;
}

static bool through_socket(const struct ask *a)
{
	bool changes = a->method && (!strcmp(a->method, "PUT") || !strcmp(a->method, "DELETE"));
	return a->local || (changes && !a->tcp);
}

static void set_body(CURL *curl, const struct ask *a, FILE *source)
{
	if (source) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_READDATA, source);
	} else if (a->body) {
		size_t len = a->len ? a->len : strlen(a->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, a->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	}
}

static struct reply *keep(long status, struct growing body, struct growing headers)
{
	struct reply *reply = calloc(1, sizeof *reply);
	ck_assert_ptr_nonnull(reply);
	*reply = (struct reply){.status = status,
				.body = body.text ? body.text : calloc(1, 1),
				.len = body.len,
				.headers = headers.text ? headers.text : calloc(1, 1)};
	pthread_mutex_lock(&node.lock);
	reply->next = node.replies;
	node.replies = reply;
	pthread_mutex_unlock(&node.lock);
	return reply;
}

const struct reply *ask(struct ask a)
{
	char url[512];
	struct growing body = {0}, headers = {0};
	struct curl_slist *list = list_headers(&a);
	FILE *source = a.chunked ? fmemopen((void *)(uintptr_t)a.body,
					    a.len ? a.len : strlen(a.body), "r")
				 : NULL;
	CURL *curl = curl_easy_init();
	ck_assert_ptr_nonnull(curl);
	snprintf(url, sizeof url, "http://127.0.0.1:%d%s", http_port(node.http), a.path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, grow);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, grow);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &headers);
	set_body(curl, &a, source);
	if (a.method && !strcmp(a.method, "HEAD"))
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else if (a.method)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, a.method);
	if (through_socket(&a))
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, node.socket);
	long status = 0;
	CURLcode r = curl_easy_perform(curl);
	if (!r)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(list);
	if (source)
		fclose(source);
	return keep(status, body, headers);
}

const struct reply *get(const char *path)
{
	return ASK(.path = path);
}

const struct reply *post(const char *name, const char *document)
{
	char path[256];
	snprintf(path, sizeof path, "/pipelines/%s", name);
	return ASK(.method = "POST", .path = path, .body = document);
}

const struct reply *put(const char *name, const char *schema)
{
	char path[256];
	snprintf(path, sizeof path, "/schemas/%s", name);
	return ASK(.method = "PUT", .path = path, .body = schema,
		   .headers = {"Content-Type: application/yaml"});
}

static void *ask_on_thread(void *arg)
{
	struct asking *a = arg;
	a->reply = ask(a->ask);
	atomic_store(&a->over, true);
	return NULL;
}

void ask_aside(struct asking *a)
{
	ck_assert_int_eq(pthread_create(&a->thread, NULL, ask_on_thread, a), 0);
}

const struct reply *join(struct asking *a)
{
	pthread_join(a->thread, NULL);
	return a->reply;
}

/* ---- what is expected ---- */

void expect_status(const struct reply *reply, long status)
{
	ck_assert_msg(reply->status == status, "wanted %ld, got %ld\n%s%s", status,
		      reply->status, reply->headers, reply->body);
}

void expect_part(const struct reply *reply, const char *part)
{
	ck_assert_msg(strstr(reply->body, part) != NULL, "'%s' is not in '%.4000s'", part,
		      reply->body);
}

void expect_problem(const struct reply *reply, long status, const char *code, const char *part)
{
	char member[128];
	struct document *document = NULL;
	expect_status(reply, status);
	expect_header(reply, "Content-Type", "application/problem+json");
	ck_assert_int_eq(document_parse(&document, reply->body, reply->len, NULL), 0);
	document_free(document);
	snprintf(member, sizeof member, "\"code\":\"%s\"", code);
	expect_part(reply, member);
	snprintf(member, sizeof member, "\"status\":%ld", status);
	expect_part(reply, member);
	expect_part(reply, "\"type\":\"about:blank\"");
	expect_part(reply, part);
}

const char *header(const struct reply *reply, const char *name)
{
	static _Thread_local char value[256];
	size_t len = strlen(name);
	for (const char *line = reply->headers; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 1;
		line += strspn(line, " ");
		snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r\n"), line);
		return value;
	}
	return NULL;
}

void expect_header(const struct reply *reply, const char *name, const char *value)
{
	const char *found = header(reply, name);
	ck_assert_msg(found && !strcmp(found, value), "%s: wanted '%s', got '%s'", name, value,
		      found ? found : "nothing");
}
