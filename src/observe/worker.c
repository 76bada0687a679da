/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/worker.h"

#include "base/error.h"
#include "base/text.h"
#include "base/vec.h"
#include "observe/observer.h"
#include "observe/situation.h"
#include "observe/take.h"
#include "sys/cmdline.h"
#include "sys/libvirt.h"
#include "sys/proc.h"
#include "sys/qmp.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_USEC 1000000ull /* for a VMM to answer */
#define LATE_ROUNDS_MOST 60    /* a VMM that never answers is asked once in so many rounds */

/* One VM in a round: question and answer. */
struct task {
	struct vm_identity identity;
	char uuid[64];
	bool is_qemu, by_libvirt;
	bool ask_state; /* and no more, where the owner is not asked anyway */
	unsigned late_rounds, skip_rounds; /* kept from round to round */
	struct proc_smaps maps;
	int maps_code;  /* 0: maps hold */
	struct qmp_balloon balloon;
	int owner_code; /* 0: balloon holds */
	char status[32]; /* as the VMM calls it; "" not told */
	uint64_t monotonic_usec;
};

struct worker {
	struct root *root;
	bool with_maps, with_owner;
	pthread_t thread;
	pthread_mutex_t lock; /* of everything below */
	pthread_cond_t changed;
	bool started, stop;
	bool busy; /* the thread owns the tasks; else the observer does */
	struct task *tasks;
	size_t count;
};

/* -- the thread ------------------------------------------------------------------------- */

static void ask_maps(struct worker *worker, struct task *task)
{
	char path[64], bytes[4096];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", task->identity.pid);
	size = root_read(worker->root, path, bytes, sizeof bytes);
	task->maps_code = size < 0 ? (int)size : proc_smaps_parse(bytes, (size_t)size, &task->maps);
}

/* The socket as its owner sees it: in the VMM's own root or working directory. */
static int find_socket(struct worker *worker, pid_t pid, char *ret, size_t size)
{
	struct cmdline cmdline = { 0 };
	char path[256];
	enum qmp_way way;
	int r = cmdline_read(worker->root, pid, &cmdline);

	if (r < 0)
		return r;
	way = qmp_find(&cmdline, path, sizeof path);
	cmdline_done(&cmdline);
	if (way == QMP_PASSED_FD)
		return -EBUSY;
	if (way != QMP_SOCKET)
		return -ENOENT;
	r = snprintf(ret, size, path[0] == '/' ? "/proc/%d/root%s" : "/proc/%d/cwd/%s", pid, path);
	return (size_t)r < size ? 0 : -ENAMETOOLONG;
}

static int ask_qmp(struct worker *worker, struct task *task, bool with_balloon)
{
	struct qmp *qmp = NULL;
	char path[320];
	int r = find_socket(worker, task->identity.pid, path, sizeof path);

	if (r < 0)
		return r;
	r = qmp_open(worker->root, path, task->identity.pid, ANSWER_USEC, &qmp, NULL);
	if (r < 0)
		return r;
	if (qmp_state(qmp, task->status, sizeof task->status, NULL) < 0)
		task->status[0] = '\0';
	if (with_balloon)
		r = qmp_balloon(qmp, &task->balloon, NULL);
	qmp_close(qmp);
	return r;
}

static void ask_owner(struct worker *worker, struct task *task)
{
	if (task->skip_rounds > 0) {
		task->skip_rounds--;
		task->owner_code = -ETIMEDOUT;
		return;
	}
	task->owner_code = task->is_qemu ? ask_qmp(worker, task, worker->with_owner) : -EOPNOTSUPP;
	if (task->owner_code != -ETIMEDOUT) {
		task->late_rounds = 0;
		return;
	}
	task->late_rounds = task->late_rounds == 0 ? 1 : task->late_rounds * 2;
	if (task->late_rounds > LATE_ROUNDS_MOST)
		task->late_rounds = LATE_ROUNDS_MOST;
	task->skip_rounds = task->late_rounds;
}

