/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt as the owner of a domain's knobs: numbers of its tables of parameters and pins, set of
 * the running domain, under a lease. Each call connects for itself, so that a libvirtd that was
 * restarted is no failure. For slow actuators only.
 */
#ifndef ACT_OWNER_LIBVIRT_H
#define ACT_OWNER_LIBVIRT_H

#include "act/actuator.h"
#include "sys/libvirt.h"

struct lease_kind;

/* target: "UUID TABLE DEVICE NAME" ("-": no device); was, now: numbers. */
extern const struct lease_kind owner_libvirt_kind;
/* target: "UUID vcpu N" or "UUID emulator 0"; was, now: lists of CPUs. */
extern const struct lease_kind owner_libvirt_pin_kind;

/* Quick: whether libvirt made the VM and can be asked from here; else 0 with the reason. */
int owner_libvirt_serves(const struct act_target *target, char reason[static PLAN_REASON_SIZE]);

int owner_libvirt_read(const struct act_target *target, enum libvirt_table table,
		       const char *device, const char *name, int64_t *ret, struct error *err);
int owner_libvirt_set(struct act_context *context, const struct act_target *target,
		      enum libvirt_table table, const char *device, const char *name,
		      int64_t number, struct error *err);
int owner_libvirt_pin_read(const struct act_target *target, enum libvirt_part part, unsigned vcpu,
			   char *ret, size_t ret_size, struct error *err);
int owner_libvirt_pin(struct act_context *context, const struct act_target *target,
		      enum libvirt_part part, unsigned vcpu, const char *list, struct error *err);

#endif
