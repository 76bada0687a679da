/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looks at VMs' memory and leaves fingerprints (prints.h). It reads what is in memory and may be
 * merged, and nothing else: the guest is not told, swap stays where it is, huge pages stay whole. One
 * look tells what is there; a second one, a while later, tells what stays as it is, which is what
 * KSM merges.
 *
 *     look_new -> look_first for each VM -> { look_again for each VM } -> look_free
 *
 * One key for all looks of a `struct look`. Without one in the options it is drawn anew, and
 * nobody can ask later whether a tenant had a certain page.
 */
#ifndef KSM_LOOK_H
#define KSM_LOOK_H

#include "ksm/prints.h"

struct error;
struct look;
struct root;

enum { LOOK_KEY_SIZE = 192 };

struct look_options {
	const uint8_t *key;        /* LOOK_KEY_SIZE bytes; NULL: drawn */
	uint64_t modulo;           /* of contents, every so manieth; 0 and 1: all */
	uint32_t positions_ppm;    /* of pages, so many in a million, by chance; 0: all */
	uint64_t bytes_per_second; /* at most; 0: as fast as it goes */
	/* Whether to stop now (-ECANCELED). NULL: never. */
	bool (*is_cancelled)(void *context);
	void *context;
};

/* Neither root nor what the options point to is owned. */
int look_new(struct root *root, const struct look_options *options, struct look **ret,
	     struct error *err);
void look_free(struct look *look);
const uint8_t *look_key_id(const struct look *look); /* 16 bytes */

/*
 * Fills in the counts and lists (unsorted) of `vm`. -ESRCH: it ended; -EPERM, -EACCES: not allowed;
 * then `vm` has what was seen until then. The second is of a VM that the first has seen, by its number
 * among those, from 0.
 */
int look_first(struct look *look, pid_t pid, struct prints_vm *vm, struct error *err);
int look_again(struct look *look, size_t number, struct prints_vm *vm, struct error *err);

uint64_t look_bytes(const struct look *look); /* read until now */

#endif
