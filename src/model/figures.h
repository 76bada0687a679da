/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every figure that Truce knows, once. From these lists come the arrays in the snapshot's
 * structs, their bytes, JSON, CSV, OpenMetrics, and the tables of doc/format. A new figure is
 * a line here and the line that samples it. Lines are added at the end of a list, never renamed.
 *
 * F(symbol, name, unit, kind, group, help). Counters only grow while the object lives. A knob
 * is a setting: its change by somebody is an event. T(symbol, name, help) is a text.
 */
#ifndef MODEL_FIGURES_H
#define MODEL_FIGURES_H

/* The machine as a whole. */
#define HOST_FIGURES(F)                                                                            \
	F(LOAD_1MIN, "load_1min_milli", MILLI, GAUGE, HOT, "run queue average, 1 minute")           \
	F(LOAD_5MIN, "load_5min_milli", MILLI, GAUGE, HOT, "run queue average, 5 minutes")          \
	F(LOAD_15MIN, "load_15min_milli", MILLI, GAUGE, HOT, "run queue average, 15 minutes")       \
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
	F(PSI_CPU_SOME_10S, "psi_cpu_some_10s_permyriad", PERMYRIAD, GAUGE, HOT, "the same as a share of the last 10 s") \
	F(PSI_MEMORY_SOME_10S, "psi_memory_some_10s_permyriad", PERMYRIAD, GAUGE, HOT, "share of the last 10 s") \
	F(PSI_MEMORY_FULL_10S, "psi_memory_full_10s_permyriad", PERMYRIAD, GAUGE, HOT, "share of the last 10 s") \
	F(PSI_IO_SOME_10S, "psi_io_some_10s_permyriad", PERMYRIAD, GAUGE, HOT, "share of the last 10 s") \
	F(PSI_IO_FULL_10S, "psi_io_full_10s_permyriad", PERMYRIAD, GAUGE, HOT, "share of the last 10 s") \
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
	F(KSM_PAGES_SHARED, "ksm_pages_shared", COUNT, GAUGE, COLD, "pages that serve several")     \
	F(KSM_PAGES_SHARING, "ksm_pages_sharing", COUNT, GAUGE, COLD, "pages saved")                \
	F(KSM_PAGES_UNSHARED, "ksm_pages_unshared", COUNT, GAUGE, COLD, "pages looked at in vain")  \
	F(KSM_PAGES_VOLATILE, "ksm_pages_volatile", COUNT, GAUGE, COLD, "pages that change too fast") \
	F(KSM_PAGES_SCANNED, "ksm_pages_scanned", COUNT, COUNTER, COLD, "pages looked at")          \
	F(KSM_PAGES_SKIPPED, "ksm_pages_skipped", COUNT, COUNTER, COLD, "pages smart scan left out") \
	F(KSM_ZERO_PAGES, "ksm_zero_pages", COUNT, GAUGE, COLD, "pages mapped to the zero page")    \
	F(KSM_FULL_SCANS, "ksm_full_scans", COUNT, COUNTER, COLD, "passes over all mergeable memory") \
	F(KSM_PROFIT, "ksm_general_profit_bytes", BYTES, GAUGE, COLD, "saved minus tracking overhead") \
	F(KSM_MAX_SHARING, "ksm_max_page_sharing", NUMBER, KNOB, COLD, "most mappings of one page") \
	F(KSM_ACROSS_NODES, "ksm_merge_across_nodes", NUMBER, KNOB, COLD, "merge across NUMA nodes") \
	F(KSM_USE_ZERO_PAGES, "ksm_use_zero_pages", NUMBER, KNOB, COLD, "zero pages to the kernel's own") \
	F(KSMD_CPU, "ksmd_cpu_usec", USEC, COUNTER, COLD, "CPU time of ksmd")                       \
	F(OWN_TICK, "own_tick_usec", USEC, GAUGE, HOT, "CPU time that the previous tick cost Truce") \
	F(EVENTS_LOST, "events_lost", COUNT, COUNTER, HOT, "times that KVM's events overflowed and a scan made good")

#define HOST_TEXTS(T)                                                                              \
	T(BOOT_ID, "boot_id", "the kernel's random id of this boot")                               \
	T(HOSTNAME, "hostname", "the kernel's host name")                                          \
	T(KERNEL, "kernel", "release of the running kernel")                                       \
	T(CGROUP, "cgroup", "v2, v1, hybrid or none")                                              \
	T(SCHEDULER, "scheduler", "sched_ext's scheduler where one rules, else the kernel's own")  \
	T(KSM_ADVISOR, "ksm_advisor", "KSM advisor mode")

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
	F(SEND_DROPS, "send_drops", COUNT, COUNTER, HOT, "dropped before sending")

#define NIC_TEXTS(T)

