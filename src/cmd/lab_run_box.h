/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An experiment whose `where` is "box": the same truce lab run, in a box of its own that has a
 * stock kernel, cgroup v2 and a /dev/kvm, with as many processors as this host and memory for its
 * VMs. What it measures is kept here as always.
 */
#ifndef CMD_LAB_RUN_BOX_H
#define CMD_LAB_RUN_BOX_H

#include <stdbool.h>

struct error;
struct lab_plan;
struct lab_place;

/* This is the truce lab run that runs in the box. */
bool lab_run_is_in_box(void);

/* arguments: of truce lab run, ended by NULL. *ret_status: its exit code in the box. */
int lab_run_in_box(const struct lab_plan *plan, const struct lab_place *place,
		   const char *const *arguments, int *ret_status, struct error *err);

#endif
