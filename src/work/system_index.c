/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One figure for a whole system: the geometric mean of what the kinds reach, each against a round
 * number chosen here. It is of UnixBench's kind and not comparable with UnixBench's: programs,
 * sizes and base are others. Each kind runs in a thread of its own for a part of the time, and
 * is counted in points, so that the rate means the same in all parts.
 */
#include "work/kinds.h"
#include "work/lane.h"
#include "work/setting.h"
#include "work/spawn.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define POINTS 1000.0 /* a second, where a kind is as fast as its base */
#define TURN_NSEC 10000000ull
#define INDEX_BASE 100.0

struct index_settings {
	struct common_settings common;
	uint64_t slice_nsec;
};

struct index_kind {
	const char *line;
	const char *result;
	double base; /* operations a second */
	bool needs_shell;
};

static const struct index_kind kinds[] = {
	{ "cpu-integer", "cpu_integer", 100000, false },
	{ "cpu-float", "cpu_float", 100000, false },
	{ "system-call", "system_call", 5000000, false },
	{ "system-pipe", "system_pipe", 1000000, false },
	{ "system-switch", "system_switch", 100000, false },
	{ "system-fork", "system_fork", 5000, false },
	{ "system-exec", "system_exec", 5000, false },
	{ "system-copy", "system_copy", 1000000, false },
	{ "system-shell", "system_shell", 200, true },
};

/* A kind's job and only lane, and where its thread is. */
struct part {
	const struct workload *workload;
	void *settings;
	struct job job;
	struct lane lane;
	struct lane_counts counts;
	struct histogram latency;
	_Atomic uint32_t stop, ended;
	pthread_t thread;
	int code;
	struct error err;
	double rate; /* operations a second, over all its slices */
	uint64_t nsec;
};

struct index {
	struct part parts[ARRAY_SIZE(kinds)];
	double points;
};

static void *part_live(void *pointer)
{
	struct part *part = pointer;

	part->code = part->workload->actions->run(&part->lane, &part->err);
	atomic_store(&part->ended, 1);
	return NULL;
}

static bool part_is_possible(size_t i)
{
	return !kinds[i].needs_shell || spawn_check_shell(NULL) == 0;
}

static int part_prepare(struct lane *lane, size_t i, struct error *err)
{
	struct index *index = lane->own;
	struct part *part = &index->parts[i];
	const struct workload_actions *actions;
	int code = setting_parse_line(kinds[i].line, &part->workload, &part->settings, err);

	if (code < 0)
		return code;
	actions = part->workload->actions;
	part->job = (struct job){ part->workload, part->settings, NULL, lane->job->shared };
	part->lane = (struct lane){
		.job = &part->job, .settings = part->settings, .index = lane->index, .count = 1,
		.random = lane->random, .counts = &part->counts, .latency = &part->latency,
		.stop = &part->stop,
	};
	if (actions->prepare != NULL)
		code = actions->prepare(&part->job, err);
	if (code == 0 && actions->lane_prepare != NULL)
		code = actions->lane_prepare(&part->lane, err);
	return code < 0 ? error_prefix(err, "%s", kinds[i].line) : 0;
}

static int index_lane_prepare(struct lane *lane, struct error *err)
{
	/* Counts stand on cache lines of their own. */
	struct index *index = aligned_alloc(_Alignof(struct index), sizeof *index);
	size_t i;
	int code = 0;

	lane->own = index;
	if (index == NULL)
		return error_errno(err, -ENOMEM, "memory");
	*index = (struct index){ 0 };
	for (i = 0; code == 0 && i < ARRAY_SIZE(kinds); i++)
		if (part_is_possible(i))
			code = part_prepare(lane, i, err);
	return code;
}

/* What the part did since the last look, in points. */
static void add_points(struct lane *lane, size_t i, uint64_t *seen)
{
	struct index *index = lane->own;
	uint64_t done = atomic_load(&index->parts[i].counts.operations);
	double whole;

	index->points += (double)(done - *seen) * POINTS / kinds[i].base;
	*seen = done;
	whole = floor(index->points);
	lane_count(lane, (uint64_t)whole, 0);
	index->points -= whole;
}

