/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/counters.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/cursor.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* /proc/stat has a number for each interrupt, hundreds of them in a guest; what we want of it
 * before and after that line is in the first so many bytes, or absent. */
#define FILE_MAX 32768
#define BYTES_PER_KIB 1024

static void counter_set(struct counter_values *values, enum agent_counter counter, uint64_t value)
{
	values->values[counter] = value;
	values->present |= 1ull << counter;
}

/* user nice system idle iowait irq softirq steal: those that a kernel has, from the left. */
static void cpu_line_parse(struct cursor *line, uint64_t tick_nsec, struct counter_values *values)
{
	enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, COUNT };
	uint64_t ticks[COUNT];
	unsigned count = 0;

	while (count < COUNT && cursor_take_u64(line, &ticks[count]))
		count++;
	if (count <= SOFTIRQ)
		return;
	counter_set(values, AGENT_COUNTER_cpu_user_nsec, (ticks[USER] + ticks[NICE]) * tick_nsec);
	counter_set(values, AGENT_COUNTER_cpu_system_nsec, ticks[SYSTEM] * tick_nsec);
	counter_set(values, AGENT_COUNTER_cpu_idle_nsec, (ticks[IDLE] + ticks[IOWAIT]) * tick_nsec);
	counter_set(values, AGENT_COUNTER_cpu_interrupt_nsec,
		    (ticks[IRQ] + ticks[SOFTIRQ]) * tick_nsec);
	if (count > STEAL)
		counter_set(values, AGENT_COUNTER_cpu_steal_nsec, ticks[STEAL] * tick_nsec);
}

struct counter_name {
	const char *name; /* with what comes behind it in the file */
	size_t size;
	enum agent_counter counter;
	unsigned unit;
};

#define COUNTER(name, counter, unit) { name, sizeof(name) - 1, AGENT_COUNTER_##counter, unit }

/* The line's number, times the unit, where its name is one of these. */
static void named_line_parse(struct cursor *line, const struct counter_name *names, size_t count,
			     struct counter_values *values)
{
	uint64_t number;
	size_t i;

	for (i = 0; i < count; i++) {
		struct cursor here = { line->at + names[i].size, line->end };

		if (cursor_left(line) < names[i].size ||
		    memcmp(line->at, names[i].name, names[i].size) != 0)
			continue;
		if (cursor_take_u64(&here, &number))
			counter_set(values, names[i].counter, number * names[i].unit);
		return;
	}
}

void counters_parse_stat(const char *bytes, size_t size, uint64_t tick_nsec,
			 struct counter_values *values)
{
	static const struct counter_name names[] = {
		COUNTER("intr ", interrupts, 1),
		COUNTER("ctxt ", context_switches, 1),
		COUNTER("processes ", processes_made, 1),
	};
	struct cursor at = cursor_over(bytes, size), line;

	while (cursor_take_line(&at, &line))
		if (cursor_take_text(&line, "cpu "))
			cpu_line_parse(&line, tick_nsec, values);
		else
			named_line_parse(&line, names, ARRAY_SIZE(names), values);
}

void counters_parse_vmstat(const char *bytes, size_t size, struct counter_values *values)
{
	/* The kernel counts pgpgin and pgpgout in KiB, and major faults among the faults. */
	static const struct counter_name names[] = {
		COUNTER("pgfault ", faults_minor, 1),
		COUNTER("pgmajfault ", faults_major, 1),
		COUNTER("pgpgin ", disk_read_bytes, BYTES_PER_KIB),
		COUNTER("pgpgout ", disk_written_bytes, BYTES_PER_KIB),
		COUNTER("pswpin ", swapped_in_pages, 1),
		COUNTER("pswpout ", swapped_out_pages, 1),
	};
	uint64_t *faults = &values->values[AGENT_COUNTER_faults_minor];
	uint64_t major;
	struct cursor at = cursor_over(bytes, size), line;

	while (cursor_take_line(&at, &line))
		named_line_parse(&line, names, ARRAY_SIZE(names), values);
	major = values->values[AGENT_COUNTER_faults_major];
	if (values->present >> AGENT_COUNTER_faults_major & 1 &&
	    values->present >> AGENT_COUNTER_faults_minor & 1)
		*faults -= major < *faults ? major : *faults;
}

