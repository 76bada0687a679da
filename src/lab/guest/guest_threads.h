/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the threads of a VM's process may run. */
#ifndef LAB_GUEST_GUEST_THREADS_H
#define LAB_GUEST_GUEST_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;

/* `alone`: the n-th vCPU on the n-th CPU only, where there are enough of them. Else all on all, as
 * every other thread of the process is. Threads that end meanwhile are no failure. */
int guest_threads_pin(pid_t pid, const pid_t *vcpus, size_t vcpu_count, const unsigned *cpus,
		      size_t cpu_count, bool alone, struct error *err);

#endif
