/* SPDX-License-Identifier: MIT */
/* Every figure and every setting, by number: part of peacemaker.h. Made by
 * src/decide/peacemaker_figures.c; numbers never change. */
#ifndef PEACEMAKER_FIGURES_H
#define PEACEMAKER_FIGURES_H

/* Figures of a VM. */
enum peace_kvm_figure {
	PEACE_KVM_USER_USEC = 0, /* user mode of the VMM process, guest code included, us, only grows */
	PEACE_KVM_SYSTEM_USEC = 1, /* kernel mode of the VMM process, us, only grows */
	PEACE_KVM_GUEST_USEC = 2, /* guest code, us, only grows */
	PEACE_KVM_RUN_USEC = 3, /* time that its vCPU threads ran (all threads where vCPUs cannot be told), us, only grows */
	PEACE_KVM_RUN_DELAY_USEC = 4, /* time that its vCPU threads were runnable and did not run, us, only grows */
	PEACE_KVM_THROTTLED_USEC = 5, /* time that its own CPU quota held it back, us, only grows */
	PEACE_KVM_WAITING_USEC = 6, /* run delay minus throttled: what others did to it, us, only grows */
	PEACE_KVM_MINOR_FAULTS = 7, /* page faults without I/O, only grows */
	PEACE_KVM_MAJOR_FAULTS = 8, /* page faults that waited for I/O, only grows */
	PEACE_KVM_THREADS = 9, /* threads of the VMM process */
	PEACE_KVM_RSS_BYTES = 10, /* resident memory of the VMM process, bytes */
	PEACE_KVM_DISK_READ_BYTES = 11, /* bytes read from block devices, bytes, only grows */
	PEACE_KVM_DISK_WRITTEN_BYTES = 12, /* bytes sent to block devices, bytes, only grows */
	PEACE_KVM_READ_CALLS = 13, /* read system calls, only grows */
	PEACE_KVM_WRITE_CALLS = 14, /* write system calls, only grows */
	PEACE_KVM_NET_RECEIVED_BYTES = 15, /* bytes that the guest received through its taps, bytes, only grows */
	PEACE_KVM_NET_SENT_BYTES = 16, /* bytes that the guest sent through its taps, bytes, only grows */
	PEACE_KVM_NET_RECEIVED_PACKETS = 17, /* packets that the guest received through its taps, only grows */
	PEACE_KVM_NET_SENT_PACKETS = 18, /* packets that the guest sent through its taps, only grows */
	PEACE_KVM_NET_DROPS = 19, /* packets dropped at its taps, only grows */
	PEACE_KVM_NICE = 20, /* nice of the main thread */
	PEACE_KVM_POLICY = 21, /* scheduling policy of the main thread, the kernel's number */
	PEACE_KVM_RT_PRIORITY = 22, /* real-time priority of the main thread */
	PEACE_KVM_AUTOGROUP_NICE = 23, /* nice of its autogroup */
	PEACE_KVM_WEIGHT = 24, /* CPU weight in the scale of weight_where */
	PEACE_KVM_WEIGHT_RELATIVE_PERMYRIAD = 25, /* weight against the default, 10000 is the default, 1/10000 */
	PEACE_KVM_QUOTA_PERMYRIAD = 26, /* CPU limit in force, 10000 is one CPU, 1/10000 */
	PEACE_KVM_QUOTA_BURST_USEC = 27, /* CPU time that may be saved up, us */
	PEACE_KVM_CPUS_ALLOWED = 28, /* CPUs that the main thread may use */
	PEACE_KVM_SWAP_BYTES = 29, /* memory in swap, bytes */
	PEACE_KVM_RSS_ANONYMOUS_BYTES = 30, /* resident anonymous memory, bytes */
	PEACE_KVM_LOCKED_BYTES = 31, /* memory locked or pinned (VFIO), bytes */
	PEACE_KVM_KSM_MERGED_PAGES = 32, /* pages merged by KSM */
	PEACE_KVM_KSM_ZERO_PAGES = 33, /* zero pages merged by KSM */
	PEACE_KVM_KSM_TRACKED_PAGES = 34, /* pages that KSM keeps book of */
	PEACE_KVM_KSM_PROFIT_BYTES = 35, /* saved minus tracking overhead, bytes */
	PEACE_KVM_MEMORY_CURRENT_BYTES = 36, /* memory charged to its own cgroup, bytes */
	PEACE_KVM_MEMORY_LOW_BYTES = 37, /* memory.low of its own cgroup, bytes */
	PEACE_KVM_MEMORY_HIGH_BYTES = 38, /* memory.high of its own cgroup, bytes */
	PEACE_KVM_MEMORY_MAX_BYTES = 39, /* memory limit of its own cgroup, bytes */
	PEACE_KVM_BLOCK_READ_OPERATIONS = 40, /* block reads of its own cgroup, only grows */
	PEACE_KVM_BLOCK_WRITE_OPERATIONS = 41, /* block writes of its own cgroup, only grows */
	PEACE_KVM_IO_WEIGHT = 42, /* I/O weight of its own cgroup */
	PEACE_KVM_PSI_CPU_SOME_USEC = 43, /* time in which a thread of its cgroup waited for a CPU, us, only grows */
	PEACE_KVM_PSI_MEMORY_SOME_USEC = 44, /* time in which a thread of its cgroup waited for memory, us, only grows */
	PEACE_KVM_PSI_MEMORY_FULL_USEC = 45, /* time in which all of its cgroup waited for memory, us, only grows */
	PEACE_KVM_PSI_IO_SOME_USEC = 46, /* time in which a thread of its cgroup waited for I/O, us, only grows */
	PEACE_KVM_PSI_IO_FULL_USEC = 47, /* time in which all of its cgroup waited for I/O, us, only grows */
	PEACE_KVM_KVM_EXITS = 48, /* exits from guest code, only grows */
	PEACE_KVM_KVM_HALT_POLL_WASTED_USEC = 49, /* polling for a wake-up that did not come, us, only grows */
	PEACE_KVM_PSS_BYTES = 50, /* resident memory, shared pages divided among sharers, bytes */
	PEACE_KVM_HUGE_BYTES = 51, /* anonymous memory in transparent huge pages, bytes */
	PEACE_KVM_BALLOON_ACTUAL_BYTES = 52, /* memory that the balloon leaves to the guest, bytes */
	PEACE_KVM_BALLOON_TARGET_BYTES = 53, /* memory that the balloon is asked to leave, bytes */
	PEACE_KVM_GUEST_FREE_BYTES = 54, /* free memory as the guest tells it, bytes */
	PEACE_KVM_GUEST_AVAILABLE_BYTES = 55, /* available memory as the guest tells it, bytes */
	PEACE_KVM_MEMORY_MIN_BYTES = 56, /* memory.min of its own cgroup, bytes */
};

