/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents that very many pages have, found while all pages of a VM pass by once: two rows of counters,
 * in each of which a content shares one with a few others, so that both are never too low; and those that
 * came often enough, which are known from then on, in the VMs to come as well. What a sample of
 * contents would miss or count many times over is told by it. A content in FREQUENT_LEAST pages of a
 * VM is always found; fewer than that of each VM before are not counted.
 */
#ifndef KSM_FREQUENT_H
#define KSM_FREQUENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FREQUENT_LEAST = 32 };

struct frequent {
	uint8_t *rows[2];
	size_t row_size; /* a power of two */
	uint64_t *found; /* open addressing; 0: free */
	size_t found_count, found_capacity;
};

/* False: no memory. */
bool frequent_init(struct frequent *frequent);
void frequent_done(struct frequent *frequent);
/* Of the next VM, which has about so many pages. False: no memory. */
bool frequent_begin(struct frequent *frequent, uint64_t pages);
/* How many pages of this content are known since the last time it was asked: 1 for what is
 * frequent, 0 for what is not, and at the moment that it becomes so FREQUENT_LEAST. */
uint64_t frequent_meet(struct frequent *frequent, uint64_t hash);

#endif
