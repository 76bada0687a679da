/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What it costs to ask libvirt for the statistics of all its guests, against a tick of the
 * observer over the same guests, in turn.
 *
 *   libvirt_cost PID_OF_LIBVIRTD ROUNDS [URI]
 *
 * The connection stays open. CPU time is that of this client, of libvirtd and of the guests' QEMU
 * processes without their vCPU threads, which are the guests' own; what all of them use while
 * nobody asks is measured in the same rounds and taken off. Before each call and each tick
 * passes a while, so that each finds the processor's caches as others have left them.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "heard_root.h"
#include "model/snapshot.h"
#include "observe/observe.h"
#include "samples.h"
#include "sys/root.h"

#define GAP_USEC 20000u
#define CALLS_A_ROUND 5
#define TICKS_A_ROUND 10 /* each VM has its cold figures in one of them */
#define WARM_UP_TICKS 31 /* the looks at vCPUs have reached their slowest pace */
#define SECOND_USEC 1000000u

/* Nanoseconds of CPU. */
struct spent {
	double client, daemon, qemu;
};

struct question {
	const char *name;
	unsigned statistics; /* 0: all that there are; ~0: nothing is asked */
	double bar;	     /* times the cost of a tick */
	struct spent sum;
};

static struct question questions[] = {
	{ "nothing (taken off below)", ~0u, 0, { 0 } },
	{ "state, CPU, vCPU", VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL |
	  VIR_DOMAIN_STATS_VCPU, 100, { 0 } },
	{ "all statistics", 0, 300, { 0 } },
};

struct bench {
	virConnectPtr connection;
	pid_t daemon;
	struct root *root;
	struct observe *observe;
	int guests;
	unsigned rounds;
	struct samples hot, all;
};

static double thread_nsec(pid_t pid, const char *tid)
{
	char path[64], comm[32] = "";
	double nsec = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%.16s/comm", pid, tid);
	file = fopen(path, "r");
	if (file == NULL || fgets(comm, sizeof comm, file) == NULL)
		comm[0] = '\0';
	if (file != NULL)
		fclose(file);
	if (strncmp(comm, "CPU ", 4) == 0)
		return 0;
	snprintf(path, sizeof path, "/proc/%d/task/%.16s/schedstat", pid, tid);
	file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%lf", &nsec) != 1)
		nsec = 0;
	if (file != NULL)
		fclose(file);
	return nsec;
}

static double process_nsec(pid_t pid)
{
	CLEANUP_CLOSEDIR DIR *tasks = NULL;
	struct dirent *entry;
	char path[64];
	double nsec = 0;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks != NULL && (entry = readdir(tasks)) != NULL)
		if (entry->d_name[0] != '.')
			nsec += thread_nsec(pid, entry->d_name);
	return nsec;
}

static struct spent cpu_now(const struct bench *bench)
{
	const struct snapshot *snapshot = observe_snapshot(bench->observe);
	struct spent cpu = { .daemon = process_nsec(bench->daemon) };
	struct timespec own;
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++) {
		const char *owner = snapshot->vms[i]->text[VM_TEXT_OWNER];

		if (owner != NULL && strcmp(owner, "libvirt") == 0)
			cpu.qemu += process_nsec(snapshot->vms[i]->identity.pid);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
	cpu.client = (double)own.tv_sec * 1e9 + (double)own.tv_nsec;
	return cpu;
}

static int ask(struct bench *bench, const struct question *question, struct error *err)
{
	virDomainStatsRecordPtr *records;
	int count;

	usleep(GAP_USEC);
	if (question->statistics == ~0u)
		return 0;
	count = virConnectGetAllDomainStats(bench->connection, question->statistics, &records, 0);
	if (count < 0)
		return error_set(err, -EIO, "libvirt did not tell its statistics");
	virDomainStatsRecordListFree(records);
	if (bench->guests != 0 && bench->guests != count)
		return error_set(err, -EAGAIN, "libvirt has %d guests and not %d", count,
				 bench->guests);
	bench->guests = count;
	return 0;
}

/* Reading the processes' times is work of this client too, which is in "nothing" as well. */
static int ask_round(struct bench *bench, struct question *question, struct error *err)
{
	struct spent before = cpu_now(bench), after;
	int i, r = 0;

	for (i = 0; r == 0 && i < CALLS_A_ROUND; i++)
		r = ask(bench, question, err);
	after = cpu_now(bench);
	question->sum.client += after.client - before.client;
	question->sum.daemon += after.daemon - before.daemon;
	question->sum.qemu += after.qemu - before.qemu;
	return r;
}

