/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What parsing costs by itself, without the kernel's part: nanoseconds a parse, the best of
 * several rounds. The bytes are this machine's own, but for a VMM's stat and status.
 */
#include "base/clock.h"
#include "sys/cgroup_files.h"
#include "sys/host.h"
#include "sys/pressure.h"
#include "sys/proc.h"
#include "sys/process.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 7
#define PARSES 20000

static const char stat_bytes[] =
	"8803 (CPU 0/KVM) S 8780 8780 6763 0 -1 138412096 2911 6624 17 3 201300 41700 4 5 20 0 7 0 "
	"116941 3133440000 182380 18446744073709551615 94875432898560 94875432918441 "
	"140733614529312 0 0 0 268444224 4096 16963 0 0 0 17 3 0 0 12 199900 0 94875432934448 "
	"94875432936064 94875749453824 140733614537159 140733614537179 140733614537179 "
	"140733614538731 0\n";
static const char schedstat_bytes[] = "3000123456789 2999876543210 1700456\n";
static const char io_bytes[] = "rchar: 708700123\nwchar: 11100456\nsyscr: 1200789\n"
			       "syscw: 104455\nread_bytes: 409600000\nwrite_bytes: 819200000\n"
			       "cancelled_write_bytes: 51200\n";
static const char cpu_stat_bytes[] =
	"usage_usec 500012345\nuser_usec 300012345\nsystem_usec 200000000\n"
	"core_sched.force_idle_usec 0\nnr_periods 4000\nnr_throttled 3000\n"
	"throttled_usec 299012345\nnr_bursts 0\nburst_usec 0\n";
static const char pressure_bytes[] = "some avg10=0.73 avg60=10.43 avg300=12.00 total=5984348\n"
				     "full avg10=0.00 avg60=0.05 avg300=0.02 total=3015689\n";

static char status_bytes[4096], host_stat_bytes[65536], memory_bytes[8192];

static size_t load(const char *path, char *to, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t got = file != NULL ? fread(to, 1, size, file) : 0;

	if (file != NULL)
		fclose(file);
	return got;
}

union parsed {
	struct proc_stat stat;
	struct proc_schedstat schedstat;
	struct proc_io io;
	struct proc_status status;
	struct cgroup_cpu_stat cpu_stat;
	struct pressure pressure;
	struct host_memory memory;
};

static int parse_stat(const char *bytes, size_t size, union parsed *to)
{
	return proc_stat_parse(bytes, size, &to->stat);
}

static int parse_schedstat(const char *bytes, size_t size, union parsed *to)
{
	return proc_schedstat_parse(bytes, size, &to->schedstat);
}

static int parse_io(const char *bytes, size_t size, union parsed *to)
{
	return proc_io_parse(bytes, size, &to->io);
}

static int parse_status(const char *bytes, size_t size, union parsed *to)
{
	return proc_status_parse(bytes, size, &to->status);
}

static int parse_cpu_stat(const char *bytes, size_t size, union parsed *to)
{
	return cgroup_cpu_stat_parse(bytes, size, &to->cpu_stat);
}

static int parse_pressure(const char *bytes, size_t size, union parsed *to)
{
	return pressure_parse(bytes, size, &to->pressure);
}

static int parse_memory(const char *bytes, size_t size, union parsed *to)
{
	return host_memory_parse(bytes, size, &to->memory);
}

static int parse_host_stat(const char *bytes, size_t size, union parsed *to)
{
	static struct host_cpu cpus[1024];
	struct host_stat stat;

	return host_stat_parse(bytes, size, cpus, 1024, &stat);
}

static int measure(const char *name, int (*parse)(const char *, size_t, union parsed *),
		   const char *bytes, size_t size)
{
	uint64_t best = UINT64_MAX;
	union parsed to;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t start = clock_thread_cpu_nsec();
		uint64_t took;

		for (i = 0; i < PARSES; i++) {
			/* The compiler must take the bytes for new ones each time. */
			__asm__ volatile("" : "+r"(bytes) : : "memory");
			if (parse(bytes, size, &to) < 0)
				return 1;
		}
		took = clock_thread_cpu_nsec() - start;
		best = took < best ? took : best;
	}
	printf("%-24s %6zu bytes %8.1f ns\n", name, size, (double)best / PARSES);
	return 0;
}

int main(void)
{
	size_t status = load("/proc/self/status", status_bytes, sizeof status_bytes);
	size_t host = load("/proc/stat", host_stat_bytes, sizeof host_stat_bytes);
	size_t memory = load("/proc/meminfo", memory_bytes, sizeof memory_bytes);

	return measure("/proc/PID/stat", parse_stat, stat_bytes, sizeof stat_bytes - 1) +
	       measure("/proc/TID/schedstat", parse_schedstat, schedstat_bytes,
		       sizeof schedstat_bytes - 1) +
	       measure("/proc/PID/io", parse_io, io_bytes, sizeof io_bytes - 1) +
	       measure("/proc/PID/status", parse_status, status_bytes, status) +
	       measure("cpu.stat", parse_cpu_stat, cpu_stat_bytes, sizeof cpu_stat_bytes - 1) +
	       measure("cpu.pressure", parse_pressure, pressure_bytes, sizeof pressure_bytes - 1) +
	       measure("/proc/stat", parse_host_stat, host_stat_bytes, host) +
	       measure("/proc/meminfo", parse_memory, memory_bytes, memory);
}
