/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/host.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/text.h"
#include "sys/root.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* Behind "cpu" or "cpu12"; the last columns came with 2.6.33, so all ten are there. */
static bool stat_take_cpu(struct cursor *line, struct host_cpu *ret)
{
	uint64_t *const columns[] = {
		&ret->user, &ret->nice,    &ret->system, &ret->idle,  &ret->iowait,
		&ret->irq,  &ret->softirq, &ret->steal,  &ret->guest, &ret->guest_nice,
	};
	uint64_t number;
	size_t i;

	ret->number = -1;
	if (!cursor_at_end(line) && *line->at != ' ') {
		if (!cursor_take_u64(line, &number) || number > INT_MAX)
			return false;
		ret->number = (int)number;
	}
	for (i = 0; i < ARRAY_SIZE(columns); i++)
		if (!cursor_take_u64(line, columns[i]))
			return false;
	return true;
}

/* Returns the first line that is no CPU's through c. */
static bool stat_take_cpus(struct cursor *c, struct host_cpu *cpus, size_t capacity,
			   struct host_stat *stat)
{
	struct cursor next = *c;
	struct cursor line;
	bool any = false;

	while (cursor_take_line(&next, &line) && line.end < next.at &&
	       cursor_take_text(&line, "cpu")) {
		struct host_cpu cpu;

		if (!stat_take_cpu(&line, &cpu))
			return false;
		if (cpu.number < 0) {
			stat->all = cpu;
			any = true;
		} else {
			if (stat->cpu_count < capacity)
				cpus[stat->cpu_count] = cpu;
			stat->cpu_count++;
		}
		*c = next;
	}
	return any;
}

int host_stat_parse(const char *bytes, size_t size, struct host_cpu *cpus, size_t capacity,
		    struct host_stat *ret)
{
	static const struct field fields[] = {
		FIELD(struct host_stat, context_switches, "ctxt", 1),
		FIELD(struct host_stat, boot_seconds, "btime", 1),
		FIELD(struct host_stat, processes, "processes", 1),
		FIELD(struct host_stat, running, "procs_running", 1),
		FIELD(struct host_stat, blocked, "procs_blocked", 1),
	};
	struct cursor c = cursor_over(bytes, size);
	struct host_stat stat = { 0 };

	if (!stat_take_cpus(&c, cpus, capacity, &stat))
		return -EINVAL;
	field_parse_lines(c.at, cursor_left(&c), fields, ARRAY_SIZE(fields), &stat);
	*ret = stat;
	return 0;
}

/* "151.01": two decimals. */
static bool load_take(struct cursor *c, int64_t *ret)
{
	uint64_t whole, part;
	const char *point;

	if (!cursor_take_u64(c, &whole) || whole > INT32_MAX)
		return false;
	point = c->at;
	if (!cursor_take_text(c, ".") || !cursor_take_u64(c, &part) || c->at - point != 3)
		return false;
	*ret = (int64_t)(whole * 1000 + part * 10);
	return true;
}

int host_load_parse(const char *bytes, size_t size, struct host_load *ret)
{
	struct cursor c = cursor_over(bytes, size);
	struct host_load load;
	int64_t newest_pid;

	if (!load_take(&c, &load.milli[0]) || !load_take(&c, &load.milli[1]) ||
	    !load_take(&c, &load.milli[2]) || !cursor_take_i64(&c, &load.running) ||
	    !cursor_take_text(&c, "/") || !cursor_take_i64(&c, &load.threads) ||
	    !cursor_take_i64(&c, &newest_pid) || !cursor_take_text(&c, "\n"))
		return -EINVAL;
	*ret = load;
	return 0;
}

int host_memory_parse(const char *bytes, size_t size, struct host_memory *ret)
{
	static const struct field fields[] = {
		FIELD(struct host_memory, total, "MemTotal", 1024),
		FIELD(struct host_memory, free, "MemFree", 1024),
		FIELD(struct host_memory, available, "MemAvailable", 1024),
		FIELD(struct host_memory, buffers, "Buffers", 1024),
		FIELD(struct host_memory, cached, "Cached", 1024),
		FIELD(struct host_memory, swap_cached, "SwapCached", 1024),
		FIELD(struct host_memory, swap_total, "SwapTotal", 1024),
		FIELD(struct host_memory, swap_free, "SwapFree", 1024),
		FIELD(struct host_memory, dirty, "Dirty", 1024),
		FIELD(struct host_memory, writeback, "Writeback", 1024),
		FIELD(struct host_memory, anonymous, "AnonPages", 1024),
		FIELD(struct host_memory, shared, "Shmem", 1024),
		FIELD(struct host_memory, slab, "Slab", 1024),
		FIELD(struct host_memory, commit_limit, "CommitLimit", 1024),
		FIELD(struct host_memory, committed, "Committed_AS", 1024),
		FIELD(struct host_memory, huge_pages_total, "HugePages_Total", 1),
		FIELD(struct host_memory, huge_pages_free, "HugePages_Free", 1),
		FIELD(struct host_memory, huge_page_bytes, "Hugepagesize", 1024),
	};
	struct host_memory memory;

	field_parse_lines(bytes, size, fields, ARRAY_SIZE(fields), &memory);
	if (!field_present(memory.total))
		return -EINVAL;
	*ret = memory;
	return 0;
}