/* One virtual machine. */
#define VM_FIGURES(F)                                                                              \
	F(USER, "user_usec", USEC, COUNTER, HOT, "user mode of the VMM process, guest code included") \
	F(SYSTEM, "system_usec", USEC, COUNTER, HOT, "kernel mode of the VMM process")             \
	F(GUEST, "guest_usec", USEC, COUNTER, HOT, "guest code")                                   \
	F(RUN, "run_usec", USEC, COUNTER, HOT, "time that its vCPU threads ran (all threads where vCPUs cannot be told)")                   \
	F(RUN_DELAY, "run_delay_usec", USEC, COUNTER, HOT, "time that its vCPU threads were runnable and did not run") \
	F(THROTTLED, "throttled_usec", USEC, COUNTER, HOT, "time that its own CPU quota held it back") \
	F(WAITING, "waiting_usec", USEC, COUNTER, HOT, "run delay minus throttled: what others did to it") \
	F(MINOR_FAULTS, "minor_faults", COUNT, COUNTER, HOT, "page faults without I/O")            \
	F(MAJOR_FAULTS, "major_faults", COUNT, COUNTER, HOT, "page faults that waited for I/O")    \
	F(THREADS, "threads", COUNT, GAUGE, HOT, "threads of the VMM process")                     \
	F(RSS, "rss_bytes", BYTES, GAUGE, HOT, "resident memory of the VMM process")               \
	F(DISK_READ, "disk_read_bytes", BYTES, COUNTER, HOT, "bytes read from block devices")      \
	F(DISK_WRITTEN, "disk_written_bytes", BYTES, COUNTER, HOT, "bytes sent to block devices")  \
	F(READ_CALLS, "read_calls", COUNT, COUNTER, HOT, "read system calls")                      \
	F(WRITE_CALLS, "write_calls", COUNT, COUNTER, HOT, "write system calls")                   \
	F(NET_RECEIVED, "net_received_bytes", BYTES, COUNTER, HOT, "bytes that the guest received through its taps") \
	F(NET_SENT, "net_sent_bytes", BYTES, COUNTER, HOT, "bytes that the guest sent through its taps") \
	F(NET_RECEIVED_PACKETS, "net_received_packets", COUNT, COUNTER, HOT, "packets received")   \
	F(NET_SENT_PACKETS, "net_sent_packets", COUNT, COUNTER, HOT, "packets sent")               \
	F(NET_DROPS, "net_drops", COUNT, COUNTER, HOT, "packets dropped at its taps")              \
	F(NICE, "nice", NUMBER, KNOB, COLD, "nice of the main thread")                             \
	F(POLICY, "policy", NUMBER, KNOB, COLD, "scheduling policy of the main thread, the kernel's number") \
	F(RT_PRIORITY, "rt_priority", NUMBER, KNOB, COLD, "real-time priority of the main thread") \
	F(AUTOGROUP_NICE, "autogroup_nice", NUMBER, KNOB, COLD, "nice of its autogroup")           \
	F(WEIGHT, "weight", NUMBER, KNOB, COLD, "CPU weight in the scale of weight_where")         \
	F(WEIGHT_RELATIVE, "weight_relative_permyriad", PERMYRIAD, GAUGE, COLD, "weight against the default, 10000 is the default") \
	F(QUOTA, "quota_permyriad", PERMYRIAD, KNOB, COLD, "CPU limit in force, 10000 is one CPU") \
	F(QUOTA_BURST, "quota_burst_usec", USEC, KNOB, COLD, "CPU time that may be saved up")      \
	F(CPUS_ALLOWED, "cpus_allowed", COUNT, KNOB, COLD, "CPUs that the main thread may use")    \
	F(SWAP, "swap_bytes", BYTES, GAUGE, COLD, "memory in swap")                                \
	F(RSS_ANONYMOUS, "rss_anonymous_bytes", BYTES, GAUGE, COLD, "resident anonymous memory")   \
	F(LOCKED, "locked_bytes", BYTES, GAUGE, COLD, "memory locked or pinned (VFIO)")            \
	F(KSM_MERGED, "ksm_merged_pages", COUNT, GAUGE, COLD, "pages merged by KSM")               \
	F(KSM_ZERO, "ksm_zero_pages", COUNT, GAUGE, COLD, "zero pages merged by KSM")              \
	F(KSM_TRACKED, "ksm_tracked_pages", COUNT, GAUGE, COLD, "pages that KSM keeps book of")    \
	F(KSM_PROFIT, "ksm_profit_bytes", BYTES, GAUGE, COLD, "saved minus tracking overhead")     \
	F(MEMORY_CURRENT, "memory_current_bytes", BYTES, GAUGE, COLD, "memory charged to its own cgroup") \
	F(MEMORY_LOW, "memory_low_bytes", BYTES, KNOB, COLD, "memory.low of its own cgroup")       \
	F(MEMORY_HIGH, "memory_high_bytes", BYTES, KNOB, COLD, "memory.high of its own cgroup")    \
	F(MEMORY_MAX, "memory_max_bytes", BYTES, KNOB, COLD, "memory limit of its own cgroup")     \
	F(BLOCK_READS, "block_read_operations", COUNT, COUNTER, COLD, "block reads of its own cgroup") \
	F(BLOCK_WRITES, "block_write_operations", COUNT, COUNTER, COLD, "block writes of its own cgroup") \
	F(IO_WEIGHT, "io_weight", NUMBER, KNOB, COLD, "I/O weight of its own cgroup")              \
	F(PSI_CPU_SOME, "psi_cpu_some_usec", USEC, COUNTER, COLD, "time in which a thread of its cgroup waited for a CPU") \
	F(PSI_MEMORY_SOME, "psi_memory_some_usec", USEC, COUNTER, COLD, "time in which a thread of its cgroup waited for memory") \
	F(PSI_MEMORY_FULL, "psi_memory_full_usec", USEC, COUNTER, COLD, "time in which all of its cgroup waited for memory") \
	F(PSI_IO_SOME, "psi_io_some_usec", USEC, COUNTER, COLD, "time in which a thread of its cgroup waited for I/O") \
	F(PSI_IO_FULL, "psi_io_full_usec", USEC, COUNTER, COLD, "time in which all of its cgroup waited for I/O") \
	F(KVM_EXITS, "kvm_exits", COUNT, COUNTER, COLD, "exits from guest code")                   \
	F(KVM_HALT_POLL_WASTED, "kvm_halt_poll_wasted_usec", USEC, COUNTER, COLD, "polling for a wake-up that did not come") \
	F(PSS, "pss_bytes", BYTES, GAUGE, MAPS, "resident memory, shared pages divided among sharers") \
	F(HUGE, "huge_bytes", BYTES, GAUGE, MAPS, "memory in transparent huge pages")              \
	F(BALLOON_ACTUAL, "balloon_actual_bytes", BYTES, GAUGE, OWNER, "memory that the balloon leaves to the guest") \
	F(BALLOON_TARGET, "balloon_target_bytes", BYTES, KNOB, OWNER, "memory that the balloon is asked to leave") \
	F(GUEST_FREE, "guest_free_bytes", BYTES, GAUGE, OWNER, "free memory as the guest tells it") \
	F(GUEST_AVAILABLE, "guest_available_bytes", BYTES, GAUGE, OWNER, "available memory as the guest tells it")

