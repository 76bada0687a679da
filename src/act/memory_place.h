/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a VM's memory is charged: its own cgroup of v2's memory controller. Memory stays charged
 * where it was first used, so a cgroup that a VM was moved to later does not hold it, and knobs
 * there would be lies: such a VM is refused. v1 has no such knobs: its soft limit makes those
 * above it give first, so to set it on a VM would do the opposite of protecting it, and its
 * hard limit kills.
 */
#ifndef ACT_MEMORY_PLACE_H
#define ACT_MEMORY_PLACE_H

#include "act/cpu_place.h"

/* For `serves`: 1 and the place (own, or one that can be made in time), or 0 with the reason. */
int memory_place_serves(struct act_context *context, const struct act_target *target,
			enum setting setting, struct cpu_place *ret,
			char reason[static PLAN_REASON_SIZE]);
/* Finds it; where it is not its own, makes it: `by_systemd` a scope, else a cgroup. */
int memory_place_prepare(struct act_context *context, const struct act_target *target,
			 bool by_systemd, struct cpu_place *ret, struct error *err);

/* How much of it could be taken: page cache, and what swap has room for. */
int64_t memory_place_can_give(struct act_context *context, const struct cpu_place *place);
/* -ERANGE with a sentence where a limit that low could never be reached, only held against. */
int memory_place_check_high(struct act_context *context, const struct cpu_place *place,
			    int64_t high, struct error *err);

/* -- SETTING_MEMORY_LOW and SETTING_MEMORY_MIN, which protect */

bool memory_protects(enum setting setting);
const char *memory_protection_file(enum setting setting);
const char *memory_protection_property(enum setting setting);
/* They protect only as far as each ancestor's does too: raises theirs to the sum of their
 * children's, and lowers what was raised where that is no longer asked for. */
int memory_protection_cover(struct act_context *context, const struct cpu_place *place,
			    enum setting setting, struct error *err);
/* The word for it, and how far it can be relied on here. */
void memory_protection_tell(struct act_context *context, enum setting setting, const char *name,
			    char where[static 64]);
/* What of it the ancestors let through. */
int64_t memory_protection_effective(struct act_context *context, const struct cpu_place *place,
				    enum setting setting, int64_t bytes);

#endif
