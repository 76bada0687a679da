/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a plan to a running process and our ends of what it is wired with. Whatever was made on
 * the way is gone where it fails.
 */
#ifndef LAB_GUEST_GUEST_START_H
#define LAB_GUEST_GUEST_START_H

#include "lab/guest/guest_plan.h"
#include "lab/host/child.h"

struct error;

/* Our ends, all non-blocking; -1: there is none. */
struct guest_ends {
	struct child process;
	int channel_fd; /* to and from the agent */
	int console_fd; /* what the guest's kernel says */
	int log_fd;	/* what the process says */
	int monitor_fd; /* QMP, or a helper's report */
	bool is_domain;	/* the process is the helper of a libvirt domain */
	char *monitor_path; /* of the monitor for others, to be removed; NULL: none */
};

void guest_ends_init(struct guest_ends *ends);
/* Kills the process, if it still runs. */
void guest_ends_done(struct guest_ends *ends);

int guest_plan_check(const struct guest_plan *plan, struct error *err);

/* QEMU. */
int guest_start(struct guest_ends *ends, const struct guest_plan *plan, struct error *err);

/* The helper's exit code for a domain that is none, or that runs already. */
enum { GUEST_DOMAIN_REFUSED = 3 };

/* A libvirt domain, by a helper whose connection it lives by. */
int guest_start_domain(struct guest_ends *ends, const struct guest_plan *plan, struct error *err);

/* Waits for a helper whose report has been closed: its domain is then no more. */
void guest_end_domain(struct guest_ends *ends);

#endif
