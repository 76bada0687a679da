/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's side: prepares, runs the lanes, ends them, checks what they did. */
#include "work/shared.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define NUDGE_NSEC 5000000ull /* how often lanes that wait in the kernel are interrupted */
#define LANE_STACK_BYTES (256u << 10)

enum lane_phase {
	LANE_PREPARES,
	LANE_READY,
	LANE_RAN,
	LANE_ENDED,
};

/* A lane and what its thread is told. */
struct lane_thread {
	struct lane lane;
	pthread_t thread;
	_Atomic uint32_t phase; /* enum lane_phase */
	uint64_t cpu_nsec;
	int code;
	struct error err;
	struct worker *worker;
};

struct worker {
	struct job job;
	struct work_shared *shared;
	int tell_fd;
	uint64_t count; /* of lanes */
	struct lane_thread *threads;
	/* Lanes wait on these, not on `news`. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool started, finish; /* may run; may look at what was done */
};

uint64_t lane_now_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static uint64_t thread_cpu_nsec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

uint64_t lane_random(struct lane *lane)
{
	uint64_t x = lane->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	lane->random = x;
	return x * 0x2545f4914f6cdd1dull;
}

uint64_t lane_random_below(struct lane *lane, uint64_t limit)
{
	return (uint64_t)((__uint128_t)lane_random(lane) * limit >> 64);
}

void lane_time(struct lane *lane, uint64_t nsec)
{
	uint64_t *count = &lane->latency->counts[histogram_bucket(nsec)];

	__atomic_store_n(count, *count + 1, __ATOMIC_RELAXED);
}

