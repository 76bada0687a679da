/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes and the VMs that an observer watches. A `watched` belongs to exactly one entry
 * of the snapshot's list of VMs (the paper's peace_list) and lives as long: from KVM's creation
 * to its destruction, or its process's end. Its descriptors are open while it lives (-1: not
 * open, read by path). A process is remembered until it ends, so that no ordinal is given twice.
 */
#ifndef OBSERVE_WATCHED_H
#define OBSERVE_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct observe;
struct proc_stat;
struct vm;
struct vmm;

/* A tap's counters as last read; what it grows by is its VM's. */
struct tap {
	char name[16];
	bool held; /* found among the descriptors when they were last read */
	bool has_before;
	int64_t received_bytes, received_packets, sent_bytes, sent_packets, drops;
};

/* Paths from the hierarchies' roots, "" where the VM is in none. A VM with a cgroup of its own in
 * one hierarchy of v1 may share one in another. */
struct cgroup_place {
	bool own;
	char path[512];
};

struct watched_process {
	pid_t pid;
	uint64_t start_ticks;
	uint32_t next_ordinal;
	char comm[32];                /* of the main thread, when it was last seen */
	int pidfd;
	bool confirmed;               /* seen by the scan under way */
	bool links_known, vfio, macvtap; /* among its descriptors */
	struct watched *vms;          /* in the order of their ordinals */
};

struct watched_thread {
	pid_t tid;
	int schedstat_fd;
	int cpu_stat_fd;   /* of its own cgroup, while that has a quota */
	bool has_quota;    /* of its own cgroup: libvirt's vcpuN */
	int64_t run_usec, run_delay_usec, throttled_usec; /* as last read; their growth is the VM's */
	int64_t tick_delay_usec;     /* run delay of this tick; -1: not sampled in it */
	bool cpus_known;             /* to its entry of the snapshot, as of that digest */
	uint64_t cpus_digest;
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
	bool huge_pages, confidential; /* by how it was started */
	bool has_monitor, arrives;     /* a QMP socket; it was started to migrate to here */
	bool ask_state;                /* at the worker's next round */
	unsigned cold_count;
	unsigned cold_turn;           /* among all VMs: which ticks are its cold ones */
	bool rarely;                  /* its cold sample under way looks at everything */
	struct tap *taps;
	size_t tap_count, tap_capacity;
	struct cgroup_place *places;  /* its cgroup in each hierarchy */
	/* What each tick looks at stands above: of many VMs none is in the processor's caches. */
	char leaves[512];             /* libvirt: where its vcpuN lie, "" elsewhere */
	char cgroup_line[1024];       /* /proc/PID/cgroup when places and leaves were found out */
};

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

#endif
