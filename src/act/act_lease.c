/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act_lease.h"

#include "act/act_hurry.h"
#include "act/act_theirs.h"
#include "act/actuator.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/glob.h"
#include "base/vec.h"
#include "sys/cgroup.h"
#include "sys/proc.h"
#include "sys/task.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct vm_identity the_host = { .pid = 0 };

static const struct vm_identity *identity_of(const struct act_target *target)
{
	return target != NULL ? &target->vm : &the_host;
}

/* -- whose a cgroup is */

static bool is_file_in(const char *what, const char *directory)
{
	size_t length = strlen(directory);
	const char *path = strchr(what, '/'); /* "8:0 rbps /PATH", too */

	return length > 0 && path != NULL && strncmp(path, directory, length) == 0 &&
	       path[length] == '/' && strchr(path + length + 1, '/') == NULL;
}

/* A hierarchy's root has the whole host in it: of it no knob is turned, whatever led there (the VM
 * fell into it when somebody removed its cgroup). Cgroups are made in it, VMs moved from it, and
 * its children are given controllers: those are other kinds. */
static int guard_roots(struct act_context *context, const struct lease_kind *kind, const char *what,
		       struct error *err)
{
	struct cgroup_layout read = { 0 };
	const struct cgroup_layout *layout = context->layout;
	size_t i;

	if (kind == &act_lease_cgroup_kind || kind == &act_lease_moved_kind ||
	    strstr(what, "/cgroup.subtree_control") != NULL)
		return 0;
	if (layout == NULL && cgroup_layout_read(context->root, &read, NULL) == 0)
		layout = &read;
	for (i = 0; layout != NULL && i < CGROUP_CONTROLLER_COUNT; i++)
		if (is_file_in(what, layout->controller[i].mount))
			return error_set(err, -EPERM, "%s is of the cgroup that all processes of this host "
					 "are in: it is not touched", what);
	return 0;
}

/* -- lease, then turn */

int act_lease_take(struct act_context *context, const struct act_target *target,
		   const struct lease_kind *kind, const char *what, const char *was,
		   const char *now, uint64_t *ret_id, bool *ret_new, struct error *err)
{
	const struct vm_identity *vm = identity_of(target);
	int r = guard_roots(context, kind, what, err);

	if (r < 0)
		return r;
	*ret_new = leases_find(context->leases, kind, vm, what) == NULL;
	return leases_take(context->leases, kind, vm, what, was, now, context->note, ret_id, err);
}

/* One knob: what it is, what it was, how it is turned. */
struct turn {
	struct act_context *context;
	const struct act_target *target;
	const struct lease_kind *kind;
	const char *what, *was, *now;
	int (*turn)(struct root *root, const struct turn *turn);
	pid_t tid; /* of a thread's */
};

/* Turning failed: the lease goes, or says again what it said before. */
static void turn_back(const struct turn *turn, uint64_t id, const struct lease *before)
{
	struct error ignored = { 0 };

	if (before == NULL)
		(void)leases_drop(turn->context->leases, id, &ignored);
	else
		(void)leases_take(turn->context->leases, before->kind, &before->vm, before->target,
				  before->was, before->now, before->note, &id, &ignored);
}

static int turn_leased(const struct turn *turn, struct error *err)
{
	struct leases *leases = turn->context->leases;
	const struct vm_identity *vm = identity_of(turn->target);
	const struct lease *before = leases_find(leases, turn->kind, vm, turn->what);
	uint64_t id;
	int r = guard_roots(turn->context, turn->kind, turn->what, err);

	if (r == 0)
		r = leases_take(leases, turn->kind, vm, turn->what, turn->was, turn->now,
				turn->context->note, &id, err);
	if (r < 0)
		return r;
	r = turn->turn(turn->context->root, turn);
	if (r >= 0)
		return 0;
	turn_back(turn, id, before);
	return error_errno(err, r, "cannot set %s to \"%s\"", turn->what, turn->now);
}

