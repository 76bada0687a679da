/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/cpu_place.h"

#include "act/act_hurry.h"
#include "act/act_lease.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/text.h"
#include "act/cpu_members.h"
#include "sys/process.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROC_CGROUP_BYTES 8192

extern const struct lease_kind cpu_controller_kind;

static const struct cgroup_tree *cpu_tree(const struct cpu_place *place)
{
	return &place->layout.controller[place->controller];
}

static struct span path_span(const struct cpu_place *place)
{
	return (struct span){ place->path, strlen(place->path) };
}

/* As v2 calls them. */
static const char *controller_text(const struct cpu_place *place)
{
	static const char *const names[CGROUP_CONTROLLER_COUNT] = {
		[CGROUP_CPU] = "cpu", [CGROUP_CPUACCT] = "cpu", [CGROUP_CPUSET] = "cpuset",
		[CGROUP_MEMORY] = "memory", [CGROUP_IO] = "io",
	};

	return names[place->controller];
}

static bool directory_is_made(const struct act_context *context, const struct vm_identity *vm,
			      const char *directory)
{
	return leases_find(context->leases, &act_lease_cgroup_kind, vm, directory) != NULL;
}

/* The snapshot knows more (a wrapper, a name that a manager gives), but may be of before a move. */
static bool is_own(struct act_context *context, const struct act_target *target,
		   const struct cpu_place *place)
{
	if (place->in_root)
		return false;
	if (directory_is_made(context, &target->vm, place->directory))
		return true;
	if (!target->alone)
		return false;
	if (strcmp(target->cgroup, place->path) == 0 && (place->v2 || place->controller == CGROUP_CPU))
		return target->cgroup_own;
	return cgroup_is_own(context->root, cpu_tree(place), path_span(place), &target->vm.pid,
			     1) == 1;
}

/* Of a VM that shares its process the cgroup is that of its first vCPU. */
static pid_t telling_thread(const struct act_target *target)
{
	return !target->alone && target->tid_count > 0 ? target->tids[0] : target->vm.pid;
}

static int path_read(struct act_context *context, const struct act_target *target,
		     struct cpu_place *place, struct error *err)
{
	char name[64];
	char bytes[PROC_CGROUP_BYTES];
	struct span span;
	ssize_t size;

	snprintf(name, sizeof name, "/proc/%d/cgroup", telling_thread(target));
	size = root_read(context->root, name, bytes, sizeof bytes);
	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", name);
	if (process_cgroup_find(bytes, (size_t)size,
				cgroup_controller_name(&place->layout, place->controller), &span) < 0)
		return error_set(err, -ENOENT, "%s names no cgroup of the %s controller", name,
				 controller_text(place));
	span = cgroup_vm_path(span).path;
	if (span.size >= sizeof place->path)
		return error_set(err, -ENAMETOOLONG, "the cgroup of %s has too long a name",
				 target->name);
	memcpy(place->path, span.at, span.size);
	place->path[span.size] = '\0';
	return 0;
}

int cpu_place_find(struct act_context *context, const struct act_target *target,
		   struct cpu_place *ret, struct error *err)
{
	return cpu_place_find_in(context, target, CGROUP_CPU, ret, err);
}

static int place_find(struct act_context *context, const struct act_target *target,
		      enum cgroup_controller controller, struct cpu_place *ret,
		      struct error *err)
{
	int r = 0;

	if (context->layout != NULL)
		ret->layout = *context->layout;
	else
		r = cgroup_layout_read(context->root, &ret->layout, err);
	ret->controller = controller;
	if (r < 0)
		return r;
	if (cpu_tree(ret)->mount[0] == '\0')
		return error_set(err, -ENOENT, "this host has no cgroup hierarchy with the %s "
				 "controller", controller_text(ret));
	ret->v2 = cpu_tree(ret)->v2;
	r = path_read(context, target, ret, err);
	if (r < 0)
		return r;
	ret->in_root = strcmp(ret->path, cpu_tree(ret)->base) == 0 || strcmp(ret->path, "/") == 0;
	r = cgroup_compose(cpu_tree(ret), path_span(ret), NULL, ret->directory,
			   sizeof ret->directory);
	if (r < 0)
		return error_errno(err, r, "the cgroup %s is not to be seen below %s", ret->path,
				   cpu_tree(ret)->mount);
	ret->own = is_own(context, target, ret);
	return 0;
}

