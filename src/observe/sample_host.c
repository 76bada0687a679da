/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/sample_host.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/vec.h"
#include "observe/sample_vm.h"
#include "observe/take.h"
#include "sys/device.h"
#include "sys/host.h"
#include "sys/ksm.h"
#include "sys/pressure.h"
#include "sys/proc.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum host_file {
	FILE_STAT,
	FILE_LOADAVG,
	FILE_MEMINFO,
	FILE_PRESSURE_CPU,
	FILE_PRESSURE_MEMORY,
	FILE_PRESSURE_IO,
	FILE_DISKSTATS,
	FILE_NET_DEV,
	FILE_COUNT,
};

static const char *const paths[FILE_COUNT] = {
	"/proc/stat", "/proc/loadavg", "/proc/meminfo", "/proc/pressure/cpu",
	"/proc/pressure/memory", "/proc/pressure/io", "/proc/diskstats", "/proc/net/dev",
};

struct host_files {
	int fd[FILE_COUNT]; /* negative errno where it could not be opened */
	struct host_cpu *cpus;
	size_t cpu_capacity;
	struct disk_set disks;
	struct ksm_reader ksm;
	pid_t ksmd;
	bool ksmd_sought;
	bool settled; /* cold figures were read once: a change of a knob is an event */
};

static void set(struct host *host, enum host_figure figure, int64_t number)
{
	figure_take(host->value, host->state, figure, number, 0);
}

/* The whole file in the observer's buffer; it grows until it fits, which is once. */
static ssize_t read_file(struct observe *observe, enum host_file file)
{
	int fd = observe->host->fd[file];
	ssize_t size;

	if (fd < 0)
		return fd;
	for (;;) {
		char *larger;

		size = root_pread(observe->root, fd, observe->buffer, observe->buffer_size - 1);
		if (size < 0 || (size_t)size < observe->buffer_size - 1 ||
		    observe->buffer_size > (16u << 20))
			break;
		larger = realloc(observe->buffer, observe->buffer_size * 2);
		if (larger == NULL)
			break;
		observe->buffer = larger;
		observe->buffer_size *= 2;
	}
	if (size >= 0)
		observe->buffer[size] = '\0';
	return size;
}

int sample_host_open(struct observe *observe)
{
	struct host_files *files = calloc(1, sizeof *files);
	struct host *host = &observe->snapshot.host;
	static const struct {
		enum host_text text;
		const char *path;
	} texts[] = {
		{ HOST_TEXT_BOOT_ID, "/proc/sys/kernel/random/boot_id" },
		{ HOST_TEXT_HOSTNAME, "/proc/sys/kernel/hostname" },
		{ HOST_TEXT_KERNEL, "/proc/sys/kernel/osrelease" },
	};
	char text[256];
	const char *mode;
	ssize_t size;
	size_t i;

	if (files == NULL)
		return -ENOMEM;
	observe->host = files;
	for (i = 0; i < FILE_COUNT; i++)
		files->fd[i] = root_open(observe->root, paths[i]);
	ksm_reader_init(&files->ksm, observe->root);
	disk_set_read(observe->root, &files->disks);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		size = host_text_read(observe->root, texts[i].path, text, sizeof text);
		if (size > 0)
			text_set(&host->text[texts[i].text], text, (size_t)size);
	}
	mode = cgroup_mode_name(observe->cgroups.mode);
	text_set(&host->text[HOST_TEXT_CGROUP], mode, strlen(mode));
	return 0;
}

void sample_host_close(struct observe *observe)
{
	struct host_files *files = observe->host;
	size_t i;

	if (files == NULL)
		return;
	for (i = 0; i < FILE_COUNT; i++)
		root_close(observe->root, files->fd[i]);
	ksm_reader_done(&files->ksm);
	disk_set_done(&files->disks);
	free(files->cpus);
	free(files);
	observe->host = NULL;
}

/* -- hot -------------------------------------------------------------------------------- */

static void set_cpu(struct cpu *cpu, enum cpu_figure figure, uint64_t ticks, uint64_t tick_usec)
{
	figure_set(cpu->value, cpu->state, figure, (int64_t)(ticks * tick_usec));
}

