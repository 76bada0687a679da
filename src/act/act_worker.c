/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act_worker.h"

#include "act/act_target.h"
#include "base/clock.h"
#include "base/map.h"
#include "lease/lease.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Owners that were late, or were never heard, have so many threads at most. */
#define STRANGERS_MOST (ACT_WORKER_THREADS * 3 / 4)
/* libvirt's client wants more than QMP does; untouched pages cost nothing. */
#define STACK_BYTES (512u << 10)
#define THREAD_IDLE_USEC (10 * USEC_PER_SEC)
#define MUTE_FIRST_USEC (10 * USEC_PER_SEC)
#define MUTE_MOST_USEC (300 * USEC_PER_SEC)
/* An owner's own limit of time ends a turn a little after the deadline. */
#define LATE_GRACE_USEC (200 * USEC_PER_MSEC)
#define OWNERS_MOST 1024

struct owner {
	bool running, heard;
	unsigned late_in_a_row;
	uint64_t mute_usec; /* until then it is not asked */
};

struct act_worker {
	struct root *root;
	struct leases *leases;
	const struct act_options *options;
	int fd;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t changed;
	bool stop;
	unsigned threads, idle, strangers_running;
	struct act_job *waiting, *done;
	struct act_job *running[ACT_WORKER_THREADS];
	struct map owners;
};

/* -- jobs */

struct act_job *act_job_new(const struct act_turn *turn)
{
	struct act_job *job = calloc(1, sizeof *job);

	if (job == NULL)
		return NULL;
	job->turn = *turn;
	job->turn.target = act_target_copy(turn->target);
	if (job->turn.target == NULL) {
		free(job);
		return NULL;
	}
	if (turn->cause != NULL) {
		job->cause = *turn->cause;
		job->turn.cause = &job->cause;
	}
	return job;
}

void act_job_free(struct act_job *job)
{
	if (job == NULL)
		return;
	act_target_done((struct act_target *)job->turn.target);
	free((struct act_target *)job->turn.target);
	free(job);
}

static void job_append(struct act_job **list, struct act_job *job)
{
	while (*list != NULL)
		list = &(*list)->next;
	job->next = NULL;
	*list = job;
}

static bool job_is_about(const struct act_job *job, const struct vm_identity *vm,
			 enum setting setting)
{
	return (vm == NULL || vm_identity_compare(&job->turn.target->vm, vm) == 0) &&
	       (setting == SETTING_COUNT || job->turn.setting == setting);
}

/* -- owners */

/* Two VMs with one key share a queue, which is slower and no mistake. */
static uint64_t owner_key(const struct act_turn *turn)
{
	const struct vm_identity *vm = &turn->target->vm;

	return (uint64_t)vm->pid << 40 ^ vm->start_ticks << 8 ^ vm->ordinal;
}

static void owners_forget(struct act_worker *worker)
{
	struct map_slot *slot;
	size_t at = 0;

	while ((slot = map_next(&worker->owners, &at)) != NULL)
		free(slot->value);
	map_done(&worker->owners);
	map_init(&worker->owners);
}

/* NULL: no memory. */
static struct owner *owner_of(struct act_worker *worker, const struct act_turn *turn)
{
	struct owner *owner = map_get(&worker->owners, owner_key(turn));

	if (owner != NULL)
		return owner;
	owner = calloc(1, sizeof *owner);
	if (owner != NULL && !map_put(&worker->owners, owner_key(turn), owner)) {
		free(owner);
		return NULL;
	}
	return owner;
}

static void owner_heard(struct owner *owner, bool late, uint64_t now)
{
	uint64_t mute = MUTE_FIRST_USEC;

	owner->heard = !late;
	if (!late) {
		owner->late_in_a_row = 0;
		owner->mute_usec = 0;
		return;
	}
	mute <<= owner->late_in_a_row < 5 ? owner->late_in_a_row : 5;
	owner->late_in_a_row++;
	owner->mute_usec = now + (mute < MUTE_MOST_USEC ? mute : MUTE_MOST_USEC);
}

/* -- the threads */