/* -- files */

/* Of all processes without CAP_SYS_ADMIN the kernel lets one a tenth of a second set an autogroup's
 * nice, and tells the others to come again. */
#define AGAIN_USEC (USEC_PER_SEC / 50)
#define AGAIN_TIMES 8

static int write_in_time(struct root *root, const char *path, const char *text)
{
	int times, r = root_write(root, path, text);

	for (times = 0; r == -EAGAIN && times < AGAIN_TIMES; times++) {
		root_sleep_until(root, -1, root_monotonic_usec(root) + AGAIN_USEC);
		r = root_write(root, path, text);
	}
	return r;
}

static int file_turn(struct root *root, const struct turn *turn)
{
	return write_in_time(root, turn->what, turn->now);
}

/* Of /proc and /sys we turn these files and no others; all the rest are cgroups'. */
static bool is_knob(const char *path)
{
	static const char *const ours[] = {
		"/proc/[1-9]*/autogroup", "/sys/kernel/mm/ksm/*", "/sys/fs/cgroup/*",
	};
	size_t i;

	if (path[0] != '/' || strstr(path, "/../") != NULL)
		return false;
	if (strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/sys/", 5) != 0)
		return true;
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		if (glob_matches(ours[i], path))
			return true;
	return false;
}

static int file_undo(void *context, const struct vm_identity *vm, const char *target,
		     const char *was, const char *now, struct error *err)
{
	int r;

	if (!is_knob(target))
		return error_set(err, -EPERM, "%s in the journal is no knob: it is not touched", target);
	r = write_in_time(context, target, was);
	/* ENODEV: the cgroup of an open file is gone. */
	if (r == -ENODEV)
		return -ENOENT;
	return r < 0 ? error_errno(err, r, "cannot set %s back to \"%s\"", target, was) : 0;
}

const struct lease_kind act_lease_file_kind = {
	.name = "file", .undo = file_undo, .theirs = act_file_is_theirs,
};

int act_lease_file_was(struct act_context *context, const struct act_target *target,
		       const char *path, const char *was, const char *text, struct error *err)
{
	return turn_leased(&(struct turn){ .context = context, .target = target,
		.kind = &act_lease_file_kind, .what = path, .was = was, .now = text,
		.turn = file_turn }, err);
}

int act_lease_file(struct act_context *context, const struct act_target *target, const char *path,
		   const char *text, struct error *err)
{
	char was[512];
	ssize_t got = root_read(context->root, path, was, sizeof was);

	if (got < 0)
		return error_errno(err, (int)got, "cannot read %s", path);
	was[strcspn(was, "\n")] = '\0';
	return act_lease_file_was(context, target, path, was, text, err);
}

/* -- threads */

/* What /proc tells of the thread now. */
int act_thread_stat(struct root *root, pid_t tid, struct proc_stat *ret)
{
	char path[64], bytes[1024];
	ssize_t got;

	snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)tid, (int)tid);
	got = root_read(root, path, bytes, sizeof bytes);
	if (got < 0)
		return got == -ENOENT ? -ESRCH : (int)got;
	return proc_stat_parse(bytes, (size_t)got, ret);
}

int act_thread_affinity(struct root *root, pid_t tid, char *ret, size_t size)
{
	struct proc_status status;
	char path[64], bytes[8192];
	ssize_t got;
	int r;

	snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)tid, (int)tid);
	got = root_read(root, path, bytes, sizeof bytes);
	if (got < 0)
		return got == -ENOENT ? -ESRCH : (int)got;
	r = proc_status_parse(bytes, (size_t)got, &status);
	if (r < 0)
		return r;
	if (status.cpus_list.size == 0 || status.cpus_list.size >= size)
		return -EOVERFLOW;
	snprintf(ret, size, "%.*s", (int)status.cpus_list.size, status.cpus_list.at);
	return 0;
}

