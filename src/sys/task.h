/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a system call sets of a thread; what /proc tells of it is read back there. Values are
 * texts, as everything that a root writes. -ESRCH: the thread has ended.
 */
#ifndef SYS_TASK_H
#define SYS_TASK_H

#include "sys/root.h"

/* What EEVDF takes for the time that it wants at a stretch, in nanoseconds; policy, nice and flags
 * stay. 0: the kernel's default again. -EINVAL: the thread is scheduled by deadlines or priorities,
 * which have no slice. */
int task_set_slice(struct root *root, pid_t tid, uint64_t nsec);
/* The default where nobody has set one. -EOPNOTSUPP: a kernel before 6.12, which has one slice for
 * everybody; -EINVAL as above. */
int task_slice(struct root *root, pid_t tid, uint64_t *ret_nsec);
/* A number that is another one when the CPUs that it may use are others, for a fraction of what
 * reading them costs. -ENOSYS on a root that is not this machine. */
int task_cpus(struct root *root, pid_t tid, uint64_t *ret_digest);
/* Any of them, by value: a nice, a list of CPUs as the kernel writes it, the number of a
 * policy without priorities, nanoseconds. -EROFS on a root that sets nothing; -EINVAL: none of these CPUs is there. */
int task_set(struct root *root, pid_t tid, enum root_task what, const char *value);
/* Of this machine: for the live root alone. */
int task_set_here(pid_t tid, enum root_task what, const char *value);
int task_slice_here(pid_t tid, uint64_t *ret_nsec);
int task_cpus_here(pid_t tid, uint64_t *ret_digest);

#endif
