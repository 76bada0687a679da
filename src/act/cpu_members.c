/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/cpu_members.h"

#include "act/act_hurry.h"
#include "act/act_lease.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/text.h"
#include "sys/field.h"
#include "sys/process.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A chain of children deeper than this is no VMM's. */
#define CHILDREN_DEPTH 4

extern const struct lease_kind cpu_controller_kind, cpu_tasks_kind;

static int write_task(struct root *root, const char *directory, const char *file, pid_t tid)
{
	char path[1024];
	char text[16];

	if (snprintf(path, sizeof path, "%s/%s", directory, file) >= (int)sizeof path)
		return -ENAMETOOLONG;
	snprintf(text, sizeof text, "%d", tid);
	return root_write(root, path, text);
}

static pid_t process_of(struct root *root, pid_t tid)
{
	char path[64], bytes[4096];
	const char *line;
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/status", tid);
	size = root_read(root, path, bytes, sizeof bytes);
	line = size > 0 ? strstr(bytes, "\nTgid:") : NULL;
	return line != NULL ? (pid_t)atoi(line + sizeof "\nTgid:" - 1) : -1;
}

struct descriptors {
	struct root *root;
	pid_t pid;
};

static int is_vm_descriptor(const char *name, void *context)
{
	const struct descriptors *descriptors = context;
	char path[320], text[256];
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/fd/%s", descriptors->pid, name);
	size = root_readlink(descriptors->root, path, text, sizeof text);
	return size > 0 && process_link_classify(text, (size_t)size, NULL) == LINK_KVM_VM;
}

static bool is_vm(struct root *root, pid_t pid)
{
	struct descriptors descriptors = { root, pid };
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	return root_list(root, path, is_vm_descriptor, &descriptors) != 0;
}

struct follow {
	struct act_context *context;
	const char *to;
	pid_t pid;
	int depth;
};

static void follow_children(struct follow *follow, pid_t pid);

/* Of one thread: a kernel without the file leaves them where they are. */
static int follow_children_of(const char *tid, void *context)
{
	struct follow *follow = context;
	char path[320], bytes[4096];
	struct cursor c;
	uint64_t child;
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/task/%s/children", follow->pid, tid);
	size = root_read(follow->context->root, path, bytes, sizeof bytes);
	c = cursor_over(bytes, size > 0 ? (size_t)size : 0);
	while (cursor_take_u64(&c, &child))
		if (!is_vm(follow->context->root, (pid_t)child)) {
			write_task(follow->context->root, follow->to, "cgroup.procs", (pid_t)child);
			follow_children(follow, (pid_t)child);
		}
	return 0;
}

static void follow_children(struct follow *follow, pid_t pid)
{
	pid_t parent = follow->pid;
	char path[64];

	if (follow->depth == CHILDREN_DEPTH)
		return;
	follow->depth++;
	follow->pid = pid;
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	root_list(follow->context->root, path, follow_children_of, follow);
	follow->pid = parent;
	follow->depth--;
}

void cpu_members_follow(struct act_context *context, const struct act_target *target,
			const char *to, const char *from)
{
	struct follow follow = { .context = context, .to = to };
	size_t i;

	for (i = target->vcpu_count; i < target->tid_count; i++)
		if (process_of(context->root, target->tids[i]) == target->tids[i] &&
		    target->tids[i] != target->vm.pid)
			write_task(context->root, to, "cgroup.procs", target->tids[i]);
	follow_children(&follow, target->vm.pid);
}

/* -- threads of a VM that shares its process */

/* The lease's target is the file, so that the cgroup that holds it is kept as long. */
static int move_threads(struct act_context *context, const struct act_target *target,
			const char *to)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < target->tid_count; i++) {
		r = write_task(context->root, to, "tasks", target->tids[i]);
		if (r == -ESRCH)
			r = 0;
	}
	return r;
}

int cpu_members_move_threads(struct act_context *context, const struct act_target *target,
			     const char *to, const char *from, struct error *err)
{
	char what[1024], was[1024], kept[sizeof context->note];
	uint64_t id;
	bool new;
	int r;

	if (snprintf(what, sizeof what, "%s/tasks", to) >= (int)sizeof what ||
	    snprintf(was, sizeof was, "%s", from) >= (int)sizeof was)
		return error_set(err, -ENAMETOOLONG, "%s has too long a name", to);
	/* It stays while any setting has a lease there, so it is of none. */
	memcpy(kept, context->note, sizeof kept);
	snprintf(context->note, sizeof context->note, "a place for the VM");
	r = act_lease_take(context, target, &cpu_tasks_kind, what, was, "moved", &id, &new, err);
	memcpy(context->note, kept, sizeof kept);
	if (r < 0)
		return r;
	r = move_threads(context, target, to);
	if (r < 0) {
		leases_undo(context->leases, id, NULL);
		return error_errno(err, r, "cannot move the threads of %s to %s", target->name, to);
	}
	return 0;
}

