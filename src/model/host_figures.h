/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The figures of the machine itself; model/figures.h says how to read these lists. */
#ifndef MODEL_HOST_FIGURES_H
#define MODEL_HOST_FIGURES_H

/* The machine as a whole. */
#define HOST_FIGURES(F)                                                                            \
	F(LOAD_1MIN, "load_1min_milli", MILLI, GAUGE, HOT, "threads runnable or in uninterruptible sleep, average over 1 minute") \
	F(LOAD_5MIN, "load_5min_milli", MILLI, GAUGE, HOT, "threads runnable or in uninterruptible sleep, average over 5 minutes") \
	F(LOAD_15MIN, "load_15min_milli", MILLI, GAUGE, HOT, "threads runnable or in uninterruptible sleep, average over 15 minutes") \
	F(UTILISATION_1MIN, "utilisation_1min_permyriad", PERMYRIAD, GAUGE, HOT,                    \
	  "busy share of all CPUs over the last minute, or over what has been seen of it")         \
	F(UTILISATION_5MIN, "utilisation_5min_permyriad", PERMYRIAD, GAUGE, HOT,                    \
	  "busy share of all CPUs over 5 minutes, or over what has been seen of them")             \
	F(UTILISATION_15MIN, "utilisation_15min_permyriad", PERMYRIAD, GAUGE, HOT,                  \
	  "busy share of all CPUs over 15 minutes, or over what has been seen of them")            \
	F(UTILISATION_SEEN, "utilisation_seen_usec", USEC, GAUGE, HOT,                              \
	  "how far back the utilisation has been watched")                                         \
	F(CONTEXT_SWITCHES, "context_switches", COUNT, COUNTER, HOT, "context switches")            \
	F(PROCESSES_STARTED, "processes_started", COUNT, COUNTER, HOT, "forks")                     \
	F(RUNNING, "running_threads", COUNT, GAUGE, HOT, "runnable threads")                        \
	F(BLOCKED, "blocked_threads", COUNT, GAUGE, HOT, "threads in uninterruptible sleep")        \
	F(PSI_CPU_SOME, "psi_cpu_some_usec", USEC, COUNTER, HOT, "time in which somebody waited for a CPU") \
	F(PSI_MEMORY_SOME, "psi_memory_some_usec", USEC, COUNTER, HOT, "time in which somebody waited for memory") \
	F(PSI_MEMORY_FULL, "psi_memory_full_usec", USEC, COUNTER, HOT, "time in which all waited for memory") \
	F(PSI_IO_SOME, "psi_io_some_usec", USEC, COUNTER, HOT, "time in which somebody waited for I/O") \
	F(PSI_IO_FULL, "psi_io_full_usec", USEC, COUNTER, HOT, "time in which all waited for I/O")  \
	F(PSI_CPU_SOME_10S, "psi_cpu_some_10s_permyriad", PERMYRIAD, GAUGE, HOT, "share of the last 10 s in which somebody waited for a CPU") \
	F(PSI_MEMORY_SOME_10S, "psi_memory_some_10s_permyriad", PERMYRIAD, GAUGE, HOT, "share of the last 10 s in which somebody waited for memory") \
	F(PSI_MEMORY_FULL_10S, "psi_memory_full_10s_permyriad", PERMYRIAD, GAUGE, HOT, "share of the last 10 s in which all waited for memory") \
	F(PSI_IO_SOME_10S, "psi_io_some_10s_permyriad", PERMYRIAD, GAUGE, HOT, "share of the last 10 s in which somebody waited for I/O") \
	F(PSI_IO_FULL_10S, "psi_io_full_10s_permyriad", PERMYRIAD, GAUGE, HOT, "share of the last 10 s in which all waited for I/O") \
	F(MEMORY_TOTAL, "memory_total_bytes", BYTES, GAUGE, HOT, "memory that the kernel manages")  \
	F(MEMORY_FREE, "memory_free_bytes", BYTES, GAUGE, HOT, "memory that nobody uses")           \
	F(MEMORY_AVAILABLE, "memory_available_bytes", BYTES, GAUGE, HOT, "memory to be had without swapping") \
	F(MEMORY_BUFFERS, "memory_buffers_bytes", BYTES, GAUGE, HOT, "block device cache")          \
	F(MEMORY_CACHED, "memory_cached_bytes", BYTES, GAUGE, HOT, "page cache")                    \
	F(MEMORY_ANONYMOUS, "memory_anonymous_bytes", BYTES, GAUGE, HOT, "anonymous memory")        \
	F(MEMORY_SHARED, "memory_shared_bytes", BYTES, GAUGE, HOT, "tmpfs and shared memory")       \
	F(MEMORY_DIRTY, "memory_dirty_bytes", BYTES, GAUGE, HOT, "waiting to be written back")      \
	F(MEMORY_COMMITTED, "memory_committed_bytes", BYTES, GAUGE, HOT, "address space promised")  \
	F(MEMORY_COMMIT_LIMIT, "memory_commit_limit_bytes", BYTES, GAUGE, HOT, "limit under strict overcommit") \
	F(SWAP_TOTAL, "swap_total_bytes", BYTES, GAUGE, HOT, "swap space")                          \
	F(SWAP_FREE, "swap_free_bytes", BYTES, GAUGE, HOT, "swap space unused")                     \
	F(HUGE_PAGES_TOTAL, "huge_pages_total", COUNT, GAUGE, HOT, "reserved huge pages")           \
	F(HUGE_PAGES_FREE, "huge_pages_free", COUNT, GAUGE, HOT, "reserved huge pages unused")      \
	F(SWAPPED_IN, "swapped_in_pages", COUNT, COUNTER, COLD, "pages read from swap")             \
	F(SWAPPED_OUT, "swapped_out_pages", COUNT, COUNTER, COLD, "pages written to swap")          \
	F(MAJOR_FAULTS, "major_faults", COUNT, COUNTER, COLD, "faults that waited for a disk")      \
	F(OOM_KILLS, "oom_kills", COUNT, COUNTER, COLD, "processes killed for want of memory")      \
	F(KSM_RUN, "ksm_run", NUMBER, KNOB, COLD, "0 stopped, 1 merging, 2 unmerging")              \
	F(KSM_PAGES_TO_SCAN, "ksm_pages_to_scan", COUNT, KNOB, COLD, "pages ksmd looks at before it sleeps") \
	F(KSM_SLEEP, "ksm_sleep_millisecs", NUMBER, KNOB, COLD, "how long ksmd sleeps, ms")         \
	F(KSM_PAGES_SHARED, "ksm_pages_shared", COUNT, GAUGE, HOT, "pages that serve several")     \
	F(KSM_PAGES_SHARING, "ksm_pages_sharing", COUNT, GAUGE, HOT, "pages saved")                \
	F(KSM_PAGES_UNSHARED, "ksm_pages_unshared", COUNT, GAUGE, HOT, "pages looked at in vain")  \
	F(KSM_PAGES_VOLATILE, "ksm_pages_volatile", COUNT, GAUGE, HOT, "pages that change too fast") \
	F(KSM_PAGES_SCANNED, "ksm_pages_scanned", COUNT, COUNTER, HOT, "pages looked at")          \
	F(KSM_PAGES_SKIPPED, "ksm_pages_skipped", COUNT, COUNTER, HOT, "pages smart scan left out") \
	F(KSM_ZERO_PAGES, "ksm_zero_pages", COUNT, GAUGE, HOT, "pages mapped to the zero page")    \
	F(KSM_FULL_SCANS, "ksm_full_scans", COUNT, COUNTER, HOT, "passes over all mergeable memory") \
	F(KSM_PROFIT, "ksm_general_profit_bytes", BYTES, GAUGE, HOT, "saved minus tracking overhead") \
	F(KSM_MAX_SHARING, "ksm_max_page_sharing", NUMBER, KNOB, COLD, "most mappings of one page") \
	F(KSM_ACROSS_NODES, "ksm_merge_across_nodes", NUMBER, KNOB, COLD, "merge across NUMA nodes") \
	F(KSM_USE_ZERO_PAGES, "ksm_use_zero_pages", NUMBER, KNOB, COLD, "zero pages to the kernel's own") \
	F(KSMD_CPU, "ksmd_cpu_usec", USEC, COUNTER, HOT, "CPU time of ksmd")                       \
	F(OWN_TICK, "own_tick_usec", USEC, GAUGE, HOT, "CPU time that this tick cost the thread that samples") \
	F(EVENTS_LOST, "events_lost", COUNT, COUNTER, HOT, "times that KVM's events overflowed and a scan made good")

