/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "observe/vmm.h"

#include "base/text.h"

#include <string.h>

static bool qemu_program(const char *name)
{
	return strncmp(name, "qemu-system-", 12) == 0 || strcmp(name, "qemu-kvm") == 0;
}

/* RHEL calls it qemu-kvm; Proxmox starts it as /usr/bin/kvm, a link to qemu-system-x86_64. */
static bool qemu_is(const struct process *process)
{
	const char *first = vmm_first_argument(process);

	if (process->exe[0] != '\0')
		return qemu_program(process->exe);
	return qemu_program(process->comm) || qemu_program(first) ||
	       (strcmp(first, "kvm") == 0 && vmm_option(process, "name") != NULL);
}

/* libvirt hands QEMU a secret object and a monitor of its own making; Proxmox keeps its sockets
 * below /var/run/qemu-server and gives the VM's number with -id. */
static const char *qemu_owner(const struct process *process)
{
	const char *name = vmm_option(process, "name");
	const char *chardev = vmm_option(process, "chardev");

	if (strstr(process->cgroup, "kubepods") != NULL)
		return "kubevirt";
	if (vmm_option(process, "id") != NULL && chardev != NULL &&
	    strstr(chardev, "/qemu-server/") != NULL)
		return "proxmox";
	if (name != NULL && strncmp(name, "guest=", 6) == 0 && chardev != NULL &&
	    strstr(chardev, "id=charmonitor") != NULL)
		return "libvirt";
	return NULL;
}

static void qemu_describe(const struct process *process, struct vm_description *ret)
{
	const char *name = vmm_option(process, "name");
	const char *uuid = vmm_option(process, "uuid");

	if (name != NULL)
		cmdline_qemu_key(name, "guest", "guest", ret->name, sizeof ret->name);
	if (uuid != NULL)
		text_copy(ret->uuid, sizeof ret->uuid, uuid, strlen(uuid));
	ret->owner = qemu_owner(process);
}

static bool qemu_thread_role(const char *comm, enum thread_role *ret_role, int *ret_index)
{
	*ret_index = -1;
	if (vmm_numbered_name(comm, "CPU ", "/KVM", ret_index) ||
	    vmm_numbered_name(comm, "CPU ", "/TCG", ret_index)) {
		*ret_role = ROLE_VCPU;
	} else if (strcmp(comm, "ALL CPUs/TCG") == 0) {
		*ret_role = ROLE_VCPU; /* one thread runs every vCPU in turn */
		*ret_index = 0;
	} else if (strncmp(comm, "IO ", 3) == 0 || strncmp(comm, "iothread", 8) == 0) {
		*ret_role = ROLE_IO;
	} else if (strncmp(comm, "vhost-", 6) == 0) {
		*ret_role = ROLE_VHOST;
	} else {
		return false;
	}
	return true;
}

const struct vmm vmm_qemu = {
	.name = "qemu",
	.runs_without_kvm = true,
	.comm_starts = { "qemu", "kvm" },
	.is = qemu_is,
	.describe = qemu_describe,
	.thread_role = qemu_thread_role,
};