static void tell(struct act_worker *worker)
{
	uint64_t one = 1;

	/* A counter that is full wakes whoever waits as well. */
	if (write(worker->fd, &one, sizeof one) < 0)
		return;
}

static void refuse_mute(struct act_worker *worker, struct act_job *job, uint64_t wait_usec)
{
	job->turn.code = error_set(&job->turn.err, -ETIMEDOUT, "its owner did not answer before and "
				   "is asked again in %llu s",
				   (unsigned long long)(wait_usec / USEC_PER_SEC + 1));
	job_append(&worker->done, job);
	tell(worker);
	/* It may have been the last that somebody waits for. */
	pthread_cond_broadcast(&worker->changed);
}

static bool may_run(const struct act_worker *worker, const struct owner *owner)
{
	return !owner->running && (owner->heard || worker->strangers_running < STRANGERS_MOST);
}

/* Takes the first that may run now; turns of owners that are mute end at once. Giving back is
 * tried whatever the owner did before. */
static struct act_job *pick(struct act_worker *worker, struct owner **ret_owner)
{
	struct act_job **at = &worker->waiting, *job;
	uint64_t now = clock_monotonic_usec();

	while ((job = *at) != NULL) {
		struct owner *owner = owner_of(worker, &job->turn);

		if (owner != NULL && job->turn.deed != ACT_UNDO && now < owner->mute_usec) {
			*at = job->next;
			refuse_mute(worker, job, owner->mute_usec - now);
			continue;
		}
		if (owner != NULL && may_run(worker, owner)) {
			*at = job->next;
			job->next = NULL;
			*ret_owner = owner;
			return job;
		}
		at = &job->next;
	}
	return NULL;
}

static size_t running_put(struct act_worker *worker, struct act_job *job)
{
	size_t i = 0;

	/* There are as many places as threads. */
	while (worker->running[i] != NULL)
		i++;
	worker->running[i] = job;
	return i;
}

/* With the lock held; it is let go while the owner is asked. */
static void run(struct act_worker *worker, struct act_job *job, struct owner *owner)
{
	struct act_context context = { .root = worker->root, .leases = worker->leases,
				       .options = worker->options };
	bool stranger = !owner->heard;
	uint64_t now = clock_monotonic_usec();
	size_t place;

	job->turn.deadline_usec = now + worker->options->owner_usec;
	place = running_put(worker, job);
	owner->running = true;
	worker->strangers_running += stranger;
	pthread_mutex_unlock(&worker->lock);
	act_turn_run(&context, &job->turn);
	pthread_mutex_lock(&worker->lock);
	now = clock_monotonic_usec();
	owner_heard(owner, job->turn.code == -ETIMEDOUT ||
		    now > job->turn.deadline_usec + LATE_GRACE_USEC, now);
	worker->strangers_running -= stranger;
	owner->running = false;
	worker->running[place] = NULL;
	job_append(&worker->done, job);
	tell(worker);
	pthread_cond_broadcast(&worker->changed);
}

static struct timespec time_at(uint64_t monotonic_usec)
{
	return (struct timespec){ .tv_sec = (time_t)(monotonic_usec / USEC_PER_SEC),
				  .tv_nsec = (long)(monotonic_usec % USEC_PER_SEC) * 1000 };
}

/* False when there has been nothing to do for a while. */
static bool wait_for_work(struct act_worker *worker)
{
	struct timespec until = time_at(clock_monotonic_usec() + THREAD_IDLE_USEC);
	int r;

	worker->idle++;
	r = pthread_cond_timedwait(&worker->changed, &worker->lock, &until);
	worker->idle--;
	return r != ETIMEDOUT;
}

static void *thread_main(void *context)
{
	struct act_worker *worker = context;
	struct owner *owner;
	struct act_job *job;
	bool busy = true;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stop) {
		job = pick(worker, &owner);
		if (job != NULL)
			run(worker, job, owner);
		else if (!busy)
			break;
		else
			busy = wait_for_work(worker);
	}
	worker->threads--;
	/* The last word: from here on the worker may be freed. */
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* Signals belong to the caller's thread. */
static int thread_start(struct act_worker *worker)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int r;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, &attributes, thread_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (r == 0)
		worker->threads++;
	return -r;
}

