/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/vmm.h"

#include "base/text.h"

#include <string.h>

static bool crosvm_is(const struct process *process)
{
	return vmm_program_is(process, "crosvm");
}

static void crosvm_describe(const struct process *process, struct vm_description *ret)
{
	const char *name = vmm_option(process, "name");
	const char *socket = vmm_option(process, "s");
	const char *slash;

	if (socket == NULL)
		socket = vmm_option(process, "socket");
	if (name != NULL) {
		text_copy(ret->name, sizeof ret->name, name, strlen(name));
	} else if (socket != NULL) {
		slash = strrchr(socket, '/');
		socket = slash != NULL ? slash + 1 : socket;
		text_copy(ret->name, sizeof ret->name, socket, strcspn(socket, "."));
	}
}

static bool crosvm_thread_role(const char *comm, enum thread_role *ret_role, int *ret_index)
{
	*ret_index = -1;
	if (vmm_numbered_name(comm, "crosvm_vcpu", "", ret_index))
		*ret_role = ROLE_VCPU;
	else if (strncmp(comm, "v_", 2) == 0 || strncmp(comm, "virtio_", 7) == 0)
		*ret_role = ROLE_IO;
	else if (strncmp(comm, "vhost-", 6) == 0)
		*ret_role = ROLE_VHOST;
	else
		return false;
	return true;
}

const struct vmm vmm_crosvm = {
	.name = "crosvm",
	.comm_starts = { "crosvm" },
	.is = crosvm_is,
	.describe = crosvm_describe,
	.thread_role = crosvm_thread_role,
};
