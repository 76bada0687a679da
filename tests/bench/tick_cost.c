/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tick costs, against its floor, in turn with it: one line of figures.
 *
 *   tick_cost VMS TICKS GAP_MSEC [DIRECTORY]
 *
 * VMS is how many VMs there must be at least (the host is measured as it is; a captured one where
 * a directory is given). A VM that comes or goes spoils the measurement: exit status 3. Before
 * each tick and each reading of the floor passes GAP_MSEC (0 to 999) by the clock on the wall;
 * the observer's clock jumps ahead to make it a second, so that whatever it does by the clock
 * comes as often as at one tick a second. CPU time is a thread's, user and kernel, in
 * microseconds. Each tick has the cold figures of a tenth of the VMs in it, whose cost the observer
 * tells: less them a tick is a hot one. The columns: VMs; hot files that are kept open; those that
 * are opened at each tick (too few descriptors, or read for cold figures at each); medians of the
 * floor, of a hot tick, and of the ratio of the two; the median of the cold part of a tick; the mean of
 * all ticks whole, their mean ratio to the floor, and the longest of them; other system calls than
 * reading those files; whether the bar is reached.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "floor.h"
#include "heard_root.h"
#include "model/snapshot.h"
#include "observe/observe.h"
#include "samples.h"
#include "sys/root.h"

#define BAR 1.5
#define WARM_UP_TICKS 31  /* the looks at vCPUs have reached their slowest pace */
#define TICKS_A_ROUND 10  /* in one of them are the host's cold figures */
#define SECOND_USEC 1000000u

struct bench {
	struct root *root;
	struct observe *observe;
	struct floor floor;
	struct heard heard;      /* the hot files, after one round of ticks */
	unsigned long looks;     /* other calls than reading those */
	size_t vms;
	size_t reopened;         /* of the hot files */
	unsigned ticks, gap_msec, done;
	double cold_usec;        /* of the last tick */
	struct samples hot, floor_usec, hot_ratio, cold, all, all_ratio;
};

/* Before each tick and before each reading of the floor, so that both find the processor's
 * caches as the other work of the machine has left them. */
static void pause_a_while(const struct bench *bench)
{
	if (bench->gap_msec > 0)
		usleep(bench->gap_msec * 1000);
}

static int tick(struct bench *bench, double *ret_usec, struct error *err)
{
	uint64_t before, cold;
	size_t vms;
	int r;

	pause_a_while(bench);
	heard_root_advance(SECOND_USEC - bench->gap_msec * 1000);
	cold = observe_cold_usec(bench->observe);
	before = clock_thread_cpu_nsec();
	r = observe_tick(bench->observe, err);
	*ret_usec = (double)(clock_thread_cpu_nsec() - before) / 1000;
	bench->cold_usec = (double)(observe_cold_usec(bench->observe) - cold);
	bench->done++;
	if (r < 0)
		return r;
	vms = observe_snapshot(bench->observe)->vm_count;
	if (bench->done == 1 && vms > bench->vms)
		bench->vms = vms;
	return vms == bench->vms ? 0 : error_set(err, -EAGAIN, "%zu VMs are there and not %zu", vms,
						 bench->vms);
}

static bool next_has_host_cold(const struct bench *bench)
{
	return bench->done % TICKS_A_ROUND == 0;
}

/* Which files a hot tick reads is heard in one round, which is not measured: those that each of
 * its hot ticks read. What else they do is a look at the vCPUs of some VMs. */
static int listen(struct bench *bench, struct error *err)
{
	size_t i;
	double usec;
	int r = 0;

	for (i = 0; r == 0 && i < TICKS_A_ROUND; i++) {
		struct heard ignored = { .reads = NULL };

		heard_root_listen(bench->root, next_has_host_cold(bench) ? &ignored : &bench->heard);
		r = tick(bench, &usec, err);
		heard_root_ignore(bench->root);
		heard_done(&ignored);
	}
	if (r < 0)
		return r;
	heard_keep(&bench->heard, TICKS_A_ROUND - 1);
	for (i = 0; i < bench->heard.count; i++)
		bench->reopened += bench->heard.reads[i].closed;
	bench->looks = bench->heard.opens + bench->heard.links + bench->heard.lists -
		       bench->reopened * (TICKS_A_ROUND - 1);
	return floor_init(&bench->floor, &bench->heard, err);
}

