/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an agent can count of its guest, one line each: name, and what it is. All but the memory_
 * ones only grow. A counter that the guest's kernel does not give is absent, not zero. On the
 * wire a counter is a bit of a mask by its place in this list, so lines are added at the end and
 * none is taken away; the list has room for 64.
 */
#ifndef AGENT_COUNTERS_H
#define AGENT_COUNTERS_H

#define AGENT_COUNTER_LIST(X)                                                                  \
	X(cpu_user_nsec, "time in user space, of all vCPUs together")                          \
	X(cpu_system_nsec, "time in the guest's kernel, without interrupts")                   \
	X(cpu_interrupt_nsec, "time in interrupts and what they leave to do")                  \
	X(cpu_idle_nsec, "time without anything to do, waiting for disks included")            \
	X(cpu_steal_nsec, "time that a vCPU was to run and the host did not let it")           \
	X(context_switches, "switches between threads")                                        \
	X(interrupts, "interrupts")                                                            \
	X(processes_made, "processes and threads made since boot")                             \
	X(faults_minor, "page faults that needed no disk")                                     \
	X(faults_major, "page faults that waited for a disk")                                  \
	X(disk_read_bytes, "read from disks")                                                  \
	X(disk_written_bytes, "written to disks")                                              \
	X(swapped_in_pages, "pages read from swap")                                            \
	X(swapped_out_pages, "pages written to swap")                                          \
	X(pressure_cpu_some_usec, "time in which some thread waited for a vCPU")               \
	X(pressure_memory_some_usec, "time in which some thread waited for memory")            \
	X(pressure_memory_full_usec, "time in which all threads waited for memory")            \
	X(pressure_io_some_usec, "time in which some thread waited for a disk")                \
	X(pressure_io_full_usec, "time in which all threads waited for a disk")                \
	X(agent_cpu_nsec, "CPU time of the agent itself, without its workloads")               \
	X(memory_free_bytes, "memory that nothing uses; may sink")                             \
	X(memory_available_bytes, "memory that could be had; may sink")                        \
	X(memory_cached_bytes, "memory that holds files; may sink")

enum agent_counter {
#define X(name, about) AGENT_COUNTER_##name,
	AGENT_COUNTER_LIST(X)
#undef X
	AGENT_COUNTER_COUNT
};

/* The levels: all others only grow. */
#define AGENT_COUNTERS_THAT_SINK                                                                \
	(1ull << AGENT_COUNTER_memory_free_bytes | 1ull << AGENT_COUNTER_memory_available_bytes |    \
	 1ull << AGENT_COUNTER_memory_cached_bytes)

#endif
