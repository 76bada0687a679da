/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that runs one policy, seen from its parent: started with nothing but a socket and
 * the room, limited from outside, and never outliving what started it.
 */
#ifndef DECIDE_PROCESS_H
#define DECIDE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct error;

struct process {
	pid_t pid;    /* 0: none */
	int pidfd, socket;
	clockid_t cpu_clock;
};

void process_init(struct process *process);
/* `program_fd` -1: none. */
int process_start(struct process *process, const char *program, int room_fd, int program_fd,
		  struct error *err);
/* CPU time that it has taken so far. */
uint64_t process_cpu_usec(const struct process *process);
/* The kernel ends it when it has taken that much more, in whole seconds rounded up: what holds
 * even where the parent has no time to look. */
void process_limit_cpu(const struct process *process, uint64_t more_usec);
void process_limit_memory(const struct process *process, uint64_t bytes);
/* Whether it runs, or would if it got a CPU or its memory: then it is not it that is slow. */
bool process_wants_cpu(const struct process *process);
/* Waits a moment for one that is about to end by itself. */
bool process_has_ended(const struct process *process, int wait_msec);
/* Ends it, and reaps it where that takes but a moment; else one of the next calls of this, of
 * process_start or process_reap_left does. ret_status (may be NULL) as of waitpid; -1 where it is
 * not known. */
void process_end(struct process *process, int *ret_status);
/* Those that were killed and are gone by now; how many are not. */
size_t process_reap_left(void);

#endif
