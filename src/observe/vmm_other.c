/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever program holds a KVM VM and is none of the known ones. Its threads may follow any
 * known custom of naming. */
#include "observe/vmm.h"

static bool other_is(const struct process *process)
{
	return true;
}

/* The caller falls back to the process name. */
static void other_describe(const struct process *process, struct vm_description *ret)
{
}

static bool other_thread_role(const char *comm, enum thread_role *ret_role, int *ret_index)
{
	size_t i;

	for (i = 0; vmm_kinds[i] != NULL; i++)
		if (vmm_kinds[i]->thread_role(comm, ret_role, ret_index))
			return true;
	return false;
}

const struct vmm vmm_other = {
	.name = "other",
	.is = other_is,
	.describe = other_describe,
	.thread_role = other_thread_role,
};
