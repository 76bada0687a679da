/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers of a status, once: struct members, keys of JSON, and what the format's page says of
 * them come from these lists. F(name, help). Lines are added, never renamed.
 */
#ifndef KSM_STATUS_FIGURES_H
#define KSM_STATUS_FIGURES_H

#include <stdint.h>

#define STATUS_MEMBER(name, help) int64_t name;

/* Beside the files of /sys/kernel/mm/ksm. */
#define STATUS_HOST_FIGURES(F)                                                                     \
	F(saved_bytes, "pages_sharing and zero pages")                                             \
	F(tracking_bytes, "64 bytes for each page that KSM keeps book of")                         \
	F(profit_bytes, "saved minus tracking: the kernel's own number where it tells it")         \
	F(ksmd_usec, "CPU time of ksmd since boot")                                                \
	F(saved_kb_per_cpu_second, "saved now, for each CPU-second of ksmd since boot")            \
	F(cow_pages, "merged pages copied because somebody wrote to them, since boot")             \
	F(swapin_copied_pages, "merged pages copied on their way out of swap, since boot")         \
	F(memory_available_bytes, "to be had without swapping")                                    \
	F(memory_free_bytes, "memory that nobody uses")                                            \
	F(swap_free_bytes, "swap space unused")                                                    \
	F(reserve_bytes, "needed if every guest rewrote all that is merged")                       \
	F(left_bytes, "available minus reserve: below 0 it does not fit without swapping")         \
	F(elsewhere_pages, "merged pages that no VM has whose frames were looked at: other processes have them, or had them and have left, which KSM notes when it scans on")              \
	F(frames_usec, "how long looking at frames took")                                          \
	F(frames_pages, "pages whose frames were looked at")

#define STATUS_VM_FIGURES(F)                                                                       \
	F(mergeable_bytes, "address space that KSM was told of")                                   \
	F(mergeable_resident_bytes, "of it, in memory")                                            \
	F(hugetlb_bytes, "address space of reserved huge pages, which never merge")                      \
	F(shared_bytes, "files and shared memory, which never merge, in memory")                   \
	F(anonymous_bytes, "resident anonymous memory")                                            \
	F(merged_pages, "pages merged by KSM (ksm_merging_pages)")                                 \
	F(zero_pages, "zero pages mapped to the kernel's own by KSM")                              \
	F(tracked_pages, "pages that KSM keeps book of")                                           \
	F(tracking_bytes, "64 bytes for each")                                                     \
	F(profit_bytes, "saved minus tracking, as the kernel divides it: a shared frame counts as saved in each VM") \
	F(merge_any, "1: all its memory, by prctl(PR_SET_MEMORY_MERGE)")                           \
	F(looked_pages, "pages in memory whose frames were looked at")                             \
	F(looked_merged_pages, "of these, on KSM's frames")                                        \
	F(zero_mapped_pages, "pages that show the kernel's zero page, whether by KSM or never written") \
	F(frame_count, "KSM's frames behind its merged pages")                                     \
	F(inside_pages, "pages saved by sharing inside itself: merged minus frames")               \
	F(saved_bytes, "its part of what is saved: each frame's saving divided among its pages")   \
	F(alone_frames, "KSM's frames that no other VM has")                                       \
	F(leave_bytes, "memory that comes free when it leaves")                                    \
	F(rewrite_bytes, "memory needed if it rewrote all that is merged, the others nothing")

#endif