int cpu_place_find_in(struct act_context *context, const struct act_target *target,
		      enum cgroup_controller controller, struct cpu_place *ret,
		      struct error *err)
{
	struct cpu_place *seen = context->seen;
	int r;

	if (seen != NULL && seen->directory[0] != '\0' && seen->controller == controller) {
		*ret = *seen;
		return 0;
	}
	r = place_find(context, target, controller, ret, err);
	if (r == 0 && seen != NULL)
		*seen = *ret;
	return r;
}

int cpu_place_can_be_made(const struct act_target *target, const struct cpu_place *place,
			  char reason[static PLAN_REASON_SIZE])
{
	if (place->v2 && !target->alone) {
		snprintf(reason, PLAN_REASON_SIZE, "it shares its process with other VMs, and in "
			 "cgroup v2 a process has one cgroup");
		return 0;
	}
	return 1;
}

bool cpu_place_is_refused(int code)
{
	return code == -EROFS || code == -EACCES || code == -EPERM || code == -EOPNOTSUPP;
}

bool cpu_place_file(const struct cpu_place *place, const char *file, char *ret, size_t ret_size)
{
	int size = snprintf(ret, ret_size, "%s/%s", place->directory, file);

	return size > 0 && (size_t)size < ret_size;
}

bool cpu_place_has(struct act_context *context, const struct cpu_place *place, const char *file)
{
	char path[1024];

	return cpu_place_file(place, file, path, sizeof path) && root_exists(context->root, path);
}

bool cpu_place_competes_in_root(struct act_context *context, const struct cpu_place *place)
{
	struct cpu_place above = *place;
	size_t mount = strlen(cpu_tree(place)->mount);
	char *slash;

	if (place->in_root || !place->v2)
		return place->in_root;
	while (strlen(above.directory) > mount) {
		if (cpu_place_has(context, &above, "cpu.weight"))
			return false;
		slash = strrchr(above.directory, '/');
		*slash = '\0';
	}
	return true;
}

int cpu_place_number(struct act_context *context, const struct cpu_place *place, const char *file,
		     int64_t *ret)
{
	char path[1024];
	char bytes[64];
	ssize_t size;

	if (!cpu_place_file(place, file, path, sizeof path))
		return -ENAMETOOLONG;
	size = root_read(context->root, path, bytes, sizeof bytes);
	return size < 0 ? (int)size : field_parse_number(bytes, (size_t)size, ret);
}

int cpu_place_write(struct act_context *context, const struct act_target *target,
		    const struct cpu_place *place, const char *file, const char *text,
		    struct error *err)
{
	char path[1024];

	/* It was its own when this way was chosen; somebody may have moved it since. */
	if (!place->own)
		return error_set(err, -ENOENT, "the cgroup %s is not this VM's alone: its %s is not "
				 "touched", place->path, file);
	if (!cpu_place_file(place, file, path, sizeof path))
		return error_set(err, -ENAMETOOLONG, "%s has too long a name", place->directory);
	return act_lease_file(context, target, path, text, err);
}

/* -- what belongs to the host: directories above the made ones, controllers switched on */

/* Their leases are no setting's, so their notes must not name one. */
static void note_as_place(struct act_context *context, char kept[static 400])
{
	memcpy(kept, context->note, sizeof context->note);
	snprintf(context->note, sizeof context->note, "a place for VMs");
}

static bool list_has(const char *bytes, size_t size, const char *word)
{
	struct cursor c = cursor_over(bytes, size);
	const char *at;
	size_t length;

	while (cursor_take_word(&c, &at, &length))
		if (span_equals((struct span){ at, length }, word))
			return true;
	return false;
}