static void sample_cpus(struct observe *observe, size_t count)
{
	uint64_t tick_usec = 1000000 / (uint64_t)observe->root->ticks_per_second;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct host_cpu *from = &observe->host->cpus[i];
		struct cpu *cpu = snapshot_cpu(&observe->snapshot, from->number);

		if (cpu == NULL)
			return;
		set_cpu(cpu, CPU_USER, from->user - (from->guest < from->user ? from->guest : 0),
			tick_usec);
		set_cpu(cpu, CPU_NICE,
			from->nice - (from->guest_nice < from->nice ? from->guest_nice : 0), tick_usec);
		set_cpu(cpu, CPU_SYSTEM, from->system, tick_usec);
		set_cpu(cpu, CPU_IDLE, from->idle, tick_usec);
		set_cpu(cpu, CPU_IOWAIT, from->iowait, tick_usec);
		set_cpu(cpu, CPU_IRQ, from->irq, tick_usec);
		set_cpu(cpu, CPU_SOFTIRQ, from->softirq, tick_usec);
		set_cpu(cpu, CPU_STEAL, from->steal, tick_usec);
		set_cpu(cpu, CPU_GUEST, from->guest + from->guest_nice, tick_usec);
	}
}

static void set_utilisation(struct observe *observe, const struct host_cpu *all, uint64_t now)
{
	static const struct {
		enum host_figure figure;
		uint64_t window_usec;
	} windows[] = { { HOST_UTILISATION_1MIN, 60000000 }, { HOST_UTILISATION_5MIN, 300000000 },
			{ HOST_UTILISATION_15MIN, 900000000 } };
	uint64_t tick_usec = 1000000 / (uint64_t)observe->root->ticks_per_second;
	uint64_t busy = all->user + all->nice + all->system + all->irq + all->softirq + all->steal;
	uint64_t idle = all->idle + all->iowait;
	struct host *host = &observe->snapshot.host;
	int64_t share;
	size_t i;

	utilisation_add(&observe->utilisation, now, busy * tick_usec, (busy + idle) * tick_usec);
	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		if (utilisation_over(&observe->utilisation, windows[i].window_usec, &share))
			set(host, windows[i].figure, share);
		else
			host->state[windows[i].figure] = FIGURE_TOO_SOON;
	}
	set(host, HOST_UTILISATION_SEEN, (int64_t)utilisation_seen_usec(&observe->utilisation));
}

static void sample_stat(struct observe *observe, uint64_t now)
{
	struct host_files *files = observe->host;
	struct host *host = &observe->snapshot.host;
	struct host_stat stat;
	ssize_t size = read_file(observe, FILE_STAT);

	if (size < 0 || host_stat_parse(observe->buffer, (size_t)size, files->cpus,
					files->cpu_capacity, &stat) < 0)
		return;
	if (stat.cpu_count > files->cpu_capacity) {
		if (!VEC_RESERVE(files->cpus, files->cpu_capacity, stat.cpu_count))
			return;
		host_stat_parse(observe->buffer, (size_t)size, files->cpus, files->cpu_capacity,
				&stat);
	}
	sample_cpus(observe, stat.cpu_count);
	set_utilisation(observe, &stat.all, now);
	set(host, HOST_CONTEXT_SWITCHES, stat.context_switches);
	set(host, HOST_PROCESSES_STARTED, stat.processes);
	set(host, HOST_RUNNING, stat.running);
	set(host, HOST_BLOCKED, stat.blocked);
	if (field_present(stat.boot_seconds))
		observe->boot_realtime_usec = (uint64_t)stat.boot_seconds * 1000000;
}

static void sample_load(struct observe *observe)
{
	struct host *host = &observe->snapshot.host;
	struct host_load load;
	ssize_t size = read_file(observe, FILE_LOADAVG);

	if (size < 0 || host_load_parse(observe->buffer, (size_t)size, &load) < 0)
		return;
	set(host, HOST_LOAD_1MIN, load.milli[0]);
	set(host, HOST_LOAD_5MIN, load.milli[1]);
	set(host, HOST_LOAD_15MIN, load.milli[2]);
}

