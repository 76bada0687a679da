/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/vmm.h"

#include "base/text.h"

#include <string.h>

static bool firecracker_is(const struct process *process)
{
	return vmm_program_is(process, "firecracker");
}

static void firecracker_describe(const struct process *process, struct vm_description *ret)
{
	const char *id = vmm_option(process, "id");

	if (id != NULL)
		text_copy(ret->name, sizeof ret->name, id, strlen(id));
}

static bool firecracker_thread_role(const char *comm, enum thread_role *ret_role, int *ret_index)
{
	*ret_index = -1;
	if (vmm_numbered_name(comm, "fc_vcpu ", "", ret_index))
		*ret_role = ROLE_VCPU;
	else if (strncmp(comm, "vhost-", 6) == 0)
		*ret_role = ROLE_VHOST;
	else
		return false;
	return true;
}

const struct vmm vmm_firecracker = {
	.name = "firecracker",
	.comm_starts = { "firecracker" },
	.is = firecracker_is,
	.describe = firecracker_describe,
	.thread_role = firecracker_thread_role,
};
