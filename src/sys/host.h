/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's own figures in procfs. The parse functions are pure: bytes of one read in, a
 * struct out, 0 or -EINVAL; a line that this kernel lacks is FIELD_ABSENT.
 */
#ifndef SYS_HOST_H
#define SYS_HOST_H

#include "sys/field.h"

#include <sys/types.h>

struct root;

/* One "cpuN" line, in USER_HZ ticks. The kernel counts guest in user, guest_nice in nice. */
struct host_cpu {
	int number;
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice;
};

struct host_stat {
	struct host_cpu all; /* number -1 */
	size_t cpu_count;    /* lines seen, also beyond the caller's capacity */
	int64_t context_switches, processes, running, blocked, boot_seconds;
};

/* Offline CPUs have no line. What lies behind a cut (the intr line is long) is absent. */
int host_stat_parse(const char *bytes, size_t size, struct host_cpu *cpus, size_t capacity,
		    struct host_stat *ret);

struct host_load {
	int64_t milli[3]; /* 1, 5, 15 minutes */
	int64_t running, threads;
};

int host_load_parse(const char *bytes, size_t size, struct host_load *ret);

/* /proc/meminfo, in bytes; huge pages are counts of huge_page_bytes each. */
struct host_memory {
	int64_t total, free, available, buffers, cached, anonymous, shared, dirty, writeback;
	int64_t committed, commit_limit, swap_total, swap_free, swap_cached, slab;
	int64_t huge_pages_total, huge_pages_free, huge_page_bytes;
};

int host_memory_parse(const char *bytes, size_t size, struct host_memory *ret);

struct host_vmstat {
	int64_t swapped_in, swapped_out, major_faults, faults, oom_kills;
	int64_t cow_ksm, ksm_swapin_copy;
};

int host_vmstat_parse(const char *bytes, size_t size, struct host_vmstat *ret);

/* A file of one word or line ("boot_id", "hostname"), without its newline; its length. */
ssize_t host_text_read(struct root *root, const char *path, char *ret, size_t ret_size);
/* Who schedules: "sched_ext NAME" where a BPF scheduler rules, else "EEVDF" (6.6) or "CFS". */
int host_scheduler_read(struct root *root, char *ret, size_t ret_size);
/* 1 where reclaim ages memory by generations (lru_gen), 0 where that is switched off; -ENOENT where
 * the kernel knows lists alone. */
int host_lru_gen_read(struct root *root);

struct host_topology {
	int64_t core, package, node;
	char siblings[128]; /* "" where absent */
};

/* -ENOENT when there is no such CPU. */
int host_topology_read(struct root *root, int cpu, struct host_topology *ret);

#endif