static void sample_memory(struct observe *observe)
{
	struct host *host = &observe->snapshot.host;
	struct host_memory memory;
	ssize_t size = read_file(observe, FILE_MEMINFO);

	if (size < 0 || host_memory_parse(observe->buffer, (size_t)size, &memory) < 0)
		return;
	set(host, HOST_MEMORY_TOTAL, memory.total);
	set(host, HOST_MEMORY_FREE, memory.free);
	set(host, HOST_MEMORY_AVAILABLE, memory.available);
	set(host, HOST_MEMORY_BUFFERS, memory.buffers);
	set(host, HOST_MEMORY_CACHED, memory.cached);
	set(host, HOST_MEMORY_ANONYMOUS, memory.anonymous);
	set(host, HOST_MEMORY_SHARED, memory.shared);
	set(host, HOST_MEMORY_DIRTY, memory.dirty);
	set(host, HOST_MEMORY_COMMITTED, memory.committed);
	set(host, HOST_MEMORY_COMMIT_LIMIT, memory.commit_limit);
	set(host, HOST_SWAP_TOTAL, memory.swap_total);
	set(host, HOST_SWAP_FREE, memory.swap_free);
	set(host, HOST_HUGE_PAGES_TOTAL, memory.huge_pages_total);
	set(host, HOST_HUGE_PAGES_FREE, memory.huge_pages_free);
}

static void sample_pressure(struct observe *observe)
{
	static const struct {
		enum host_file file;
		int some, full, some_10s, full_10s; /* enum host_figure, -1: none */
	} rows[] = {
		{ FILE_PRESSURE_CPU, HOST_PSI_CPU_SOME, -1, HOST_PSI_CPU_SOME_10S, -1 },
		{ FILE_PRESSURE_MEMORY, HOST_PSI_MEMORY_SOME, HOST_PSI_MEMORY_FULL,
		  HOST_PSI_MEMORY_SOME_10S, HOST_PSI_MEMORY_FULL_10S },
		{ FILE_PRESSURE_IO, HOST_PSI_IO_SOME, HOST_PSI_IO_FULL, HOST_PSI_IO_SOME_10S,
		  HOST_PSI_IO_FULL_10S },
	};
	struct host *host = &observe->snapshot.host;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pressure_line none = { FIELD_ABSENT, FIELD_ABSENT, FIELD_ABSENT,
						    FIELD_ABSENT };
		struct pressure pressure = { none, none };
		ssize_t size = read_file(observe, rows[i].file);

		if (size >= 0)
			pressure_parse(observe->buffer, (size_t)size, &pressure);
		set(host, (enum host_figure)rows[i].some, pressure.some.total_usec);
		set(host, (enum host_figure)rows[i].some_10s, pressure.some.avg10_permyriad);
		if (rows[i].full < 0)
			continue;
		set(host, (enum host_figure)rows[i].full, pressure.full.total_usec);
		set(host, (enum host_figure)rows[i].full_10s, pressure.full.avg10_permyriad);
	}
}

static void set_disk(struct disk *disk, enum disk_figure figure, int64_t number)
{
	figure_take(disk->value, disk->state, figure, number, 0);
}

static void sample_disks(struct observe *observe)
{
	ssize_t size = read_file(observe, FILE_DISKSTATS);
	struct cursor c = cursor_over(observe->buffer, size > 0 ? (size_t)size : 0);
	struct disk_stat stat;

	while (disk_stat_next(&c, &stat)) {
		const struct disk_entry *entry = disk_set_find(&observe->host->disks, stat.name);
		struct disk *disk;

		if (entry == NULL || disk_stat_is_unused(&stat))
			continue;
		disk = snapshot_disk(&observe->snapshot, entry->name);
		if (disk == NULL)
			return;
		set_disk(disk, DISK_READS, stat.reads);
		set_disk(disk, DISK_READ_BYTES, stat.read_bytes);
		set_disk(disk, DISK_READ_TIME, stat.read_usec);
		set_disk(disk, DISK_WRITES, stat.writes);
		set_disk(disk, DISK_WRITE_BYTES, stat.write_bytes);
		set_disk(disk, DISK_WRITE_TIME, stat.write_usec);
		set_disk(disk, DISK_DISCARDS, stat.discards);
		set_disk(disk, DISK_FLUSHES, stat.flushes);
		set_disk(disk, DISK_IN_FLIGHT, stat.in_flight);
		set_disk(disk, DISK_BUSY, stat.busy_usec);
		set_disk(disk, DISK_QUEUED, stat.queued_usec);
	}
}

static bool give_to_vm(struct observe *observe, const struct net_stat *stat)
{
	size_t i;

	for (i = 0; i < observe->tapped_count; i++)
		if (sample_vm_tap(observe->tapped[i], stat))
			return true;
	return false;
}

/* A line that is down, and what is no line (lo), fail or say -1. */
static void sample_nic_speed(struct observe *observe, struct nic *nic)
{
	char bytes[32];
	ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/sys/class/net/%s/speed",
				    nic->name);
	struct cursor c = cursor_over(bytes, size > 0 ? (size_t)size : 0);
	int64_t speed;

	if (cursor_take_i64(&c, &speed) && speed > 0)
		figure_set(nic->value, nic->state, NIC_SPEED, speed);
	else
		nic->state[NIC_SPEED] = FIGURE_UNSUPPORTED;
}

