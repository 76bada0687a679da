/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cgroup_files.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "sys/root.h"

#include <errno.h>
#include <limits.h>

/* Weight of a cgroup with cpu.idle set, in the scale of cpu.shares (kernel/sched). */
#define IDLE_SHARES 3

static int64_t add_present(int64_t a, int64_t b)
{
	int64_t sum;

	if (!field_present(a))
		return b;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX - 1 : sum;
}

/* v1 counts nanoseconds under names of its own. */
struct cpu_stat_lines {
	struct cgroup_cpu_stat stat;
	int64_t throttled_nsec, burst_nsec;
};

int cgroup_cpu_stat_parse(const char *bytes, size_t size, struct cgroup_cpu_stat *ret)
{
	static const struct field fields[] = {
		FIELD(struct cpu_stat_lines, stat.usage_usec, "usage_usec", 1),
		FIELD(struct cpu_stat_lines, stat.user_usec, "user_usec", 1),
		FIELD(struct cpu_stat_lines, stat.system_usec, "system_usec", 1),
		FIELD(struct cpu_stat_lines, stat.periods, "nr_periods", 1),
		FIELD(struct cpu_stat_lines, stat.throttled_periods, "nr_throttled", 1),
		FIELD(struct cpu_stat_lines, stat.throttled_usec, "throttled_usec", 1),
		FIELD(struct cpu_stat_lines, throttled_nsec, "throttled_time", 1),
		FIELD(struct cpu_stat_lines, stat.bursts, "nr_bursts", 1),
		FIELD(struct cpu_stat_lines, stat.burst_usec, "burst_usec", 1),
		FIELD(struct cpu_stat_lines, burst_nsec, "burst_time", 1),
	};
	struct cpu_stat_lines lines;

	if (field_parse_lines(bytes, size, fields, ARRAY_SIZE(fields), &lines) == 0)
		return -EINVAL;
	if (field_present(lines.throttled_nsec))
		lines.stat.throttled_usec = lines.throttled_nsec / 1000;
	if (field_present(lines.burst_nsec))
		lines.stat.burst_usec = lines.burst_nsec / 1000;
	*ret = lines.stat;
	return 0;
}

static int quota_finish(struct cgroup_quota *quota)
{
	if (quota->period_usec <= 0 || quota->quota_usec < 0)
		return -EINVAL;
	quota->permyriad = quota->quota_usec == FIELD_UNLIMITED ? FIELD_UNLIMITED :
			   field_times(quota->quota_usec, 10000) / quota->period_usec;
	return 0;
}

int cgroup_cpu_max_parse(const char *bytes, size_t size, struct cgroup_quota *ret)
{
	struct cgroup_quota quota = { .burst_usec = FIELD_ABSENT };
	struct cursor c = cursor_over(bytes, size);
	const char *word;
	size_t word_size;
	int r;

	if (!cursor_take_word(&c, &word, &word_size) ||
	    field_parse_number(word, word_size, &quota.quota_usec) < 0 ||
	    !cursor_take_i64(&c, &quota.period_usec) || !cursor_take_text(&c, "\n"))
		return -EINVAL;
	r = quota_finish(&quota);
	if (r == 0)
		*ret = quota;
	return r;
}

int cgroup_weight_parse(const char *bytes, size_t size, int64_t *ret)
{
	struct cursor c = cursor_over(bytes, size);
	struct cursor line;

	while (cursor_take_line(&c, &line) && line.end < c.at) {
		int64_t weight;

		cursor_take_text(&line, "default ");
		if (!cursor_take_i64(&line, &weight) || !cursor_at_end(&line))
			continue; /* a device's: "8:16 200" */
		*ret = weight;
		return 0;
	}
	return -EINVAL;
}