static int nice_turn(struct root *root, const struct turn *turn)
{
	return task_set(root, turn->tid, ROOT_TASK_NICE, turn->now);
}

static int affinity_turn(struct root *root, const struct turn *turn)
{
	return task_set(root, turn->tid, ROOT_TASK_AFFINITY, turn->now);
}

static int policy_turn(struct root *root, const struct turn *turn)
{
	return task_set(root, turn->tid, ROOT_TASK_POLICY, turn->now);
}

static int slice_turn(struct root *root, const struct turn *turn)
{
	return task_set(root, turn->tid, ROOT_TASK_SLICE, turn->now);
}

static const char *const task_words[] = {
	[ROOT_TASK_NICE] = "nice", [ROOT_TASK_AFFINITY] = "CPUs", [ROOT_TASK_POLICY] = "policy",
	[ROOT_TASK_SLICE] = "slice",
};

/* The kernel tells a slice, and not whether it is its default: that is set first, and what it comes
 * to is what was or is not. */
static int slice_give_back(struct root *root, pid_t tid, const char *was)
{
	uint64_t now;
	int r = task_set_slice(root, tid, 0);

	if (r == 0)
		r = task_slice(root, tid, &now);
	if (r == 0 && now != strtoull(was, NULL, 10))
		r = task_set(root, tid, ROOT_TASK_SLICE, was);
	return r;
}

/* A thread's id may be another's by now: the time of its start tells. */
static int thread_undo(struct root *root, const char *target, enum root_task what,
		       const char *was, struct error *err)
{
	unsigned long long start;
	struct proc_stat stat;
	int tid, r;

	if (sscanf(target, "%d/%llu", &tid, &start) != 2 || tid <= 1)
		return error_set(err, -EINVAL, "\"%s\" names no thread", target);
	r = act_thread_stat(root, tid, &stat);
	if (r == 0 && stat.start_ticks != start)
		return -ESRCH;
	if (r == 0)
		r = what == ROOT_TASK_SLICE ? slice_give_back(root, tid, was) :
					      task_set(root, tid, what, was);
	if (r < 0 && r != -ESRCH)
		return error_errno(err, r, "cannot give thread %d its %s %s back", tid,
				   task_words[what], was);
	return r;
}

static int nice_undo(void *context, const struct vm_identity *vm, const char *target,
		     const char *was, const char *now, struct error *err)
{
	return thread_undo(context, target, ROOT_TASK_NICE, was, err);
}

static int affinity_undo(void *context, const struct vm_identity *vm, const char *target,
			 const char *was, const char *now, struct error *err)
{
	return thread_undo(context, target, ROOT_TASK_AFFINITY, was, err);
}

static int policy_undo(void *context, const struct vm_identity *vm, const char *target,
		       const char *was, const char *now, struct error *err)
{
	return thread_undo(context, target, ROOT_TASK_POLICY, was, err);
}

static int slice_undo(void *context, const struct vm_identity *vm, const char *target,
		      const char *was, const char *now, struct error *err)
{
	return thread_undo(context, target, ROOT_TASK_SLICE, was, err);
}

const struct lease_kind act_lease_slice_kind = {
	.name = "slice", .undo = slice_undo, .theirs = act_slice_is_theirs,
};
const struct lease_kind act_lease_policy_kind = {
	.name = "policy", .undo = policy_undo, .theirs = act_policy_is_theirs,
};
const struct lease_kind act_lease_nice_kind = {
	.name = "nice", .undo = nice_undo, .theirs = act_nice_is_theirs,
};
const struct lease_kind act_lease_affinity_kind = {
	.name = "affinity", .undo = affinity_undo, .theirs = act_affinity_is_theirs,
};

