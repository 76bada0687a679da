/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/vmm.h"

#include "base/text.h"

#include <string.h>

static bool kvmtool_is(const struct process *process)
{
	return vmm_program_is(process, "lkvm") || vmm_program_is(process, "kvmtool");
}

static void kvmtool_describe(const struct process *process, struct vm_description *ret)
{
	const char *name = vmm_option(process, "n");

	if (name == NULL)
		name = vmm_option(process, "name");
	if (name != NULL)
		text_copy(ret->name, sizeof ret->name, name, strlen(name));
}

static bool kvmtool_thread_role(const char *comm, enum thread_role *ret_role, int *ret_index)
{
	*ret_index = -1;
	if (vmm_numbered_name(comm, "kvm-vcpu-", "", ret_index))
		*ret_role = ROLE_VCPU;
	else if (strncmp(comm, "virtio-", 7) == 0)
		*ret_role = ROLE_IO;
	else if (strncmp(comm, "vhost-", 6) == 0)
		*ret_role = ROLE_VHOST;
	else
		return false;
	return true;
}

const struct vmm vmm_kvmtool = {
	.name = "kvmtool",
	.comm_starts = { "lkvm", "kvmtool" },
	.is = kvmtool_is,
	.describe = kvmtool_describe,
	.thread_role = kvmtool_thread_role,
};
