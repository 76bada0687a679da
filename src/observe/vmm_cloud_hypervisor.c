/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/vmm.h"

#include "base/text.h"

#include <string.h>

static bool cloud_hypervisor_is(const struct process *process)
{
	return vmm_program_is(process, "cloud-hypervisor");
}

static void cloud_hypervisor_describe(const struct process *process, struct vm_description *ret)
{
	const char *socket = vmm_option(process, "api-socket");
	const char *uuid = vmm_option(process, "platform");
	const char *slash;

	/* It has no name of its own: its socket's name is what people tell it by. */
	if (socket != NULL) {
		if (strncmp(socket, "path=", 5) == 0)
			socket += 5;
		slash = strrchr(socket, '/');
		socket = slash != NULL ? slash + 1 : socket;
		text_copy(ret->name, sizeof ret->name, socket, strcspn(socket, ",."));
	}
	uuid = uuid != NULL ? strstr(uuid, "uuid=") : NULL;
	if (uuid != NULL)
		text_copy(ret->uuid, sizeof ret->uuid, uuid + 5, strcspn(uuid + 5, ","));
}

static bool cloud_hypervisor_thread_role(const char *comm, enum thread_role *ret_role, int *ret_index)
{
	*ret_index = -1;
	if (vmm_numbered_name(comm, "vcpu", "", ret_index))
		*ret_role = ROLE_VCPU;
	else if (strncmp(comm, "_disk", 5) == 0 || strncmp(comm, "_net", 4) == 0)
		*ret_role = ROLE_IO;
	else if (strncmp(comm, "vhost-", 6) == 0)
		*ret_role = ROLE_VHOST;
	else
		return false;
	return true;
}

const struct vmm vmm_cloud_hypervisor = {
	.name = "cloud-hypervisor",
	.comm_starts = { "cloud-hyp" },
	.is = cloud_hypervisor_is,
	.describe = cloud_hypervisor_describe,
	.thread_role = cloud_hypervisor_thread_role,
};
