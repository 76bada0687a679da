/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/lab_work.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "report/json.h"
#include "report/table.h"
#include "report/units.h"
#include "work/workload.h"

#include <math.h>
#include <string.h>

#define FEWEST_INTERVALS 3u

static const unsigned quantiles[] = { 5000, 9000, 9900, 9990 };
static const char *const quantile_names[] = { "p50", "p90", "p99", "p99.9" };

static double per_second(uint64_t count, uint64_t nsec)
{
	return nsec > 0 ? (double)count * (double)NSEC_PER_SEC / (double)nsec : NAN;
}

double work_course_rate(const struct work_course *course)
{
	return per_second(course->counts.operations, course->length_nsec);
}

double work_course_variation(const struct work_course *course)
{
	double sum = 0, squares = 0, mean;
	size_t i;

	if (course->count < FEWEST_INTERVALS)
		return NAN;
	for (i = 0; i < course->count; i++)
		sum += per_second(course->intervals[i].counts.operations,
				  course->intervals[i].length_nsec);
	mean = sum / (double)course->count;
	for (i = 0; i < course->count; i++) {
		double off = per_second(course->intervals[i].counts.operations,
					course->intervals[i].length_nsec) - mean;

		squares += off * off;
	}
	return mean > 0 ? 100 * sqrt(squares / (double)(course->count - 1)) / mean : NAN;
}

static void append_counts(struct str *str, const struct workload *kind,
			  const struct work_counts *counts, uint64_t nsec)
{
	units_append_count(str, per_second(counts->operations, nsec));
	str_append(str, "/s");
	if (kind->moves_bytes || counts->bytes > 0) {
		str_append(str, "  ");
		units_append_bytes(str, per_second(counts->bytes, nsec));
		str_append(str, "/s");
	}
	if (counts->errors > 0)
		str_appendf(str, "  errors %llu", (unsigned long long)counts->errors);
	if (counts->lost > 0)
		str_appendf(str, "  lost %llu", (unsigned long long)counts->lost);
}

void work_course_append_second(const struct work_course *course, size_t first, struct str *str)
{
	struct work_counts sum = { 0 };
	uint64_t nsec = 0;
	size_t i;

	for (i = first; i < course->count; i++) {
		const struct work_interval *interval = &course->intervals[i];

		nsec += interval->length_nsec;
		sum.operations += interval->counts.operations;
		sum.bytes += interval->counts.bytes;
		sum.errors += interval->counts.errors;
		sum.lost += interval->counts.lost;
	}
	str_appendf(str, "%5.1fs  ", (double)course->count / 10);
	append_counts(str, course->kind, &sum, nsec);
	str_append_char(str, '\n');
}

