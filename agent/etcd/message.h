/*
 * message.h - what one line of a watch says.  Pure.  For this room.
 */
#ifndef FLUME_AGENT_ETCD_MESSAGE_H
#define FLUME_AGENT_ETCD_MESSAGE_H

#include "agent/etcd/etcd.h"
#include "agent/etcd/failure.h"

enum etcd_message_kind {
	ETCD_MESSAGE_FAILED,    /* the stream is over: code, text                             */
	ETCD_MESSAGE_CANCELED,  /* the watch is over, though the stream stays open: text      */
	ETCD_MESSAGE_COMPACTED, /* canceled, as what comes next is compacted: revision        */
	ETCD_MESSAGE_CREATED,   /* revision                                                   */
	ETCD_MESSAGE_EVENTS,    /* events; more of the same revision may follow if `fragment` */
	ETCD_MESSAGE_PROGRESS,  /* all up to `revision` has been sent                         */
	ETCD_MESSAGE_OTHER,     /* of no concern                                              */
};

struct etcd_message {
	enum etcd_message_kind kind;
	int64_t revision;
	struct etcd_event *events; /* owned by the message; may be taken */
	size_t n;
	bool fragment;
	int code; /* a flume code */
	enum etcd_complaint complaint;
	char text[256];
};

/* Returns 0, FLUME_IO (not a message of a watch) or FLUME_NOMEM; then nothing is to be freed.
 */
int etcd_message_parse(const char *line, size_t len, struct etcd_message *out);
void etcd_message_fini(struct etcd_message *);
void etcd_events_free(struct etcd_event *, size_t n);

#endif
