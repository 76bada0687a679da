/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contents that very many pages have, found while all pages pass by once: a table of candidates, each
 * pushed out by others that meet in its slot, and those that came often enough, which are counted
 * from then on. What a sample of contents would miss or count many times over is told by it. A
 * content in FREQUENT_LEAST pages of a VM or more is found unless several such meet in one slot; up
 * to FREQUENT_LEAST pages of each other VM before that one are not counted.
 */
#ifndef KSM_FREQUENT_H
#define KSM_FREQUENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FREQUENT_LEAST = 256 };

struct frequent_slot {
	uint64_t hash;
	uint64_t count;
};

struct frequent {
	struct frequent_slot *candidates;
	uint64_t *found; /* open addressing; 0: free */
	size_t found_count, found_capacity;
};

/* False: no memory. */
bool frequent_init(struct frequent *frequent);
void frequent_done(struct frequent *frequent);
/* How many pages of this content are known since the last time it was asked: 1 for what is
 * frequent, 0 for what is not, and at the moment that it becomes so what was counted. */
uint64_t frequent_meet(struct frequent *frequent, uint64_t hash);

#endif