/* Texts of a VM. */
enum peace_kvm_text {
	PEACE_TEXT_NAME = 0, /* the owner's name of it, else its process name */
	PEACE_TEXT_UUID = 1, /* the owner's uuid */
	PEACE_TEXT_VMM = 2, /* qemu, firecracker, cloud-hypervisor, crosvm, kvmtool or other */
	PEACE_TEXT_ACCEL = 3, /* kvm or tcg; other where neither */
	PEACE_TEXT_OWNER = 4, /* libvirt, proxmox, kubevirt or none: who its knobs belong to */
	PEACE_TEXT_CLASS = 5, /* class that the policy puts it in */
	PEACE_TEXT_CGROUP = 6, /* cgroup of the VM, as the kernel writes it */
	PEACE_TEXT_CGROUP_OWN = 7, /* yes when nothing but this VM and its helpers is in it */
	PEACE_TEXT_WEIGHT_WHERE = 8, /* what arbitrates: cpu.weight, cpu.shares, cpu.idle, autogroup, nice or realtime */
	PEACE_TEXT_AFFINITY = 9, /* CPUs that the main thread may use, as a list */
	PEACE_TEXT_TAPS = 10, /* its host network interfaces, with commas */
	PEACE_TEXT_STATE = 11, /* running, paused, migrating, backup or saving; not known where nobody tells */
	PEACE_TEXT_HINDRANCES = 12, /* what keeps knobs from acting, with commas: vfio, hugepages, confidential, ovs, macvtap */
	PEACE_TEXT_METADATA = 13, /* class that the libvirt metadata element of namespace truce names */
};