static void sample_nics(struct observe *observe)
{
	ssize_t size = read_file(observe, FILE_NET_DEV);
	struct cursor c = cursor_over(observe->buffer, size > 0 ? (size_t)size : 0);
	struct net_stat stat;
	char name[32];

	while (net_stat_next(&c, &stat)) {
		struct nic *nic;

		if (stat.name.size >= sizeof name || give_to_vm(observe, &stat))
			continue;
		memcpy(name, stat.name.at, stat.name.size);
		name[stat.name.size] = '\0';
		nic = snapshot_nic(&observe->snapshot, name);
		if (nic == NULL)
			return;
		figure_set(nic->value, nic->state, NIC_RECEIVED, stat.received_bytes);
		figure_set(nic->value, nic->state, NIC_RECEIVED_PACKETS, stat.received_packets);
		figure_set(nic->value, nic->state, NIC_RECEIVE_ERRORS, stat.receive_errors);
		figure_set(nic->value, nic->state, NIC_RECEIVE_DROPS, stat.receive_drops);
		figure_set(nic->value, nic->state, NIC_SENT, stat.sent_bytes);
		figure_set(nic->value, nic->state, NIC_SENT_PACKETS, stat.sent_packets);
		figure_set(nic->value, nic->state, NIC_SEND_ERRORS, stat.send_errors);
		figure_set(nic->value, nic->state, NIC_SEND_DROPS, stat.send_drops);
		if (nic->state[NIC_SPEED] == FIGURE_NOT_ASKED) /* new; else with the cold ones */
			sample_nic_speed(observe, nic);
	}
}

static int is_ksmd(const char *name, void *context)
{
	struct observe *observe = context;
	char comm[32];
	ssize_t size;

	if (!isdigit((unsigned char)name[0]) || strlen(name) > 10)
		return 0;
	size = watched_read(observe, -1, comm, sizeof comm, "/proc/%s/comm", name);
	if (size != 5 || memcmp(comm, "ksmd\n", 5) != 0)
		return 0;
	observe->host->ksmd = atoi(name);
	return 1;
}

/* schedstat counts nanoseconds; stat, where there is none, hundredths of a second. */
static int64_t ksmd_cpu_usec(struct observe *observe, pid_t ksmd)
{
	struct proc_schedstat run;
	struct proc_stat stat;
	char bytes[1024];
	ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/schedstat", ksmd);

	if (size > 0 && proc_schedstat_parse(bytes, (size_t)size, &run) == 0 && run.run_nsec > 0)
		return (int64_t)(run.run_nsec / NSEC_PER_USEC);
	size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/stat", ksmd);
	if (size <= 0 || proc_stat_parse(bytes, (size_t)size, &stat) < 0)
		return FIELD_ABSENT;
	return (int64_t)(stat.user_ticks + stat.system_ticks) * 1000000 / observe->root->ticks_per_second;
}

/* A kernel thread started at boot: its pid is low and stays. */
static void sample_ksmd(struct observe *observe)
{
	struct host_files *files = observe->host;
	struct host *host = &observe->snapshot.host;

	if (!files->ksmd_sought)
		root_list(observe->root, "/proc", is_ksmd, observe);
	files->ksmd_sought = true;
	if (files->ksmd == 0) {
		host->state[HOST_KSMD_CPU] = FIGURE_UNSUPPORTED;
		return;
	}
	set(host, HOST_KSMD_CPU, ksmd_cpu_usec(observe, files->ksmd));
}

/* Then it may go round in less than a second: what comes of it is looked at each tick, and not only
 * at cold ones. */
static bool ksmd_goes(struct observe *observe)
{
	char run[8];

	return watched_read(observe, -1, run, sizeof run, "/sys/kernel/mm/ksm/run") > 0 && run[0] == '1';
}