/* -- the caller's side */

struct act_worker *act_worker_new(struct root *root, struct leases *leases,
				  const struct act_options *options)
{
	struct act_worker *worker = calloc(1, sizeof *worker);
	pthread_condattr_t attributes;

	if (worker == NULL)
		return NULL;
	worker->root = root;
	worker->leases = leases;
	worker->options = options;
	worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->fd < 0) {
		free(worker);
		return NULL;
	}
	map_init(&worker->owners);
	pthread_mutex_init(&worker->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&worker->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return worker;
}

static void jobs_free(struct act_job **list)
{
	while (*list != NULL) {
		struct act_job *job = *list;

		*list = job->next;
		act_job_free(job);
	}
}

bool act_worker_free(struct act_worker *worker, uint64_t wait_usec)
{
	struct timespec until = time_at(clock_monotonic_usec() + wait_usec);
	bool all_ended;
	int r = 0;

	if (worker == NULL)
		return true;
	pthread_mutex_lock(&worker->lock);
	worker->stop = true;
	jobs_free(&worker->waiting);
	pthread_cond_broadcast(&worker->changed);
	while (worker->threads > 0 && r == 0)
		r = pthread_cond_timedwait(&worker->changed, &worker->lock, &until);
	all_ended = worker->threads == 0;
	pthread_mutex_unlock(&worker->lock);
	if (!all_ended)
		return false;
	jobs_free(&worker->done);
	owners_forget(worker);
	close(worker->fd);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
	return true;
}

static bool is_replaced(const struct act_job *job, const struct act_turn *turn)
{
	bool changes = turn->deed == ACT_SET || turn->deed == ACT_RELEASE;

	return job_is_about(job, &turn->target->vm, turn->setting) &&
	       (changes ? job->turn.deed == ACT_SET || job->turn.deed == ACT_RELEASE :
			  job->turn.deed == turn->deed);
}

static unsigned waiting_count(const struct act_worker *worker)
{
	const struct act_job *job;
	unsigned count = 0;

	for (job = worker->waiting; job != NULL; job = job->next)
		count++;
	return count;
}

/* Where not even one can be started, what waits has failed. */
static void threads_suffice(struct act_worker *worker)
{
	int r = 0;

	if (worker->idle < waiting_count(worker) && worker->threads < ACT_WORKER_THREADS)
		r = thread_start(worker);
	while (r < 0 && worker->threads == 0 && worker->waiting != NULL) {
		struct act_job *job = worker->waiting;

		worker->waiting = job->next;
		job->turn.code = error_set(&job->turn.err, -EAGAIN, "no thread can be started");
		job_append(&worker->done, job);
		tell(worker);
	}
}

void act_worker_put(struct act_worker *worker, struct act_job *job)
{
	struct act_job **at;

	pthread_mutex_lock(&worker->lock);
	if (worker->waiting == NULL && worker->threads == worker->idle &&
	    worker->owners.count > OWNERS_MOST)
		owners_forget(worker);
	for (at = &worker->waiting; *at != NULL; at = &(*at)->next)
		if (is_replaced(*at, &job->turn))
			break;
	if (*at != NULL) {
		struct act_job *old = *at;

		job->next = old->next;
		*at = job;
		act_job_free(old);
	} else {
		job_append(at, job);
	}
	threads_suffice(worker);
	pthread_cond_signal(&worker->changed);
	pthread_mutex_unlock(&worker->lock);
}

static bool is_the_same(const struct act_job *job, const struct act_turn *turn)
{
	return job != NULL && job->turn.deed == turn->deed &&
	       job_is_about(job, &turn->target->vm, turn->setting) &&
	       (turn->deed != ACT_SET ||
		setting_value_equal(turn->setting, &job->turn.value, &turn->value));
}