static void take_libvirt(struct task *task, const struct libvirt_balloon *from)
{
	task->balloon.actual_bytes = from->actual_bytes;
	task->balloon.target_bytes = from->target_bytes;
	task->balloon.free_bytes = from->free_bytes;
	task->balloon.available_bytes = from->available_bytes;
	task->owner_code = 0;
}

/* libvirt holds its domains' monitors: it answers for all of them at once. */
static void ask_libvirt(struct worker *worker, size_t count)
{
	struct libvirt_balloon *balloons = calloc(count, sizeof *balloons);
	struct libvirt *libvirt = NULL;
	ssize_t known;
	size_t i;
	int r = balloons == NULL ? -ENOMEM : libvirt_open(NULL, &libvirt, NULL);

	known = r < 0 ? r : libvirt_balloons(libvirt, balloons, count, NULL);
	for (i = 0; i < worker->count; i++) {
		struct task *task = &worker->tasks[i];
		ssize_t k;

		if (!task->by_libvirt)
			continue;
		task->owner_code = known < 0 ? (int)known : -ENOENT;
		for (k = 0; k < known && (size_t)k < count; k++)
			if (strcmp(balloons[k].uuid, task->uuid) == 0 &&
			    balloons[k].pid == task->identity.pid)
				take_libvirt(task, &balloons[k]);
	}
	if (libvirt != NULL)
		libvirt_close(libvirt);
	free(balloons);
}

static void do_round(struct worker *worker)
{
	size_t i, libvirt_count = 0;

	for (i = 0; i < worker->count; i++) {
		struct task *task = &worker->tasks[i];

		if (worker->with_maps)
			ask_maps(worker, task);
		if (worker->with_owner && task->by_libvirt)
			libvirt_count++;
		else if (worker->with_owner || task->ask_state)
			ask_owner(worker, task);
		task->monotonic_usec = root_monotonic_usec(worker->root);
	}
	if (libvirt_count > 0)
		ask_libvirt(worker, worker->count);
}

static void *worker_run(void *context)
{
	struct worker *worker = context;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stop) {
		if (!worker->busy) {
			pthread_cond_wait(&worker->changed, &worker->lock);
			continue;
		}
		pthread_mutex_unlock(&worker->lock);
		do_round(worker);
		pthread_mutex_lock(&worker->lock);
		worker->busy = false;
		pthread_cond_broadcast(&worker->changed);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* -- the observer's side ---------------------------------------------------------------- */

struct worker *worker_new(struct observe *observe, struct error *err)
{
	struct worker *worker = calloc(1, sizeof *worker);
	int r;

	if (worker == NULL) {
		error_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	worker->root = observe->root;
	worker->with_maps = observe->options.with_maps;
	worker->with_owner = observe->options.with_owner;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	r = -pthread_create(&worker->thread, NULL, worker_run, worker);
	if (r < 0) {
		error_errno(err, r, "cannot start the thread that asks VMMs");
		worker_free(worker);
		return NULL;
	}
	worker->started = true;
	return worker;
}

void worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	if (worker->started) {
		pthread_mutex_lock(&worker->lock);
		worker->stop = true;
		pthread_cond_broadcast(&worker->changed);
		pthread_mutex_unlock(&worker->lock);
		pthread_join(worker->thread, NULL);
	}
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker->tasks);
	free(worker);
}

/* A VMM that is there and does not say what it was asked, in time or at all. */
static void tell_mute(struct observe *observe, const struct task *task)
{
	char text[160];

	if (task->owner_code != -ETIMEDOUT && task->owner_code != -EPROTO)
		return;
	snprintf(text, sizeof text, "the VMM of process %d %s on its QMP socket: what only it could tell "
		 "is absent", task->identity.pid, task->owner_code == -ETIMEDOUT ? "does not answer" :
		 "answers what is no QMP");
	observe_warn(observe, WARN_MUTE, text);
}