#define HOST_TEXTS(T)                                                                              \
	T(BOOT_ID, "boot_id", "the kernel's random id of this boot")                               \
	T(HOSTNAME, "hostname", "the kernel's host name")                                          \
	T(KERNEL, "kernel", "release of the running kernel")                                       \
	T(CGROUP, "cgroup", "v2, v1, hybrid or none")                                              \
	T(SCHEDULER, "scheduler", "sched_ext's scheduler where one rules, else the kernel's own")  \
	T(KSM_ADVISOR, "ksm_advisor", "KSM advisor mode")                                          \
	T(IO_ARBITER, "io_arbiter", "what makes I/O weights act: iocost, bfq, cfq or none") \
	T(MEMORY_AGEING, "memory_ageing", "how memory is aged: generations (lru_gen) or lists, where the kernel has both")

/* One logical CPU; its key is the number. */
#define CPU_FIGURES(F)                                                                             \
	F(USER, "user_usec", USEC, COUNTER, HOT, "user mode, guests not counted")                  \
	F(NICE, "nice_usec", USEC, COUNTER, HOT, "user mode at raised nice, guests not counted")   \
	F(SYSTEM, "system_usec", USEC, COUNTER, HOT, "kernel mode")                                \
	F(IDLE, "idle_usec", USEC, COUNTER, HOT, "nothing to do")                                  \
	F(IOWAIT, "iowait_usec", USEC, COUNTER, HOT, "idle while somebody here waited for a disk") \
	F(IRQ, "irq_usec", USEC, COUNTER, HOT, "hard interrupts")                                  \
	F(SOFTIRQ, "softirq_usec", USEC, COUNTER, HOT, "soft interrupts")                          \
	F(STEAL, "steal_usec", USEC, COUNTER, HOT, "taken by the hypervisor under this host")      \
	F(GUEST, "guest_usec", USEC, COUNTER, HOT, "guest code, nice guests included")             \
	F(CORE, "core", NUMBER, GAUGE, COLD, "core within its package")                            \
	F(PACKAGE, "package", NUMBER, GAUGE, COLD, "socket")                                       \
	F(NODE, "node", NUMBER, GAUGE, COLD, "NUMA node")

