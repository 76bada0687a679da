/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/contents.h"

#include <errno.h>
#include <stdlib.h>

/* Where a VM's list stands; the heap has the lowest hash first. */
struct contents_head {
	const uint64_t *at, *end;
	size_t vm;
};

int contents_init(struct contents *contents, const struct prints *prints)
{
	size_t room = prints->vm_count > 0 ? prints->vm_count : 1;

	*contents = (struct contents){ .prints = prints };
	contents->heap = calloc(room, sizeof *contents->heap);
	contents->holders = calloc(room, sizeof *contents->holders);
	return contents->heap != NULL && contents->holders != NULL ? 0 : -ENOMEM;
}

void contents_done(struct contents *contents)
{
	free(contents->heap);
	free(contents->holders);
	*contents = (struct contents){ 0 };
}

static void heap_sink(struct contents *contents, size_t at)
{
	struct contents_head *heap = contents->heap, head = heap[at];
	size_t child;

	while ((child = at * 2 + 1) < contents->heap_count) {
		if (child + 1 < contents->heap_count && *heap[child + 1].at < *heap[child].at)
			child++;
		if (*heap[child].at >= *head.at)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = head;
}

void contents_begin(struct contents *contents, const bool *part, bool frequent)
{
	const struct prints *prints = contents->prints;
	size_t i;

	contents->heap_count = 0;
	for (i = 0; i < prints->vm_count; i++) {
		const struct print_list *list = frequent ? &prints->vms[i].frequent :
							   &prints->vms[i].sampled;

		if ((part == NULL || part[i]) && list->count > 0)
			contents->heap[contents->heap_count++] = (struct contents_head){
				list->hashes, list->hashes + list->count, i };
	}
	for (i = contents->heap_count / 2; i-- > 0;)
		heap_sink(contents, i);
}

/* The first VM's pages of this content; its list then stands at the next. */
static void take_holder(struct contents *contents)
{
	struct contents_head *head = &contents->heap[0];
	const uint64_t *start = head->at;

	while (head->at < head->end && *head->at == contents->hash)
		head->at++;
	contents->holders[contents->holder_count++] =
		(struct contents_holder){ head->vm, (uint64_t)(head->at - start) };
	if (head->at == head->end)
		*head = contents->heap[--contents->heap_count];
	if (contents->heap_count > 0)
		heap_sink(contents, 0);
}

bool contents_next(struct contents *contents)
{
	contents->holder_count = 0;
	if (contents->heap_count == 0)
		return false;
	contents->hash = *contents->heap[0].at;
	while (contents->heap_count > 0 && *contents->heap[0].at == contents->hash)
		take_holder(contents);
	return true;
}
