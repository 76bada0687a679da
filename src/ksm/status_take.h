/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that take a status share. */
#ifndef KSM_STATUS_TAKE_H
#define KSM_STATUS_TAKE_H

#include "ksm/status.h"
#include "sys/guest_memory.h"

/* Reads into a host whose numbers are all absent, as status_init leaves it. */
void status_host_take(struct root *root, struct status_host *host);
/* What follows from the numbers that were read. */
void status_host_derive(struct status_host *host, long page_size);

/* A new VM, all its numbers absent; NULL: no memory. A pointer holds until the next one. */
struct status_vm *status_add_vm(struct status *status);
bool status_add_pair(struct status_pairs *pairs, size_t a, size_t b, int64_t bytes);
void status_sort_pairs(struct status_pairs *pairs);
/* The number of a group of that name, new where there was none; false: no memory. */
bool status_group(struct status *status, const char *name, size_t *ret);

/* One VM's own files; `areas` stay for who looks at frames. */
void status_vm_take(struct root *root, struct status_vm *vm, bool with_areas,
		    struct memory_areas *areas);
/* Frames of all VMs whose areas are there; fills in pairs and what depends on them. */
int status_frames_take(struct root *root, const struct status_options *options,
		       const struct memory_areas *areas, struct status *status, struct error *err);

#endif