static void sample_ksm(struct observe *observe)
{
	struct host *host = &observe->snapshot.host;
	struct ksm ksm;
	int r = ksm_read(&observe->host->ksm, &ksm);
	unsigned i;

	if (r < 0) {
		for (i = HOST_KSM_PAGES_SHARED; i <= HOST_KSM_PROFIT; i++)
			host->state[i] = (uint8_t)figure_state_from_errno(r);
		host->state[HOST_KSMD_CPU] = (uint8_t)figure_state_from_errno(r);
		return;
	}
	set(host, HOST_KSM_PAGES_SHARED, ksm.pages_shared);
	set(host, HOST_KSM_PAGES_SHARING, ksm.pages_sharing);
	set(host, HOST_KSM_PAGES_UNSHARED, ksm.pages_unshared);
	set(host, HOST_KSM_PAGES_VOLATILE, ksm.pages_volatile);
	set(host, HOST_KSM_PAGES_SCANNED, ksm.pages_scanned);
	set(host, HOST_KSM_PAGES_SKIPPED, ksm.pages_skipped);
	set(host, HOST_KSM_ZERO_PAGES, ksm.ksm_zero_pages);
	set(host, HOST_KSM_FULL_SCANS, ksm.full_scans);
	set(host, HOST_KSM_PROFIT, ksm.general_profit);
	sample_ksmd(observe);
}

void sample_host_hot(struct observe *observe, uint64_t monotonic_usec)
{
	sample_stat(observe, monotonic_usec);
	sample_load(observe);
	sample_memory(observe);
	sample_pressure(observe);
	sample_disks(observe);
	sample_nics(observe);
	if (ksmd_goes(observe))
		sample_ksm(observe);
	observe->snapshot.host.sampled_usec[GROUP_HOT] = monotonic_usec;
}

/* -- cold ------------------------------------------------------------------------------- */

static void sample_ksm_settings(struct observe *observe)
{
	static const enum host_figure settings[] = { HOST_KSM_RUN, HOST_KSM_PAGES_TO_SCAN, HOST_KSM_SLEEP,
		HOST_KSM_MAX_SHARING, HOST_KSM_ACROSS_NODES, HOST_KSM_USE_ZERO_PAGES };
	struct host *host = &observe->snapshot.host;
	struct ksm ksm;
	int r = ksm_read(&observe->host->ksm, &ksm);
	size_t i;

	if (r < 0) {
		for (i = 0; i < sizeof settings / sizeof *settings; i++)
			host->state[settings[i]] = (uint8_t)figure_state_from_errno(r);
		return;
	}
	set(host, HOST_KSM_RUN, ksm.run);
	set(host, HOST_KSM_PAGES_TO_SCAN, ksm.pages_to_scan);
	set(host, HOST_KSM_SLEEP, ksm.sleep_millisecs);
	set(host, HOST_KSM_MAX_SHARING, ksm.max_page_sharing);
	set(host, HOST_KSM_ACROSS_NODES, ksm.merge_across_nodes);
	set(host, HOST_KSM_USE_ZERO_PAGES, ksm.use_zero_pages);
	if (ksm.advisor[0] != '\0')
		text_set(&host->text[HOST_TEXT_KSM_ADVISOR], ksm.advisor, strlen(ksm.advisor));
}

static void sample_vmstat(struct observe *observe)
{
	struct host *host = &observe->snapshot.host;
	struct host_vmstat vmstat;
	char bytes[16384];
	ssize_t size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/vmstat");

	if (size < 0 || host_vmstat_parse(bytes, (size_t)size, &vmstat) < 0)
		return;
	set(host, HOST_SWAPPED_IN, vmstat.swapped_in);
	set(host, HOST_SWAPPED_OUT, vmstat.swapped_out);
	set(host, HOST_MAJOR_FAULTS, vmstat.major_faults);
	set(host, HOST_OOM_KILLS, vmstat.oom_kills);
}

static void sample_topology(struct observe *observe)
{
	size_t i;

	for (i = 0; i < observe->snapshot.cpu_count; i++) {
		struct cpu *cpu = &observe->snapshot.cpus[i];
		struct host_topology topology;

		if (cpu->state[CPU_CORE] != FIGURE_NOT_ASKED)
			continue;
		cpu->state[CPU_CORE] = cpu->state[CPU_PACKAGE] = cpu->state[CPU_NODE] =
			FIGURE_UNSUPPORTED;
		if (host_topology_read(observe->root, cpu->number, &topology) < 0)
			continue;
		figure_take(cpu->value, cpu->state, CPU_CORE, topology.core, 0);
		figure_take(cpu->value, cpu->state, CPU_PACKAGE, topology.package, 0);
		figure_take(cpu->value, cpu->state, CPU_NODE, topology.node, 0);
		if (topology.siblings[0] != '\0')
			text_set(&cpu->text[CPU_TEXT_SIBLINGS], topology.siblings,
				 strlen(topology.siblings));
	}
}

