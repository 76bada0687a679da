/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A scope of its own for a VM on a host that systemd runs, in machine.slice beside libvirt's.
 * Slow: it asks systemd.
 */
#ifndef ACT_CPU_SCOPE_H
#define ACT_CPU_SCOPE_H

#include "act/cpu_place.h"

/* Makes it and finds the place again. */
int cpu_scope_make(struct act_context *context, const struct act_target *target,
		   struct cpu_place *place, struct error *err);
/* It goes when no setting has a lease in it. */
void cpu_scope_abandon(struct act_context *context, const struct act_target *target);

#endif
