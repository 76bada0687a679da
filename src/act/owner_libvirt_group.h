/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers of one of libvirt's tables that have to be told together: those of a group that are left
 * out become 0. One lease for all of them. For slow actuators only.
 */
#ifndef ACT_OWNER_LIBVIRT_GROUP_H
#define ACT_OWNER_LIBVIRT_GROUP_H

#include "act/owner_libvirt.h"

struct lease_kind;

enum { OWNER_LIBVIRT_GROUP_MAX = 16 };

struct owner_libvirt_number {
	const char *name;
	int64_t number; /* FIELD_ABSENT: libvirt does not have it */
};

/* target: "UUID TABLE DEVICE GROUP"; was, now: "name=number ...". */
extern const struct lease_kind owner_libvirt_group_kind;

/* Fills in the numbers. */
int owner_libvirt_group_read(const struct act_target *target, enum libvirt_table table,
			     const char *device, struct owner_libvirt_number *numbers,
			     size_t count, struct error *err);
/* `group` is one word, by which the lease is told from those of the table's other groups. */
int owner_libvirt_group_set(struct act_context *context, const struct act_target *target,
			    enum libvirt_table table, const char *device, const char *group,
			    const struct owner_libvirt_number *numbers, size_t count,
			    struct error *err);

#endif