/* What is in the file goes back to the directory that it came from. */
static int tasks_undo(void *context, const struct vm_identity *vm, const char *target,
		      const char *was, const char *now, struct error *err)
{
	CLEANUP_FREE char *bytes = NULL;
	struct cursor c;
	uint64_t tid;
	int r = 0;
	ssize_t size = root_read_all(context, target, 1 << 20, &bytes);

	if (size == -ENOENT || size == -ENODEV)
		return -ENOENT;
	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", target);
	c = cursor_over(bytes, (size_t)size);
	while (r == 0 && cursor_take_u64(&c, &tid)) {
		r = write_task(context, was, "tasks", (pid_t)tid);
		if (r == -ESRCH)
			r = 0;
		cursor_take_text(&c, "\n");
	}
	return r == 0 || r == -ENOENT ? r : error_errno(err, r, "cannot move threads back to %s",
							was);
}

const struct lease_kind cpu_tasks_kind = { .name = "cpu-tasks", .undo = tasks_undo };

static const struct lease *tasks_lease(struct leases *leases, const struct vm_identity *vm)
{
	const struct lease *lease;
	uint64_t id = 0;

	while ((lease = leases_next(leases, id)) != NULL) {
		id = lease->id;
		if (lease->kind == &cpu_tasks_kind && vm_identity_compare(&lease->vm, vm) == 0)
			return lease;
	}
	return NULL;
}

static bool is_set_in(struct leases *leases, const struct lease *tasks)
{
	size_t length = strlen(tasks->target) - strlen("tasks");
	const struct lease *lease;
	uint64_t id = 0;

	while ((lease = leases_next(leases, id)) != NULL) {
		id = lease->id;
		if (lease != tasks && strncmp(lease->target, tasks->target, length) == 0)
			return true;
	}
	return false;
}

bool cpu_members_return_threads(struct act_context *context, const struct vm_identity *vm)
{
	const struct lease *lease = tasks_lease(context->leases, vm);
	struct act_hurry hurry;
	int r;

	if (lease == NULL || is_set_in(context->leases, lease))
		return false;
	hurry = act_hurry_begin(context);
	r = leases_undo(context->leases, lease->id, NULL);
	act_hurry_end(context, &hurry);
	return r >= 0;
}

/* -- controllers that were given to the children of a cgroup */

/* target: "DIRECTORY/cgroup.subtree_control:CONTROLLER"; was: "-CONTROLLER". */
static int controller_undo(void *context, const struct vm_identity *vm, const char *target,
			   const char *was, const char *now, struct error *err)
{
	const char *colon = strrchr(target, ':');
	char path[1024];
	int r;

	if (colon == NULL || snprintf(path, sizeof path, "%.*s", (int)(colon - target), target) >=
	    (int)sizeof path)
		return error_set(err, -EINVAL, "\"%s\" names no controller", target);
	r = root_write(context, path, was);
	if (r == -ENOENT || r == -ENODEV)
		return -ENOENT;
	/* Somebody else uses it below by now, and may go on. */
	if (r == -EBUSY)
		return 0;
	return r < 0 ? error_errno(err, r, "cannot write \"%s\" to %s", was, path) : 0;
}

const struct lease_kind cpu_controller_kind = {
	.name = "cgroup-controller", .undo = controller_undo,
};

/* -- what serves nobody any more */

/* How long the directory is that the host's lease is about; 0: it is about something else. */
static size_t scope_of(const struct lease *lease)
{
	if (lease->vm.pid != 0)
		return 0;
	if (lease->kind == &act_lease_cgroup_kind)
		return strlen(lease->target);
	if (lease->kind == &cpu_controller_kind ||
	    (lease->kind == &act_lease_file_kind &&
	     text_ends_with(lease->target, "/cpuset.cpus.exclusive")))
		return (size_t)(strrchr(lease->target, '/') - lease->target);
	return 0;
}

static bool is_used(struct act_context *context, const struct lease *directory, size_t length)
{
	const struct lease *lease;
	uint64_t id = 0;

	while ((lease = leases_next(context->leases, id)) != NULL) {
		id = lease->id;
		if (lease->vm.pid != 0 && strncmp(lease->target, directory->target, length) == 0 &&
		    lease->target[length] == '/')
			return true;
	}
	return false;
}

/* The newest first, as they stand in each other. */
void cpu_members_clean(struct act_context *context)
{
	size_t i = leases_count(context->leases);

	while (i-- > 0) {
		const struct lease *lease = leases_at(context->leases, i);
		size_t length = lease != NULL ? scope_of(lease) : 0;

		if (length > 0 && !is_used(context, lease, length))
			leases_undo(context->leases, lease->id, NULL);
	}
}
