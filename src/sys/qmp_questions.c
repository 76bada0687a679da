/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Truce asks of a QEMU. An answer that is not as documented is -EPROTO, or absent. */
#include "sys/qmp.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static void put_text(json_t *object, const char *key, char *ret, size_t ret_size)
{
	const char *text = json_string_value(json_object_get(object, key));

	text_copy(ret, ret_size, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

static int ask_text(struct qmp *qmp, const char *command, const char *key, char *ret,
		    size_t ret_size, struct error *err)
{
	json_t *answer;
	int r = qmp_command(qmp, command, NULL, &answer, err);

	if (r < 0)
		return r;
	put_text(answer, key, ret, ret_size);
	json_decref(answer);
	return 0;
}

/* The first job of that kind in an answer of query-block-jobs. */
static bool has_job(json_t *jobs, const char *type)
{
	json_t *job;
	size_t i;

	json_array_foreach(jobs, i, job) {
		const char *name = json_string_value(json_object_get(job, "type"));

		if (name != NULL && strcmp(name, type) == 0)
			return true;
	}
	return false;
}

static int ask_jobs(struct qmp *qmp, char *ret, size_t ret_size, struct error *err)
{
	char status[32] = "";
	json_t *jobs;
	int r = ask_text(qmp, "query-migrate", "status", status, sizeof status, err);

	if (r < 0)
		return r;
	if (strcmp(status, "active") == 0 || strcmp(status, "setup") == 0 ||
	    strcmp(status, "device") == 0 || strncmp(status, "postcopy", 8) == 0 ||
	    strcmp(status, "pre-switchover") == 0)
		text_copy(ret, ret_size, "migrating", 9);
	r = qmp_command(qmp, "query-block-jobs", NULL, &jobs, err);
	if (r < 0)
		return r;
	if (has_job(jobs, "backup") || has_job(jobs, "mirror"))
		text_copy(ret, ret_size, "backup", 6);
	json_decref(jobs);
	return 0;
}

int qmp_state(struct qmp *qmp, char *ret, size_t ret_size, struct error *err)
{
	int r = ask_text(qmp, "query-status", "status", ret, ret_size, err);

	if (r == 0 && strcmp(ret, "running") == 0)
		r = ask_jobs(qmp, ret, ret_size, err);
	return r;
}

int qmp_identity(struct qmp *qmp, struct qmp_identity *ret, struct error *err)
{
	struct qmp_identity identity;
	int r = ask_text(qmp, "query-name", "name", identity.name, sizeof identity.name, err);

	if (r == 0)
		r = ask_text(qmp, "query-uuid", "UUID", identity.uuid, sizeof identity.uuid, err);
	if (r == 0)
		r = ask_text(qmp, "query-status", "status", identity.status,
			     sizeof identity.status, err);
	if (r == 0)
		*ret = identity;
	return r;
}

/* The number of an object where it is one and not negative, else FIELD_ABSENT. */
static int64_t number_of(json_t *object, const char *key)
{
	json_t *number = json_object_get(object, key);

	return json_is_integer(number) && json_integer_value(number) >= 0 ?
	       json_integer_value(number) : FIELD_ABSENT;
}

static int take_thread(json_t *entry, struct qmp_thread *ret)
{
	int64_t tid = number_of(entry, "thread-id");
	int64_t index = number_of(entry, "cpu-index");

	if (tid <= 0 || tid > INT_MAX || index > INT_MAX)
		return -EPROTO;
	ret->tid = (pid_t)tid;
	ret->index = index >= 0 ? (int)index : -1;
	put_text(entry, "id", ret->name, sizeof ret->name);
	return 0;
}

static ssize_t ask_threads(struct qmp *qmp, const char *command, struct qmp_thread *ret,
			   size_t capacity, struct error *err)
{
	struct qmp_thread thread;
	json_t *answer, *entry;
	ssize_t count = 0;
	size_t i;
	int r = qmp_command(qmp, command, NULL, &answer, err);

	if (r < 0)
		return r;
	json_array_foreach(answer, i, entry) {
		if (take_thread(entry, &thread) < 0)
			continue;
		if ((size_t)count < capacity)
			ret[count] = thread;
		count++;
	}
	json_decref(answer);
	return count;
}

ssize_t qmp_cpus(struct qmp *qmp, struct qmp_thread *ret, size_t capacity, struct error *err)
{
	return ask_threads(qmp, "query-cpus-fast", ret, capacity, err);
}

ssize_t qmp_iothreads(struct qmp *qmp, struct qmp_thread *ret, size_t capacity, struct error *err)
{
	return ask_threads(qmp, "query-iothreads", ret, capacity, err);
}

/* The name of a child of that type in an answer of qom-list; false when there is none. */
static bool find_child(json_t *list, const char *type, char *ret, size_t ret_size)
{
	json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry) {
		const char *name = json_string_value(json_object_get(entry, "name"));
		const char *kind = json_string_value(json_object_get(entry, "type"));

		if (name == NULL || kind == NULL || strncmp(kind, "child<", 6) != 0 ||
		    strncmp(kind + 6, type, strlen(type)) != 0 || strlen(name) >= ret_size)
			continue;
		strcpy(ret, name);
		return true;
	}
	return false;
}

/* The device may have an id or none. */
int qmp_balloon_path(struct qmp *qmp, char *ret, size_t ret_size, struct error *err)
{
	static const char *const parents[] = { "/machine/peripheral", "/machine/peripheral-anon" };
	char name[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parents); i++) {
		json_t *arguments = json_pack("{s:s}", "path", parents[i]);
		json_t *list;
		bool found;
		int r = qmp_command(qmp, "qom-list", arguments, &list, err);

		json_decref(arguments);
		if (r < 0)
			return r;
		found = find_child(list, "virtio-balloon", name, sizeof name);
		json_decref(list);
		if (found) {
			snprintf(ret, ret_size, "%s/%s", parents[i], name);
			return 1;
		}
	}
	return 0;
}

