/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this room share: the observer, the processes and the VMs it watches.
 *
 * A `watched` belongs to exactly one entry of the snapshot's list of VMs (the paper's
 * peace_list) and lives as long: from KVM's creation to its destruction, or its process's end.
 * Its descriptors are open while it lives (-1: not open, read by path). A process is remembered
 * until it ends, so that no ordinal is given twice.
 */
#ifndef OBSERVE_OBSERVER_H
#define OBSERVE_OBSERVER_H

#include "base/map.h"
#include "base/str.h"
#include "model/snapshot.h"
#include "observe/holdings.h"
#include "observe/observe.h"
#include "observe/utilisation.h"
#include "observe/vmm.h"
#include "sys/cgroup.h"
#include "sys/root.h"

struct host_files;
struct worker;

#define COLD_EVERY_TICKS 10

/* A tap's counters as last read; what it grows by is its VM's. */
struct tap {
	char name[16];
	bool held; /* found among the descriptors when they were last read */
	bool has_before;
	int64_t received_bytes, received_packets, sent_bytes, sent_packets, drops;
};

/* Paths from the hierarchies' roots, "" where the VM is in none. */
struct cgroup_place {
	char path[512];
};

struct watched_process {
	pid_t pid;
	uint64_t start_ticks;
	uint32_t next_ordinal;
	char comm[32];                /* of the main thread, when it was last seen */
	int pidfd;
	bool confirmed;               /* seen by the scan under way */
	struct watched *vms;          /* in the order of their ordinals */
};

struct watched_thread {
	pid_t tid;
	int schedstat_fd;
	int cpu_stat_fd;   /* of its own cgroup, while that has a quota */
	bool has_quota;    /* of its own cgroup: libvirt's vcpuN */
	int64_t run_usec, run_delay_usec, throttled_usec; /* as last read; their growth is the VM's */
	int64_t tick_delay_usec;     /* run delay of this tick; -1: not sampled in it */
	int64_t tick_throttled_usec; /* by its own cgroup's quota, in this tick */
};

struct watched {
	struct watched_process *process;
	struct watched *sibling;      /* next VM of the same process */
	size_t place;                 /* in observe->watched */
	struct vm *vm;
	const struct vmm *vmm;
	bool by_kvm;                  /* KVM knows it; else the slow scan found it */
	bool confirmed;
	pid_t kvm_tid;                /* with kvm_fd the name of its directory in debugfs; */
	int kvm_fd;                   /* kvm_fd is -1 while not known */
	int stat_fd, io_fd, cpu_stat_fd;
	struct watched_thread *threads; /* parallel to vm->threads but while threads_due */
	size_t thread_count;
	pid_t vhosts[8];              /* kernel threads that serve it, outside of its process */
	size_t vhost_count;
	int64_t throttled_usec;       /* of its cgroup, as last read */
	bool throttled_known;
	int64_t threads_seen;         /* of the process, when they were last looked at */
	bool threads_due;
	uint64_t look_again_usec;     /* monotonic: when to look for vCPUs again */
	uint64_t look_gap_usec;
	uint64_t look_young_until_usec; /* its first second */
	bool cgroup_own;
	bool has_quota;
	unsigned cold_count;
	struct tap *taps;
	size_t tap_count, tap_capacity;
	struct cgroup_place *places;  /* its cgroup in each hierarchy */
	/* What each tick looks at stands above: of many VMs none is in the processor's caches. */
	char leaves[512];             /* libvirt: where its vcpuN lie, "" elsewhere */
	char cgroup_line[1024];       /* /proc/PID/cgroup when places and leaves were found out */
};

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

/* -- watched.c ----------------------------------------------------------------------------- */
struct proc_stat;
struct watched_process *watched_process(struct observe *observe, const struct proc_stat *stat);
struct watched *watched_new(struct observe *observe, struct watched_process *process);
/* Out of the list and of the snapshot, with an event. */
void watched_destroy(struct observe *observe, struct watched *watched);
void watched_process_forget(struct observe *observe, struct watched_process *process);
/* At most size - 1 bytes, terminated; by the descriptor, else by the path that format gives. */
ssize_t watched_read(struct observe *observe, int fd, char *bytes, size_t size,
		     const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Opens where descriptors may be kept; -1 else. */
int watched_open(struct observe *observe, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

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
