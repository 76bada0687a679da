/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/weight.h"

#include "observe/observer.h"
#include "sys/cgroup.h"
#include "sys/cgroup_files.h"
#include "sys/process.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

/* The kernel's scale: each step of nice is worth a quarter. */
static int64_t weight_of_nice_permyriad(int nice)
{
	double relative = 10000;

	for (; nice < 0; nice++)
		relative *= 1.25;
	for (; nice > 0; nice--)
		relative /= 1.25;
	return (int64_t)(relative + 0.5);
}

static void weight_of_cgroup(const struct cgroup_weight *weight, struct effective_weight *ret)
{
	ret->where = weight->where;
	ret->weight = weight->weight;
	ret->relative_permyriad = weight->idle || weight->usual <= 0 ? FIELD_ABSENT :
		weight->weight * 10000 / weight->usual;
}

static int64_t read_autogroup(struct observe *observe, const struct watched *watched)
{
	struct process_autogroup autogroup;
	char bytes[128];
	ssize_t size;

	if (!observe->autogroups)
		return FIELD_ABSENT;
	size = watched_read(observe, -1, bytes, sizeof bytes, "/proc/%d/autogroup",
			    watched->process->pid);
	if (size <= 0 || process_autogroup_parse(bytes, (size_t)size, &autogroup) < 0)
		return FIELD_ABSENT;
	return autogroup.nice;
}

/* A weight that is the VM's alone, and whether its threads compete in the root cgroup. In v2 a
 * cgroup that is not given the cpu controller is none to the scheduler: its threads are in the
 * nearest one above that is. */
static bool find_cgroup(struct observe *observe, const struct watched *watched,
			struct cgroup_weight *ret, bool *ret_in_root)
{
	const struct cgroup_tree *tree = &observe->cgroups.controller[CGROUP_CPU];
	const char *path = watched->places[CGROUP_CPU].path;
	struct span at = { path, strlen(path) };
	bool own = watched->cgroup_own;
	int r;

	*ret_in_root = at.size <= 1;
	if (*ret_in_root)
		return false;
	r = cgroup_weight_read(observe->root, &observe->cgroups, at, ret);
	while (r == -ENOENT && tree->v2 && cgroup_parent(&at) && at.size > 1) {
		r = cgroup_weight_read(observe->root, &observe->cgroups, at, ret);
		own = r == 0 && cgroup_is_own(observe->root, tree, at, &watched->process->pid, 1) == 1;
	}
	*ret_in_root = r == -ENOENT && tree->v2;
	return r == 0 && own;
}

void weight_read(struct observe *observe, const struct watched *watched,
		 struct effective_weight *ret)
{
	const struct vm *vm = watched->vm;
	struct cgroup_weight weight;
	bool in_root, weighs = find_cgroup(observe, watched, &weight, &in_root);

	/* It arbitrates in the root cgroup alone. */
	if (in_root || watched->rarely || vm->state[VM_AUTOGROUP_NICE] != FIGURE_PRESENT)
		ret->autogroup_nice = read_autogroup(observe, watched);
	else
		ret->autogroup_nice = vm->value[VM_AUTOGROUP_NICE];
	if (vm->state[VM_POLICY] == FIGURE_PRESENT &&
	    (vm->value[VM_POLICY] == SCHED_FIFO || vm->value[VM_POLICY] == SCHED_RR ||
	     vm->value[VM_POLICY] == 6 /* SCHED_DEADLINE */)) {
		ret->where = "realtime";
		ret->weight = vm->value[VM_RT_PRIORITY];
		ret->relative_permyriad = FIELD_ABSENT;
	} else if (weighs) {
		weight_of_cgroup(&weight, ret);
	} else if (in_root && field_present(ret->autogroup_nice)) {
		ret->where = "autogroup";
		ret->weight = ret->autogroup_nice;
		ret->relative_permyriad = weight_of_nice_permyriad((int)ret->autogroup_nice);
	} else {
		bool known = vm->state[VM_NICE] == FIGURE_PRESENT;

		ret->where = "nice";
		ret->weight = known ? vm->value[VM_NICE] : FIELD_ABSENT;
		ret->relative_permyriad =
			known ? weight_of_nice_permyriad((int)vm->value[VM_NICE]) : FIELD_ABSENT;
	}
}
