/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One real KVM virtual machine inside this process: a few kilobytes of memory, vCPU threads,
 * and a guest of three real-mode instructions. It tells its start by one port write, then
 * halts for ever (idle: its threads block in KVM_RUN), jumps to itself for ever (spinning), or
 * works in bursts (burst.h).
 * A guest has no end of its own: it goes with its process, as the kernel takes back all its
 * descriptors then. A vCPU that fails prints why and ends the process.
 */
#ifndef VMM_GUEST_H
#define VMM_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct guest;

/* How a known VMM names its vCPU threads: the index between two texts. Where `before` is NULL
 * they keep the name of the process, and nothing tells them from its other threads. */
struct thread_naming {
	const char *vmm;
	const char *before;
	const char *after;
};

struct guest_plan {
	const struct thread_naming *naming;
	unsigned vcpu_count;
	size_t memory_bytes;
	bool mergeable; /* fill the memory alike in all guests and offer it to KSM */
	int nice;       /* of a vCPU's thread from its first guest instruction on */
	uint64_t burst_busy_nsec; /* of each vCPU in each period; 0: as `spinning` says */
	uint64_t burst_period_nsec;
};

/* NULL where the VMM is not one of them; guest_naming_list is their names for a help text. */
const struct thread_naming *guest_naming_find(const char *vmm);
const char *guest_naming_list(void);

/* Whether /dev/kvm opens and speaks the stable API; makes no VM. */
int guest_check_host(struct error *err);

/* Returns when each vCPU has executed an instruction of the guest; a guest that spins waits
 * with the rest for guest_release. The calling thread is the one that KVM's uevent names; keep
 * it alive as long as the guest. */
int guest_start(const struct guest_plan *plan, bool spinning, struct guest **ret,
		struct error *err);

/* Call it when all guests of the process have started. Bursts are logged there. */
void guest_release(struct guest *guest, int log_fd);

/* Writes the lines `vm` and `vcpu`. */
void guest_log(const struct guest *guest, int log_fd);

#endif
