/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peace_list: the VMs of the snapshot behind handles that stay the same while a VM lives and are
 * never dereferenced. A handle is a number: the entry and its generation, so that one of a dead
 * VM, or any made-up one, finds nothing.
 */
#ifndef DECIDE_PEACE_LIST_H
#define DECIDE_PEACE_LIST_H

#include "model/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct peace_entry {
	struct vm_identity identity;
	uint32_t generation;
	bool alive;
	bool managed, managed_next; /* now, and from the next snapshot on */
	const struct vm *vm;        /* in the snapshot; NULL: not alive */
};

struct peace_list {
	struct peace_entry *entries;
	size_t entry_count, entry_capacity;
	uint32_t *order, *next_order; /* entries that are alive, by identity */
	size_t order_count, order_capacity, next_capacity;
};

void peace_list_done(struct peace_list *list);
/* Follows the snapshot: who is new has an entry, who is gone has none. -ENOMEM. */
int peace_list_follow(struct peace_list *list, const struct snapshot *now);
/* NULL for what is no VM of the snapshot. */
struct peace_entry *peace_list_find(const struct peace_list *list, const void *handle);
/* NULL for NULL. */
void *peace_list_handle(const struct peace_list *list, const struct peace_entry *entry);

#endif