static int tick(struct bench *bench, double *ret_usec, struct error *err)
{
	uint64_t before;
	int r;

	usleep(GAP_USEC);
	heard_root_advance(SECOND_USEC - GAP_USEC);
	before = clock_thread_cpu_nsec();
	r = observe_tick(bench->observe, err);
	*ret_usec = (double)(clock_thread_cpu_nsec() - before) / 1000;
	return r;
}

static int tick_round(struct bench *bench, struct error *err)
{
	double usec;
	int i, r = 0;

	for (i = 0; r == 0 && i < TICKS_A_ROUND; i++) {
		uint64_t cold = observe_cold_usec(bench->observe);

		r = tick(bench, &usec, err);
		samples_add(&bench->all, usec);
		if (i > 0)
			samples_add(&bench->hot,
				    usec - (double)(observe_cold_usec(bench->observe) - cold));
	}
	return r;
}

static int measure(struct bench *bench, struct error *err)
{
	double usec;
	unsigned i, k;
	int r = 0;

	/* The round that follows begins with the host's cold figures. */
	for (i = 0; r == 0 && i < WARM_UP_TICKS / TICKS_A_ROUND * TICKS_A_ROUND; i++)
		r = tick(bench, &usec, err);
	for (i = 0; r == 0 && i < ARRAY_SIZE(questions); i++)
		r = ask(bench, &questions[i], err);
	for (i = 0; r == 0 && i < bench->rounds; i++) {
		for (k = 0; r == 0 && k < ARRAY_SIZE(questions); k++)
			r = ask_round(bench, &questions[k], err);
		if (r == 0)
			r = tick_round(bench, err);
	}
	return r;
}

static void report(struct bench *bench)
{
	size_t vms = observe_snapshot(bench->observe)->vm_count, i;
	double samples = (double)bench->guests * bench->rounds * CALLS_A_ROUND;
	double hot = samples_median(&bench->hot) / (double)vms;
	double mean = samples_mean(&bench->all) / (double)vms;

	printf("%d guests of libvirt; a tick over %zu VMs costs %.1f us of CPU a VM (median, less cold figures), "
	       "%.1f us (mean, all in it)\n\n", bench->guests, vms, hot, mean);
	printf("%-26s %9s %9s %9s %9s %10s %10s\n", "asked, us a VM and call", "client", "libvirtd",
	       "QEMU", "together", "/ hot tick", "/ mean");
	for (i = 0; i < ARRAY_SIZE(questions); i++) {
		const struct question *question = &questions[i];
		const struct spent *nothing = &questions[0].sum;
		double scale = samples * 1000;
		struct spent cpu = question->sum;
		double sum;

		if (i > 0) {
			cpu.client -= nothing->client;
			cpu.daemon -= nothing->daemon;
			cpu.qemu -= nothing->qemu;
		}
		sum = (cpu.client + cpu.daemon + cpu.qemu) / scale;
		printf("%-26s %9.1f %9.1f %9.1f %9.1f", question->name, cpu.client / scale,
		       cpu.daemon / scale, cpu.qemu / scale, sum);
		if (i > 0)
			printf(" %10.0f %10.0f  at least %.0f: %s", sum / hot, sum / mean,
			       question->bar,
			       sum / mean >= question->bar ? "reached" :
			       sum / hot >= question->bar ? "reached by hot ticks, not by the mean" :
			       "not reached");
		putchar('\n');
	}
}

static int bench_run(struct bench *bench, const char *uri, struct error *err)
{
	struct observe_options options = { .watch = true };
	int r;

	bench->connection = virConnectOpenReadOnly(uri);
	if (bench->connection == NULL)
		return error_set(err, -ENOTCONN, "libvirt does not answer at %s", uri);
	bench->root = root_live_new();
	if (bench->root == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	heard_root_take(bench->root);
	bench->observe = observe_new(bench->root, &options, err);
	r = bench->observe != NULL ? measure(bench, err) : err->code;
	if (r == 0)
		report(bench);
	observe_free(bench->observe);
	root_free(bench->root);
	return r;
}

int main(int argc, char **argv)
{
	struct bench bench = { .guests = 0 };
	struct error err = { 0 };
	int r;

	if (argc < 3 || argc > 4) {
		fputs("usage: libvirt_cost PID_OF_LIBVIRTD ROUNDS [URI]\n", stderr);
		return 2;
	}
	bench.daemon = atoi(argv[1]);
	bench.rounds = (unsigned)atoi(argv[2]);
	r = bench_run(&bench, argc > 3 ? argv[3] : "qemu:///system", &err);
	if (r < 0)
		fprintf(stderr, "libvirt_cost: %s\n", err.text);
	if (bench.connection != NULL)
		virConnectClose(bench.connection);
	samples_done(&bench.hot);
	samples_done(&bench.all);
	return r < 0;
}
