/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which knobs this host has for a VM, by the snapshot alone. What the snapshot does not tell is
 * taken for possible where trying costs nothing: the actuator then says why not.
 */
#ifndef DECIDE_OFFERS_H
#define DECIDE_OFFERS_H

#include "model/plan.h"

#include <stdbool.h>

struct snapshot;
struct vm;

/* Whether the knob acts; else why not, as a sentence's end ("its memory is pinned (vfio)"). */
bool offers(const struct snapshot *snapshot, const struct vm *vm, enum setting knob,
	    char reason[static PLAN_REASON_SIZE]);
/* A cgroup of its own is there, or can be made. */
bool offers_cgroup(const struct snapshot *snapshot, const struct vm *vm,
		   char reason[static PLAN_REASON_SIZE]);
bool vm_has_own_cgroup(const struct vm *vm);
/* One word of VM_TEXT_HINDRANCES. */
bool vm_is_hindered(const struct vm *vm, const char *word);

#endif
