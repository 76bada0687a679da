/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/peace_list.h"

#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Entry plus one in the low half, generation in the high one: never NULL, never an address. */
enum { GENERATION_SHIFT = 32, GENERATION_MASK = 0x7fff };

void peace_list_done(struct peace_list *list)
{
	free(list->entries);
	free(list->order);
	free(list->next_order);
	memset(list, 0, sizeof *list);
}

void *peace_list_handle(const struct peace_list *list, const struct peace_entry *entry)
{
	uint64_t number;

	if (entry == NULL)
		return NULL;
	number = (uint64_t)(entry - list->entries) + 1;
	number |= (uint64_t)(entry->generation & GENERATION_MASK) << GENERATION_SHIFT;
	return (void *)(uintptr_t)number;
}

struct peace_entry *peace_list_find(const struct peace_list *list, const void *handle)
{
	uint64_t number = (uint64_t)(uintptr_t)handle;
	uint64_t at = (number & UINT32_MAX) - 1;
	struct peace_entry *entry;

	if (number == 0 || at >= list->entry_count)
		return NULL;
	entry = &list->entries[at];
	if (!entry->alive || (entry->generation & GENERATION_MASK) != number >> GENERATION_SHIFT)
		return NULL;
	return entry;
}

static void entry_bury(struct peace_entry *entry)
{
	entry->alive = false;
	entry->generation++;
	entry->vm = NULL;
}

/* A dead one's place before a new one. `from` goes forward over one merge. */
static int entry_take(struct peace_list *list, size_t *from, const struct vm_identity *identity,
		      uint32_t *ret)
{
	struct peace_entry *entry;

	while (*from < list->entry_count && list->entries[*from].alive)
		(*from)++;
	if (*from == list->entry_count) {
		if (!VEC_RESERVE(list->entries, list->entry_capacity, list->entry_count + 1))
			return -ENOMEM;
		memset(&list->entries[list->entry_count++], 0, sizeof *list->entries);
	}
	entry = &list->entries[*from];
	entry->identity = *identity;
	entry->alive = entry->managed = entry->managed_next = true;
	*ret = (uint32_t)(*from)++;
	return 0;
}

static void bury_before(struct peace_list *list, size_t *at, const struct vm_identity *identity)
{
	for (; *at < list->order_count; (*at)++) {
		struct peace_entry *entry = &list->entries[list->order[*at]];

		if (identity != NULL && vm_identity_compare(&entry->identity, identity) >= 0)
			return;
		entry_bury(entry);
	}
}

/* A merge of two sorted lists. The place of one that died just now is free from the next time. */
int peace_list_follow(struct peace_list *list, const struct snapshot *now)
{
	size_t old = 0, from = 0, i;
	uint32_t *swap;

	if (!VEC_RESERVE(list->next_order, list->next_capacity, now->vm_count))
		return -ENOMEM;
	for (i = 0; i < now->vm_count; i++) {
		const struct vm *vm = now->vms[i];
		struct peace_entry *entry;

		bury_before(list, &old, &vm->identity);
		if (old < list->order_count &&
		    vm_identity_compare(&list->entries[list->order[old]].identity,
					&vm->identity) == 0)
			list->next_order[i] = list->order[old++];
		else if (entry_take(list, &from, &vm->identity, &list->next_order[i]) < 0)
			return -ENOMEM;
		entry = &list->entries[list->next_order[i]];
		entry->vm = vm;
		entry->managed = entry->managed_next;
	}
	bury_before(list, &old, NULL);
	swap = list->order;
	list->order = list->next_order;
	list->next_order = swap;
	i = list->order_capacity;
	list->order_capacity = list->next_capacity;
	list->next_capacity = i;
	list->order_count = now->vm_count;
	return 0;
}
