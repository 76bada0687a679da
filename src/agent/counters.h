/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest's kernel counts, read from /proc: its files stay open. What a kernel does not
 * give stays absent. The kernel's own cpu times can go back by a little (proc_stat(5) says so of
 * iowait): they are held at the most that was told.
 */
#ifndef AGENT_COUNTERS_READ_H
#define AGENT_COUNTERS_READ_H

#include "agent_wire.h"

struct counters {
	int stat_fd, vmstat_fd, meminfo_fd;
	int pressure_fds[3]; /* cpu, memory, io */
	bool opened;	     /* at the first read: before that there may be no /proc */
	uint64_t most[AGENT_COUNTER_COUNT];
};

void counters_init(struct counters *counters);
void counters_done(struct counters *counters);

void counters_read(struct counters *counters, struct agent_message *ret);

/* Each puts what it finds in the bytes of one file of /proc into values, and its bits into
 * present. A text that is none adds nothing. */
struct counter_values {
	uint64_t present;
	uint64_t values[AGENT_COUNTER_COUNT];
};

void counters_parse_stat(const char *bytes, size_t size, uint64_t tick_nsec,
			 struct counter_values *values);
void counters_parse_vmstat(const char *bytes, size_t size, struct counter_values *values);
void counters_parse_meminfo(const char *bytes, size_t size, struct counter_values *values);
/* `some` is the counter of the line "some"; the one of "full" comes after it, or `full` is false. */
void counters_parse_pressure(const char *bytes, size_t size, enum agent_counter some, bool full,
			     struct counter_values *values);

#endif