void counters_parse_meminfo(const char *bytes, size_t size, struct counter_values *values)
{
	static const struct counter_name names[] = {
		COUNTER("MemFree:", memory_free_bytes, BYTES_PER_KIB),
		COUNTER("MemAvailable:", memory_available_bytes, BYTES_PER_KIB),
		COUNTER("Cached:", memory_cached_bytes, BYTES_PER_KIB),
	};
	struct cursor at = cursor_over(bytes, size), line;

	while (cursor_take_line(&at, &line))
		named_line_parse(&line, names, ARRAY_SIZE(names), values);
}

/* The number behind "total=". */
static bool pressure_total(struct cursor line, uint64_t *ret)
{
	const char *word;
	size_t size;

	while (cursor_take_word(&line, &word, &size)) {
		struct cursor here = cursor_over(word, size);

		if (cursor_take_text(&here, "total="))
			return cursor_take_u64(&here, ret);
	}
	return false;
}

void counters_parse_pressure(const char *bytes, size_t size, enum agent_counter some, bool full,
			     struct counter_values *values)
{
	struct cursor at = cursor_over(bytes, size), line;
	uint64_t total;

	while (cursor_take_line(&at, &line))
		if (cursor_take_text(&line, "some ") && pressure_total(line, &total))
			counter_set(values, some, total);
		else if (full && cursor_take_text(&line, "full ") && pressure_total(line, &total))
			counter_set(values, some + 1, total);
}

static const char *const pressure_paths[] = {
	"/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io",
};

void counters_init(struct counters *counters)
{
	*counters = (struct counters){ 0 };
}

static void counters_open(struct counters *counters)
{
	unsigned i;

	counters->opened = true;
	counters->stat_fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	counters->vmstat_fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	counters->meminfo_fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	for (i = 0; i < ARRAY_SIZE(pressure_paths); i++)
		counters->pressure_fds[i] = open(pressure_paths[i], O_RDONLY | O_CLOEXEC);
}

void counters_done(struct counters *counters)
{
	unsigned i;

	if (!counters->opened)
		return;
	cleanup_close(&counters->stat_fd);
	cleanup_close(&counters->vmstat_fd);
	cleanup_close(&counters->meminfo_fd);
	for (i = 0; i < ARRAY_SIZE(pressure_paths); i++)
		cleanup_close(&counters->pressure_fds[i]);
}

static size_t file_read(int fd, char *bytes)
{
	ssize_t size = fd >= 0 ? pread(fd, bytes, FILE_MAX, 0) : -1;

	return size > 0 ? (size_t)size : 0;
}

static void pressure_read(const struct counters *counters, char *bytes,
			  struct counter_values *values)
{
	counters_parse_pressure(bytes, file_read(counters->pressure_fds[0], bytes),
				AGENT_COUNTER_pressure_cpu_some_usec, false, values);
	counters_parse_pressure(bytes, file_read(counters->pressure_fds[1], bytes),
				AGENT_COUNTER_pressure_memory_some_usec, true, values);
	counters_parse_pressure(bytes, file_read(counters->pressure_fds[2], bytes),
				AGENT_COUNTER_pressure_io_some_usec, true, values);
}

static uint64_t process_cpu_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static void hold_at_most(struct counters *counters, struct counter_values *values)
{
	uint64_t held = values->present & ~AGENT_COUNTERS_THAT_SINK;
	unsigned i;

	for (i = 0; i < AGENT_COUNTER_COUNT; i++)
		if (held >> i & 1) {
			if (values->values[i] < counters->most[i])
				values->values[i] = counters->most[i];
			counters->most[i] = values->values[i];
		}
}

void counters_read(struct counters *counters, struct agent_message *ret)
{
	static char bytes[FILE_MAX];
	struct counter_values values = { 0 };
	uint64_t tick_nsec = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);

	if (!counters->opened)
		counters_open(counters);
	ret->kind = AGENT_COUNTERS;
	ret->job = 0;
	ret->counters.nsec = clock_monotonic_nsec();
	counters_parse_stat(bytes, file_read(counters->stat_fd, bytes), tick_nsec, &values);
	counters_parse_vmstat(bytes, file_read(counters->vmstat_fd, bytes), &values);
	counters_parse_meminfo(bytes, file_read(counters->meminfo_fd, bytes), &values);
	pressure_read(counters, bytes, &values);
	counter_set(&values, AGENT_COUNTER_agent_cpu_nsec, process_cpu_nsec());
	hold_at_most(counters, &values);
	ret->counters.present = values.present;
	memcpy(ret->counters.values, values.values, sizeof values.values);
}
