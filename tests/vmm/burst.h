/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that works in bursts: so much CPU time, then nothing until the next period begins.
 * The work is a loop in the guest, of so many rounds as took that CPU time when it was measured
 * at the start; CPU time, so that what others take meanwhile does not make the work smaller.
 * A burst is late by all that it was kept waiting: from when it was due until it was done.
 */
#ifndef VMM_BURST_H
#define VMM_BURST_H

#include <stddef.h>
#include <stdint.h>

#define BURST_PORT 0x11u

struct burst {
	uint64_t busy_nsec, period_nsec;
	unsigned measured;     /* how often the loop was timed */
	uint32_t rounds;
	uint64_t due_nsec, cpu_nsec;
};

/* The guest's code; it finds the number of rounds at a fixed place of the memory. */
size_t burst_code(unsigned char *code);
void burst_init(struct burst *burst, uint64_t busy_nsec, uint64_t period_nsec,
		unsigned char *memory);
/* The guest has done its rounds (or has just begun): logs the burst, sleeps until the next is due.
 * Lines `burst PID DUE TAKEN CPU`, in nanoseconds. */
void burst_next(struct burst *burst, unsigned char *memory, int log_fd);

#endif
