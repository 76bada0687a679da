/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One VM of an experiment, or a process in a VM's place, with the link to its agent: the two are
 * used alike. Nothing that its agent says is believed; what it does wrong, and its end, make it
 * FAILED with one sentence, and it stays so.
 */
#ifndef LAB_RUN_LAB_MEMBER_H
#define LAB_RUN_LAB_MEMBER_H

#include "lab/guest/guest_plan.h"
#include "lab/host/child.h"
#include "lab/link/link.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct error;
struct guest;
struct lab_member;

enum member_state {
	MEMBER_BOOTING,
	MEMBER_IDLE,
	MEMBER_PREPARING,
	MEMBER_PREPARED,
	MEMBER_RUNNING,  /* started, or told to */
	MEMBER_STOPPING,
	MEMBER_FAILED,
};

/* What its user hears of: STARTED, REPORT, DONE and COUNTERS. */
typedef void (*member_heard)(void *user, struct lab_member *member, const struct link_event *event);

struct lab_member {
	unsigned number;      /* 0: VM1 */
	char name[64];
	struct guest *guest;  /* NULL: a process */
	struct child child;
	struct link *link;
	enum member_state state;
	bool settled;         /* idle, with its threads known */
	char why[512];        /* while FAILED */
	int code;             /* then: -EIO, or what would be the same in another boot */
	uint64_t ready_usec;  /* how long it took to be there */
	uint64_t began_usec;
	member_heard heard;
	void *user;
};

enum { MEMBER_POLLS = 2 };

/* name, number, heard and user are set already. */
int member_start_guest(struct lab_member *member, const struct guest_plan *plan, struct error *err);
/* A process of this agent (NULL: the one that belongs to this program) in this network (0: ours). */
int member_start_process(struct lab_member *member, const char *agent, int network_fd,
			 struct error *err);
/* Ends it, whatever it does. Bears being called for one that was never started. */
void member_end(struct lab_member *member);

void member_fill_poll(const struct lab_member *member, struct pollfd polls[static MEMBER_POLLS]);
uint64_t member_deadline(const struct lab_member *member);
void member_turn(struct lab_member *member, const struct pollfd polls[static MEMBER_POLLS]);

int member_prepare(struct lab_member *member, const char *workload, uint32_t report_msec,
		   struct error *err);
int member_begin(struct lab_member *member, uint64_t at_nsec, struct error *err);
int member_stop(struct lab_member *member, struct error *err);
/* Its threads onto these CPUs; `alone` as guest_pin. */
int member_pin(struct lab_member *member, const unsigned *cpus, size_t count, bool alone,
	       struct error *err);
pid_t member_pid(const struct lab_member *member);

#endif
