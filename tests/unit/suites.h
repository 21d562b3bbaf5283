/* One row per file of this folder: a_room is tested by suite_a_room in a_room.c. */
#ifndef FLUME_TESTS_UNIT_SUITES_H
#define FLUME_TESTS_UNIT_SUITES_H

#include <check.h>

#define SUITES(X)              \
	X(arena)               \
	X(board)               \
	X(breaker)             \
	X(conf)                \
	X(decide)              \
	X(digest)              \
	X(document)            \
	X(document_change)     \
	X(document_effects)    \
	X(document_kinds)      \
	X(document_match)      \
	X(document_path)       \
	X(document_processors) \
	X(duration)            \
	X(err)                 \
	X(etcd_follow)         \
	X(etcd_kv)             \
	X(etcd_lease)          \
	X(etcd_message)        \
	X(etcd_watch)          \
	X(etcd_wire)           \
	X(golden)              \
	X(http_guard)          \
	X(http_pipelines)      \
	X(http_schemas)        \
	X(http_status)         \
	X(http_wire)           \
	X(json)                \
	X(log)                 \
	X(loop)                \
	X(map)                 \
	X(probation)           \
	X(proven)              \
	X(report)              \
	X(schema)              \
	X(source_dir)          \
	X(suggest)             \
	X(text)                \
	X(utf8)                \
	X(value)               \
	X(version)             \
	X(write)               \
	X(yaml)

#define X(room) Suite *suite_##room(void);
SUITES(X)
#undef X

#endif