/* Each controller of a file is a lease of its own. */
static int controller_lease(struct act_context *context, const char *path, const char *controller,
			    uint64_t *ret_id, struct error *err)
{
	char what[1100], minus[32], plus[32], kept[sizeof context->note];
	bool new;
	int r;

	snprintf(what, sizeof what, "%s:%s", path, controller);
	snprintf(minus, sizeof minus, "-%s", controller);
	snprintf(plus, sizeof plus, "+%s", controller);
	note_as_place(context, kept);
	r = act_lease_take(context, NULL, &cpu_controller_kind, what, minus, plus, ret_id, &new, err);
	memcpy(context->note, kept, sizeof kept);
	return r;
}

static int enable_in(struct act_context *context, const char *directory, const char *controller,
		     struct error *err)
{
	char path[1024], plus[32], bytes[512];
	uint64_t id;
	ssize_t size;
	int r;

	snprintf(path, sizeof path, "%s/cgroup.subtree_control", directory);
	size = root_read(context->root, path, bytes, sizeof bytes);
	if (size < 0)
		return error_errno(err, (int)size, "cannot read %s", path);
	if (list_has(bytes, strcspn(bytes, "\n"), controller))
		return 0;
	r = controller_lease(context, path, controller, &id, err);
	if (r < 0)
		return r;
	snprintf(plus, sizeof plus, "+%s", controller);
	r = root_write(context->root, path, plus);
	if (r >= 0)
		return 0;
	leases_drop(context->leases, id, NULL);
	if (r == -EBUSY)
		return error_set(err, r, "%s has processes of its own, so the kernel gives its "
				 "children no %s controller", directory, controller);
	return error_errno(err, r, "cannot give the children of %s the %s controller", directory,
			   controller);
}

int cpu_place_enable(struct act_context *context, const struct cpu_place *place,
		     const char *controller, struct error *err)
{
	size_t mount = strlen(cpu_tree(place)->mount);
	char directory[sizeof place->directory];
	size_t at;
	int r = 0;

	if (!place->v2)
		return 0;
	for (at = mount; r == 0 && place->directory[at] == '/';
	     at += 1 + strcspn(place->directory + at + 1, "/")) {
		memcpy(directory, place->directory, at);
		directory[at] = '\0';
		r = enable_in(context, directory, controller, err);
	}
	return r;
}

static int is_libvirts(const char *name, void *context)
{
	return strstr(name, ".libvirt-") != NULL;
}

/* The directory in which VMs' own cgroups stand side by side. */
static bool parent_name(struct act_context *context, const struct cpu_place *place, char *ret,
			size_t ret_size)
{
	const char *mount = cpu_tree(place)->mount;
	const char *name = context->options != NULL && context->options->cgroup != NULL ?
			   context->options->cgroup : "truce";
	int size = snprintf(ret, ret_size, "%s/machine", mount);

	if (size > 0 && (size_t)size < ret_size &&
	    root_list(context->root, ret, is_libvirts, NULL) == 1)
		return true;
	size = snprintf(ret, ret_size, "%s/%s", mount, name);
	return size > 0 && (size_t)size < ret_size;
}

static int parent_make(struct act_context *context, const struct cpu_place *place,
		       const char *directory, struct error *err)
{
	char kept[400];
	int r = 0;

	note_as_place(context, kept);
	if (!root_exists(context->root, directory))
		r = act_lease_cgroup(context, NULL, directory, cpu_tree(place)->mount, err);
	memcpy(context->note, kept, sizeof kept);
	return r;
}

/* -- the VM's own */

static int move(struct act_context *context, const struct act_target *target, const char *to,
		const char *from, struct error *err)
{
	if (!target->alone)
		return cpu_members_move_threads(context, target, to, from, err);
	return act_lease_move(context, target, to, from, err);
}

/* On a failure the caller releases what was leased so far. */
static int make_in(struct act_context *context, const struct act_target *target,
		   struct cpu_place *made, const char *origin, struct error *err)
{
	int r = cpu_place_enable(context, made, controller_text(made), err);

	if (r == 0)
		r = act_lease_cgroup(context, target, made->directory, origin, err);
	if (r == 0)
		r = move(context, target, made->directory, origin, err);
	if (r == 0 && target->alone)
		cpu_members_follow(context, target, made->directory, origin);
	return r;
}