static void sample_disk_settings(struct observe *observe)
{
	char scheduler[64];
	size_t i;

	disk_set_read(observe->root, &observe->host->disks);
	for (i = 0; i < observe->snapshot.disk_count; i++) {
		struct disk *disk = &observe->snapshot.disks[i];
		int rotational = disk_rotational_read(observe->root, disk->name);

		if (rotational >= 0)
			figure_set(disk->value, disk->state, DISK_ROTATIONAL, rotational);
		if (disk_scheduler_read(observe->root, disk->name, scheduler, sizeof scheduler) >= 0)
			text_set(&disk->text[DISK_TEXT_SCHEDULER], scheduler, strlen(scheduler));
	}
}

static void sample_nic_speeds(struct observe *observe)
{
	size_t i;

	for (i = 0; i < observe->snapshot.nic_count; i++)
		sample_nic_speed(observe, &observe->snapshot.nics[i]);
}

/* iocost works for the whole host once it is enabled for a disk; schedulers for their disk. */
static const char *find_io_arbiter(struct observe *observe)
{
	static const char *const schedulers[] = { "bfq", "cfq" };
	char path[320], bytes[1024];
	size_t i, k;

	if (cgroup_compose(&observe->cgroups.unified, (struct span){ "/", 1 }, "io.cost.qos", path,
			   sizeof path) == 0 &&
	    watched_read(observe, -1, bytes, sizeof bytes, "%s", path) > 0 &&
	    strstr(bytes, "enable=1") != NULL)
		return "iocost";
	for (k = 0; k < ARRAY_SIZE(schedulers); k++)
		for (i = 0; i < observe->snapshot.disk_count; i++) {
			const char *in_force = observe->snapshot.disks[i].text[DISK_TEXT_SCHEDULER];

			if (in_force != NULL && strcmp(in_force, schedulers[k]) == 0)
				return schedulers[k];
		}
	return "none";
}

static void sample_io_arbiter(struct observe *observe)
{
	const char *arbiter = find_io_arbiter(observe);

	text_set(&observe->snapshot.host.text[HOST_TEXT_IO_ARBITER], arbiter, strlen(arbiter));
}

/* Where the kernel has no such switch nothing is told. */
static void sample_memory_ageing(struct observe *observe)
{
	int generations = host_lru_gen_read(observe->root);
	const char *ageing = generations > 0 ? "generations" : "lists";

	if (generations >= 0)
		text_set(&observe->snapshot.host.text[HOST_TEXT_MEMORY_AGEING], ageing,
			 strlen(ageing));
}

static int is_tap(const char *name, void *context)
{
	struct observe *observe = context;
	char path[128];

	snprintf(path, sizeof path, "/sys/class/net/%.64s/tun_flags", name);
	return root_exists(observe->root, path);
}

/* Whose taps they are is asked of each VMM's descriptors, which are many: not without need. */
static void sample_taps(struct observe *observe)
{
	int r = root_list(observe->root, "/sys/class/net", is_tap, observe);

	observe->has_taps = r != 0; /* unreadable: they may be there */
}

void sample_host_cold(struct observe *observe, uint64_t monotonic_usec)
{
	struct host *host = &observe->snapshot.host;
	int64_t value[HOST_FIGURE_COUNT];
	uint8_t state[HOST_FIGURE_COUNT];
	struct object_view before = { &host_info, value, state, NULL };
	char scheduler[128], autogroups[8];

	memcpy(value, host->value, sizeof value);
	memcpy(state, host->state, sizeof state);
	observe->autogroups = watched_read(observe, -1, autogroups, sizeof autogroups,
					   "/proc/sys/kernel/sched_autogroup_enabled") > 0 &&
			      autogroups[0] == '1';
	sample_taps(observe);
	sample_vmstat(observe);
	sample_ksm_settings(observe);
	sample_ksm(observe);
	sample_topology(observe);
	sample_disk_settings(observe);
	sample_nic_speeds(observe);
	sample_io_arbiter(observe);
	sample_memory_ageing(observe);
	if (host_scheduler_read(observe->root, scheduler, sizeof scheduler) >= 0)
		text_set(&host->text[HOST_TEXT_SCHEDULER], scheduler, strlen(scheduler));
	if (observe->host->settled)
		observe_knob_events(observe, NULL, "", before, host_view(host));
	observe->host->settled = true;
	host->sampled_usec[GROUP_COLD] = monotonic_usec;
}
