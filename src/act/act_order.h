/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order in which one VM's settings are turned: the kernel refuses a burst above the quota, a
 * weight while cpu.idle is on, a guarantee above the ceiling; and what makes the VM a cgroup of
 * its own comes before what is set in it.
 */
#ifndef ACT_ACT_ORDER_H
#define ACT_ACT_ORDER_H

#include "model/plan.h"

/* SET and RELEASE items of one VM, into the order of turning; as they came where it is all one. */
void act_order(const struct plan_item **items, size_t count);
/* It is turned when all VMs' are: the weight of the cgroup that the first VM's knob makes. */
bool act_order_waits(const struct plan_item *item);

#endif
