/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/share.h"

#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>

bool share_add(struct share_list *list, uint64_t frame, uint32_t owner, uint32_t pages)
{
	if (list->count == list->capacity &&
	    !VEC_RESERVE(list->entries, list->capacity, list->count + 1))
		return false;
	list->entries[list->count++] = (struct share_entry){ frame, owner, pages };
	return true;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

bool share_add_frames(struct share_list *list, uint32_t owner, uint64_t *frames, size_t count)
{
	size_t from, to;

	if (count > 1)
		qsort(frames, count, sizeof *frames, by_number);
	for (from = 0; from < count; from = to) {
		for (to = from + 1; to < count && frames[to] == frames[from]; to++)
			;
		if (!share_add(list, frames[from], owner, (uint32_t)(to - from)))
			return false;
	}
	return true;
}

void share_list_done(struct share_list *list)
{
	free(list->entries);
	*list = (struct share_list){ 0 };
}

static int by_frame(const void *a, const void *b)
{
	const struct share_entry *x = a, *y = b;

	if (x->frame != y->frame)
		return x->frame < y->frame ? -1 : 1;
	return (x->owner > y->owner) - (x->owner < y->owner);
}

/* The entries of one frame, each owner's put together; the list of owners is the caller's. */
struct one_frame {
	uint32_t *owners;
	uint64_t *pages;
	size_t count, capacity, page_capacity;
};

/* Owners come in their order, unless others are counted in their place. */
static size_t frame_find(const struct one_frame *frame, uint32_t owner, bool in_order)
{
	size_t i = in_order && frame->count > 0 ? frame->count - 1 : 0;

	while (i < frame->count && frame->owners[i] != owner)
		i++;
	return i;
}

static bool frame_add(struct one_frame *frame, uint32_t owner, uint32_t pages, bool in_order)
{
	size_t i = frame_find(frame, owner, in_order);

	if (i == frame->count) {
		if (!VEC_RESERVE(frame->owners, frame->capacity, i + 1) ||
		    !VEC_RESERVE(frame->pages, frame->page_capacity, i + 1))
			return false;
		frame->owners[i] = owner;
		frame->pages[i] = 0;
		frame->count++;
	}
	frame->pages[i] += pages;
	return true;
}

/* Into the half of the matrix above its diagonal, or into either where owners are in no order. */
static void count_common(struct share *share, const struct one_frame *frame)
{
	size_t i, j;

	if (share->common == NULL)
		return;
	for (i = 0; i < frame->count; i++) {
		uint32_t *row = share->common + frame->owners[i] * share->owner_count;

		row[frame->owners[i]] += (uint32_t)(frame->pages[i] - 1);
		for (j = i + 1; j < frame->count; j++)
			row[frame->owners[j]]++;
	}
}

/* Both halves become their sum. */
static void mirror(struct share *share)
{
	size_t a, b, count = share->owner_count;

	for (a = 0; share->common != NULL && a < count; a++)
		for (b = 0; b < a; b++) {
			share->common[a * count + b] += share->common[b * count + a];
			share->common[b * count + a] = share->common[a * count + b];
		}
}

static void count_frame(struct share *share, const struct one_frame *frame)
{
	uint64_t pages = 0;
	size_t i;

	for (i = 0; i < frame->count; i++)
		pages += frame->pages[i];
	share->pages += pages;
	share->frames++;
	for (i = 0; i < frame->count; i++) {
		struct share_owner *owner = &share->owners[frame->owners[i]];

		owner->pages += frame->pages[i];
		owner->frames++;
		owner->alone += frame->count == 1;
		owner->saved += (double)frame->pages[i] * (double)(pages - 1) / (double)pages;
	}
	count_common(share, frame);
}

static bool count_all(const struct share_list *list, const uint32_t *owner_of, struct share *share)
{
	struct one_frame frame = { 0 };
	bool fine = true;
	size_t from, to;

	for (from = 0; fine && from < list->count; from = to) {
		frame.count = 0;
		for (to = from; fine && to < list->count &&
		     list->entries[to].frame == list->entries[from].frame; to++) {
			uint32_t owner = list->entries[to].owner;

			fine = frame_add(&frame, owner_of != NULL ? owner_of[owner] : owner,
					 list->entries[to].pages, owner_of == NULL);
		}
		if (fine)
			count_frame(share, &frame);
	}
	free(frame.owners);
	free(frame.pages);
	return fine;
}

int share_compute(struct share_list *list, const uint32_t *owner_of, size_t owner_count,
		  struct share *ret)
{
	struct share share = { .owner_count = owner_count };

	if (list->count > 1)
		qsort(list->entries, list->count, sizeof *list->entries, by_frame);
	share.owners = calloc(owner_count + 1, sizeof *share.owners);
	if (owner_count <= SHARE_OWNERS_MOST)
		share.common = calloc(owner_count * owner_count + 1, sizeof *share.common);
	if (share.owners == NULL || (share.common == NULL && owner_count <= SHARE_OWNERS_MOST) ||
	    !count_all(list, owner_of, &share)) {
		share_done(&share);
		return -ENOMEM;
	}
	mirror(&share);
	share.saved = share.pages - share.frames;
	*ret = share;
	return 0;
}

void share_done(struct share *share)
{
	free(share->owners);
	free(share->common);
	*share = (struct share){ 0 };
}