/* Figures of the machine. */
enum peace_host_figure {
	PEACE_HOST_LOAD_1MIN_MILLI = 0, /* threads runnable or in uninterruptible sleep, average over 1 minute, 1/1000 */
	PEACE_HOST_LOAD_5MIN_MILLI = 1, /* threads runnable or in uninterruptible sleep, average over 5 minutes, 1/1000 */
	PEACE_HOST_LOAD_15MIN_MILLI = 2, /* threads runnable or in uninterruptible sleep, average over 15 minutes, 1/1000 */
	PEACE_HOST_UTILISATION_1MIN_PERMYRIAD = 3, /* busy share of all CPUs over the last minute, or over what has been seen of it, 1/10000 */
	PEACE_HOST_UTILISATION_5MIN_PERMYRIAD = 4, /* busy share of all CPUs over 5 minutes, or over what has been seen of them, 1/10000 */
	PEACE_HOST_UTILISATION_15MIN_PERMYRIAD = 5, /* busy share of all CPUs over 15 minutes, or over what has been seen of them, 1/10000 */
	PEACE_HOST_UTILISATION_SEEN_USEC = 6, /* how far back the utilisation has been watched, us */
	PEACE_HOST_CONTEXT_SWITCHES = 7, /* context switches, only grows */
	PEACE_HOST_PROCESSES_STARTED = 8, /* forks, only grows */
	PEACE_HOST_RUNNING_THREADS = 9, /* runnable threads */
	PEACE_HOST_BLOCKED_THREADS = 10, /* threads in uninterruptible sleep */
	PEACE_HOST_PSI_CPU_SOME_USEC = 11, /* time in which somebody waited for a CPU, us, only grows */
	PEACE_HOST_PSI_MEMORY_SOME_USEC = 12, /* time in which somebody waited for memory, us, only grows */
	PEACE_HOST_PSI_MEMORY_FULL_USEC = 13, /* time in which all waited for memory, us, only grows */
	PEACE_HOST_PSI_IO_SOME_USEC = 14, /* time in which somebody waited for I/O, us, only grows */
	PEACE_HOST_PSI_IO_FULL_USEC = 15, /* time in which all waited for I/O, us, only grows */
	PEACE_HOST_PSI_CPU_SOME_10S_PERMYRIAD = 16, /* share of the last 10 s in which somebody waited for a CPU, 1/10000 */
	PEACE_HOST_PSI_MEMORY_SOME_10S_PERMYRIAD = 17, /* share of the last 10 s in which somebody waited for memory, 1/10000 */
	PEACE_HOST_PSI_MEMORY_FULL_10S_PERMYRIAD = 18, /* share of the last 10 s in which all waited for memory, 1/10000 */
	PEACE_HOST_PSI_IO_SOME_10S_PERMYRIAD = 19, /* share of the last 10 s in which somebody waited for I/O, 1/10000 */
	PEACE_HOST_PSI_IO_FULL_10S_PERMYRIAD = 20, /* share of the last 10 s in which all waited for I/O, 1/10000 */
	PEACE_HOST_MEMORY_TOTAL_BYTES = 21, /* memory that the kernel manages, bytes */
	PEACE_HOST_MEMORY_FREE_BYTES = 22, /* memory that nobody uses, bytes */
	PEACE_HOST_MEMORY_AVAILABLE_BYTES = 23, /* memory to be had without swapping, bytes */
	PEACE_HOST_MEMORY_BUFFERS_BYTES = 24, /* block device cache, bytes */
	PEACE_HOST_MEMORY_CACHED_BYTES = 25, /* page cache, bytes */
	PEACE_HOST_MEMORY_ANONYMOUS_BYTES = 26, /* anonymous memory, bytes */
	PEACE_HOST_MEMORY_SHARED_BYTES = 27, /* tmpfs and shared memory, bytes */
	PEACE_HOST_MEMORY_DIRTY_BYTES = 28, /* waiting to be written back, bytes */
	PEACE_HOST_MEMORY_COMMITTED_BYTES = 29, /* address space promised, bytes */
	PEACE_HOST_MEMORY_COMMIT_LIMIT_BYTES = 30, /* limit under strict overcommit, bytes */
	PEACE_HOST_SWAP_TOTAL_BYTES = 31, /* swap space, bytes */
	PEACE_HOST_SWAP_FREE_BYTES = 32, /* swap space unused, bytes */
	PEACE_HOST_HUGE_PAGES_TOTAL = 33, /* reserved huge pages */
	PEACE_HOST_HUGE_PAGES_FREE = 34, /* reserved huge pages unused */
	PEACE_HOST_SWAPPED_IN_PAGES = 35, /* pages read from swap, only grows */
	PEACE_HOST_SWAPPED_OUT_PAGES = 36, /* pages written to swap, only grows */
	PEACE_HOST_MAJOR_FAULTS = 37, /* faults that waited for a disk, only grows */
	PEACE_HOST_OOM_KILLS = 38, /* processes killed for want of memory, only grows */
	PEACE_HOST_KSM_RUN = 39, /* 0 stopped, 1 merging, 2 unmerging */
	PEACE_HOST_KSM_PAGES_TO_SCAN = 40, /* pages ksmd looks at before it sleeps */
	PEACE_HOST_KSM_SLEEP_MILLISECS = 41, /* how long ksmd sleeps, ms */
	PEACE_HOST_KSM_PAGES_SHARED = 42, /* pages that serve several */
	PEACE_HOST_KSM_PAGES_SHARING = 43, /* pages saved */
	PEACE_HOST_KSM_PAGES_UNSHARED = 44, /* pages looked at in vain */
	PEACE_HOST_KSM_PAGES_VOLATILE = 45, /* pages that change too fast */
	PEACE_HOST_KSM_PAGES_SCANNED = 46, /* pages looked at, only grows */
	PEACE_HOST_KSM_PAGES_SKIPPED = 47, /* pages smart scan left out, only grows */
	PEACE_HOST_KSM_ZERO_PAGES = 48, /* pages mapped to the zero page */
	PEACE_HOST_KSM_FULL_SCANS = 49, /* passes over all mergeable memory, only grows */
	PEACE_HOST_KSM_GENERAL_PROFIT_BYTES = 50, /* saved minus tracking overhead, bytes */
	PEACE_HOST_KSM_MAX_PAGE_SHARING = 51, /* most mappings of one page */
	PEACE_HOST_KSM_MERGE_ACROSS_NODES = 52, /* merge across NUMA nodes */
	PEACE_HOST_KSM_USE_ZERO_PAGES = 53, /* zero pages to the kernel's own */
	PEACE_HOST_KSMD_CPU_USEC = 54, /* CPU time of ksmd, us, only grows */
	PEACE_HOST_OWN_TICK_USEC = 55, /* CPU time that this tick cost the thread that samples, us */
	PEACE_HOST_EVENTS_LOST = 56, /* times that KVM's events overflowed and a scan made good, only grows */
};