static bool devices_have(const struct cgroup_devices *devices, uint64_t number)
{
	size_t low = 0;
	size_t high = devices != NULL ? devices->count : 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (devices->number[middle] == number)
			return true;
		if (devices->number[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* "8:16" */
static bool take_device(struct cursor *c, uint64_t *ret)
{
	struct cursor at = *c;
	uint64_t major, minor;

	if (!cursor_take_u64(&at, &major) || !cursor_take_text(&at, ":") ||
	    !cursor_take_u64(&at, &minor) || major > UINT32_MAX || minor > 0xfffff)
		return false;
	*ret = major << 20 | minor;
	*c = at;
	return true;
}

static void io_stat_add(struct cgroup_io_stat *stat, struct cursor word)
{
	struct { const char *name; int64_t *sum; } const keys[] = {
		{ "rbytes=", &stat->read_bytes }, { "wbytes=", &stat->write_bytes },
		{ "rios=", &stat->reads }, { "wios=", &stat->writes },
	};
	uint64_t number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (cursor_take_text(&word, keys[i].name) && cursor_take_u64(&word, &number) &&
		    cursor_at_end(&word))
			*keys[i].sum = add_present(*keys[i].sum, number < INT64_MAX ?
						   (int64_t)number : INT64_MAX - 1);
}

/*
 * Words, not lines: kernels before 5.13 put devices that did nothing on one line with the next
 * ("7:1 7:0 8:0 rbytes=..."). An empty file is a cgroup that did no I/O yet.
 */
int cgroup_io_stat_parse(const char *bytes, size_t size, const struct cgroup_devices *stacked,
			 struct cgroup_io_stat *ret)
{
	struct cgroup_io_stat stat = { 0 };
	struct cursor c = cursor_over(bytes, size);
	bool counted = false;
	struct cursor line;

	while (cursor_take_line(&c, &line)) {
		const char *word;
		size_t word_size;

		if (line.end == c.at)
			return -EINVAL; /* cut */
		while (cursor_take_word(&line, &word, &word_size)) {
			struct cursor at = cursor_over(word, word_size);
			uint64_t device;

			if (take_device(&at, &device))
				counted = !devices_have(stacked, device);
			else if (counted)
				io_stat_add(&stat, at);
		}
	}
	*ret = stat;
	return 0;
}

/* "8:0 Read 12", ..., "Total 30". */
int cgroup_blkio_parse(const char *bytes, size_t size, const struct cgroup_devices *stacked,
		       int64_t *ret_reads, int64_t *ret_writes)
{
	struct cursor c = cursor_over(bytes, size);
	int64_t reads = 0;
	int64_t writes = 0;
	struct cursor line;

	while (cursor_take_line(&c, &line)) {
		uint64_t device, number;
		int64_t *sum;

		if (line.end == c.at)
			return -EINVAL;
		if (!take_device(&line, &device) || devices_have(stacked, device))
			continue;
		sum = cursor_take_text(&line, " Read ") ? &reads :
		      cursor_take_text(&line, " Write ") ? &writes : NULL;
		if (sum != NULL && cursor_take_u64(&line, &number) && cursor_at_end(&line))
			*sum = add_present(*sum, number < INT64_MAX ? (int64_t)number :
					   INT64_MAX - 1);
	}
	*ret_reads = reads;
	*ret_writes = writes;
	return 0;
}

static ssize_t read_file(struct root *root, const struct cgroup_tree *tree, struct span path,
			 const char *file, char *bytes, size_t size)
{
	char name[PATH_MAX];
	int r = cgroup_compose(tree, path, file, name, sizeof name);

	return r < 0 ? r : root_read(root, name, bytes, size);
}

static int read_number(struct root *root, const struct cgroup_tree *tree, struct span path,
		       const char *file, int64_t *ret)
{
	char bytes[64];
	ssize_t size = read_file(root, tree, path, file, bytes, sizeof bytes);

	return size < 0 ? (int)size : field_parse_number(bytes, (size_t)size, ret);
}

/* FIELD_ABSENT where the kernel has no such file. */
static int64_t read_optional(struct root *root, const struct cgroup_tree *tree, struct span path,
			     const char *file)
{
	int64_t number;

	return read_number(root, tree, path, file, &number) == 0 ? number : FIELD_ABSENT;
}

/* Where there is no limit its period is of no interest to who only asks for the limit. */
static int quota_read_v1(struct root *root, const struct cgroup_tree *tree, struct span path,
			 bool with_period, struct cgroup_quota *quota)
{
	int r = read_number(root, tree, path, "cpu.cfs_quota_us", &quota->quota_usec);

	if (r == 0 && quota->quota_usec == -1 && !with_period) {
		quota->quota_usec = quota->permyriad = FIELD_UNLIMITED;
		quota->period_usec = 0;
		return 0;
	}
	if (r == 0)
		r = read_number(root, tree, path, "cpu.cfs_period_us", &quota->period_usec);
	if (r < 0)
		return r;
	if (quota->quota_usec == -1)
		quota->quota_usec = FIELD_UNLIMITED;
	return quota_finish(quota);
}

static int quota_read_v2(struct root *root, const struct cgroup_tree *tree, struct span path,
			 struct cgroup_quota *quota)
{
	char bytes[64];
	ssize_t size = read_file(root, tree, path, "cpu.max", bytes, sizeof bytes);

	return size < 0 ? (int)size : cgroup_cpu_max_parse(bytes, (size_t)size, quota);
}

static int quota_read(struct root *root, const struct cgroup_tree *tree, struct span path,
		      bool with_period, struct cgroup_quota *quota)
{
	quota->burst_usec = FIELD_ABSENT;
	return tree->v2 ? quota_read_v2(root, tree, path, quota) :
			  quota_read_v1(root, tree, path, with_period, quota);
}

static int64_t burst_read(struct root *root, const struct cgroup_tree *tree, struct span path)
{
	return read_optional(root, tree, path, tree->v2 ? "cpu.max.burst" : "cpu.cfs_burst_us");
}

int cgroup_quota_read(struct root *root, const struct cgroup_layout *layout, struct span path,
		      struct cgroup_quota *ret)
{
	const struct cgroup_tree *tree = &layout->controller[CGROUP_CPU];
	struct cgroup_quota quota;
	int r = quota_read(root, tree, path, true, &quota);

	if (r < 0)
		return r;
	quota.burst_usec = burst_read(root, tree, path);
	*ret = quota;
	return 0;
}

static void quota_tighten(struct cgroup_quota_above *above, const struct cgroup_quota *quota)
{
	if (!above->found || quota->permyriad < above->tightest.permyriad)
		above->tightest = *quota;
	above->found = true;
}

static void quota_read_above(struct root *root, const struct cgroup_tree *tree, struct span path,
			     struct cgroup_quota_above *above)
{
	struct cgroup_quota quota;

	if (!cgroup_parent(&path)) {
		above->known = above->found = false;
		return;
	}
	if (above->known && span_equals(path, above->parent))
		return;
	above->found = false;
	above->known = path.size < sizeof above->parent;
	if (above->known) {
		memcpy(above->parent, path.at, path.size);
		above->parent[path.size] = '\0';
	}
	do {
		if (quota_read(root, tree, path, false, &quota) == 0)
			quota_tighten(above, &quota);
	} while (cgroup_parent(&path));
}

/* A v2 cgroup whose parent does not hand the cpu controller on has no cpu.max: its own limit is
 * none, but an ancestor's holds. So a missing file is no limit, unless no cgroup has one. */
int cgroup_quota_effective(struct root *root, const struct cgroup_layout *layout,
			   struct span path, struct cgroup_quota_above *above,
			   struct cgroup_quota *ret)
{
	const struct cgroup_tree *tree = &layout->controller[CGROUP_CPU];
	struct cgroup_quota_above once = { .known = false };
	struct cgroup_quota tightest;
	int r = quota_read(root, tree, path, false, &tightest);
	int64_t burst = r == 0 ? burst_read(root, tree, path) : FIELD_ABSENT;

	if (r < 0 && r != -ENOENT)
		return r;
	if (above == NULL)
		above = &once;
	quota_read_above(root, tree, path, above);
	if (r < 0 && !above->found)
		return -ENOENT;
	if (r < 0 || (above->found && above->tightest.permyriad < tightest.permyriad))
		tightest = above->tightest;
	tightest.burst_usec = burst;
	*ret = tightest;
	return 0;
}

int cgroup_weight_read(struct root *root, const struct cgroup_layout *layout, struct span path,
		       struct cgroup_weight *ret)
{
	const struct cgroup_tree *tree = &layout->controller[CGROUP_CPU];
	struct cgroup_weight weight = { .where = tree->v2 ? "cpu.weight" : "cpu.shares",
					.usual = tree->v2 ? 100 : 1024 };
	int r = read_number(root, tree, path, weight.where, &weight.weight);

	if (r < 0)
		return r;
	/* An idle one weighs IDLE_SHARES, which v2 shows as 0 or 1: no other needs to be asked. */
	if (weight.weight <= (tree->v2 ? 1 : IDLE_SHARES) &&
	    read_optional(root, tree, path, "cpu.idle") == 1)
		weight = (struct cgroup_weight){ "cpu.idle", IDLE_SHARES, 1024, true };
	*ret = weight;
	return 0;
}

int cgroup_memory_read(struct root *root, const struct cgroup_layout *layout, struct span path,
		       struct cgroup_memory *ret)
{
	const struct cgroup_tree *tree = &layout->controller[CGROUP_MEMORY];
	struct cgroup_memory memory = { .min = FIELD_ABSENT, .low = FIELD_ABSENT,
					.high = FIELD_ABSENT };
	int r = read_number(root, tree, path,
			    tree->v2 ? "memory.current" : "memory.usage_in_bytes", &memory.current);

	if (r < 0)
		return r;
	if (tree->v2) {
		memory.min = read_optional(root, tree, path, "memory.min");
		memory.low = read_optional(root, tree, path, "memory.low");
		memory.high = read_optional(root, tree, path, "memory.high");
	}
	memory.max = read_optional(root, tree, path,
				   tree->v2 ? "memory.max" : "memory.limit_in_bytes");
	*ret = memory;
	return 0;
}

/* A line a device: a host with hundreds of disks still fits. */
#define IO_BYTES 32768

/* The recursive files came in 5.2; before, a cgroup's own figure is all there is. */
static int blkio_read(struct root *root, const struct cgroup_tree *tree, struct span path,
		      const char *recursive, const char *plain,
		      const struct cgroup_devices *stacked, int64_t *ret_reads, int64_t *ret_writes)
{
	char bytes[IO_BYTES];
	ssize_t size = read_file(root, tree, path, recursive, bytes, sizeof bytes);

	if (size == -ENOENT)
		size = read_file(root, tree, path, plain, bytes, sizeof bytes);
	return size < 0 ? (int)size :
			  cgroup_blkio_parse(bytes, (size_t)size, stacked, ret_reads, ret_writes);
}

int cgroup_io_read(struct root *root, const struct cgroup_layout *layout, struct span path,
		   const struct cgroup_devices *stacked, struct cgroup_io_stat *ret)
{
	const struct cgroup_tree *tree = &layout->controller[CGROUP_IO];
	struct cgroup_io_stat stat = { .read_bytes = FIELD_ABSENT, .write_bytes = FIELD_ABSENT };
	char bytes[IO_BYTES];
	ssize_t size;
	int r;

	if (tree->v2) {
		size = read_file(root, tree, path, "io.stat", bytes, sizeof bytes);
		return size < 0 ? (int)size :
				  cgroup_io_stat_parse(bytes, (size_t)size, stacked, ret);
	}
	r = blkio_read(root, tree, path, "blkio.throttle.io_serviced_recursive",
		       "blkio.throttle.io_serviced", stacked, &stat.reads, &stat.writes);
	if (r == 0)
		*ret = stat;
	return r;
}

/* io.weight is iocost's; BFQ has its own file. systemd writes both. */
int cgroup_io_weight_read(struct root *root, const struct cgroup_layout *layout,
			  struct span path, int64_t *ret)
{
	static const char *const names[2][2] = {
		{ "blkio.bfq.weight", "blkio.weight" },
		{ "io.weight", "io.bfq.weight" },
	};
	const struct cgroup_tree *tree = &layout->controller[CGROUP_IO];
	char bytes[4096];
	ssize_t size = read_file(root, tree, path, names[tree->v2][0], bytes, sizeof bytes);

	if (size == -ENOENT)
		size = read_file(root, tree, path, names[tree->v2][1], bytes, sizeof bytes);
	return size < 0 ? (int)size : cgroup_weight_parse(bytes, (size_t)size, ret);
}