static void take_answer(const struct worker *worker, struct observe *observe,
			const struct task *task)
{
	struct vm *vm = snapshot_find_vm(&observe->snapshot, &task->identity);

	if (vm == NULL)
		return;
	if (worker->with_maps) {
		vm_take(vm, VM_PSS, task->maps.pss, task->maps_code);
		vm_take(vm, VM_HUGE, task->maps.huge, task->maps_code);
		vm->sampled_usec[GROUP_MAPS] = task->monotonic_usec;
	}
	if (worker->with_owner) {
		int64_t value[VM_FIGURE_COUNT];
		uint8_t state[VM_FIGURE_COUNT];
		struct object_view before = { &vm_info, value, state, NULL };

		memcpy(value, vm->value, sizeof value);
		memcpy(state, vm->state, sizeof state);
		vm_take(vm, VM_BALLOON_ACTUAL, task->balloon.actual_bytes, task->owner_code);
		vm_take(vm, VM_BALLOON_TARGET, task->balloon.target_bytes, task->owner_code);
		vm_take(vm, VM_GUEST_FREE, task->balloon.free_bytes, task->owner_code);
		vm_take(vm, VM_GUEST_AVAILABLE, task->balloon.available_bytes, task->owner_code);
		observe_knob_events(observe, vm, "", before, vm_view(vm));
		vm->sampled_usec[GROUP_OWNER] = task->monotonic_usec;
	}
	if (!worker->with_owner && !task->ask_state)
		return;
	tell_mute(observe, task);
	if (task->by_libvirt) /* its status file tells (observe/situation.h) */
		return;
	situation_set_state(observe, vm, situation_of_qemu(task->status));
	vm->state_usec = task->monotonic_usec;
}

static void make_task(struct task *task, struct watched *watched)
{
	const struct vm *vm = watched->vm;
	const char *uuid = vm->text[VM_TEXT_UUID], *owner = vm->text[VM_TEXT_OWNER];

	memset(task, 0, sizeof *task);
	task->identity = vm->identity;
	task->is_qemu = watched->vmm == &vmm_qemu;
	task->by_libvirt = owner != NULL && strcmp(owner, "libvirt") == 0;
	task->ask_state = watched->ask_state;
	watched->ask_state = false;
	if (uuid != NULL)
		text_copy(task->uuid, sizeof task->uuid, uuid, strlen(uuid));
}

/* The next round's tasks; what is known of slow VMMs is carried over. */
static void make_tasks(struct worker *worker, struct observe *observe)
{
	struct task *old = worker->tasks;
	size_t old_count = worker->count, i, k = 0;
	struct task *tasks = calloc(observe->snapshot.vm_count + 1, sizeof *tasks);
	size_t count = 0;

	if (tasks == NULL)
		return;
	for (i = 0; i < observe->watched_count; i++) {
		struct task *task = &tasks[count++];

		make_task(task, observe->watched[i]);
		for (k = 0; k < old_count; k++)
			if (vm_identity_compare(&old[k].identity, &task->identity) == 0) {
				task->late_rounds = old[k].late_rounds;
				task->skip_rounds = old[k].skip_rounds;
				break;
			}
	}
	free(old);
	worker->tasks = tasks;
	worker->count = count;
}

static bool has_questions(const struct worker *worker)
{
	size_t i;

	if (worker->with_maps || worker->with_owner)
		return worker->count > 0;
	for (i = 0; i < worker->count; i++)
		if (worker->tasks[i].ask_state)
			return true;
	return false;
}

void worker_exchange(struct worker *worker, struct observe *observe)
{
	size_t i;

	pthread_mutex_lock(&worker->lock);
	if (!worker->busy) {
		for (i = 0; i < worker->count; i++)
			take_answer(worker, observe, &worker->tasks[i]);
		make_tasks(worker, observe);
		worker->with_maps = observe->options.with_maps;
		worker->with_owner = observe->options.with_owner;
		worker->busy = has_questions(worker);
		pthread_cond_broadcast(&worker->changed);
	}
	pthread_mutex_unlock(&worker->lock);
}

void worker_wait(struct worker *worker, unsigned msec)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += msec / 1000;
	until.tv_nsec += (long)(msec % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&worker->lock);
	while (worker->busy)
		if (pthread_cond_timedwait(&worker->changed, &worker->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&worker->lock);
}
