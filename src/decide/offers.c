/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/offers.h"

#include "model/snapshot.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool no(char reason[static PLAN_REASON_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool no(char reason[static PLAN_REASON_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, PLAN_REASON_SIZE, format, args);
	va_end(args);
	return false;
}

static bool text_is(const char *text, const char *what)
{
	return text != NULL && strcmp(text, what) == 0;
}

bool vm_has_own_cgroup(const struct vm *vm)
{
	return text_is(vm->text[VM_TEXT_CGROUP_OWN], "yes");
}

bool vm_is_hindered(const struct vm *vm, const char *word)
{
	const char *at = vm->text[VM_TEXT_HINDRANCES];
	size_t size = strlen(word);

	while (at != NULL && *at != '\0') {
		if (strncmp(at, word, size) == 0 && (at[size] == ',' || at[size] == '\0'))
			return true;
		at = strchr(at, ',');
		at = at != NULL ? at + 1 : NULL;
	}
	return false;
}

/* VMs of one process have the low ordinals; two in a thousand processes is already rare. */
static bool shares_process(const struct snapshot *snapshot, const struct vm *vm)
{
	struct vm_identity other = vm->identity;

	if (vm->identity.ordinal > 0)
		return true;
	for (other.ordinal = 1; other.ordinal <= 4; other.ordinal++)
		if (snapshot_find_vm(snapshot, &other) != NULL)
			return true;
	return false;
}

bool offers_cgroup(const struct snapshot *snapshot, const struct vm *vm,
		   char reason[static PLAN_REASON_SIZE])
{
	const char *host = snapshot->host.text[HOST_TEXT_CGROUP];
	const char *owner = vm->text[VM_TEXT_OWNER];

	if (host == NULL || strcmp(host, "none") == 0)
		return no(reason, "this host has no cgroups");
	if (vm_has_own_cgroup(vm))
		return true;
	if (shares_process(snapshot, vm))
		return no(reason, "it shares its process with another VM, and so its cgroup");
	if (owner != NULL && owner[0] != '\0' && strcmp(owner, "none") != 0)
		return no(reason, "its owner (%.40s) keeps it in a cgroup with others", owner);
	return true;
}

static bool offers_weight(const struct snapshot *snapshot, const struct vm *vm, char *reason)
{
	if (text_is(vm->text[VM_TEXT_WEIGHT_WHERE], "realtime"))
		return no(reason, "its threads have a real-time priority, which no weight rules");
	return offers_cgroup(snapshot, vm, reason);
}

static bool offers_nice(const struct vm *vm, char *reason)
{
	if (text_is(vm->text[VM_TEXT_WEIGHT_WHERE], "realtime"))
		return no(reason, "its threads have a real-time priority, which no nice rules");
	return true;
}

static bool offers_slice(const struct vm *vm, char *reason)
{
	if (text_is(vm->text[VM_TEXT_WEIGHT_WHERE], "realtime"))
		return no(reason, "its threads have a real-time priority, and run as long as they want");
	return true;
}

static bool offers_burst(const struct snapshot *snapshot, const struct vm *vm, char *reason)
{
	if (!offers_weight(snapshot, vm, reason))
		return false;
	if (vm_has_own_cgroup(vm) && vm->state[VM_QUOTA_BURST] == FIGURE_UNSUPPORTED)
		return no(reason, "this kernel (before 5.14) or this cgroup has no burst");
	return true;
}

/* What cannot leave its place can be taken neither by the guest's balloon nor by the kernel. */
static bool memory_is_free(const struct vm *vm, char *reason)
{
	if (vm_is_hindered(vm, "vfio"))
		return no(reason, "its memory is pinned for a device of its own (vfio)");
	if (vm_is_hindered(vm, "hugepages"))
		return no(reason, "its memory is in reserved huge pages, which are not reclaimed");
	if (vm_is_hindered(vm, "confidential"))
		return no(reason, "its memory is encrypted (a confidential VM) and stays where it is");
	return true;
}

static bool offers_balloon(const struct vm *vm, char *reason)
{
	if (!memory_is_free(vm, reason))
		return false;
	switch (vm->state[VM_BALLOON_ACTUAL]) {
	case FIGURE_PRESENT:
		return true;
	case FIGURE_NOT_ASKED:
	case FIGURE_TOO_SOON:
		return no(reason, "its VMM has not been asked yet whether it has a balloon");
	case FIGURE_LATE:
		return no(reason, "its VMM does not answer, so its balloon is not known");
	default:
		return no(reason, "it has no balloon");
	}
}

static bool offers_memory_cgroup(const struct snapshot *snapshot, const struct vm *vm,
				 enum setting knob, char *reason)
{
	bool v2 = text_is(snapshot->host.text[HOST_TEXT_CGROUP], "v2");