int host_vmstat_parse(const char *bytes, size_t size, struct host_vmstat *ret)
{
	static const struct field fields[] = {
		FIELD(struct host_vmstat, swapped_in, "pswpin", 1),
		FIELD(struct host_vmstat, swapped_out, "pswpout", 1),
		FIELD(struct host_vmstat, faults, "pgfault", 1),
		FIELD(struct host_vmstat, major_faults, "pgmajfault", 1),
		FIELD(struct host_vmstat, oom_kills, "oom_kill", 1),
		FIELD(struct host_vmstat, ksm_swapin_copy, "ksm_swpin_copy", 1),
		FIELD(struct host_vmstat, cow_ksm, "cow_ksm", 1),
	};
	struct host_vmstat vmstat;

	if (field_parse_lines(bytes, size, fields, ARRAY_SIZE(fields), &vmstat) == 0)
		return -EINVAL;
	*ret = vmstat;
	return 0;
}

ssize_t host_text_read(struct root *root, const char *path, char *ret, size_t ret_size)
{
	char bytes[512];
	ssize_t size = root_read(root, path, bytes, sizeof bytes);
	struct span text;

	if (size < 0)
		return size;
	text = span_trimmed(bytes, strnlen(bytes, (size_t)size));
	text_copy(ret, ret_size, text.at, text.size);
	return (ssize_t)strlen(ret);
}

/* EEVDF took the place of CFS in 6.6. */
static bool release_has_eevdf(const char *release)
{
	struct cursor c = cursor_over(release, strlen(release));
	uint64_t major, minor;

	if (!cursor_take_u64(&c, &major) || !cursor_take_text(&c, ".") ||
	    !cursor_take_u64(&c, &minor))
		return false;
	return major > 6 || (major == 6 && minor >= 6);
}

/* "0x0007": the first bit is the switch of all of it. */
int host_lru_gen_read(struct root *root)
{
	char text[32];
	ssize_t size = host_text_read(root, "/sys/kernel/mm/lru_gen/enabled", text, sizeof text);

	return size < 0 ? (int)size : (int)(strtoul(text, NULL, 0) & 1);
}

int host_scheduler_read(struct root *root, char *ret, size_t ret_size)
{
	char text[256];
	ssize_t size = host_text_read(root, "/sys/kernel/sched_ext/state", text, sizeof text);

	if (size > 0 && strcmp(text, "enabled") == 0) {
		size = host_text_read(root, "/sys/kernel/sched_ext/root/ops", text, sizeof text);
		snprintf(ret, ret_size, "sched_ext %s", size > 0 ? text : "of unknown name");
		return 0;
	}
	size = host_text_read(root, "/proc/sys/kernel/osrelease", text, sizeof text);
	if (size < 0)
		return (int)size;
	snprintf(ret, ret_size, "%s", release_has_eevdf(text) ? "EEVDF" : "CFS");
	return 0;
}

static int64_t topology_number(struct root *root, int cpu, const char *file)
{
	char path[128];
	char bytes[32];
	int64_t number;
	ssize_t size;

	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/%s", cpu, file);
	size = root_read(root, path, bytes, sizeof bytes);
	/* -1: the architecture does not tell. */
	if (size < 0 || field_parse_number(bytes, (size_t)size, &number) < 0 || number < 0)
		return FIELD_ABSENT;
	return number;
}

/* The CPU's directory has a link "nodeN". */
static int topology_node(const char *name, void *context)
{
	struct cursor c = cursor_over(name, strlen(name));
	uint64_t number;

	if (!cursor_take_text(&c, "node") || !cursor_take_u64(&c, &number) ||
	    !cursor_at_end(&c) || number > INT_MAX)
		return 0;
	*(int64_t *)context = (int64_t)number;
	return 1;
}

int host_topology_read(struct root *root, int cpu, struct host_topology *ret)
{
	struct host_topology topology = { .node = FIELD_ABSENT };
	char path[128];
	int r;

	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d", cpu);
	r = root_list(root, path, topology_node, &topology.node);
	if (r < 0)
		return r;
	topology.core = topology_number(root, cpu, "core_id");
	topology.package = topology_number(root, cpu, "physical_package_id");
	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
		 cpu);
	if (host_text_read(root, path, topology.siblings, sizeof topology.siblings) < 0)
		topology.siblings[0] = '\0';
	*ret = topology;
	return 0;
}
