/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share: the observer, with the processes and VMs of watched.h. */
#ifndef OBSERVE_OBSERVER_H
#define OBSERVE_OBSERVER_H

#include "base/map.h"
#include "base/str.h"
#include "model/snapshot.h"
#include "observe/holdings.h"
#include "observe/observe.h"
#include "observe/utilisation.h"
#include "observe/vmm.h"
#include "observe/watched.h"
#include "sys/cgroup.h"
#include "sys/cgroup_files.h"
#include "sys/root.h"

struct host_files;
struct worker;

/*
 * The host's cold figures are sampled each tenth tick, those of a tenth of the VMs at each tick, so
 * that no tick is long. What hardly ever changes is looked at in every sixth of a VM's cold
 * samples (each minute at 1 Hz) and in its first two.
 */
#define COLD_EVERY_TICKS 10
#define RARELY 6

struct observe {
	struct root *root;
	struct observe_options options;
	struct snapshot snapshot;
	struct event *pending;        /* events since the last tick */
	size_t pending_count, pending_capacity;
	struct watched **watched;     /* in no order */
	size_t watched_count, watched_capacity;
	struct watched **tapped;      /* those with taps, made anew at each tick */
	size_t tapped_count, tapped_capacity;
	struct map processes;         /* pid -> struct watched_process */
	struct cgroup_layout cgroups;
	struct holdings holdings;     /* reused */
	struct makers makers;
	struct pids pids;
	int *tids;                    /* of the process that is looked at */
	size_t tid_count, tid_capacity;
	struct host_files *host;
	struct worker *worker;
	struct utilisation utilisation;
	struct str path;              /* reused for every path that is made on a tick */
	char *buffer;                 /* for what is read */
	size_t buffer_size;
	int epoll_fd, events_fd;
	uint64_t tick;
	uint64_t cold_nsec;           /* CPU time that cold figures of VMs have cost */
	unsigned next_cold_turn;
	struct cgroup_quota_above quota_above; /* of one tick */
	bool io_weights_absent;       /* this kernel has none now; asked again with the host's cold figures */
	uint64_t boot_realtime_usec;
	uint64_t slow_scan_due_usec;
	uint64_t refused;             /* reads that the kernel refused, or that failed */
	uint64_t descriptors_most;    /* a descriptor from here on is not kept */
	bool descriptors_short;
	bool interrupted;
	bool kvm_counters_refused;    /* by lockdown: not asked again */
	bool has_taps;                /* some interface of the host is one */
	bool in_namespace;            /* of pids: KVM's own numbers are others than ours */
	bool autogroups;              /* are on */
	bool debugfs_kvm;             /* /sys/kernel/debug/kvm can be listed */
	char warning[256];
	unsigned warned;              /* bit set of what has been said */
};

enum observe_warning_kind { WARN_RIGHTS = 1, WARN_DESCRIPTORS = 2, WARN_EVENTS = 4, WARN_MUTE = 8 };

/* Says a sentence once per kind; the first that nobody fetched stays. */
void observe_warn(struct observe *observe, enum observe_warning_kind kind, const char *text);

/* -- events.c ------------------------------------------------------------------------------ */
void observe_event(struct observe *observe, enum event_kind kind, const struct vm *vm,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
/* An event for each knob of `now` that differs from `before`. */
void observe_knob_events(struct observe *observe, const struct vm *vm, const char *prefix,
			 struct object_view before, struct object_view now);

#endif
