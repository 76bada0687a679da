/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/weight.h"

#include "observe/observer.h"
#include "sys/cgroup_files.h"
#include "sys/process.h"

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

void weight_read(struct observe *observe, const struct watched *watched,
		 struct effective_weight *ret)
{
	const struct vm *vm = watched->vm;
	const char *path = watched->places[CGROUP_CPU].path;
	struct cgroup_weight weight;
	bool in_root = path[0] == '\0' || strcmp(path, "/") == 0;

	ret->autogroup_nice = read_autogroup(observe, watched);
	if (vm->state[VM_POLICY] == FIGURE_PRESENT &&
	    (vm->value[VM_POLICY] == SCHED_FIFO || vm->value[VM_POLICY] == SCHED_RR ||
	     vm->value[VM_POLICY] == 6 /* SCHED_DEADLINE */)) {
		ret->where = "realtime";
		ret->weight = vm->value[VM_RT_PRIORITY];
		ret->relative_permyriad = FIELD_ABSENT;
	} else if (watched->cgroup_own && !in_root &&
		   cgroup_weight_read(observe->root, &observe->cgroups,
				      (struct span){ path, strlen(path) }, &weight) == 0) {
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
