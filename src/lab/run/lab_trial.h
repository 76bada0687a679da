/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run of one cell in VMs that are up: every member's workload is prepared, all are started at
 * one instant of the host's clock, what they report becomes the record, and all are stopped. A
 * record says that it is proved only where every loaded VM worked in every second of it, and what
 * the cell wants of the peacemaker was in force from its window's beginning to its end.
 */
#ifndef LAB_RUN_LAB_TRIAL_H
#define LAB_RUN_LAB_TRIAL_H

#include "lab/run/lab_boot.h"
#include "lab/run/lab_force.h"
#include "lab/store/store_record.h"

struct lab_trial {
	struct lab_boot *boot;
	struct store_run *record;  /* of the cell; in a duet, of VM1's */
	struct store_run *beside;  /* in a duet: of VM2's; else NULL */
	uint64_t from_nsec, until_nsec;
	struct {
		bool loaded, started, ended;
		uint64_t at_nsec, moved_nsec; /* the last report; the last one with more operations */
		uint64_t operations, bytes, errors, lost;
		uint64_t idle_nsec;           /* the longest time without an operation */
		uint64_t reports;             /* kept */
		bool babbles;                 /* more of them than can be */
	} members[LAB_MEMBERS_MOST];
	bool out_of_memory;
	char *lines[LAB_MEMBERS_MOST]; /* what each is told to do */
	bool adjusted;             /* by a truced: what that did is judged, too */
	struct lab_force force;
	json_t *policies;          /* as they were when the window began; NULL: not known */
	char why[256];             /* what the record's `why` points to */
};

void lab_trial_init(struct lab_trial *trial);
void lab_trial_done(struct lab_trial *trial);
/* What the members say; `user` is the trial. For lab_boot_start. */
void lab_trial_heard(void *user, struct lab_member *member, const struct link_event *event);

/* Fills *record (and *beside in a duet), also where it fails: then what was measured until then
 * is in it, as "cut" or "failed". */
int lab_trial_run(struct lab_trial *trial, struct lab_boot *boot, const struct lab_plan_run *run,
		  struct store_run *record, struct store_run *beside, struct error *err);

#endif