/* What can be set. */
enum peace_setting {
	PEACE_SET_CPU_SHARES = 0, /* part of the CPU time when it is short, against 100 of the others */
	PEACE_SET_CPU_RESERVE = 1, /* CPU time that it gets whatever the others do, 10000 is one CPU */
	PEACE_SET_CPU_LIMIT = 2, /* CPU time that it never exceeds, 10000 is one CPU */
	PEACE_SET_MEMORY_SHARES = 3, /* who gives memory back first when it is short, against 100 of the others */
	PEACE_SET_MEMORY_RESERVE = 4, /* memory that the host does not take from it, bytes */
	PEACE_SET_MEMORY_LIMIT = 5, /* memory that the guest is left with at most, bytes */
	PEACE_SET_DISK_SHARES = 6, /* part of the disks' time when it is short, against 100 of the others */
	PEACE_SET_DISK_LIMIT = 7, /* bytes a second to and from its disks, each way, bytes/s */
	PEACE_SET_DISK_LIMIT_OPERATIONS = 8, /* operations a second on its disks, each way, 1/s */
	PEACE_SET_NET_RESERVE = 9, /* bytes a second that it can send whatever the others do, bytes/s */
	PEACE_SET_NET_LIMIT = 10, /* bytes a second that it sends and receives at most, each way, bytes/s */
	PEACE_SET_CPU_WEIGHT = 11, /* weight where it arbitrates, 100 is the default of every scale */
	PEACE_SET_CPU_NICE = 12, /* nice, set where it arbitrates: cpu.weight.nice, cpu.shares, autogroup or the threads */
	PEACE_SET_CPU_QUOTA = 13, /* CPU limit of its cgroup, 10000 is one CPU */
	PEACE_SET_CPU_BURST = 14, /* unused quota that it may save up, us */
	PEACE_SET_CPU_IDLE = 15, /* 1: runs only when nobody else wants the CPU */
	PEACE_SET_CPU_AFFINITY = 16, /* CPUs that its threads may use, as a list, a text */
	PEACE_SET_CPU_EXCLUSIVE = 17, /* CPUs that it has for itself, by cpuset, a text */
	PEACE_SET_MEMORY_BALLOON = 18, /* memory that its balloon is asked to leave, bytes */
	PEACE_SET_MEMORY_LOW = 19, /* memory of its cgroup that reclaim goes round, bytes */
	PEACE_SET_MEMORY_HIGH = 20, /* memory above which its cgroup is reclaimed and held back, for a while, bytes */
	PEACE_SET_MEMORY_RECLAIM = 21, /* memory to take from its cgroup once, now, bytes */
	PEACE_SET_DISK_WEIGHT = 22, /* I/O weight of its cgroup */
	PEACE_SET_DISK_READ_MAX = 23, /* io.max: bytes a second read from each of its disks, bytes/s */
	PEACE_SET_DISK_WRITE_MAX = 24, /* io.max: bytes a second written to each of its disks, bytes/s */
	PEACE_SET_DISK_READ_OPERATIONS_MAX = 25, /* io.max: reads a second from each of its disks, 1/s */
	PEACE_SET_DISK_WRITE_OPERATIONS_MAX = 26, /* io.max: writes a second to each of its disks, 1/s */
	PEACE_SET_DISK_THROTTLE = 27, /* the VMM's own limit of each of its disks, bytes a second, bytes/s */
	PEACE_SET_DISK_THROTTLE_OPERATIONS = 28, /* the VMM's own limit of each of its disks, operations a second, 1/s */
	PEACE_SET_NET_IN_MAX = 29, /* bytes a second that it receives at most, through each tap, bytes/s */
	PEACE_SET_NET_OUT_MAX = 30, /* bytes a second that it sends at most, through each tap, bytes/s */
	PEACE_SET_NET_OUT_MIN = 31, /* bytes a second that it can send whatever the other shaped taps do, bytes/s */
	PEACE_SET_KSM_RUN = 32, /* 0 stopped, 1 merging */
	PEACE_SET_KSM_PAGES_TO_SCAN = 33, /* pages that ksmd looks at before it sleeps */
	PEACE_SET_KSM_SLEEP_MILLISECS = 34, /* how long ksmd sleeps, ms */
	PEACE_SET_HOST_VM_WEIGHT = 35, /* weight of all VMs together against the host's other processes */
	PEACE_SET_CPU_SLICE = 36, /* time that its threads run at a stretch: the shorter, the sooner they run once they want, us */
	PEACE_SET_MEMORY_MIN = 37, /* memory of its cgroup that is never reclaimed: what memory.reserve comes to under lru_gen, bytes */
};

long long get_kvm_figure(const struct kvm_list *vm, enum peace_kvm_figure figure);
long long get_host_figure(enum peace_host_figure figure);
const char *get_kvm_text(const struct kvm_list *vm, enum peace_kvm_text text);