#define CPU_TEXTS(T) T(SIBLINGS, "siblings", "CPUs of the same core, as a list")

/* A whole disk; its key is the kernel's name. */
#define DISK_FIGURES(F)                                                                            \
	F(READS, "read_operations", COUNT, COUNTER, HOT, "reads completed")                        \
	F(READ_BYTES, "read_bytes", BYTES, COUNTER, HOT, "bytes read")                             \
	F(READ_TIME, "read_usec", USEC, COUNTER, HOT, "time that reads took, summed")              \
	F(WRITES, "write_operations", COUNT, COUNTER, HOT, "writes completed")                     \
	F(WRITE_BYTES, "write_bytes", BYTES, COUNTER, HOT, "bytes written")                        \
	F(WRITE_TIME, "write_usec", USEC, COUNTER, HOT, "time that writes took, summed")           \
	F(DISCARDS, "discard_operations", COUNT, COUNTER, HOT, "discards completed")               \
	F(FLUSHES, "flush_operations", COUNT, COUNTER, HOT, "flushes completed")                   \
	F(IN_FLIGHT, "in_flight", COUNT, GAUGE, HOT, "requests under way")                         \
	F(BUSY, "busy_usec", USEC, COUNTER, HOT, "time with requests under way")                   \
	F(QUEUED, "queued_usec", USEC, COUNTER, HOT, "time under way, weighted by requests")       \
	F(ROTATIONAL, "rotational", NUMBER, GAUGE, COLD, "1 for a disk that turns")

#define DISK_TEXTS(T) T(SCHEDULER, "io_scheduler", "the I/O scheduler in force")

/* A network interface of the host that is no VM's tap; its key is the name. */
#define NIC_FIGURES(F)                                                                             \
	F(RECEIVED, "received_bytes", BYTES, COUNTER, HOT, "bytes received")                       \
	F(RECEIVED_PACKETS, "received_packets", COUNT, COUNTER, HOT, "packets received")           \
	F(RECEIVE_ERRORS, "receive_errors", COUNT, COUNTER, HOT, "receive errors")                 \
	F(RECEIVE_DROPS, "receive_drops", COUNT, COUNTER, HOT, "received and dropped")             \
	F(SENT, "sent_bytes", BYTES, COUNTER, HOT, "bytes sent")                                   \
	F(SENT_PACKETS, "sent_packets", COUNT, COUNTER, HOT, "packets sent")                       \
	F(SEND_ERRORS, "send_errors", COUNT, COUNTER, HOT, "send errors")                          \
	F(SEND_DROPS, "send_drops", COUNT, COUNTER, HOT, "dropped before sending")                 \
	F(SPEED, "speed_mbit", NUMBER, GAUGE, COLD, "what its line carries, in Mbit a second")

#define NIC_TEXTS(T)

#endif