bool lane_sleep_until(struct lane *lane, uint64_t at_nsec)
{
	struct timespec at = {
		.tv_sec = (time_t)(at_nsec / NSEC_PER_SEC),
		.tv_nsec = (long)(at_nsec % NSEC_PER_SEC),
	};

	while (lane_goes_on(lane) &&
	       clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		;
	return lane_goes_on(lane);
}

void job_result(struct job *job, const char *name, double value)
{
	struct work_shared *shared = job->shared;
	uint32_t i, count = atomic_load(&shared->result_count);

	for (i = 0; i < count; i++)
		if (strcmp(shared->results[i].name, name) == 0)
			break;
	if (i == RESULTS_MOST)
		return;
	text_copy(shared->results[i].name, sizeof shared->results[i].name, name, strlen(name));
	shared->results[i].value = value;
	if (i == count)
		atomic_store(&shared->result_count, count + 1);
}

static void tell_state(struct worker *worker, enum work_state state)
{
	char told = (char)state;

	atomic_store(&worker->shared->state, state);
	if (write(worker->tell_fd, &told, 1) < 0) {
		/* The user sees it at its next look. */
	}
}

static void lower(_Atomic uint64_t *to, uint64_t value)
{
	uint64_t now = atomic_load(to);

	while ((now == 0 || value < now) && !atomic_compare_exchange_weak(to, &now, value))
		;
}

static void raise_to(_Atomic uint64_t *to, uint64_t value)
{
	uint64_t now = atomic_load(to);

	while (value > now && !atomic_compare_exchange_weak(to, &now, value))
		;
}

static void lane_tell(struct lane_thread *thread, enum lane_phase phase)
{
	atomic_store(&thread->phase, phase);
	shared_tell(thread->worker->shared);
}

static void lane_wait(struct lane_thread *thread, const bool *what)
{
	struct worker *worker = thread->worker;

	pthread_mutex_lock(&worker->lock);
	while (!*what)
		pthread_cond_wait(&worker->changed, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
}

static void lane_run(struct lane_thread *thread)
{
	const struct workload_actions *actions = thread->worker->job.workload->actions;
	struct work_shared *shared = thread->worker->shared;
	uint64_t cpu_nsec;

	if (!lane_sleep_until(&thread->lane, atomic_load(&shared->start_nsec)))
		return;
	cpu_nsec = thread_cpu_nsec();
	lower(&shared->began_nsec, lane_now_nsec());
	thread->code = actions->run(&thread->lane, &thread->err);
	if (thread->code < 0)
		atomic_store(&shared->stop, 1); /* one that failed ends all */
	raise_to(&shared->ended_nsec, lane_now_nsec());
	thread->cpu_nsec = thread_cpu_nsec() - cpu_nsec;
}

static void *lane_live(void *pointer)
{
	struct lane_thread *thread = pointer;
	const struct workload_actions *actions = thread->worker->job.workload->actions;

	/* A sleep ends when it is due, and not up to 50 microseconds later. */
	prctl(PR_SET_TIMERSLACK, 1);
	if (actions->lane_prepare != NULL)
		thread->code = actions->lane_prepare(&thread->lane, &thread->err);
	lane_tell(thread, LANE_READY);
	lane_wait(thread, &thread->worker->started);
	if (thread->code == 0)
		lane_run(thread);
	lane_tell(thread, LANE_RAN);
	lane_wait(thread, &thread->worker->finish);
	if (thread->code == 0 && actions->lane_finish != NULL)
		thread->code = actions->lane_finish(&thread->lane, &thread->err);
	lane_tell(thread, LANE_ENDED);
	return NULL;
}

static void worker_allow(struct worker *worker, bool *what)
{
	pthread_mutex_lock(&worker->lock);
	*what = true;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

static bool all_are(const struct worker *worker, enum lane_phase phase)
{
	uint64_t i;

	for (i = 0; i < worker->count; i++)
		if (atomic_load(&worker->threads[i].phase) < phase)
			return false;
	return true;
}

/* Lanes that wait in the kernel come out of it with EINTR; one that was just about to go in is
 * told again a little later. */
static void nudge(struct worker *worker, enum lane_phase below)
{
	uint64_t i;

	for (i = 0; i < worker->count; i++)
		if (atomic_load(&worker->threads[i].phase) < below)
			pthread_kill(worker->threads[i].thread, SIGUSR1);
}

static void stop_lanes(struct worker *worker)
{
	atomic_store(&worker->shared->stop, 1);
}

static bool is_over(const struct worker *worker, uint64_t until_nsec)
{
	return atomic_load(&worker->shared->end) != 0 || atomic_load(&worker->shared->stop) != 0 ||
	       (until_nsec != 0 && lane_now_nsec() >= until_nsec);
}

/* Until all lanes are as far; they are stopped when the user asks, or at this instant (0: not). */
static void wait_for_lanes(struct worker *worker, enum lane_phase phase, uint64_t until_nsec)
{
	for (;;) {
		uint32_t seen = atomic_load(&worker->shared->news);
		bool over = is_over(worker, until_nsec);

		if (all_are(worker, phase))
			return;
		if (over) {
			stop_lanes(worker);
			nudge(worker, phase);
		}
		shared_wait(worker->shared, seen, over ? lane_now_nsec() + NUDGE_NSEC : until_nsec);
	}
}

static void wait_for_start(struct worker *worker)
{
	struct work_shared *shared = worker->shared;

	for (;;) {
		uint32_t seen = atomic_load(&shared->news);

		if (atomic_load(&shared->start) != 0)
			return;
		if (atomic_load(&shared->end) != 0) {
			stop_lanes(worker);
			return;
		}
		shared_wait(shared, seen, 0);
	}
}

static void on_nudge(int signal_number)
{
}

static void lane_init(struct worker *worker, uint64_t index)
{
	const struct common_settings *common = worker->job.settings;
	struct lane_thread *thread = &worker->threads[index];

	thread->worker = worker;
	thread->lane = (struct lane){
		.job = &worker->job,
		.settings = worker->job.settings,
		.index = (unsigned)index,
		.count = (unsigned)worker->count,
		/* Never 0, and far apart for neighbouring seeds. */
		.random = (common->seed * 64 + index + 1) * 0x9e3779b97f4a7c15ull | 1,
		.drag = common->drag,
		.counts = &worker->shared->counts[index],
		.latency = worker->job.workload->times ? &worker->shared->latency[index] : NULL,
		.stop = &worker->shared->stop,
	};
}

static int lanes_start(struct worker *worker, struct error *err)
{
	pthread_attr_t attributes;
	uint64_t i;
	int code = 0;

	worker->threads = calloc(worker->count, sizeof *worker->threads);
	if (worker->threads == NULL)
		return error_errno(err, -ENOMEM, "threads");
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, LANE_STACK_BYTES);
	for (i = 0; code == 0 && i < worker->count; i++) {
		lane_init(worker, i);
		code = -pthread_create(&worker->threads[i].thread, &attributes, lane_live,
				       &worker->threads[i]);
	}
	pthread_attr_destroy(&attributes);
	return code < 0 ? error_errno(err, code, "thread %llu", (unsigned long long)i) : 0;
}

/* The first lane that failed speaks for all. */
static int lanes_code(const struct worker *worker, struct error *err)
{
	uint64_t i;

	for (i = 0; i < worker->count; i++) {
		if (worker->threads[i].code < 0) {
			*err = worker->threads[i].err;
			return worker->threads[i].code;
		}
	}
	return 0;
}

static uint64_t run_until_nsec(const struct worker *worker)
{
	const struct common_settings *common = worker->job.settings;
	uint64_t start_nsec = atomic_load(&worker->shared->start_nsec);
	uint64_t now_nsec = lane_now_nsec();

	if (common->duration_nsec == 0)
		return 0;
	return (start_nsec > now_nsec ? start_nsec : now_nsec) + common->duration_nsec;
}

static void tell_cpu(struct worker *worker)
{
	uint64_t i, nsec = 0;

	for (i = 0; i < worker->count; i++)
		nsec += worker->threads[i].cpu_nsec;
	job_result(&worker->job, "cpu_seconds", (double)nsec / 1e9);
}

/* Each lane looks at its own, side by side; then the job at what they did together. */
static int finish(struct worker *worker, struct error *err)
{
	const struct workload_actions *actions = worker->job.workload->actions;
	int code;

	tell_cpu(worker);
	worker_allow(worker, &worker->finish);
	/* A check is not cut short: the user kills where it takes too long. */
	while (!all_are(worker, LANE_ENDED)) {
		uint32_t seen = atomic_load(&worker->shared->news);

		if (!all_are(worker, LANE_ENDED))
			shared_wait(worker->shared, seen, 0);
	}
	code = lanes_code(worker, err);
	if (code == 0 && actions->finish != NULL)
		code = actions->finish(&worker->job, err);
	return code;
}

static int worker_run(struct worker *worker, struct error *err)
{
	int code;

	wait_for_lanes(worker, LANE_READY, 0);
	code = lanes_code(worker, err);
	if (code < 0)
		return code;
	tell_state(worker, WORK_READY);
	wait_for_start(worker);
	tell_state(worker, WORK_RUNNING);
	worker_allow(worker, &worker->started);
	wait_for_lanes(worker, LANE_RAN, run_until_nsec(worker));
	/* What it counted is final before anybody is told that it is done. */
	raise_to(&worker->shared->ended_nsec, atomic_load(&worker->shared->began_nsec));
	return finish(worker, err);
}

static int worker_work(struct worker *worker, struct error *err)
{
	const struct workload_actions *actions = worker->job.workload->actions;
	struct sigaction nudged = { .sa_handler = on_nudge };
	int code = 0;

	sigaction(SIGUSR1, &nudged, NULL); /* without SA_RESTART */
	if (actions->prepare != NULL)
		code = actions->prepare(&worker->job, err);
	if (code == 0)
		code = lanes_start(worker, err);
	if (code == 0)
		code = worker_run(worker, err);
	/* Lanes may still stand in what `clean` takes away; the process ends with them. */
	if (actions->clean != NULL)
		actions->clean(&worker->job);
	return code;
}

int worker_live(struct work_shared *shared, const struct workload *workload, const void *settings,
		int tell_fd)
{
	struct worker worker = {
		.job = { workload, settings, NULL, shared },
		.shared = shared,
		.tell_fd = tell_fd,
		.count = ((const struct common_settings *)settings)->threads,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	struct error err = { 0 };
	int code = worker_work(&worker, &err);

	if (code < 0) {
		if (err.code == 0)
			error_errno(&err, code, "it failed");
		stop_lanes(&worker);
		error_prefix(&err, "%s", workload->name);
		text_copy(shared->why, sizeof shared->why, err.text, strlen(err.text));
	}
	tell_state(&worker, code < 0 ? WORK_FAILED : WORK_DONE);
	return code < 0;
}
