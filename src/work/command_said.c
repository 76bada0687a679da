/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/command_said.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 9e18 /* within uint64_t, whatever is added up */

void said_result(struct command_said *said, const char *name, double value)
{
	unsigned i;

	for (i = 0; i < said->result_count; i++)
		if (strcmp(said->results[i].name, name) == 0)
			break;
	if (i == SAID_RESULTS_MOST || !isfinite(value))
		return;
	if (i == said->result_count)
		said->result_count++;
	text_copy(said->results[i].name, sizeof said->results[i].name, name, strlen(name));
	said->results[i].value = value;
}

size_t said_object_end(const char *bytes, size_t size, size_t *ret_begin)
{
	const char *begin = memchr(bytes, '{', size);
	size_t at, depth = 0;
	bool in_text = false;

	if (begin == NULL)
		return 0;
	*ret_begin = (size_t)(begin - bytes);
	for (at = *ret_begin; at < size; at++) {
		if (in_text && bytes[at] == '\\')
			at++;
		else if (bytes[at] == '"')
			in_text = !in_text;
		else if (!in_text && bytes[at] == '{')
			depth++;
		else if (!in_text && bytes[at] == '}' && --depth == 0)
			return at + 1;
	}
	return 0;
}

static int object_parse(const char *bytes, size_t size, json_t **ret_root, struct error *err)
{
	json_error_t why;
	/* Read only: a huge integer becomes a real number and fails no document. */
	json_t *root = json_loadb(bytes, size, JSON_DECODE_INT_AS_REAL, &why);

	if (json_is_object(root)) {
		*ret_root = root;
		return 0;
	}
	json_decref(root);
	return error_set(err, -EBADMSG, "its output is no JSON: line %d: %.120s", why.line, why.text);
}

static double number_at(const json_t *object, const char *key)
{
	double number = json_number_value(json_object_get(object, key));

	return isfinite(number) && number > 0 && number < LARGEST ? number : 0;
}

static uint64_t count_at(const json_t *object, const char *key)
{
	return (uint64_t)number_at(object, key);
}

/* A sum that stays at its end rather than beginning anew. */
static void add(uint64_t *to, uint64_t more)
{
	if (__builtin_add_overflow(*to, more, to))
		*to = UINT64_MAX;
}

static void take_bins(struct command_said *said, const json_t *bins)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)bins, key, value) {
		uint64_t nsec = strtoull(key, NULL, 10);
		double count = json_number_value(value);

		if (!(count >= 1 && count < LARGEST))
			continue;
		said->has_latency = true;
		add(&said->latency.counts[histogram_bucket(nsec)], (uint64_t)count);
	}
}

static void take_direction(struct command_said *said, const json_t *job, const char *direction)
{
	static const char *const quantiles[][2] = {
		{ "50.000000", "p50" }, { "99.000000", "p99" }, { "99.900000", "p99.9" },
	};
	const json_t *about = json_object_get(job, direction);
	const json_t *clat = json_object_get(about, "clat_ns");
	const json_t *percentiles = json_object_get(clat, "percentile");
	char name[48];
	size_t i;

	if (count_at(about, "total_ios") == 0)
		return;
	add(&said->counts.operations, count_at(about, "total_ios"));
	add(&said->counts.bytes, count_at(about, "io_bytes"));
	take_bins(said, json_object_get(clat, "bins"));
	snprintf(name, sizeof name, "fio_%s_operations_per_second", direction);
	said_result(said, name, number_at(about, "iops"));
	for (i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
		snprintf(name, sizeof name, "fio_%s_%s_nsec", direction, quantiles[i][1]);
		if (json_is_number(json_object_get(percentiles, quantiles[i][0])))
			said_result(said, name, number_at(percentiles, quantiles[i][0]));
	}
}

int said_take_fio(struct command_said *said, const char *bytes, size_t size, struct error *err)
{
	json_t *root, *jobs, *job;
	size_t i;
	int code = object_parse(bytes, size, &root, err);

	if (code < 0)
		return code;
	jobs = json_object_get(root, "jobs");
	if (!json_is_array(jobs)) {
		json_decref(root);
		return error_set(err, -EBADMSG, "its output is JSON, but not fio's: it has no jobs");
	}
	said->counts = (struct work_counts){ 0 };
	said->latency = (struct histogram){ 0 };
	json_array_foreach(jobs, i, job) {
		take_direction(said, job, "read");
		take_direction(said, job, "write");
		take_direction(said, job, "trim");
		add(&said->counts.errors, count_at(job, "total_err") + (count_at(job, "error") > 0));
	}
	json_decref(root);
	return 0;
}

/* The receiver's count of bytes where there is one; of datagrams, those that arrived. */
static void take_end(struct command_said *said, const json_t *end, uint64_t block)
{
	const json_t *sum = json_object_get(end, "sum");
	const json_t *sent = json_object_get(end, "sum_sent");
	const json_t *received = json_object_get(end, "sum_received");
	uint64_t packets = count_at(sum, "packets"), lost = count_at(sum, "lost_packets");

	said->counts = (struct work_counts){ 0 };
	if (packets > 0) {
		said->counts.lost = lost;
		said->counts.operations = packets > lost ? packets - lost : 0;
		if (__builtin_mul_overflow(said->counts.operations, block, &said->counts.bytes))
			said->counts.bytes = 0;
		said_result(said, "iperf3_jitter_msec", number_at(sum, "jitter_ms"));
		return;
	}
	said->counts.bytes = count_at(received != NULL ? received : sent, "bytes");
	said->counts.operations = block > 0 ? said->counts.bytes / block : 0;
	if (json_is_number(json_object_get(sent, "retransmits")))
		said_result(said, "iperf3_retransmits", number_at(sent, "retransmits"));
}

static void take_failure(struct command_said *said, const json_t *text)
{
	if (json_is_string(text))
		text_copy(said->failure, sizeof said->failure, json_string_value(text),
			  json_string_length(text));
}

/* `iperf3 --json-stream` says each part in an object of its own. */
static void take_event(struct command_said *said, const json_t *root)
{
	const char *event = json_string_value(json_object_get(root, "event"));
	const json_t *data = json_object_get(root, "data");

	if (event == NULL)
		return;
	if (strcmp(event, "start") == 0) {
		said->block = count_at(json_object_get(data, "test_start"), "blksize");
	} else if (strcmp(event, "interval") == 0) {
		add(&said->counts.bytes, count_at(json_object_get(data, "sum"), "bytes"));
	} else if (strcmp(event, "error") == 0) {
		take_failure(said, data);
	} else if (strcmp(event, "end") == 0) {
		take_end(said, data, said->block);
	}
}

int said_take_iperf3(struct command_said *said, const char *bytes, size_t size, struct error *err)
{
	json_t *root, *end;
	int code = object_parse(bytes, size, &root, err);

	if (code < 0)
		return code;
	end = json_object_get(root, "end");
	if (json_object_get(root, "event") != NULL) {
		take_event(said, root);
	} else if (json_is_object(end)) {
		take_end(said, end, count_at(json_object_get(json_object_get(root, "start"),
							     "test_start"), "blksize"));
		take_failure(said, json_object_get(root, "error"));
	} else {
		code = error_set(err, -EBADMSG, "its output is JSON, but not iperf3's: it has no end");
	}
	json_decref(root);
	return code;
}
