/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This host as plain files, for `--root`: what the observer and the doctor read of it, through a
 * root that keeps a copy. The directory appears under its name when it is complete; a capture
 * that fails or is interrupted leaves nothing.
 */
#ifndef OBSERVE_CAPTURE_H
#define OBSERVE_CAPTURE_H

#include "sys/root_copying.h"

struct error;
struct snapshot;
struct vm;

struct capture_options {
	const char *directory; /* must not exist, or be empty */
	/* Which VMs; NULL: all. Those that are born later are not asked for: none of them then. */
	bool (*wants)(const struct vm *vm, void *context);
	void *wants_context;
	uint64_t for_usec;     /* follow births and deaths so long; 0: one instant */
	bool with_maps;        /* read smaps_rollup and smaps too */
	int interrupt_fd;      /* readable: give up; 0: none */
	/* Each may be NULL. progress comes once a second of a long capture. */
	void (*progress)(const struct snapshot *snapshot, uint64_t left_usec);
	void (*warn)(const char *sentence);
};

struct capture_outcome {
	struct copying_counts counts;
	size_t vms; /* there at the end, or when they were last seen */
	size_t births, deaths;
};

/* Owns host. -EINTR after an interrupt, -ENOENT when no VM is wanted. */
int capture_host(struct root *host, const struct capture_options *options,
		 struct capture_outcome *ret, struct error *err);

#endif