	if (knob != SETTING_MEMORY_LOW && knob != SETTING_MEMORY_MIN && !memory_is_free(vm, reason))
		return false;
	if (!offers_cgroup(snapshot, vm, reason))
		return false;
	if (vm_has_own_cgroup(vm) ? vm->state[VM_MEMORY_HIGH] != FIGURE_PRESENT : !v2)
		return no(reason, v2 ? "its cgroup has no memory controller" :
				       "cgroup v1 has no %s", setting_info[knob].name);
	return true;
}

static bool offers_disk_weight(const struct snapshot *snapshot, const struct vm *vm, char *reason)
{
	const char *arbiter = snapshot->host.text[HOST_TEXT_IO_ARBITER];

	if (arbiter == NULL || strcmp(arbiter, "none") == 0)
		return no(reason, "no iocost, bfq or cfq here: I/O weights are not heeded");
	return offers_cgroup(snapshot, vm, reason);
}

static bool offers_disk_max(const struct snapshot *snapshot, const struct vm *vm, char *reason)
{
	if (vm_is_hindered(vm, "files"))
		return no(reason, "its disks are files, which io.max does not bound");
	return offers_cgroup(snapshot, vm, reason);
}

static bool offers_disk_throttle(const struct vm *vm, char *reason)
{
	const char *vmm = vm->text[VM_TEXT_VMM];

	if (text_is(vmm, "qemu"))
		return true;
	return no(reason, "its VMM (%.40s) has no limit that can be changed while it runs",
		  vmm != NULL ? vmm : "not known");
}

static bool offers_net(const struct vm *vm, char *reason)
{
	const char *taps = vm->text[VM_TEXT_TAPS];

	if (vm_is_hindered(vm, "ovs"))
		return no(reason, "its port belongs to Open vSwitch, which shapes it by its own rules");
	if (vm_is_hindered(vm, "macvtap"))
		return no(reason, "its interface is a macvtap, which cannot be shaped from here");
	if (taps == NULL || taps[0] == '\0')
		return no(reason, "it has no tap of its own");
	return true;
}

static bool offers_host(const struct snapshot *snapshot, enum setting knob, char *reason)
{
	const char *cgroup = snapshot->host.text[HOST_TEXT_CGROUP];

	if (knob == SETTING_HOST_VM_WEIGHT && (cgroup == NULL || strcmp(cgroup, "none") == 0))
		return no(reason, "this host has no cgroups");
	if (setting_info[knob].figure >= 0 &&
	    snapshot->host.state[setting_info[knob].figure] == FIGURE_UNSUPPORTED)
		return no(reason, "this kernel has no KSM");
	return true;
}

bool offers(const struct snapshot *snapshot, const struct vm *vm, enum setting knob,
	    char reason[static PLAN_REASON_SIZE])
{
	reason[0] = '\0';
	if (setting_info[knob].scope == SETTING_SCOPE_HOST)
		return offers_host(snapshot, knob, reason);
	switch (knob) {
	case SETTING_CPU_WEIGHT:
	case SETTING_CPU_QUOTA:
	case SETTING_CPU_IDLE:
		return offers_weight(snapshot, vm, reason);
	case SETTING_CPU_BURST:
		return offers_burst(snapshot, vm, reason);
	case SETTING_CPU_NICE:
		return offers_nice(vm, reason);
	case SETTING_CPU_SLICE:
		return offers_slice(vm, reason);
	case SETTING_CPU_EXCLUSIVE:
		return offers_cgroup(snapshot, vm, reason);
	case SETTING_MEMORY_BALLOON:
		return offers_balloon(vm, reason);
	case SETTING_MEMORY_LOW:
	case SETTING_MEMORY_MIN:
	case SETTING_MEMORY_HIGH:
	case SETTING_MEMORY_RECLAIM:
		return offers_memory_cgroup(snapshot, vm, knob, reason);
	case SETTING_DISK_WEIGHT:
		return offers_disk_weight(snapshot, vm, reason);
	case SETTING_DISK_READ_MAX:
	case SETTING_DISK_WRITE_MAX:
	case SETTING_DISK_READ_OPERATIONS_MAX:
	case SETTING_DISK_WRITE_OPERATIONS_MAX:
		return offers_disk_max(snapshot, vm, reason);
	case SETTING_DISK_THROTTLE:
	case SETTING_DISK_THROTTLE_OPERATIONS:
		return offers_disk_throttle(vm, reason);
	case SETTING_NET_IN_MAX:
	case SETTING_NET_OUT_MAX:
	case SETTING_NET_OUT_MIN:
		return offers_net(vm, reason);
	default:
		return true;
	}
}
