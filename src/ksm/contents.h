/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents of fingerprints one after the other, each with the VMs that have it and on how many
 * pages: a walk over all VMs' lists at once, in the order of the hashes. Zero pages and those that
 * change are in no list.
 *
 *     contents_init -> { contents_begin -> { contents_next }* }* -> contents_done
 */
#ifndef KSM_CONTENTS_H
#define KSM_CONTENTS_H

#include "ksm/prints.h"

struct contents_head;

struct contents_holder {
	size_t vm; /* as in the prints */
	uint64_t pages;
};

struct contents {
	const struct prints *prints; /* not owned, sorted */
	struct contents_head *heap;
	size_t heap_count;
	/* Of the content that contents_next came to: */
	uint64_t hash;
	struct contents_holder *holders;
	size_t holder_count;
};

/* -ENOMEM; done is called after that as well. */
int contents_init(struct contents *contents, const struct prints *prints);
void contents_done(struct contents *contents);
/* Of the VMs that take part (one bool a VM; NULL: all): their sampled contents, or the frequent. */
void contents_begin(struct contents *contents, const bool *part, bool frequent);
/* False behind the last. */
bool contents_next(struct contents *contents);

#endif