/* get_kvm_waiting_usec(vm), get_host_psi_cpu_some_usec(), get_kvm_class(vm). */
#define PEACE_KVM_GETTER(name, number) \
	static inline long long get_kvm_##name(const struct kvm_list *vm) \
	{ return get_kvm_figure(vm, number); }
#define PEACE_HOST_GETTER(name, number) \
	static inline long long get_host_##name(void) { return get_host_figure(number); }
#define PEACE_TEXT_GETTER(name, number) \
	static inline const char *get_kvm_##name(const struct kvm_list *vm) \
	{ return get_kvm_text(vm, number); }

PEACE_KVM_GETTER(user_usec, PEACE_KVM_USER_USEC)
PEACE_KVM_GETTER(system_usec, PEACE_KVM_SYSTEM_USEC)
PEACE_KVM_GETTER(guest_usec, PEACE_KVM_GUEST_USEC)
PEACE_KVM_GETTER(run_usec, PEACE_KVM_RUN_USEC)
PEACE_KVM_GETTER(run_delay_usec, PEACE_KVM_RUN_DELAY_USEC)
PEACE_KVM_GETTER(throttled_usec, PEACE_KVM_THROTTLED_USEC)
PEACE_KVM_GETTER(waiting_usec, PEACE_KVM_WAITING_USEC)
PEACE_KVM_GETTER(minor_faults, PEACE_KVM_MINOR_FAULTS)
PEACE_KVM_GETTER(major_faults, PEACE_KVM_MAJOR_FAULTS)
PEACE_KVM_GETTER(threads, PEACE_KVM_THREADS)
PEACE_KVM_GETTER(rss_bytes, PEACE_KVM_RSS_BYTES)
PEACE_KVM_GETTER(disk_read_bytes, PEACE_KVM_DISK_READ_BYTES)
PEACE_KVM_GETTER(disk_written_bytes, PEACE_KVM_DISK_WRITTEN_BYTES)
PEACE_KVM_GETTER(read_calls, PEACE_KVM_READ_CALLS)
PEACE_KVM_GETTER(write_calls, PEACE_KVM_WRITE_CALLS)
PEACE_KVM_GETTER(net_received_bytes, PEACE_KVM_NET_RECEIVED_BYTES)
PEACE_KVM_GETTER(net_sent_bytes, PEACE_KVM_NET_SENT_BYTES)
PEACE_KVM_GETTER(net_received_packets, PEACE_KVM_NET_RECEIVED_PACKETS)
PEACE_KVM_GETTER(net_sent_packets, PEACE_KVM_NET_SENT_PACKETS)
PEACE_KVM_GETTER(net_drops, PEACE_KVM_NET_DROPS)
PEACE_KVM_GETTER(main_thread_nice, PEACE_KVM_NICE)
PEACE_KVM_GETTER(policy, PEACE_KVM_POLICY)
PEACE_KVM_GETTER(rt_priority, PEACE_KVM_RT_PRIORITY)
PEACE_KVM_GETTER(autogroup_nice, PEACE_KVM_AUTOGROUP_NICE)
PEACE_KVM_GETTER(weight, PEACE_KVM_WEIGHT)
PEACE_KVM_GETTER(weight_relative_permyriad, PEACE_KVM_WEIGHT_RELATIVE_PERMYRIAD)
PEACE_KVM_GETTER(quota_permyriad, PEACE_KVM_QUOTA_PERMYRIAD)
PEACE_KVM_GETTER(quota_burst_usec, PEACE_KVM_QUOTA_BURST_USEC)
PEACE_KVM_GETTER(cpus_allowed, PEACE_KVM_CPUS_ALLOWED)
PEACE_KVM_GETTER(swap_bytes, PEACE_KVM_SWAP_BYTES)
PEACE_KVM_GETTER(rss_anonymous_bytes, PEACE_KVM_RSS_ANONYMOUS_BYTES)
PEACE_KVM_GETTER(locked_bytes, PEACE_KVM_LOCKED_BYTES)
PEACE_KVM_GETTER(ksm_merged_pages, PEACE_KVM_KSM_MERGED_PAGES)
PEACE_KVM_GETTER(ksm_zero_pages, PEACE_KVM_KSM_ZERO_PAGES)
PEACE_KVM_GETTER(ksm_tracked_pages, PEACE_KVM_KSM_TRACKED_PAGES)
PEACE_KVM_GETTER(ksm_profit_bytes, PEACE_KVM_KSM_PROFIT_BYTES)
PEACE_KVM_GETTER(memory_current_bytes, PEACE_KVM_MEMORY_CURRENT_BYTES)
PEACE_KVM_GETTER(memory_low_bytes, PEACE_KVM_MEMORY_LOW_BYTES)
PEACE_KVM_GETTER(memory_high_bytes, PEACE_KVM_MEMORY_HIGH_BYTES)
PEACE_KVM_GETTER(memory_max_bytes, PEACE_KVM_MEMORY_MAX_BYTES)
PEACE_KVM_GETTER(block_read_operations, PEACE_KVM_BLOCK_READ_OPERATIONS)
PEACE_KVM_GETTER(block_write_operations, PEACE_KVM_BLOCK_WRITE_OPERATIONS)
PEACE_KVM_GETTER(io_weight, PEACE_KVM_IO_WEIGHT)
PEACE_KVM_GETTER(psi_cpu_some_usec, PEACE_KVM_PSI_CPU_SOME_USEC)
PEACE_KVM_GETTER(psi_memory_some_usec, PEACE_KVM_PSI_MEMORY_SOME_USEC)
PEACE_KVM_GETTER(psi_memory_full_usec, PEACE_KVM_PSI_MEMORY_FULL_USEC)
PEACE_KVM_GETTER(psi_io_some_usec, PEACE_KVM_PSI_IO_SOME_USEC)
PEACE_KVM_GETTER(psi_io_full_usec, PEACE_KVM_PSI_IO_FULL_USEC)
PEACE_KVM_GETTER(kvm_exits, PEACE_KVM_KVM_EXITS)
PEACE_KVM_GETTER(kvm_halt_poll_wasted_usec, PEACE_KVM_KVM_HALT_POLL_WASTED_USEC)
PEACE_KVM_GETTER(pss_bytes, PEACE_KVM_PSS_BYTES)
PEACE_KVM_GETTER(huge_bytes, PEACE_KVM_HUGE_BYTES)
PEACE_KVM_GETTER(balloon_actual_bytes, PEACE_KVM_BALLOON_ACTUAL_BYTES)
PEACE_KVM_GETTER(balloon_target_bytes, PEACE_KVM_BALLOON_TARGET_BYTES)
PEACE_KVM_GETTER(guest_free_bytes, PEACE_KVM_GUEST_FREE_BYTES)
PEACE_KVM_GETTER(guest_available_bytes, PEACE_KVM_GUEST_AVAILABLE_BYTES)
PEACE_KVM_GETTER(memory_min_bytes, PEACE_KVM_MEMORY_MIN_BYTES)
PEACE_HOST_GETTER(load_1min_milli, PEACE_HOST_LOAD_1MIN_MILLI)
PEACE_HOST_GETTER(load_5min_milli, PEACE_HOST_LOAD_5MIN_MILLI)
PEACE_HOST_GETTER(load_15min_milli, PEACE_HOST_LOAD_15MIN_MILLI)
PEACE_HOST_GETTER(utilisation_1min_permyriad, PEACE_HOST_UTILISATION_1MIN_PERMYRIAD)
PEACE_HOST_GETTER(utilisation_5min_permyriad, PEACE_HOST_UTILISATION_5MIN_PERMYRIAD)
PEACE_HOST_GETTER(utilisation_15min_permyriad, PEACE_HOST_UTILISATION_15MIN_PERMYRIAD)
PEACE_HOST_GETTER(utilisation_seen_usec, PEACE_HOST_UTILISATION_SEEN_USEC)
PEACE_HOST_GETTER(context_switches, PEACE_HOST_CONTEXT_SWITCHES)
PEACE_HOST_GETTER(processes_started, PEACE_HOST_PROCESSES_STARTED)
PEACE_HOST_GETTER(running_threads, PEACE_HOST_RUNNING_THREADS)
PEACE_HOST_GETTER(blocked_threads, PEACE_HOST_BLOCKED_THREADS)
PEACE_HOST_GETTER(psi_cpu_some_usec, PEACE_HOST_PSI_CPU_SOME_USEC)
PEACE_HOST_GETTER(psi_memory_some_usec, PEACE_HOST_PSI_MEMORY_SOME_USEC)
PEACE_HOST_GETTER(psi_memory_full_usec, PEACE_HOST_PSI_MEMORY_FULL_USEC)
PEACE_HOST_GETTER(psi_io_some_usec, PEACE_HOST_PSI_IO_SOME_USEC)
PEACE_HOST_GETTER(psi_io_full_usec, PEACE_HOST_PSI_IO_FULL_USEC)
PEACE_HOST_GETTER(psi_cpu_some_10s_permyriad, PEACE_HOST_PSI_CPU_SOME_10S_PERMYRIAD)
PEACE_HOST_GETTER(psi_memory_some_10s_permyriad, PEACE_HOST_PSI_MEMORY_SOME_10S_PERMYRIAD)
PEACE_HOST_GETTER(psi_memory_full_10s_permyriad, PEACE_HOST_PSI_MEMORY_FULL_10S_PERMYRIAD)
PEACE_HOST_GETTER(psi_io_some_10s_permyriad, PEACE_HOST_PSI_IO_SOME_10S_PERMYRIAD)
PEACE_HOST_GETTER(psi_io_full_10s_permyriad, PEACE_HOST_PSI_IO_FULL_10S_PERMYRIAD)
PEACE_HOST_GETTER(memory_total_bytes, PEACE_HOST_MEMORY_TOTAL_BYTES)
PEACE_HOST_GETTER(memory_free_bytes, PEACE_HOST_MEMORY_FREE_BYTES)
PEACE_HOST_GETTER(memory_available_bytes, PEACE_HOST_MEMORY_AVAILABLE_BYTES)
PEACE_HOST_GETTER(memory_buffers_bytes, PEACE_HOST_MEMORY_BUFFERS_BYTES)
PEACE_HOST_GETTER(memory_cached_bytes, PEACE_HOST_MEMORY_CACHED_BYTES)
PEACE_HOST_GETTER(memory_anonymous_bytes, PEACE_HOST_MEMORY_ANONYMOUS_BYTES)
PEACE_HOST_GETTER(memory_shared_bytes, PEACE_HOST_MEMORY_SHARED_BYTES)
PEACE_HOST_GETTER(memory_dirty_bytes, PEACE_HOST_MEMORY_DIRTY_BYTES)
PEACE_HOST_GETTER(memory_committed_bytes, PEACE_HOST_MEMORY_COMMITTED_BYTES)
PEACE_HOST_GETTER(memory_commit_limit_bytes, PEACE_HOST_MEMORY_COMMIT_LIMIT_BYTES)
PEACE_HOST_GETTER(swap_total_bytes, PEACE_HOST_SWAP_TOTAL_BYTES)
PEACE_HOST_GETTER(swap_free_bytes, PEACE_HOST_SWAP_FREE_BYTES)
PEACE_HOST_GETTER(huge_pages_total, PEACE_HOST_HUGE_PAGES_TOTAL)
PEACE_HOST_GETTER(huge_pages_free, PEACE_HOST_HUGE_PAGES_FREE)
PEACE_HOST_GETTER(swapped_in_pages, PEACE_HOST_SWAPPED_IN_PAGES)
PEACE_HOST_GETTER(swapped_out_pages, PEACE_HOST_SWAPPED_OUT_PAGES)
PEACE_HOST_GETTER(major_faults, PEACE_HOST_MAJOR_FAULTS)
PEACE_HOST_GETTER(oom_kills, PEACE_HOST_OOM_KILLS)
PEACE_HOST_GETTER(ksm_run, PEACE_HOST_KSM_RUN)
PEACE_HOST_GETTER(ksm_pages_to_scan, PEACE_HOST_KSM_PAGES_TO_SCAN)
PEACE_HOST_GETTER(ksm_sleep_millisecs, PEACE_HOST_KSM_SLEEP_MILLISECS)
PEACE_HOST_GETTER(ksm_pages_shared, PEACE_HOST_KSM_PAGES_SHARED)
PEACE_HOST_GETTER(ksm_pages_sharing, PEACE_HOST_KSM_PAGES_SHARING)
PEACE_HOST_GETTER(ksm_pages_unshared, PEACE_HOST_KSM_PAGES_UNSHARED)
PEACE_HOST_GETTER(ksm_pages_volatile, PEACE_HOST_KSM_PAGES_VOLATILE)
PEACE_HOST_GETTER(ksm_pages_scanned, PEACE_HOST_KSM_PAGES_SCANNED)
PEACE_HOST_GETTER(ksm_pages_skipped, PEACE_HOST_KSM_PAGES_SKIPPED)
PEACE_HOST_GETTER(ksm_zero_pages, PEACE_HOST_KSM_ZERO_PAGES)
PEACE_HOST_GETTER(ksm_full_scans, PEACE_HOST_KSM_FULL_SCANS)
PEACE_HOST_GETTER(ksm_general_profit_bytes, PEACE_HOST_KSM_GENERAL_PROFIT_BYTES)
PEACE_HOST_GETTER(ksm_max_page_sharing, PEACE_HOST_KSM_MAX_PAGE_SHARING)
PEACE_HOST_GETTER(ksm_merge_across_nodes, PEACE_HOST_KSM_MERGE_ACROSS_NODES)
PEACE_HOST_GETTER(ksm_use_zero_pages, PEACE_HOST_KSM_USE_ZERO_PAGES)
PEACE_HOST_GETTER(ksmd_cpu_usec, PEACE_HOST_KSMD_CPU_USEC)
PEACE_HOST_GETTER(own_tick_usec, PEACE_HOST_OWN_TICK_USEC)
PEACE_HOST_GETTER(events_lost, PEACE_HOST_EVENTS_LOST)
PEACE_TEXT_GETTER(name, PEACE_TEXT_NAME)
PEACE_TEXT_GETTER(uuid, PEACE_TEXT_UUID)
PEACE_TEXT_GETTER(vmm, PEACE_TEXT_VMM)
PEACE_TEXT_GETTER(accel, PEACE_TEXT_ACCEL)
PEACE_TEXT_GETTER(owner, PEACE_TEXT_OWNER)
PEACE_TEXT_GETTER(class, PEACE_TEXT_CLASS)
PEACE_TEXT_GETTER(cgroup, PEACE_TEXT_CGROUP)
PEACE_TEXT_GETTER(cgroup_own, PEACE_TEXT_CGROUP_OWN)
PEACE_TEXT_GETTER(weight_where, PEACE_TEXT_WEIGHT_WHERE)
PEACE_TEXT_GETTER(affinity, PEACE_TEXT_AFFINITY)
PEACE_TEXT_GETTER(taps, PEACE_TEXT_TAPS)
PEACE_TEXT_GETTER(state, PEACE_TEXT_STATE)
PEACE_TEXT_GETTER(hindrances, PEACE_TEXT_HINDRANCES)
PEACE_TEXT_GETTER(metadata, PEACE_TEXT_METADATA)

