/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process is and has: the meaning of its descriptors, its cgroups, its system call, its
 * autogroup. Pure functions over what one read or readlink gave; 0 or -EINVAL where it is not
 * such a file, -ENOENT where the wanted line is not in it.
 */
#ifndef SYS_PROCESS_H
#define SYS_PROCESS_H

#include "sys/field.h"

#include <sys/types.h>

enum process_link {
	LINK_OTHER,
	LINK_KVM,       /* /dev/kvm */
	LINK_KVM_VM,    /* one VM */
	LINK_KVM_VCPU,  /* number: the vCPU, -1 where the kernel does not tell */
	LINK_TUN,       /* /dev/net/tun: its fdinfo names the interface */
	LINK_MACVTAP,   /* /dev/tapN; number: the interface's index */
	LINK_VHOST_NET,
	LINK_VFIO,      /* number: the group, -1 for the container */
};

/* The text of a link in /proc/PID/fd. ret_number may be NULL. */
enum process_link process_link_classify(const char *text, size_t size, int *ret_number);

/* fdinfo of a tun descriptor: the interface, "" where none is attached yet. */
int process_tap_name(const char *bytes, size_t size, char *ret_name, size_t ret_size);

/*
 * /proc/PID/cgroup: the path in the hierarchy of that v1 controller ("cpu", "name=systemd"),
 * or in the unified one ("").
 */
int process_cgroup_find(const char *bytes, size_t size, const char *controller,
			struct span *ret_path);

/* /proc/TID/syscall. */
struct process_syscall {
	bool running;       /* on a CPU: the kernel tells no more */
	int64_t number;     /* -1: blocked outside a system call */
	uint64_t argument[6];
};

int process_syscall_parse(const char *bytes, size_t size, struct process_syscall *ret);
/* Is it ioctl(fd, KVM_RUN)? argument[0] is the vCPU's descriptor then. */
bool process_syscall_is_kvm_run(const struct process_syscall *syscall);

struct process_autogroup {
	int64_t number;
	int nice;
};

/* /proc/PID/autogroup: empty for a process without one, which is -ENOENT. */
int process_autogroup_parse(const char *bytes, size_t size, struct process_autogroup *ret);

#endif
