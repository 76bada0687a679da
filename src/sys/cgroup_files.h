/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a cgroup, v1 and v2 alike. The parse functions are pure and return 0 or -EINVAL;
 * the read functions try the version's names through the root handle, -ENOENT where the kernel
 * has none of them. Times are microseconds whatever the kernel's unit is.
 */
#ifndef SYS_CGROUP_FILES_H
#define SYS_CGROUP_FILES_H

#include "sys/cgroup.h"

/* cpu.stat; v1 has no usage, bursts came in 5.15 and later. */
struct cgroup_cpu_stat {
	int64_t usage_usec, user_usec, system_usec;
	int64_t periods, throttled_periods, throttled_usec;
	int64_t bursts, burst_usec;
};

/* Summed over devices. v1: the operations alone, what is in bytes is FIELD_ABSENT. */
struct cgroup_io_stat {
	int64_t reads, writes, read_bytes, write_bytes;
};

/* Devices that stand on others (dm, md, loop): their I/O is counted below again. */
struct cgroup_devices {
	const uint64_t *number; /* major << 20 | minor, sorted */
	size_t count;
};

struct cgroup_quota {
	int64_t quota_usec; /* FIELD_UNLIMITED: none */
	int64_t period_usec; /* of an effective one 0 where there is no limit */
	int64_t burst_usec; /* FIELD_ABSENT before 5.15 */
	int64_t permyriad;  /* of one CPU, or FIELD_UNLIMITED */
};

struct cgroup_weight {
	const char *where; /* "cpu.weight", "cpu.shares" or "cpu.idle" */
	int64_t weight;
	int64_t usual; /* the default in that scale: 100 or 1024 */
	bool idle;
};

struct cgroup_memory {
	int64_t current, min, low, high, max; /* v1: usage, absent, absent, absent, limit */
};

int cgroup_cpu_stat_parse(const char *bytes, size_t size, struct cgroup_cpu_stat *ret);
/* cpu.max: "max 100000" */
int cgroup_cpu_max_parse(const char *bytes, size_t size, struct cgroup_quota *ret);
/* io.weight, *.bfq.weight: "100" or "default 100" and lines per device. */
int cgroup_weight_parse(const char *bytes, size_t size, int64_t *ret);
/* io.stat; stacked may be NULL. */
int cgroup_io_stat_parse(const char *bytes, size_t size, const struct cgroup_devices *stacked,
			 struct cgroup_io_stat *ret);
/* v1's blkio.throttle.io_serviced or io_service_bytes: the sums of reads and of writes. */
int cgroup_blkio_parse(const char *bytes, size_t size, const struct cgroup_devices *stacked,
		       int64_t *ret_reads, int64_t *ret_writes);

/* The path's own limit; permyriad is FIELD_UNLIMITED at a root. */
int cgroup_quota_read(struct root *root, const struct cgroup_layout *layout, struct span path,
		      struct cgroup_quota *ret);
/* What the ancestors of one path allow: of siblings it is read once while `known`. */
struct cgroup_quota_above {
	bool known, found;
	char parent[512];
	struct cgroup_quota tightest;
};

/* The tightest of the path's and its ancestors'; burst is the path's own. `above` may be NULL. */
int cgroup_quota_effective(struct root *root, const struct cgroup_layout *layout,
			   struct span path, struct cgroup_quota_above *above,
			   struct cgroup_quota *ret);
int cgroup_weight_read(struct root *root, const struct cgroup_layout *layout, struct span path,
		       struct cgroup_weight *ret);
int cgroup_memory_read(struct root *root, const struct cgroup_layout *layout, struct span path,
		       struct cgroup_memory *ret);
int cgroup_io_read(struct root *root, const struct cgroup_layout *layout, struct span path,
		   const struct cgroup_devices *stacked, struct cgroup_io_stat *ret);
int cgroup_io_weight_read(struct root *root, const struct cgroup_layout *layout,
			  struct span path, int64_t *ret);

#endif