int cpu_place_make(struct act_context *context, const struct act_target *target,
		   struct cpu_place *place, struct error *err)
{
	struct cpu_place made = *place;
	char origin[sizeof place->directory];
	char parent[sizeof place->directory];
	struct act_hurry hurry;
	int size, r;

	/* Libvirt's leaves would be left: the process's own directory is where it goes back to. */
	memcpy(origin, place->directory, sizeof origin);
	if (!parent_name(context, place, parent, sizeof parent))
		return error_set(err, -ENAMETOOLONG, "%s has too long a name",
				 cpu_tree(place)->mount);
	size = snprintf(made.directory, sizeof made.directory, "%s/vm-%d-%llu-%u", parent,
			target->vm.pid, (unsigned long long)target->vm.start_ticks,
			target->vm.ordinal);
	if (size < 0 || (size_t)size >= sizeof made.directory)
		return error_set(err, -ENAMETOOLONG, "%s has too long a name", parent);
	r = parent_make(context, place, parent, err);
	hurry = act_hurry_begin(context);
	if (r == 0)
		r = make_in(context, target, &made, origin, err);
	act_hurry_end(context, &hurry);
	if (r == 0)
		r = cpu_place_find_in(context, target, place->controller, place, err);
	if (r < 0)
		cpu_place_abandon(context, target);
	return r;
}

void cpu_place_abandon(struct act_context *context, const struct act_target *target)
{
	struct error ignored;

	cpu_members_return_threads(context, &target->vm);
	act_release_cgroups(context, &target->vm, &ignored);
	cpu_members_clean(context);
}

/* -- telling */

static const char *const weight_files[] = { "cpu.weight", "cpu.shares" };

static bool is_weight_file(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t i;

	for (i = 0; slash != NULL && i < ARRAY_SIZE(weight_files); i++)
		if (strcmp(slash + 1, weight_files[i]) == 0)
			return true;
	return false;
}

/* The directory above the cgroup whose file this is. */
static size_t parent_length(const char *file)
{
	struct span span = { file, strlen(file) };

	cgroup_parent(&span);
	cgroup_parent(&span);
	return span.size;
}

/* Is a weight of another VM set among other siblings? Then the two are not in proportion. */
static bool others_weigh_elsewhere(struct act_context *context, const struct act_target *target,
				   const char *path)
{
	const struct lease *lease = NULL;
	uint64_t id = 0;
	size_t length = parent_length(path);

	while ((lease = leases_next(context->leases, id)) != NULL) {
		id = lease->id;
		if (lease->kind != &act_lease_file_kind || lease->vm.pid == 0 ||
		    vm_identity_compare(&lease->vm, &target->vm) == 0 ||
		    !is_weight_file(lease->target))
			continue;
		if (parent_length(lease->target) != length ||
		    strncmp(lease->target, path, length) != 0)
			return true;
	}
	return false;
}

static bool scheduler_is_replaced(struct act_context *context)
{
	char state[32];

	return root_read(context->root, "/sys/kernel/sched_ext/state", state, sizeof state) > 0 &&
	       strncmp(state, "disabled", 8) != 0;
}

void cpu_place_tell(struct act_context *context, const struct act_target *target,
		    const struct cpu_place *place, const char *file, char where[static 64])
{
	char path[1024];

	if (scheduler_is_replaced(context))
		snprintf(where, 64, "%s; a sched_ext scheduler may ignore it", file);
	else if (cpu_place_file(place, file, path, sizeof path) && is_weight_file(path) &&
		 others_weigh_elsewhere(context, target, path))
		snprintf(where, 64, "%s; VMs in other subtrees are not in proportion", file);
	else
		snprintf(where, 64, "%s", file);
}

int cpu_place_release(struct act_context *context, const struct act_target *target,
		      enum setting setting, struct error *err)
{
	int r = act_release_setting(context, target, setting, err);

	if (cpu_members_return_threads(context, &target->vm) && r == 0)
		r = act_release_cgroups(context, &target->vm, err);
	cpu_members_clean(context);
	return r;
}