/* set_kvm_cpu_weight(vm, 400); set_host_ksm_run(1); PEACEMAKER_UNLIMITED lifts a limit. */
#define set_kvm_cpu_shares(vm, value) \
	set_kvm_setting(vm, PEACE_SET_CPU_SHARES, value)
#define set_kvm_cpu_reserve(vm, value) \
	set_kvm_setting(vm, PEACE_SET_CPU_RESERVE, value)
#define set_kvm_cpu_limit(vm, value) \
	set_kvm_setting(vm, PEACE_SET_CPU_LIMIT, value)
#define set_kvm_memory_shares(vm, value) \
	set_kvm_setting(vm, PEACE_SET_MEMORY_SHARES, value)
#define set_kvm_memory_reserve(vm, value) \
	set_kvm_setting(vm, PEACE_SET_MEMORY_RESERVE, value)
#define set_kvm_memory_limit(vm, value) \
	set_kvm_setting(vm, PEACE_SET_MEMORY_LIMIT, value)
#define set_kvm_disk_shares(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_SHARES, value)
#define set_kvm_disk_limit(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_LIMIT, value)
#define set_kvm_disk_limit_operations(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_LIMIT_OPERATIONS, value)
#define set_kvm_net_reserve(vm, value) \
	set_kvm_setting(vm, PEACE_SET_NET_RESERVE, value)