static void part_end(struct part *part)
{
	atomic_store(&part->stop, 1);
	while (atomic_load(&part->ended) == 0) {
		struct timespec while_it_ends = { .tv_nsec = 1000000 };

		pthread_kill(part->thread, SIGUSR1);
		nanosleep(&while_it_ends, NULL);
	}
	pthread_join(part->thread, NULL);
}

static int part_run(struct lane *lane, size_t i, struct error *err)
{
	const struct index_settings *settings = lane->settings;
	struct index *index = lane->own;
	struct part *part = &index->parts[i];
	uint64_t before = atomic_load(&part->counts.operations), seen = before;
	uint64_t begin_nsec, now_nsec;

	atomic_store(&part->stop, 0);
	atomic_store(&part->ended, 0);
	begin_nsec = lane_now_nsec();
	if (pthread_create(&part->thread, NULL, part_live, part) != 0)
		return error_errno(err, -EAGAIN, "a thread");
	do {
		lane_sleep_until(lane, lane_now_nsec() + TURN_NSEC);
		add_points(lane, i, &seen);
		now_nsec = lane_now_nsec();
	} while (lane_goes_on(lane) && now_nsec < begin_nsec + settings->slice_nsec &&
		 atomic_load(&part->ended) == 0);
	part_end(part);
	part->nsec += lane_now_nsec() - begin_nsec;
	add_points(lane, i, &seen);
	part->rate = (double)seen * 1e9 / (double)part->nsec;
	lane_add(&lane->counts->errors, atomic_exchange(&part->counts.errors, 0));
	if (part->code < 0)
		*err = part->err;
	return part->code;
}

static int index_run(struct lane *lane, struct error *err)
{
	const struct index *index = lane->own;
	size_t i = 0;
	int code = 0;

	while (code == 0 && lane_goes_on(lane)) {
		if (index->parts[i].workload != NULL)
			code = part_run(lane, i, err);
		i = i + 1 < ARRAY_SIZE(kinds) ? i + 1 : 0;
	}
	return code;
}

/* An index only of kinds that all had their turn. */
static int index_lane_finish(struct lane *lane, struct error *err)
{
	struct index *index = lane->own;
	double logarithms = 0;
	unsigned count = 0, without = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		const struct part *part = &index->parts[i];

		if (part->workload == NULL)
			continue;
		if (part->workload->actions->lane_finish != NULL)
			part->workload->actions->lane_finish(&index->parts[i].lane, err);
		lane_add(&lane->counts->errors, atomic_load(&part->counts.errors));
		if (part->rate <= 0) {
			without++;
			continue;
		}
		job_result(lane->job, kinds[i].result, part->rate);
		logarithms += log(part->rate / kinds[i].base);
		count++;
	}
	job_result(lane->job, "kinds", count);
	if (without == 0 && count > 0)
		job_result(lane->job, "truce_index_not_unixbench", INDEX_BASE * exp(logarithms / count));
	return 0;
}

static const struct workload_actions actions = {
	.lane_prepare = index_lane_prepare,
	.run = index_run,
	.lane_finish = index_lane_finish,
};

static const struct parameter parameters[] = {
	PARAMETER_NUMBER(struct index_settings, slice_nsec, "slice", PARAMETER_TIME, "1s", 50000000,
			 600000000000, "how long each kind runs before the next"),
	PARAMETERS_END,
};

const struct workload system_index_workload = {
	.name = "system-index",
	.summary = "runs CPU and system kinds in turn, for an index; not comparable with UnixBench's",
	.operation = "one point: a thousandth of what the kind's base does in a second",
	.notes = "truce_index_not_unixbench is 100 where each kind is as fast as its base, a round "
		 "number; it is there once every kind had its turn. The shell's kind is left out "
		 "where there is no /bin/sh: `kinds` says of how many the index is.",
	.one_thread = true,
	.parameters = parameters,
	.settings_size = sizeof(struct index_settings),
	.actions = &actions,
};
