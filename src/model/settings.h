/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every setting that a person or a policy can ask for, once. An intent says what a VM deserves
 * and is compiled to knobs; a knob is turned as it is. Lines are added at the end of a list,
 * never renamed.
 *
 * S(symbol, name, unit, kind, resource, scope, tighter, least, most, figure, help)
 *   tighter  which way takes something from the VM: LOWER, HIGHER, or NEITHER
 *   figure   the VM's or host's figure that reads it back in the same unit, or -1
 * Shares and weights: 100 is what everybody has by default. CPU amounts: 10000 is one CPU.
 */
#ifndef MODEL_SETTINGS_H
#define MODEL_SETTINGS_H

#define SETTINGS(S)                                                                                \
	S(CPU_SHARES, "cpu.shares", SHARES, INTENT, CPU, VM, LOWER, 1, 10000, -1,                  \
	  "part of the CPU time when it is short, against 100 of the others")                      \
	S(CPU_RESERVE, "cpu.reserve", CPUS, INTENT, CPU, VM, LOWER, 0, INT64_MAX, -1,              \
	  "CPU time that it gets whatever the others do")                                          \
	S(CPU_LIMIT, "cpu.limit", CPUS, INTENT, CPU, VM, LOWER, 100, INT64_MAX, -1,                \
	  "CPU time that it never exceeds")                                                        \
	S(MEMORY_SHARES, "memory.shares", SHARES, INTENT, MEMORY, VM, LOWER, 1, 10000, -1,         \
	  "who gives memory back first when it is short, against 100 of the others")               \
	S(MEMORY_RESERVE, "memory.reserve", BYTES, INTENT, MEMORY, VM, LOWER, 0, INT64_MAX, -1,    \
	  "memory that the host does not take from it")                                            \
	S(MEMORY_LIMIT, "memory.limit", BYTES, INTENT, MEMORY, VM, LOWER, 1 << 20, INT64_MAX, -1,  \
	  "memory that the guest is left with at most")                                            \
	S(DISK_SHARES, "disk.shares", SHARES, INTENT, DISK, VM, LOWER, 1, 10000, -1,               \
	  "part of the disks' time when it is short, against 100 of the others")                   \
	S(DISK_LIMIT, "disk.limit", BYTES_PER_SECOND, INTENT, DISK, VM, LOWER, 4096, INT64_MAX, -1,\
	  "bytes a second to and from its disks, each way")                                        \
	S(DISK_LIMIT_OPERATIONS, "disk.limit_operations", PER_SECOND, INTENT, DISK, VM, LOWER, 1, INT64_MAX, -1, \
	  "operations a second on its disks, each way")                                            \
	S(NET_RESERVE, "net.reserve", BYTES_PER_SECOND, INTENT, NET, VM, LOWER, 0, INT64_MAX, -1,  \
	  "bytes a second that it can send whatever the others do")                                \
	S(NET_LIMIT, "net.limit", BYTES_PER_SECOND, INTENT, NET, VM, LOWER, 1000, INT64_MAX, -1,   \
	  "bytes a second that it sends and receives at most, each way")                           \
	S(CPU_WEIGHT, "cpu.weight", SHARES, KNOB, CPU, VM, LOWER, 1, 10000, -1,                    \
	  "weight where it arbitrates, 100 is the default of every scale")                         \
	S(CPU_NICE, "cpu.nice", NUMBER, KNOB, CPU, VM, HIGHER, -20, 19, -1,                        \
	  "nice, set where it arbitrates: cpu.weight.nice, cpu.shares, autogroup or the threads")  \
	S(CPU_QUOTA, "cpu.quota", CPUS, KNOB, CPU, VM, LOWER, 100, INT64_MAX, VM_QUOTA,            \
	  "CPU limit of its cgroup")                                                               \
	S(CPU_BURST, "cpu.burst", USEC, KNOB, CPU, VM, LOWER, 0, INT64_MAX, VM_QUOTA_BURST,        \
	  "unused quota that it may save up")                                                      \
	S(CPU_IDLE, "cpu.idle", NUMBER, KNOB, CPU, VM, HIGHER, 0, 1, -1,                           \
	  "1: runs only when nobody else wants the CPU")                                           \
	S(CPU_AFFINITY, "cpu.affinity", TEXT, KNOB, CPU, VM, NEITHER, 0, 0, -1,                    \
	  "CPUs that its threads may use, as a list")                                              \
	S(CPU_EXCLUSIVE, "cpu.exclusive", TEXT, KNOB, CPU, VM, NEITHER, 0, 0, -1,                  \
	  "CPUs that it has for itself, by cpuset")                                                \
	S(MEMORY_BALLOON, "memory.balloon", BYTES, KNOB, MEMORY, VM, LOWER, 1 << 20, INT64_MAX, VM_BALLOON_TARGET, \
	  "memory that its balloon is asked to leave")                                             \
	S(MEMORY_LOW, "memory.low", BYTES, KNOB, MEMORY, VM, LOWER, 0, INT64_MAX, VM_MEMORY_LOW,   \
	  "memory of its cgroup that reclaim goes round")                                          \
	S(MEMORY_HIGH, "memory.high", BYTES, KNOB, MEMORY, VM, LOWER, 1 << 20, INT64_MAX, VM_MEMORY_HIGH, \
	  "memory above which its cgroup is reclaimed and held back, for a while")                 \
	S(MEMORY_RECLAIM, "memory.reclaim", BYTES, KNOB, MEMORY, VM, HIGHER, 1 << 20, INT64_MAX, -1, \
	  "memory to take from its cgroup once, now")                                              \
	S(DISK_WEIGHT, "disk.weight", SHARES, KNOB, DISK, VM, LOWER, 1, 10000, VM_IO_WEIGHT,       \
	  "I/O weight of its cgroup")                                                              \
	S(DISK_READ_MAX, "disk.read_max", BYTES_PER_SECOND, KNOB, DISK, VM, LOWER, 4096, INT64_MAX, -1, \
	  "io.max: bytes a second read from each of its disks")                                    \
	S(DISK_WRITE_MAX, "disk.write_max", BYTES_PER_SECOND, KNOB, DISK, VM, LOWER, 4096, INT64_MAX, -1, \
	  "io.max: bytes a second written to each of its disks")                                   \
	S(DISK_READ_OPERATIONS_MAX, "disk.read_operations_max", PER_SECOND, KNOB, DISK, VM, LOWER, 1, INT64_MAX, -1, \
	  "io.max: reads a second from each of its disks")                                         \
	S(DISK_WRITE_OPERATIONS_MAX, "disk.write_operations_max", PER_SECOND, KNOB, DISK, VM, LOWER, 1, INT64_MAX, -1, \
	  "io.max: writes a second to each of its disks")                                          \
	S(DISK_THROTTLE, "disk.throttle", BYTES_PER_SECOND, KNOB, DISK, VM, LOWER, 4096, INT64_MAX, -1, \
	  "the VMM's own limit of each of its disks, bytes a second")                              \
	S(DISK_THROTTLE_OPERATIONS, "disk.throttle_operations", PER_SECOND, KNOB, DISK, VM, LOWER, 1, INT64_MAX, -1, \
	  "the VMM's own limit of each of its disks, operations a second")                         \
	S(NET_IN_MAX, "net.in_max", BYTES_PER_SECOND, KNOB, NET, VM, LOWER, 1000, INT64_MAX, -1,   \
	  "bytes a second that it receives at most, through each tap")                             \
	S(NET_OUT_MAX, "net.out_max", BYTES_PER_SECOND, KNOB, NET, VM, LOWER, 1000, INT64_MAX, -1, \
	  "bytes a second that it sends at most, through each tap")                                \
	S(NET_OUT_MIN, "net.out_min", BYTES_PER_SECOND, KNOB, NET, VM, LOWER, 0, INT64_MAX, -1,    \
	  "bytes a second that it can send whatever the other shaped taps do")                     \
	S(KSM_RUN, "ksm.run", NUMBER, KNOB, MEMORY, HOST, NEITHER, 0, 1, HOST_KSM_RUN,             \
	  "0 stopped, 1 merging")                                                                  \
	S(KSM_PAGES_TO_SCAN, "ksm.pages_to_scan", NUMBER, KNOB, MEMORY, HOST, NEITHER, 1, 1000000, HOST_KSM_PAGES_TO_SCAN, \
	  "pages that ksmd looks at before it sleeps")                                             \
	S(KSM_SLEEP, "ksm.sleep_millisecs", NUMBER, KNOB, MEMORY, HOST, NEITHER, 0, 600000, HOST_KSM_SLEEP, \
	  "how long ksmd sleeps, ms")                                                              \
	S(HOST_VM_WEIGHT, "host.vm_weight", SHARES, KNOB, CPU, HOST, NEITHER, 1, 10000, -1,        \
	  "weight of all VMs together against the host's other processes")                         \
	S(CPU_SLICE, "cpu.slice", USEC, KNOB, CPU, VM, HIGHER, 100, 100000, -1,                    \
	  "time that its threads run at a stretch: the shorter, the sooner they run once they want") \
	S(MEMORY_MIN, "memory.min", BYTES, KNOB, MEMORY, VM, LOWER, 0, INT64_MAX, VM_MEMORY_MIN,   \
	  "memory of its cgroup that is never reclaimed: what memory.reserve comes to under lru_gen")

#endif
