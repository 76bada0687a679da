/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the kernel to the snapshot. An observer finds VMs (a full scan at the start, KVM's
 * events afterwards, a slow scan for guests without KVM), samples them in two speeds, and keeps
 * one snapshot up to date in place. One thread; what a VMM must answer is asked on another one.
 *
 *     observe_new -> { observe_wait, observe_tick, observe_snapshot }* -> observe_free
 */
#ifndef OBSERVE_OBSERVE_H
#define OBSERVE_OBSERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct root;
struct snapshot;
struct observe;
struct vm_identity;

struct observe_options {
	bool with_maps;           /* smaps_rollup: milliseconds a VM, on its own thread */
	bool with_owner;          /* balloon and guest memory: asks the VMM or libvirt */
	bool once;                /* one or two ticks and out: keep no descriptors open */
	bool watch;               /* follow births and deaths; else a scan a tick */
	int interrupt_fd;         /* readable: a wait ends at once; 0: none */
	uint64_t slow_scan_usec;  /* how often to look for guests without KVM; 0: every 10 s */
};

/* Scans; the snapshot then lists every VM, not sampled yet. Does not own root. */
struct observe *observe_new(struct root *root, const struct observe_options *options,
			    struct error *err);
void observe_free(struct observe *observe);

/*
 * Lives until the given monotonic time, taking births, deaths and new vCPUs into the list as
 * they come. Returns 1 at once after a change, 0 when the time is there (changed or not), -EINTR when the
 * interrupt descriptor became readable.
 */
int observe_wait(struct observe *observe, uint64_t monotonic_usec);

/* Samples everything that is due. The events since the tick before are in the snapshot then. */
int observe_tick(struct observe *observe, struct error *err);
/* Samples nothing: only moves the events that happened since into the snapshot. */
int observe_tick_events(struct observe *observe);

/*
 * Samples the VMs that have never been sampled, hot and cold: after a birth their names, cgroups
 * and weights are in the snapshot then, without a tick. Returns how many there were.
 */
size_t observe_sample_new(struct observe *observe);
/* What is needed from now on, as the options of that name say it at the start. */
int observe_need(struct observe *observe, bool with_maps, bool with_owner, struct error *err);
/* Asks these VMs for VM_TEXT_STATE. Returns how many have it in the snapshot now; the others' comes
 * with a later tick, and vm->state_usec tells that it has, even where nobody answered. */
size_t observe_ask_states(struct observe *observe, const struct vm_identity *vms, size_t count);
/* The class that a policy gives it, "" for none: in the snapshot until another is said. */
void observe_classify(struct observe *observe, const struct vm_identity *vm, const char *class);

/* CPU time that the VMs' cold figures have cost this thread since the beginning. */
uint64_t observe_cold_usec(const struct observe *observe);
const struct snapshot *observe_snapshot(const struct observe *observe);

/* One sentence for the person when something limits the view (a missing right, too few
 * descriptors), or NULL; each is told once. */
const char *observe_warning(struct observe *observe);

#endif
