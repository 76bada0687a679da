/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a process or thread that hold figures. Every function here is pure: the bytes
 * of one read in, a struct out, 0 or -EINVAL (then the struct is untouched). Whatever a
 * process calls itself, its numbers come out right. Nothing allocates.
 */
#ifndef SYS_PROC_H
#define SYS_PROC_H

#include "sys/field.h"

#include <sys/types.h>

/* /proc/PID/stat and /proc/PID/task/TID/stat. Times are in USER_HZ ticks. */
struct proc_stat {
	pid_t pid;
	struct span comm; /* a stranger's bytes; newlines and parentheses may be in it */
	char state;
	pid_t ppid;
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t user_ticks; /* guest time included */
	uint64_t system_ticks;
	int priority;
	int nice;
	int threads;
	uint64_t start_ticks;
	int64_t rss_pages;
	int processor;
	int rt_priority;
	int policy;
	uint64_t guest_ticks;
};

/* /proc/PID/schedstat and a thread's. */
struct proc_schedstat {
	uint64_t run_nsec;
	uint64_t delay_nsec;
	uint64_t timeslices;
};

struct proc_io {
	int64_t read_chars, write_chars;
	int64_t read_calls, write_calls;
	int64_t read_bytes, write_bytes, cancelled_write_bytes;
};

struct proc_status {
	int64_t tgid, ppid, uid, threads;
	int64_t swap_bytes, rss_anonymous_bytes, locked_bytes, pinned_bytes;
	int64_t cpus_allowed;     /* how many */
	struct span cpus_list;    /* "0-3,8"; size 0 where absent */
	int64_t innermost_pid;    /* as the process knows itself (last of NSpid) */
};

/* /proc/PID/ksm_stat; lines came one by one between 5.19 and 6.17. -ESRCH where the file is empty:
 * a kernel thread, or a process that has given its memory back already. */
struct proc_ksm_stat {
	int64_t tracked_pages; /* ksm_rmap_items */
	int64_t zero_pages;
	int64_t merging_pages;
	int64_t profit_bytes;
};

/* /proc/PID/smaps_rollup, in bytes. */
struct proc_smaps {
	int64_t rss, pss, pss_anonymous, anonymous, huge, swap, swap_pss, locked, ksm;
};

int proc_stat_parse(const char *bytes, size_t size, struct proc_stat *ret);
int proc_schedstat_parse(const char *bytes, size_t size, struct proc_schedstat *ret);
int proc_io_parse(const char *bytes, size_t size, struct proc_io *ret);
int proc_status_parse(const char *bytes, size_t size, struct proc_status *ret);
int proc_ksm_stat_parse(const char *bytes, size_t size, struct proc_ksm_stat *ret);
int proc_smaps_parse(const char *bytes, size_t size, struct proc_smaps *ret);

#endif