static void take(struct bench *bench, bool host_cold, double usec, double floor_usec)
{
	double hot = usec - bench->cold_usec;

	samples_add(&bench->all, usec);
	samples_add(&bench->all_ratio, usec / floor_usec);
	samples_add(&bench->cold, bench->cold_usec);
	if (host_cold)
		return;
	samples_add(&bench->hot, hot);
	samples_add(&bench->floor_usec, floor_usec);
	samples_add(&bench->hot_ratio, hot / floor_usec);
}

static int measure_one(struct bench *bench, struct error *err)
{
	bool host_cold = next_has_host_cold(bench);
	double usec, floor_usec;
	int r = tick(bench, &usec, err);

	pause_a_while(bench);
	if (r == 0)
		r = floor_pass(&bench->floor, &floor_usec, err);
	if (r == 0)
		take(bench, host_cold, usec, floor_usec);
	return r;
}

static int measure(struct bench *bench, struct error *err)
{
	double usec;
	unsigned i;
	int r = 0;

	while (r == 0 && bench->done < WARM_UP_TICKS) {
		r = tick(bench, &usec, err);
	}
	if (r == 0)
		r = listen(bench, err);
	for (i = 0; r == 0 && i < bench->ticks; i++)
		r = measure_one(bench, err);
	return r;
}

static void report(struct bench *bench)
{
	double ratio = samples_median(&bench->hot_ratio);

	printf("%6zu %6zu %7zu %10.1f %10.1f %6.2f %10.1f %10.1f %6.2f %10.1f %7.1f  %s\n", bench->vms,
	       bench->heard.count - bench->reopened, bench->reopened,
	       samples_median(&bench->floor_usec), samples_median(&bench->hot), ratio,
	       samples_median(&bench->cold), samples_mean(&bench->all),
	       samples_mean(&bench->all_ratio), samples_quantile(&bench->all, 1), (double)bench->looks / (TICKS_A_ROUND - 1),
	       ratio <= BAR ? "reached" : "not reached");
}

static int bench_run(struct bench *bench, const char *directory, struct error *err)
{
	struct observe_options options = { .watch = true };
	const char *warning;
	int r;

	bench->root = directory != NULL ? root_captured_new(directory, err) : root_live_new();
	if (bench->root == NULL)
		return err->code < 0 ? err->code : -ENOMEM;
	heard_root_take(bench->root);
	bench->observe = observe_new(bench->root, &options, err);
	r = bench->observe != NULL ? measure(bench, err) : err->code;
	while (bench->observe != NULL && (warning = observe_warning(bench->observe)) != NULL)
		fprintf(stderr, "tick_cost: %s\n", warning);
	if (r == 0)
		report(bench);
	floor_done(&bench->floor);
	observe_free(bench->observe);
	root_free(bench->root);
	return r;
}

int main(int argc, char **argv)
{
	struct bench bench = { .ticks = 0 };
	struct error err = { 0 };
	int r;

	if (argc < 4 || argc > 5) {
		fputs("usage: tick_cost VMS TICKS GAP_MSEC [DIRECTORY]\n", stderr);
		return 2;
	}
	bench.vms = (size_t)atol(argv[1]);
	bench.ticks = (unsigned)atoi(argv[2]);
	bench.gap_msec = (unsigned)atoi(argv[3]);
	r = bench_run(&bench, argv[4], &err);
	if (r < 0)
		fprintf(stderr, "tick_cost: %s\n", err.text);
	heard_done(&bench.heard);
	samples_done(&bench.hot);
	samples_done(&bench.floor_usec);
	samples_done(&bench.hot_ratio);
	samples_done(&bench.cold);
	samples_done(&bench.all);
	samples_done(&bench.all_ratio);
	return r == -EAGAIN ? 3 : r < 0;
}