#define set_kvm_net_limit(vm, value) \
	set_kvm_setting(vm, PEACE_SET_NET_LIMIT, value)
#define set_kvm_cpu_weight(vm, value) \
	set_kvm_setting(vm, PEACE_SET_CPU_WEIGHT, value)
#define set_kvm_cpu_nice(vm, value) \
	set_kvm_setting(vm, PEACE_SET_CPU_NICE, value)
#define set_kvm_cpu_quota(vm, value) \
	set_kvm_setting(vm, PEACE_SET_CPU_QUOTA, value)
#define set_kvm_cpu_burst(vm, value) \
	set_kvm_setting(vm, PEACE_SET_CPU_BURST, value)
#define set_kvm_cpu_idle(vm, value) \
	set_kvm_setting(vm, PEACE_SET_CPU_IDLE, value)
#define set_kvm_cpu_affinity(vm, value) \
	set_kvm_setting_text(vm, PEACE_SET_CPU_AFFINITY, value)
#define set_kvm_cpu_exclusive(vm, value) \
	set_kvm_setting_text(vm, PEACE_SET_CPU_EXCLUSIVE, value)
#define set_kvm_memory_balloon(vm, value) \
	set_kvm_setting(vm, PEACE_SET_MEMORY_BALLOON, value)
#define set_kvm_memory_low(vm, value) \
	set_kvm_setting(vm, PEACE_SET_MEMORY_LOW, value)
