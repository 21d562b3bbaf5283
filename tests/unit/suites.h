/* One row per file of this folder: a_room is tested by suite_a_room in a_room.c. */
#ifndef FLUME_TESTS_UNIT_SUITES_H
#define FLUME_TESTS_UNIT_SUITES_H

#include <check.h>

/* A new row changes no other. */
/* clang-format off */
#define SUITES(X) \
	X(alloc) \
	X(arena) \
	X(binding) \
	X(binding_ends) \
	X(board) \
	X(breaker) \
	X(bucket) \
	X(build) \
	X(canary) \
	X(cancel) \
	X(change) \
	X(change_conflicts) \
	X(check) \
	X(cmd) \
	X(cmd_describe) \
	X(cmd_etcd) \
	X(cmd_lines) \
	X(cmd_lint) \
	X(cmd_run) \
	X(component) \
	X(component_forced) \
	X(conf) \
	X(conformance) \
	X(connector_breaker) \
	X(connector_concurrent) \
	X(connector_contest) \
	X(connector_fallback) \
	X(connector_filter) \
	X(connector_handle) \
	X(connector_limit) \
	X(connector_race) \
	X(connector_ref) \
	X(connector_retry) \
	X(connector_scaffold) \
	X(connector_sequence) \
	X(connector_stream) \
	X(connector_switch) \
	X(connector_timeout) \
	X(connector_worker_pool) \
	X(decide) \
	X(describe) \
	X(digest) \
	X(document) \
	X(document_change) \
	X(document_effects) \
	X(document_kinds) \
	X(document_match) \
	X(document_path) \
	X(document_processors) \
	X(duration) \
	X(engine) \
	X(engine_crash) \
	X(engine_deletion) \
	X(engine_disk) \
	X(engine_memory) \
	X(engine_probation) \
	X(engine_refs) \
	X(engine_status) \
	X(engine_submit) \
	X(err) \
	X(etcd_exchange) \
	X(etcd_follow) \
	X(etcd_kv) \
	X(etcd_lease) \
	X(etcd_message) \
	X(etcd_outage) \
	X(etcd_pages) \
	X(etcd_proof) \
	X(etcd_stream) \
	X(etcd_watch) \
	X(etcd_weather) \
	X(etcd_wire) \
	X(events) \
	X(factory) \
	X(fields) \
	X(fleet_status) \
	X(golden) \
	X(graph) \
	X(group) \
	X(group_crowd) \
	X(http_crowd) \
	X(http_guard) \
	X(http_pipelines) \
	X(http_schemas) \
	X(http_status) \
	X(http_verdict) \
	X(http_wire) \
	X(json) \
	X(listeners) \
	X(live) \
	X(log) \
	X(loop) \
	X(map) \
	X(names) \
	X(original_faults) \
	X(original_faults_calls) \
	X(pool) \
	X(probation) \
	X(proven) \
	X(race) \
	X(race_bindings) \
	X(race_ends) \
	X(report) \
	X(retire) \
	X(schema) \
	X(scope) \
	X(source_dir) \
	X(source_etcd) \
	X(source_keep) \
	X(state) \
	X(state_alloc) \
	X(state_race) \
	X(stress) \
	X(suggest) \
	X(text) \
	X(timers) \
	X(trial) \
	X(utf8) \
	X(value) \
	X(version) \
	X(write) \
	X(yaml)
/* clang-format on */

#define X(room) Suite *suite_##room(void);
SUITES(X)
#undef X

#endif