static void take_guest_stats(json_t *answer, struct qmp_balloon *balloon)
{
	json_t *stats = json_object_get(answer, "stats");

	balloon->updated_seconds = number_of(answer, "last-update");
	if (balloon->updated_seconds == 0)
		balloon->updated_seconds = FIELD_ABSENT;
	balloon->free_bytes = number_of(stats, "stat-free-memory");
	balloon->available_bytes = number_of(stats, "stat-available-memory");
	balloon->total_bytes = number_of(stats, "stat-total-memory");
	balloon->disk_cache_bytes = number_of(stats, "stat-disk-caches");
	balloon->swap_in_bytes = number_of(stats, "stat-swap-in");
	balloon->swap_out_bytes = number_of(stats, "stat-swap-out");
	balloon->major_faults = number_of(stats, "stat-major-faults");
	balloon->minor_faults = number_of(stats, "stat-minor-faults");
}

/* A guest without the driver, or without a polling interval, has told nothing: no failure. */
static int ask_guest_stats(struct qmp *qmp, struct qmp_balloon *balloon, struct error *err)
{
	char path[256];
	json_t *arguments, *answer;
	int r = qmp_balloon_path(qmp, path, sizeof path, err);

	if (r <= 0)
		return r;
	arguments = json_pack("{s:s, s:s}", "path", path, "property", "guest-stats");
	r = qmp_command(qmp, "qom-get", arguments, &answer, err);
	json_decref(arguments);
	if (r < 0)
		return r;
	take_guest_stats(answer, balloon);
	json_decref(answer);
	return 0;
}

static bool is_refusal(int code)
{
	return code == -EREMOTEIO || code == -EOPNOTSUPP || code == -ENODEV;
}

int qmp_balloon(struct qmp *qmp, struct qmp_balloon *ret, struct error *err)
{
	struct qmp_balloon balloon = { 0 };
	json_t *answer;
	int r = qmp_command(qmp, "query-balloon", NULL, &answer, err);

	if (r < 0)
		return r;
	take_guest_stats(NULL, &balloon);
	balloon.actual_bytes = number_of(answer, "actual");
	balloon.target_bytes = FIELD_ABSENT; /* QEMU does not tell it */
	json_decref(answer);
	r = ask_guest_stats(qmp, &balloon, err);
	if (r < 0 && !is_refusal(r))
		return r;
	*ret = balloon;
	return 0;
}

static void block_add(int64_t *sum, json_t *stats, const char *key)
{
	int64_t number = number_of(stats, key);

	if (field_present(number) && __builtin_add_overflow(*sum, number, sum))
		*sum = INT64_MAX - 1;
}

int qmp_block(struct qmp *qmp, struct qmp_block *ret, struct error *err)
{
	struct qmp_block block = { 0 };
	json_t *answer, *entry;
	size_t i;
	int r = qmp_command(qmp, "query-blockstats", NULL, &answer, err);

	if (r < 0)
		return r;
	json_array_foreach(answer, i, entry) {
		json_t *stats = json_object_get(entry, "stats");

		block_add(&block.reads, stats, "rd_operations");
		block_add(&block.writes, stats, "wr_operations");
		block_add(&block.read_bytes, stats, "rd_bytes");
		block_add(&block.write_bytes, stats, "wr_bytes");
		block_add(&block.flushes, stats, "flush_operations");
		block_add(&block.read_nsec, stats, "rd_total_time_ns");
		block_add(&block.write_nsec, stats, "wr_total_time_ns");
	}
	json_decref(answer);
	*ret = block;
	return 0;
}
