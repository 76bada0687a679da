/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a turn with 500 VMs costs: CPU time of the parent (handing over and reading), CPU time of
 * the policy's process, the time between the two as a clock sees it, and that process's memory.
 *
 *     decider_bench POLICY...   (in C, which is built, or in Lua)
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "decide/build.h"
#include "decide/decider.h"
#include "model/synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VMS = 500, TURNS = 200, WARM = 5 };

static uint64_t rss_kib(pid_t pid, const char *what)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_FCLOSE FILE *file = NULL;
	char line[200];

	if (asprintf(&path, "/proc/%d/status", pid) < 0)
		abort();
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			return strtoull(line + strlen(what), NULL, 10);
	return 0;
}

static void bench_turns(struct decider *decider, const char *name, struct synthetic *host)
{
	uint64_t parent_nsec = 0, child_usec = 0, wall_usec = 0, requests = 0;
	const struct decision *decision;
	struct error err;
	unsigned i;

	for (i = 0; i < TURNS; i++) {
		uint64_t cpu, wall;

		synthetic_tick(host);
		cpu = clock_thread_cpu_nsec();
		wall = clock_monotonic_usec();
		if (decider_turn(decider, DECIDER_TICK, &host->snapshot, NULL, 0, &decision, &err) < 0) {
			printf("%s\n", err.text);
			exit(1);
		}
		if (decision->restarted) {
			printf("%s\n", decision->trouble);
			exit(1);
		}
		if (i < WARM)
			continue;
		parent_nsec += clock_thread_cpu_nsec() - cpu;
		wall_usec += clock_monotonic_usec() - wall;
		child_usec += decision->cpu_usec;
		requests += decision->request_count;
	}
	printf("%s, %d VMs: parent %llu usec CPU, policy %llu usec CPU, %llu usec by the clock; "
	       "%.1f requests a turn; RSS of the process %llu KiB, of it shared images %llu\n",
	       name, VMS, (unsigned long long)(parent_nsec / (TURNS - WARM) / 1000),
	       (unsigned long long)(child_usec / (TURNS - WARM)),
	       (unsigned long long)(wall_usec / (TURNS - WARM)), (double)requests / (TURNS - WARM),
	       (unsigned long long)rss_kib(decider_pid(decider), "VmRSS:"),
	       (unsigned long long)rss_kib(decider_pid(decider), "RssShmem:"));
}

static int bench_policy(const char *path)
{
	char output[] = "/tmp/truce-bench-XXXXXX.so";
	bool in_c = strcmp(path + strlen(path) - 2, ".c") == 0;
	struct decider *decider;
	struct synthetic host;
	struct error err;
	int fd = in_c ? mkstemps(output, 3) : -1;
	int r = in_c ? policy_build(path, output, NULL, &err) : 0;

	if (r == 0)
		r = decider_new(in_c ? output : path, NULL, &decider, &err);
	if (in_c) {
		close(fd);
		unlink(output);
	}
	if (r < 0) {
		printf("%s\n", err.text);
		return 1;
	}
	if (synthetic_init(&host, 16, VMS, 1) < 0)
		abort();
	bench_turns(decider, path, &host);
	synthetic_done(&host);
	decider_free(decider);
	return 0;
}

int main(int count, char **arguments)
{
	int i, failed = 0;

	for (i = 1; i < count; i++)
		failed |= bench_policy(arguments[i]);
	return failed;
}