static int thread_what(struct act_context *context, pid_t tid, struct proc_stat *ret_stat,
		       char ret[static 48], struct error *err)
{
	int r = act_thread_stat(context->root, tid, ret_stat);

	if (r < 0)
		return error_errno(err, r, "thread %d", (int)tid);
	snprintf(ret, 48, "%d/%llu", (int)tid, (unsigned long long)ret_stat->start_ticks);
	return 0;
}

int act_lease_nice(struct act_context *context, const struct act_target *target, pid_t tid,
		   int nice, struct error *err)
{
	char what[48], was[16], now[16];
	struct proc_stat stat;
	int r = thread_what(context, tid, &stat, what, err);

	if (r < 0)
		return r;
	snprintf(was, sizeof was, "%d", stat.nice);
	snprintf(now, sizeof now, "%d", nice);
	return turn_leased(&(struct turn){ .context = context, .target = target, .tid = tid,
		.kind = &act_lease_nice_kind, .what = what, .was = was, .now = now,
		.turn = nice_turn }, err);
}

int act_lease_policy(struct act_context *context, const struct act_target *target, pid_t tid,
		     int policy, struct error *err)
{
	char what[48], was[16], now[16];
	struct proc_stat stat;
	int r = thread_what(context, tid, &stat, what, err);

	if (r < 0)
		return r;
	snprintf(was, sizeof was, "%d", stat.policy);
	snprintf(now, sizeof now, "%d", policy);
	return turn_leased(&(struct turn){ .context = context, .target = target, .tid = tid,
		.kind = &act_lease_policy_kind, .what = what, .was = was, .now = now,
		.turn = policy_turn }, err);
}

int act_lease_affinity(struct act_context *context, const struct act_target *target, pid_t tid,
		       const char *cpus, struct error *err)
{
	char what[48], was[1024];
	struct proc_stat stat;
	int r = thread_what(context, tid, &stat, what, err);

	if (r < 0)
		return r;
	r = act_thread_affinity(context->root, tid, was, sizeof was);
	if (r < 0)
		return error_errno(err, r, "CPUs of thread %d", (int)tid);
	return turn_leased(&(struct turn){ .context = context, .target = target, .tid = tid,
		.kind = &act_lease_affinity_kind, .what = what, .was = was, .now = cpus,
		.turn = affinity_turn }, err);
}

int act_lease_slice(struct act_context *context, const struct act_target *target, pid_t tid,
		    uint64_t nsec, struct error *err)
{
	char what[48], was[24], now[24];
	struct proc_stat stat;
	uint64_t before;
	int r = thread_what(context, tid, &stat, what, err);

	if (r < 0)
		return r;
	r = task_slice(context->root, tid, &before);
	if (r < 0)
		return error_errno(err, r, "slice of thread %d", (int)tid);
	snprintf(was, sizeof was, "%" PRIu64, before);
	snprintf(now, sizeof now, "%" PRIu64, nsec);
	return turn_leased(&(struct turn){ .context = context, .target = target, .tid = tid,
		.kind = &act_lease_slice_kind, .what = what, .was = was, .now = now,
		.turn = slice_turn }, err);
}

/* -- cgroups */

/* The task goes there or, where that is gone, to the next cgroup above that is there. A
 * hierarchy's root takes every task. */
static int task_move(struct root *root, const char *directory, const char *pid)
{
	char path[600];
	char *slash;
	int r;

	if (snprintf(path, sizeof path, "%s", directory) >= (int)sizeof path - 16)
		return -ENAMETOOLONG;
	for (;;) {
		size_t length = strlen(path);

		strcpy(path + length, "/cgroup.procs");
		r = root_write(root, path, pid);
		path[length] = '\0';
		slash = strrchr(path, '/');
		if ((r != -ENOENT && r != -ENODEV) || slash == path || slash == NULL)
			return r;
		*slash = '\0';
	}
}

