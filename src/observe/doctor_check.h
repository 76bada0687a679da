/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of doctor.c. Each fills in state, says and fix of its row, from what the root and
 * the context tell; the row comes with its name, state ok, and no words. */
#ifndef OBSERVE_DOCTOR_CHECK_H
#define OBSERVE_DOCTOR_CHECK_H

#include "observe/doctor.h"
#include "sys/cgroup.h"
#include "sys/root.h"

#include <stdint.h>

/* Read once, for several checks. */
struct doctor_context {
	struct root *root;
	const struct snapshot *snapshot; /* or NULL */
	bool services;
	char *mounts;            /* /proc/self/mountinfo, "" where refused */
	uint64_t capabilities;   /* in effect */
	bool capabilities_known;
	bool kvm;                /* /dev/kvm is there, openable or not */
	bool debugfs_kvm;        /* its directory in debugfs can be listed */
	struct cgroup_layout cgroups;
	const struct doctor_manager *managers;
	size_t manager_count;
};

typedef void doctor_check(const struct doctor_context *context, struct doctor_row *row);

void doctor_say(struct doctor_row *row, enum doctor_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void doctor_fix(struct doctor_row *row, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool doctor_capable(const struct doctor_context *context, int capability);
/* Whether a file system of that type is mounted; at *ret_where (may be NULL) with its options. */
bool doctor_mounted(const struct doctor_context *context, const char *type, char *ret_where,
		    size_t where_size, char *ret_options, size_t options_size);
const struct doctor_manager *doctor_manager(const struct doctor_context *context,
					    const char *name);

/* doctor_kernel.c: what the kernel lets us see */
doctor_check check_rights, check_kernel, check_processes, check_kvm, check_kvm_events,
	check_debugfs, check_tracefs, check_bpf, check_run_delay, check_pressure;
/* doctor_knobs.c: what acts when it is turned */
doctor_check check_cgroups, check_scheduler, check_autogroup, check_io_weight, check_ksm,
	check_huge_pages, check_descriptors;
/* doctor_managers.c: who else is here */
doctor_check check_systemd, check_libvirt;
int doctor_find_managers(struct doctor_context *context, struct doctor *doctor);

#endif
