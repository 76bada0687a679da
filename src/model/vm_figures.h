/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The figures of VMs and their threads; model/figures.h says how to read these lists. */
#ifndef MODEL_VM_FIGURES_H
#define MODEL_VM_FIGURES_H

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
	F(NET_RECEIVED_PACKETS, "net_received_packets", COUNT, COUNTER, HOT, "packets that the guest received through its taps") \
	F(NET_SENT_PACKETS, "net_sent_packets", COUNT, COUNTER, HOT, "packets that the guest sent through its taps") \
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
	F(PSI_CPU_SOME, "psi_cpu_some_usec", USEC, COUNTER, PRESSURE, "time in which a thread of its cgroup waited for a CPU") \
	F(PSI_MEMORY_SOME, "psi_memory_some_usec", USEC, COUNTER, PRESSURE, "time in which a thread of its cgroup waited for memory") \
	F(PSI_MEMORY_FULL, "psi_memory_full_usec", USEC, COUNTER, PRESSURE, "time in which all of its cgroup waited for memory") \
	F(PSI_IO_SOME, "psi_io_some_usec", USEC, COUNTER, PRESSURE, "time in which a thread of its cgroup waited for I/O") \
	F(PSI_IO_FULL, "psi_io_full_usec", USEC, COUNTER, PRESSURE, "time in which all of its cgroup waited for I/O") \
	F(KVM_EXITS, "kvm_exits", COUNT, COUNTER, COLD, "exits from guest code")                   \
	F(KVM_HALT_POLL_WASTED, "kvm_halt_poll_wasted_usec", USEC, COUNTER, COLD, "polling for a wake-up that did not come") \
	F(PSS, "pss_bytes", BYTES, GAUGE, MAPS, "resident memory, shared pages divided among sharers") \
	F(HUGE, "huge_bytes", BYTES, GAUGE, MAPS, "anonymous memory in transparent huge pages")    \
	F(BALLOON_ACTUAL, "balloon_actual_bytes", BYTES, GAUGE, OWNER, "memory that the balloon leaves to the guest") \
	F(BALLOON_TARGET, "balloon_target_bytes", BYTES, KNOB, OWNER, "memory that the balloon is asked to leave") \
	F(GUEST_FREE, "guest_free_bytes", BYTES, GAUGE, OWNER, "free memory as the guest tells it") \
	F(GUEST_AVAILABLE, "guest_available_bytes", BYTES, GAUGE, OWNER, "available memory as the guest tells it") \
	F(MEMORY_MIN, "memory_min_bytes", BYTES, KNOB, COLD, "memory.min of its own cgroup")

#define VM_TEXTS(T)                                                                                \
	T(NAME, "name", "the owner's name of it, else its process name")                           \
	T(UUID, "uuid", "the owner's uuid")                                                        \
	T(VMM, "vmm", "qemu, firecracker, cloud-hypervisor, crosvm, kvmtool or other")             \
	T(ACCEL, "accel", "kvm or tcg; other where neither")                                       \
	T(OWNER, "owner", "libvirt, proxmox, kubevirt or none: who its knobs belong to")           \
	T(CLASS, "class", "class that the policy puts it in")                                      \
	T(CGROUP, "cgroup", "cgroup of the VM, as the kernel writes it")                           \
	T(CGROUP_OWN, "cgroup_own", "yes when nothing but this VM and its helpers is in it")       \
	T(WEIGHT_WHERE, "weight_where", "what arbitrates: cpu.weight, cpu.shares, cpu.idle, autogroup, nice or realtime") \
	T(AFFINITY, "affinity", "CPUs that the main thread may use, as a list")                    \
	T(TAPS, "taps", "its host network interfaces, with commas")                                \
	T(STATE, "state", "running, paused, migrating, backup or saving; not known where nobody tells") \
	T(HINDRANCES, "hindrances", "what keeps knobs from acting, with commas: vfio, hugepages, confidential, ovs, macvtap") \
	T(METADATA, "metadata", "class that the libvirt metadata element of namespace truce names")

/* A thread of a VM. */
#define THREAD_FIGURES(F)                                                                          \
	F(RUN, "run_usec", USEC, COUNTER, HOT, "time that it ran")                                 \
	F(RUN_DELAY, "run_delay_usec", USEC, COUNTER, HOT, "time that it was runnable and did not run") \
	F(THROTTLED, "throttled_usec", USEC, COUNTER, HOT, "time that its VM's quota or its own held it back; of a common one its part by run delay") \
	F(WAITING, "waiting_usec", USEC, COUNTER, HOT, "run delay minus throttled: what others did to it") \
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
