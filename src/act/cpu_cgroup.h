/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU knobs that are files of a VM's cgroup, once it has a place. Owners that give it one (systemd)
 * use these for what they have no property for.
 */
#ifndef ACT_CPU_CGROUP_H
#define ACT_CPU_CGROUP_H

#include "act/cpu_place.h"

int cpu_cgroup_read_in(struct act_context *context, const struct cpu_place *place,
		       enum setting setting, struct setting_value *ret, char where[static 64],
		       struct error *err);
int cpu_cgroup_set_in(struct act_context *context, const struct act_target *target,
		      const struct cpu_place *place, enum setting setting,
		      const struct setting_value *value, char where[static 64],
		      struct error *err);
/* Burst must not stand above the quota that comes back. */
void cpu_cgroup_before_release(struct act_context *context, const struct act_target *target,
			       enum setting setting);

#endif