/* Moves whoever is left in a cgroup out of it. New ones may come meanwhile: look again. */
static int stragglers_move(struct root *root, const char *directory, const char *to)
{
	char path[600];
	int round, r = 0;

	snprintf(path, sizeof path, "%s/cgroup.procs", directory);
	for (round = 0; round < 8 && r == 0; round++) {
		CLEANUP_FREE char *pids = NULL;
		ssize_t size = root_read_all(root, path, 1 << 20, &pids);
		char *rest = pids, *pid;

		if (size < 0)
			return (int)size;
		if (pids[0] == '\0')
			return 0;
		while ((pid = strsep(&rest, "\n")) != NULL && r == 0)
			if (*pid != '\0')
				r = task_move(root, to, pid);
		/* It ended meanwhile. */
		r = r == -ESRCH ? 0 : r;
	}
	return r;
}

static int cgroup_remove(struct root *root, const char *directory, const char *to,
			 struct error *err)
{
	int r = *to != '\0' ? stragglers_move(root, directory, to) : 0;

	if (r == 0)
		r = root_rmdir(root, directory);
	if (r < 0 && r != -ENOENT)
		return error_errno(err, r, "cannot remove the cgroup %s", directory);
	return r;
}

static int cgroup_undo(void *context, const struct vm_identity *vm, const char *target,
		       const char *was, const char *now, struct error *err)
{
	return cgroup_remove(context, target, was, err);
}

static int cgroup_forget(void *context, const char *target, const char *was, struct error *err)
{
	return cgroup_remove(context, target, was, err);
}

const struct lease_kind act_lease_cgroup_kind = {
	.name = "cgroup", .undo = cgroup_undo, .forget = cgroup_forget,
};

static int cgroup_turn(struct root *root, const struct turn *turn)
{
	int r = root_mkdir(root, turn->what);

	return r == -EEXIST ? 0 : r;
}

int act_lease_cgroup(struct act_context *context, const struct act_target *target,
		     const char *directory, const char *origin, struct error *err)
{
	return turn_leased(&(struct turn){ .context = context, .target = target,
		.kind = &act_lease_cgroup_kind, .what = directory, .was = origin, .now = "made",
		.turn = cgroup_turn }, err);
}

static int moved_undo(void *context, const struct vm_identity *vm, const char *target,
		      const char *was, const char *now, struct error *err)
{
	char pid[16];
	int r;

	snprintf(pid, sizeof pid, "%d", (int)vm->pid);
	r = task_move(context, was, pid);
	if (r < 0 && r != -ESRCH)
		return error_errno(err, r, "cannot move process %s back to %s", pid, was);
	return r;
}

const struct lease_kind act_lease_moved_kind = { .name = "moved", .undo = moved_undo };

static int moved_turn(struct root *root, const struct turn *turn)
{
	char path[600];

	if (snprintf(path, sizeof path, "%s/cgroup.procs", turn->what) >= (int)sizeof path)
		return -ENAMETOOLONG;
	return root_write(root, path, turn->now);
}

int act_lease_move(struct act_context *context, const struct act_target *target,
		   const char *to, const char *from, struct error *err)
{
	char pid[16];

	snprintf(pid, sizeof pid, "%d", (int)target->vm.pid);
	return turn_leased(&(struct turn){ .context = context, .target = target,
		.kind = &act_lease_moved_kind, .what = to, .was = from, .now = pid,
		.turn = moved_turn }, err);
}

/* -- giving back */

int act_note_parse(const char *note, struct setting_value *ret)
{
	const char *equals = note != NULL ? strchr(note, '=') : NULL;
	char name[64];
	int setting;

	if (equals == NULL || (size_t)(equals - note) >= sizeof name)
		return -1;
	snprintf(name, sizeof name, "%.*s", (int)(equals - note), note);
	setting = setting_find(name);
	if (setting < 0)
		return -1;
	*ret = (struct setting_value){ .number = 0 };
	if (setting_info[setting].unit == SETTING_UNIT_TEXT)
		snprintf(ret->text, sizeof ret->text, "%.*s", (int)strcspn(equals + 1, " "),
			 equals + 1);
	else
		ret->number = strtoll(equals + 1, NULL, 10);
	return setting;
}

