/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * systemd as the owner of a VM's knobs: a unit's properties, set until the unit ends, under a
 * lease. Each call opens the bus for itself, so that a systemd that was restarted is no failure;
 * each ends by the context's deadline. For slow actuators only, except where it says so.
 */
#ifndef ACT_OWNER_SYSTEMD_H
#define ACT_OWNER_SYSTEMD_H

#include "act/actuator.h"

struct lease_kind;
struct root;
struct sdbus;

/* target: "UNIT PROPERTY"; was, now: numbers, "not set" for UINT64_MAX. */
extern const struct lease_kind owner_systemd_kind;

/* Quick: whether systemd runs this host. */
bool owner_systemd_runs(struct root *root);
/* Quick: the unit whose cgroup that is, "a.scope" or "a.service"; false: it is no such unit's. */
bool owner_systemd_unit(const char *cgroup, char *ret, size_t ret_size);

int owner_systemd_open(struct act_context *context, struct sdbus **ret, struct error *err);
/* UINT64_MAX: not set, or infinity. */
int owner_systemd_read(struct act_context *context, const char *unit, const char *property,
		       uint64_t *ret, struct error *err);
int owner_systemd_set(struct act_context *context, const struct act_target *target,
		      const char *unit, const char *property, uint64_t number, struct error *err);

#endif
