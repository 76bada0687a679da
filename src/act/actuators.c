/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of actuators and of the kinds of leases that they write. For each setting the first
 * that can serve the VM is taken: owners stand before plain files.
 */
#include "act/act_hurry.h"
#include "act/act_lease.h"
#include "act/actuator.h"

#include <stddef.h>

/* A(symbol): a `const struct actuator symbol` of another file. */
#define CPU_ACTUATORS(A)                                                                           \
	A(cpu_libvirt_actuator)                                                                    \
	A(cpu_systemd_actuator)                                                                    \
	A(cpu_cgroup_actuator)                                                                     \
	A(cpu_threads_actuator)                                                                    \
	A(cpu_slice_actuator)                                                                      \
	A(cpu_exclusive_actuator)                                                                  \
	A(cpu_host_systemd_actuator)                                                               \
	A(cpu_host_actuator)

#define MEMORY_ACTUATORS(A)                                                                        \
	A(act_balloon_libvirt)                                                                     \
	A(act_balloon_qmp)                                                                         \
	A(act_memory_systemd)                                                                      \
	A(act_memory_cgroup)                                                                       \
	A(act_memory_reclaim)                                                                      \
	A(act_ksm)                                                                                 \
	A(act_disk_weight_libvirt)                                                                 \
	A(act_disk_weight)                                                                         \
	A(act_disk_max_systemd)                                                                    \
	A(act_disk_max)                                                                            \
	A(act_disk_libvirt)                                                                        \
	A(act_disk_qmp)                                                                            \
	A(act_net_libvirt)                                                                         \
	A(act_net_in)                                                                              \
	A(act_net_out)

/* K(symbol): a `const struct lease_kind symbol` of another file. */
#define CPU_LEASE_KINDS(K)                                                                         \
	K(cpu_controller_kind)                                                                     \
	K(cpu_tasks_kind)                                                                          \
	K(cpu_scope_kind)                                                                          \
	K(owner_systemd_kind)                                                                      \
	K(owner_libvirt_kind)                                                                      \
	K(owner_libvirt_pin_kind)

#define MEMORY_LEASE_KINDS(K)                                                                      \
	K(act_balloon_libvirt_kind)                                                                \
	K(act_balloon_qmp_kind)                                                                    \
	K(act_disk_max_kind)                                                                       \
	K(act_disk_qmp_kind)                                                                       \
	K(act_net_in_kind)                                                                         \
	K(act_net_out_max_kind)                                                                    \
	K(act_net_out_min_kind)                                                                    \
	K(owner_libvirt_group_kind)

#define DECLARE_ACTUATOR(symbol) extern const struct actuator symbol;
#define DECLARE_KIND(symbol) extern const struct lease_kind symbol;
#define ADDRESS(symbol) &symbol,

CPU_ACTUATORS(DECLARE_ACTUATOR)
MEMORY_ACTUATORS(DECLARE_ACTUATOR)
CPU_LEASE_KINDS(DECLARE_KIND)
MEMORY_LEASE_KINDS(DECLARE_KIND)

const struct actuator *const actuators[] = {
	CPU_ACTUATORS(ADDRESS)
	MEMORY_ACTUATORS(ADDRESS)
	NULL,
};

const struct lease_kind *const act_lease_kinds[] = {
	&act_lease_file_kind,
	&act_lease_nice_kind,
	&act_lease_affinity_kind,
	&act_lease_policy_kind,
	&act_lease_slice_kind,
	&act_lease_cgroup_kind,
	&act_lease_moved_kind,
	&act_lease_hurry_kind,
	CPU_LEASE_KINDS(ADDRESS)
	MEMORY_LEASE_KINDS(ADDRESS)
	NULL,
};
