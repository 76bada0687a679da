/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who shares merged pages with whom, by the frames that stand behind them. Pure. An owner is a
 * number: a VM, or a group of VMs. A frame is one page of memory that KSM has made; each page that is
 * mapped to it is a page that somebody would have to himself otherwise.
 *
 *     share_add for each owner and frame -> share_compute -> share_done
 */
#ifndef KSM_SHARE_H
#define KSM_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More owners have no matrix: it takes 4 bytes a pair. */
enum { SHARE_OWNERS_MOST = 2048 };

struct share_entry {
	uint64_t frame;
	uint32_t owner;
	uint32_t pages; /* of this owner, mapped to it */
};

struct share_list {
	struct share_entry *entries;
	size_t count, capacity;
};

struct share_owner {
	uint64_t pages;  /* merged */
	uint64_t frames; /* behind them */
	uint64_t alone;  /* of these frames, mapped by nobody else here: they come free with the owner */
	double saved;    /* pages: each frame's saving divided among its pages; sums up to share.saved */
};

struct share {
	uint64_t pages, frames;
	uint64_t saved; /* pages - frames */
	struct share_owner *owners;
	size_t owner_count;
	/* Frames that both have, [a * owner_count + b], symmetric; the diagonal: pages that an owner
	 * shares with itself, pages - frames. NULL beyond SHARE_OWNERS_MOST. */
	uint32_t *common;
};

bool share_add(struct share_list *list, uint64_t frame, uint32_t owner, uint32_t pages);
/* `frames` as they were met, in any order, each as often as it was; sorts them. */
bool share_add_frames(struct share_list *list, uint32_t owner, uint64_t *frames, size_t count);
void share_list_done(struct share_list *list);

/* Sorts the list. `owner_of[owner]` is counted in the place of each owner (groups of VMs); NULL: itself.
 * -ENOMEM. */
int share_compute(struct share_list *list, const uint32_t *owner_of, size_t owner_count,
		  struct share *ret);
void share_done(struct share *share);

static inline uint32_t share_common(const struct share *share, size_t a, size_t b)
{
	return share->common != NULL ? share->common[a * share->owner_count + b] : 0;
}

#endif
