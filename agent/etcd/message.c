/*
 * The order of the questions matters.  "canceled" comes first: a refused watch is said to be
 * created and canceled in one message.  A compacted one has neither a revision in its header
 * nor a reason.  And what is none of the known kinds, with a watch id of ours, is a progress
 * notice.
 */
#include "agent/etcd/message.h"

#include "agent/etcd/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void etcd_events_free(struct etcd_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++)
		etcd_kv_fini(&events[i].kv);
	free(events);
}

void etcd_message_fini(struct etcd_message *m)
{
	etcd_events_free(m->events, m->n);
	*m = (struct etcd_message){.kind = ETCD_MESSAGE_OTHER};
}

static int read_event(const json_t *object, struct etcd_event *out)
{
	const json_t *type = json_object_get(object, "type");
	bool named = json_is_string(type);
	bool deleted = named && !strcmp(json_string_value(type), "DELETE");
	if (type && !deleted && !(named && !strcmp(json_string_value(type), "PUT")))
		return FLUME_IO;
	struct etcd_event event = {.deleted = deleted};
	int rc = etcd_read_kv(json_object_get(object, "kv"), &event.kv);
	if (rc)
		return rc;
	if (event.kv.mod_revision <= 0) {
		etcd_kv_fini(&event.kv);
		return FLUME_IO;
	}
	*out = event;
	return 0;
}

static int read_events(const json_t *array, struct etcd_message *m)
{
	size_t n = json_array_size(array);
	if (!n)
		return FLUME_IO;
	m->events = calloc(n, sizeof *m->events);
	if (!m->events)
		return FLUME_NOMEM;
	for (; m->n < n; m->n++) {
		int rc = read_event(json_array_get(array, m->n), &m->events[m->n]);
		if (rc)
			return rc;
	}
	return 0;
}

static void read_canceled(const json_t *result, int64_t compacted, struct etcd_message *m)
{
	if (compacted > 0) {
		m->kind = ETCD_MESSAGE_COMPACTED;
		m->revision = compacted;
		return;
	}
	const char *reason = json_string_value(json_object_get(result, "cancel_reason"));
	if (!reason)
		reason = "no reason given";
	m->complaint = etcd_complaint(reason);
	bool refused =
		m->complaint || strstr(reason, "permission denied") || strstr(reason, " auth ");
	m->kind = ETCD_MESSAGE_CANCELED;
	m->code = refused ? FLUME_REFUSED : FLUME_IO;
	snprintf(m->text, sizeof m->text, "the watch was cancelled: %s", reason);
}

static int read_result(const json_t *result, struct etcd_message *m)
{
	const json_t *header = json_object_get(result, "header");
	const json_t *events = json_object_get(result, "events");
	int64_t id, compacted;
	if (etcd_read_int(header, "revision", &m->revision) ||
	    etcd_read_int(result, "watch_id", &id) ||
	    etcd_read_int(result, "compact_revision", &compacted))
		return FLUME_IO;
	if (json_is_true(json_object_get(result, "canceled"))) {
		read_canceled(result, compacted, m);
	} else if (json_is_true(json_object_get(result, "created"))) {
		m->kind = ETCD_MESSAGE_CREATED;
	} else if (events) {
		m->kind = ETCD_MESSAGE_EVENTS;
		m->fragment = json_is_true(json_object_get(result, "fragment"));
		return read_events(events, m);
	} else if (header && id >= 0) {
		m->kind = ETCD_MESSAGE_PROGRESS;
	}
	return 0;
}

int etcd_message_parse(const char *line, size_t len, struct etcd_message *out)
{
	struct etcd_message m = {.kind = ETCD_MESSAGE_OTHER};
	int rc = FLUME_IO;
	json_error_t where;
	json_t *root = json_loadb(line, len, 0, &where);
	if (!root)
		return json_error_code(&where) == json_error_out_of_memory ? FLUME_NOMEM
									   : FLUME_IO;

	const json_t *result = json_object_get(root, "result");
	struct etcd_failure failure = etcd_failure_read(root, 200);
	if (failure.grpc) {
		m.kind = ETCD_MESSAGE_FAILED;
		m.code = etcd_failure_code(&failure);
		m.complaint = etcd_complaint(failure.text);
		memcpy(m.text, failure.text, sizeof m.text);
		rc = 0;
	} else if (json_is_object(result)) {
		rc = read_result(result, &m);
	}
	json_decref(root);
	if (rc)
		etcd_message_fini(&m);
	else
		*out = m;
	return rc;
}