/* Whether a lease that is given back by itself is about this setting. Made cgroups and moves
 * into them wait for the last other lease inside. */
static bool is_of_setting(const struct lease *lease, const struct vm_identity *vm,
			  enum setting setting)
{
	struct setting_value value;

	return vm_identity_compare(&lease->vm, vm) == 0 && lease->kind != &act_lease_cgroup_kind &&
	       lease->kind != &act_lease_moved_kind &&
	       act_note_parse(lease->note, &value) == (int)setting;
}

/* Leases by id. Of the host: everybody's, because its cgroups have the VMs' inside. */
struct lease_list {
	const struct lease **items;
	size_t count, capacity;
};

static int list_leases(struct leases *leases, const struct vm_identity *vm,
		       struct lease_list *ret)
{
	const struct lease *lease;
	uint64_t id = 0;

	while ((lease = leases_next(leases, id)) != NULL) {
		id = lease->id;
		if (vm->pid != 0 && vm_identity_compare(&lease->vm, vm) != 0)
			continue;
		if (!VEC_RESERVE(ret->items, ret->capacity, ret->count + 1))
			return -ENOMEM;
		ret->items[ret->count++] = lease;
	}
	return 0;
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* What hands controllers down ends with the cgroup, and keeps none. */
static bool is_handing_down(const struct lease *lease)
{
	return strstr(lease->target, "/cgroup.subtree_control") != NULL;
}

static bool is_in_use(const struct lease_list *list, const struct lease *made)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		const struct lease *other = list->items[i];

		if (other != NULL && other != made && is_below(other->target, made->target) &&
		    !is_handing_down(other))
			return true;
	}
	return false;
}

/* From the newest on. Returns how many were given back. */
static int release_unused(struct act_context *context, const struct vm_identity *vm,
			  struct lease_list *list, const struct lease_kind *kind,
			  struct error *err)
{
	size_t i = list->count;
	int r, count = 0;

	while (i-- > 0) {
		const struct lease *lease = list->items[i];
		struct act_hurry hurry;

		if (lease == NULL || lease->kind != kind || is_in_use(list, lease) ||
		    vm_identity_compare(&lease->vm, vm) != 0)
			continue;
		hurry = act_hurry_begin(context);
		r = leases_undo(context->leases, lease->id, err);
		act_hurry_end(context, &hurry);
		if (r < 0)
			return r;
		list->items[i] = NULL;
		count++;
	}
	return count;
}

int act_release_cgroups(struct act_context *context, const struct vm_identity *vm,
			struct error *err)
{
	struct lease_list list = { .items = NULL };
	int r = list_leases(context->leases, vm, &list);

	/* First the moves into cgroups that nothing else keeps, then those cgroups. */
	if (r == 0)
		r = release_unused(context, vm, &list, &act_lease_moved_kind, err);
	if (r >= 0)
		r = release_unused(context, vm, &list, &act_lease_cgroup_kind, err);
	free(list.items);
	if (r > 0 && vm->pid != 0)
		return act_release_cgroups(context, &the_host, err);
	return r < 0 ? r : 0;
}

int act_release_setting(struct act_context *context, const struct act_target *target,
			enum setting setting, struct error *err)
{
	const struct vm_identity *vm = identity_of(target);
	struct lease_list list = { .items = NULL };
	int failed = list_leases(context->leases, vm, &list), r;
	size_t i = list.count;

	/* Without memory to list all: those that are listed, and it failed all the same. */
	while (i-- > 0) {
		if (!is_of_setting(list.items[i], vm, setting))
			continue;
		r = leases_undo(context->leases, list.items[i]->id, err);
		failed = r < 0 ? r : failed;
	}
	free(list.items);
	return failed < 0 ? failed : act_release_cgroups(context, vm, err);
}
