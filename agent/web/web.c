/* The gets of a web share its connections; whoever waits for one hears of it in deliver(). */
#include "agent/web/inside.h"

#include <stdlib.h>
#include <string.h>

static void deliver(void *arg)
{
	struct web *w = arg;
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(w->multi.curl, &left))) {
		struct web_get *get = NULL;
		CURLcode result = message->data.result;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &get);
		web_finish(get, result);
	}
}

static void set_defaults(struct web_options *o)
{
	o->connect_ms = o->connect_ms > 0 ? o->connect_ms : 5000;
	o->first_ms = o->first_ms > 0 ? o->first_ms : 5000;
	o->whole_ms = o->whole_ms > 0 ? o->whole_ms : 60000;
	o->redirects = o->redirects ? o->redirects : 5;
}

struct web *web_new(struct loop *loop, const struct web_options *options, struct flume_err *err)
{
	struct web *w = calloc(1, sizeof *w);
	if (w && curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(w);
		w = NULL;
	}
	if (!w) {
		flume_fail(err, FLUME_NOMEM, "out of memory");
		return NULL;
	}
	w->loop = loop;
	w->options = *options;
	w->options.ca_file = options->ca_file ? strdup(options->ca_file) : NULL;
	set_defaults(&w->options);
	int rc = web_multi_init(&w->multi, loop, deliver, w);
	if (rc || !w->options.ca_file != !options->ca_file) {
		flume_fail(err, FLUME_NOMEM, "out of memory");
		return web_free(w);
	}
	return w;
}

struct web *web_free(struct web *w)
{
	if (!w)
		return NULL;
	web_multi_fini(&w->multi);
	curl_global_cleanup();
	free((char *)(uintptr_t)w->options.ca_file);
	free(w);
	return NULL;
}
