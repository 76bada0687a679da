/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VM processes of one run, each in a seat, watched by the one thread of the parent. A
 * process is being born from its fork until it tells that its VMs run, alive until it is
 * killed (or ends by itself), and dying until it was reaped: the kernel has destroyed its VMs
 * by then. The rounds of fleet_wait() do all that: they note births and deaths, kill who has
 * lived its lifetime, and note that the end was asked for: by SIGTERM, SIGINT, or the end of a
 * stdin that is a pipe or a socket.
 *
 * Births and deaths run at the highest nice priority where that is allowed, or a few hundred
 * spinning guests would starve them. A VM that is alive has the nice value of who started the
 * program, in all its threads.
 */
#ifndef VMM_FLEET_H
#define VMM_FLEET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vm_process.h"

struct settings;
enum seat_state { SEAT_FREE, SEAT_BEING_BORN, SEAT_ALIVE, SEAT_DYING, SEAT_STATES };

struct seat {
	enum seat_state state;
	pid_t pid;
	unsigned number;	/* of its first VM: the lower, the older */
	uint64_t lifetime_nsec; /* 0: without limit */
	uint64_t due_nsec;	/* when alive: the end of its lifetime; 0: none */
	uint64_t kill_nsec;	/* 0: was not killed by us */
};

struct fleet {
	struct vm_process_plan plan;
	struct seat *seats;
	unsigned seat_count;
	unsigned in_state[SEAT_STATES]; /* seats by state */
	unsigned births;		/* processes that became alive */
	unsigned deaths;		/* processes that were reaped */
	unsigned next_number;
	bool stop_asked, watch_stdin;
	int signal_fd;
	int ready_fd;
	int close_fds[3];
	int log_fd;
};

/* Blocks the signals that it watches; never gives them back. */
int fleet_init(struct fleet *fleet, const struct settings *settings, unsigned seat_count,
	       struct error *err);

/* Needs a free seat. Lifetime 0: without limit. */
int fleet_birth(struct fleet *fleet, unsigned vm_count, uint64_t lifetime_nsec,
		struct error *err);

/* Kills the first-born that is alive, if any. */
void fleet_kill_oldest(struct fleet *fleet);

/* No VM dies of age any more. */
void fleet_end_lifetimes(struct fleet *fleet);

/* Waits until something happens or this time comes (UINT64_MAX: never), then notes all that
 * has happened. Fails where a process ended during its birth. */
int fleet_wait(struct fleet *fleet, uint64_t until_nsec, struct error *err);

/* Rounds of fleet_wait until this time, or until the end is asked for. */
int fleet_wait_until(struct fleet *fleet, uint64_t until_nsec, struct error *err);

/* Rounds of fleet_wait until no birth and no death is under way, or the end is asked for. */
int fleet_settle(struct fleet *fleet, struct error *err);

/* A log line `WORD PID` for each process that is alive. */
void fleet_log_alive(const struct fleet *fleet, const char *word);

/* Kills all and waits for them. */
void fleet_done(struct fleet *fleet);

#endif