#define set_kvm_memory_high(vm, value) \
	set_kvm_setting(vm, PEACE_SET_MEMORY_HIGH, value)
#define set_kvm_memory_reclaim(vm, value) \
	set_kvm_setting(vm, PEACE_SET_MEMORY_RECLAIM, value)
#define set_kvm_disk_weight(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_WEIGHT, value)
#define set_kvm_disk_read_max(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_READ_MAX, value)
#define set_kvm_disk_write_max(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_WRITE_MAX, value)
#define set_kvm_disk_read_operations_max(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_READ_OPERATIONS_MAX, value)
#define set_kvm_disk_write_operations_max(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_WRITE_OPERATIONS_MAX, value)
#define set_kvm_disk_throttle(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_THROTTLE, value)
#define set_kvm_disk_throttle_operations(vm, value) \
	set_kvm_setting(vm, PEACE_SET_DISK_THROTTLE_OPERATIONS, value)
#define set_kvm_net_in_max(vm, value) \
	set_kvm_setting(vm, PEACE_SET_NET_IN_MAX, value)
#define set_kvm_net_out_max(vm, value) \
	set_kvm_setting(vm, PEACE_SET_NET_OUT_MAX, value)
#define set_kvm_net_out_min(vm, value) \
	set_kvm_setting(vm, PEACE_SET_NET_OUT_MIN, value)
#define set_host_ksm_run(value) set_host_setting(PEACE_SET_KSM_RUN, value)
#define set_host_ksm_pages_to_scan(value) set_host_setting(PEACE_SET_KSM_PAGES_TO_SCAN, value)
#define set_host_ksm_sleep_millisecs(value) set_host_setting(PEACE_SET_KSM_SLEEP_MILLISECS, value)
#define set_host_vm_weight(value) set_host_setting(PEACE_SET_HOST_VM_WEIGHT, value)
#define set_kvm_cpu_slice(vm, value) \
	set_kvm_setting(vm, PEACE_SET_CPU_SLICE, value)
#define set_kvm_memory_min(vm, value) \
	set_kvm_setting(vm, PEACE_SET_MEMORY_MIN, value)

#endif
