/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames behind a process's mergeable memory that KSM has made: /proc/PID/pagemap says which frames
 * stand behind its pages, /proc/kpageflags which of these are KSM's. It reads no memory. This is dear:
 * a system call for every few hundred pages, and one for every frame that does not follow the one
 * before. Only root is told of frames.
 */
#ifndef KSM_WALK_H
#define KSM_WALK_H

#include "ksm/share.h"
#include "sys/guest_memory.h"

struct error;
struct root;
struct walk;

struct walk_options {
	uint64_t until_usec; /* monotonic time at which a walk gives up: -ETIME; 0: never */
	bool (*is_cancelled)(void); /* -ECANCELED. NULL: never */
};

struct walk_counts {
	uint64_t pages;       /* anonymous ones in memory, of what may be merged */
	uint64_t merged;      /* of these, on KSM's frames */
	uint64_t zero_mapped; /* pages that show the kernel's zero page: by use_zero_pages, or never written */
	uint64_t swapped;
};

/* -EACCES, -EPERM, -ENOENT where this host or user is not told of frames, with a sentence. */
int walk_new(struct root *root, const struct walk_options *options, struct walk **ret,
	     struct error *err);
void walk_free(struct walk *walk);

/* Adds the frames of one process under this number; on failure adds nothing. -ESRCH: it ended. */
int walk_process(struct walk *walk, pid_t pid, const struct memory_areas *areas, uint32_t owner,
		 struct share_list *to, struct walk_counts *ret, struct error *err);

#endif