#define VM_TEXTS(T)                                                                                \
	T(NAME, "name", "the owner's name of it, else its process name")                           \
	T(UUID, "uuid", "the owner's uuid")                                                        \
	T(VMM, "vmm", "qemu, firecracker, cloud-hypervisor, crosvm, kvmtool or other")             \
	T(ACCEL, "accel", "kvm or tcg; other where neither")                                       \
	T(OWNER, "owner", "libvirt, proxmox, kubevirt or none: who its knobs belong to")           \
	T(CLASS, "class", "class that the policy puts it in")                                      \
	T(CGROUP, "cgroup", "cgroup of the VM, as the kernel writes it")                           \
	T(CGROUP_OWN, "cgroup_own", "yes when nothing but this VM is in it")                       \
	T(WEIGHT_WHERE, "weight_where", "what arbitrates: cpu.weight, cpu.shares, cpu.idle, autogroup, nice or realtime") \
	T(AFFINITY, "affinity", "CPUs that the main thread may use, as a list")                    \
	T(TAPS, "taps", "its host network interfaces, with commas")

/* A thread of a VM. */
#define THREAD_FIGURES(F)                                                                          \
	F(RUN, "run_usec", USEC, COUNTER, HOT, "time that it ran")                                 \
	F(RUN_DELAY, "run_delay_usec", USEC, COUNTER, HOT, "time that it was runnable and did not run") \
	F(THROTTLED, "throttled_usec", USEC, COUNTER, HOT, "time that a quota of its own cgroup held it back") \
	F(WAITING, "waiting_usec", USEC, COUNTER, HOT, "run delay minus throttled")                \
	F(USER, "user_usec", USEC, COUNTER, COLD, "user mode, guest code included")                \
	F(SYSTEM, "system_usec", USEC, COUNTER, COLD, "kernel mode")                               \
	F(GUEST, "guest_usec", USEC, COUNTER, COLD, "guest code")                                  \
	F(MINOR_FAULTS, "minor_faults", COUNT, COUNTER, COLD, "page faults without I/O")           \
	F(MAJOR_FAULTS, "major_faults", COUNT, COUNTER, COLD, "page faults that waited for I/O")   \
	F(NICE, "nice", NUMBER, KNOB, COLD, "nice")                                                \
	F(POLICY, "policy", NUMBER, KNOB, COLD, "scheduling policy, the kernel's number")          \
	F(RT_PRIORITY, "rt_priority", NUMBER, KNOB, COLD, "real-time priority")                    \
	F(CPU, "cpu", NUMBER, GAUGE, COLD, "CPU that it ran on last")                              \
	F(CPUS_ALLOWED, "cpus_allowed", COUNT, KNOB, COLD, "CPUs that it may use")                 \
	F(QUOTA, "quota_permyriad", PERMYRIAD, KNOB, COLD, "limit of its own cgroup, 10000 is one CPU")

#define THREAD_TEXTS(T)                                                                            \
	T(COMM, "comm", "thread name")                                                             \
	T(AFFINITY, "affinity", "CPUs that it may use, as a list")

#endif