bool act_worker_has(struct act_worker *worker, const struct act_turn *turn)
{
	const struct act_job *job;
	bool waits = false, changes = false;
	size_t i;

	pthread_mutex_lock(&worker->lock);
	for (job = worker->waiting; job != NULL; job = job->next) {
		waits = waits || is_the_same(job, turn);
		changes = changes || is_replaced(job, turn);
	}
	/* What runs is what is wanted, unless another value waits behind it. */
	for (i = 0; i < ACT_WORKER_THREADS && !changes; i++)
		waits = waits || is_the_same(worker->running[i], turn);
	pthread_mutex_unlock(&worker->lock);
	return waits;
}

void act_worker_cancel(struct act_worker *worker, const struct vm_identity *vm,
		       enum setting setting)
{
	struct act_job **at = &worker->waiting;

	pthread_mutex_lock(&worker->lock);
	while (*at != NULL) {
		struct act_job *job = *at;

		if (!job_is_about(job, vm, setting)) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		act_job_free(job);
	}
	pthread_mutex_unlock(&worker->lock);
}

/* Only what the thread does not write is read of a job that runs. */
static struct act_job *late_copy(struct act_job *job)
{
	const struct act_turn *turn = &job->turn;
	struct act_job *copy = act_job_new(&(struct act_turn){ .deed = turn->deed,
		.actuator = turn->actuator, .target = turn->target, .setting = turn->setting,
		.value = turn->value, .code = -ETIMEDOUT });

	if (copy == NULL)
		return NULL;
	job->late = copy->late = true;
	error_set(&copy->turn.err, -ETIMEDOUT, "its owner did not answer in time");
	return copy;
}

static struct act_job *take_late(struct act_worker *worker)
{
	uint64_t now = clock_monotonic_usec();
	size_t i;

	for (i = 0; i < ACT_WORKER_THREADS; i++) {
		struct act_job *job = worker->running[i];

		if (job != NULL && !job->late && now > job->turn.deadline_usec + LATE_GRACE_USEC)
			return late_copy(job);
	}
	return NULL;
}

struct act_job *act_worker_take(struct act_worker *worker)
{
	struct act_job *job;
	uint64_t count;

	/* First the wake-up, then what it was for: a new one is not lost. */
	if (read(worker->fd, &count, sizeof count) < 0)
		count = 0;
	pthread_mutex_lock(&worker->lock);
	job = worker->done;
	if (job != NULL) {
		worker->done = job->next;
		job->next = NULL;
	} else {
		job = take_late(worker);
	}
	pthread_mutex_unlock(&worker->lock);
	return job;
}

int act_worker_fd(const struct act_worker *worker)
{
	return worker->fd;
}

uint64_t act_worker_deadline_usec(struct act_worker *worker)
{
	uint64_t earliest = 0;
	size_t i;

	pthread_mutex_lock(&worker->lock);
	for (i = 0; i < ACT_WORKER_THREADS; i++) {
		const struct act_job *job = worker->running[i];
		uint64_t at = job != NULL && !job->late ?
			      job->turn.deadline_usec + LATE_GRACE_USEC + 1 : 0;

		if (at != 0 && (earliest == 0 || at < earliest))
			earliest = at;
	}
	pthread_mutex_unlock(&worker->lock);
	return earliest;
}

static bool is_idle(const struct act_worker *worker)
{
	size_t i;

	for (i = 0; i < ACT_WORKER_THREADS; i++)
		if (worker->running[i] != NULL)
			return false;
	return worker->waiting == NULL;
}

bool act_worker_is_idle(struct act_worker *worker)
{
	bool idle;

	pthread_mutex_lock(&worker->lock);
	idle = is_idle(worker);
	pthread_mutex_unlock(&worker->lock);
	return idle;
}

bool act_worker_wait(struct act_worker *worker, uint64_t monotonic_usec)
{
	struct timespec until = time_at(monotonic_usec);
	bool idle;
	int r = 0;

	pthread_mutex_lock(&worker->lock);
	while (!(idle = is_idle(worker)) && r == 0)
		r = pthread_cond_timedwait(&worker->changed, &worker->lock, &until);
	pthread_mutex_unlock(&worker->lock);
	return idle;
}