static void append_latency(const struct work_course *course, struct str *str)
{
	size_t i;

	if (histogram_total(&course->latency) == 0)
		return;
	str_append(str, "each took");
	for (i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
		str_appendf(str, "%s %s %.1f us", i > 0 ? "," : "", quantile_names[i],
			    (double)histogram_quantile_nsec(&course->latency, quantiles[i]) / 1000);
	str_append_char(str, '\n');
}

void work_course_append_text(const struct work_course *course, struct str *str)
{
	double variation = work_course_variation(course);
	size_t i;

	str_appendf(str, "%s: %llu operations in %.3f s (an operation: %s)\n", course->kind->name,
		    (unsigned long long)course->counts.operations,
		    (double)course->length_nsec / (double)NSEC_PER_SEC, course->kind->operation);
	append_counts(str, course->kind, &course->counts, course->length_nsec);
	if (!isnan(variation))
		str_appendf(str, "; between %zu intervals of 100 ms the rate varies by %.1f %%",
			    course->count, variation);
	str_append_char(str, '\n');
	append_latency(course, str);
	for (i = 0; i < course->result_count; i++)
		str_appendf(str, "%s %.10g\n", course->results[i].name, course->results[i].value);
}

static void json_counts(struct json *json, const struct work_counts *counts)
{
	json_key(json, "operations");
	json_uint(json, counts->operations);
	json_key(json, "bytes");
	json_uint(json, counts->bytes);
	json_key(json, "errors");
	json_uint(json, counts->errors);
	json_key(json, "lost");
	json_uint(json, counts->lost);
}

static void json_intervals(struct json *json, const struct work_course *course)
{
	size_t i;

	json_key(json, "intervals");
	json_array_begin(json);
	for (i = 0; i < course->count; i++) {
		json_object_begin(json);
		json_key(json, "length_nsec");
		json_uint(json, course->intervals[i].length_nsec);
		json_key(json, "cpu_nsec");
		json_uint(json, course->intervals[i].cpu_nsec);
		json_counts(json, &course->intervals[i].counts);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Only buckets that hold something: [the least time of it, how many]. */
static void json_latency(struct json *json, const struct work_course *course)
{
	unsigned i;

	json_key(json, "latency_nsec");
	if (!course->kind->times) {
		json_nothing(json);
		return;
	}
	json_array_begin(json);
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (course->latency.counts[i] == 0)
			continue;
		json_array_begin(json);
		json_uint(json, histogram_least_nsec(i));
		json_uint(json, course->latency.counts[i]);
		json_array_end(json);
	}
	json_array_end(json);
}

static void json_results(struct json *json, const struct work_course *course)
{
	size_t i;

	json_key(json, "results");
	json_object_begin(json);
	for (i = 0; i < course->result_count; i++) {
		json_key(json, course->results[i].name);
		json_double(json, course->results[i].value);
	}
	json_object_end(json);
}

void work_course_append_json(const struct work_course *course, struct str *str)
{
	struct json json;

	json_begin(&json, str);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.work/1");
	json_key(&json, "workload");
	json_text(&json, course->kind->name);
	json_key(&json, "line");
	json_text(&json, course->line);
	json_key(&json, "length_nsec");
	json_uint(&json, course->length_nsec);
	json_counts(&json, &course->counts);
	json_key(&json, "operations_per_second");
	json_double(&json, work_course_rate(course));
	json_key(&json, "variation_percent");
	json_double(&json, work_course_variation(course));
	json_latency(&json, course);
	json_results(&json, course);
	json_intervals(&json, course);
	json_object_end(&json);
	str_append_char(str, '\n');
}

void work_list_append_text(struct str *str)
{
	size_t i, width = 0;

	for (i = 0; workloads[i] != NULL; i++)
		if (strlen(workloads[i]->name) > width)
			width = strlen(workloads[i]->name);
	for (i = 0; workloads[i] != NULL; i++)
		str_appendf(str, "%-*s  %s\n", (int)width, workloads[i]->name,
			    workloads[i]->summary);
}

static const char *type_name(enum parameter_type type)
{
	static const char *const names[] = {
		[PARAMETER_COUNT] = "count", [PARAMETER_SIZE] = "size", [PARAMETER_TIME] = "time",
		[PARAMETER_SWITCH] = "yes-no", [PARAMETER_CHOICE] = "choice",
		[PARAMETER_TEXT] = "text",
	};

	return names[type];
}

static void json_limits(struct json *json, const struct parameter *parameter)
{
	size_t i;

	if (parameter->words != NULL) {
		json_key(json, "words");
		json_array_begin(json);
		for (i = 0; parameter->words[i] != NULL; i++)
			json_text(json, parameter->words[i]);
		json_array_end(json);
	} else if (parameter->type <= PARAMETER_TIME) {
		json_key(json, "least");
		json_uint(json, parameter->least);
		json_key(json, "most");
		json_uint(json, parameter->most);
	}
}

static void json_parameters(struct json *json, const struct parameter *parameter)
{
	for (; parameter->name != NULL; parameter++) {
		json_object_begin(json);
		json_key(json, "name");
		json_text(json, parameter->name);
		json_key(json, "type");
		json_text(json, type_name(parameter->type));
		json_key(json, "preset");
		json_text(json, parameter->preset);
		json_limits(json, parameter);
		json_key(json, "summary");
		json_text(json, parameter->summary);
		json_object_end(json);
	}
}

static void json_workload(struct json *json, const struct workload *kind)
{
	json_object_begin(json);
	json_key(json, "name");
	json_text(json, kind->name);
	json_key(json, "summary");
	json_text(json, kind->summary);
	json_key(json, "operation");
	json_text(json, kind->operation);
	json_key(json, "notes");
	json_text(json, kind->notes);
	json_key(json, "moves_bytes");
	json_bool(json, kind->moves_bytes);
	json_key(json, "times");
	json_bool(json, kind->times);
	json_key(json, "parameters");
	json_array_begin(json);
	json_parameters(json, kind->parameters);
	json_parameters(json, workload_common);
	json_array_end(json);
	json_object_end(json);
}

void work_list_append_json(struct str *str)
{
	struct json json;
	size_t i;

	json_begin(&json, str);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.workloads/1");
	json_key(&json, "workloads");
	json_array_begin(&json);
	for (i = 0; workloads[i] != NULL; i++)
		json_workload(&json, workloads[i]);
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(str, '\n');
}

static void append_parameters(const struct parameter *parameter, struct str *str)
{
	for (; parameter->name != NULL; parameter++) {
		str_appendf(str, "  %s=", parameter->name);
		if (parameter->preset == NULL)
			str_append(str, "(needed)");
		else if (strpbrk(parameter->preset, " \t\n") != NULL)
			str_appendf(str, "\"%s\"", parameter->preset);
		else
			str_append(str, parameter->preset);
		str_appendf(str, "  %s: %s\n", type_name(parameter->type), parameter->summary);
	}
}

void work_describe_append_text(const struct workload *kind, struct str *str)
{
	str_appendf(str, "%s %s.\nAn operation is %s.\n", kind->name, kind->summary, kind->operation);
	if (kind->notes != NULL)
		str_appendf(str, "%s\n", kind->notes);
	str_append(str, "Parameters, and what they are where they are not given:\n");
	append_parameters(kind->parameters, str);
	append_parameters(workload_common, str);
}
