/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `truce lab work` has seen of a workload: its counts each 100 ms, and how it is told. */
#ifndef CMD_LAB_WORK_H
#define CMD_LAB_WORK_H

#include "work/work.h"

#include <stdbool.h>

struct str;
struct workload;

struct work_interval {
	uint64_t length_nsec;
	uint64_t cpu_nsec; /* that the worker had, without processes that it started */
	struct work_counts counts; /* what was added in it */
};

struct work_course {
	const char *line;
	const struct workload *kind;
	struct work_interval *intervals;
	size_t count, capacity;
	uint64_t cpu_nsec; /* of the worker, up to the last interval */
	struct work_counts counts; /* of all, to the end */
	uint64_t length_nsec;	   /* from its first operation to its last one's end */
	struct histogram latency;
	const struct work_result *results;
	size_t result_count;
};

/* Operations a second, and by how much 100 ms differ from that: the coefficient of variation
 * (standard deviation over mean), in percent; NAN with less than three intervals. */
double work_course_rate(const struct work_course *course);
double work_course_variation(const struct work_course *course);

/* "  3s  12.3k/s  48.0M/s  errors 1": the intervals from `first` on. */
void work_course_append_second(const struct work_course *course, size_t first, struct str *str);
void work_course_append_text(const struct work_course *course, struct str *str);
void work_course_append_json(const struct work_course *course, struct str *str);

/* All workloads; and one with its parameters. */
void work_list_append_text(struct str *str);
void work_list_append_json(struct str *str);
void work_describe_append_text(const struct workload *kind, struct str *str);

#endif
