/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fingerprints of the pages that KSM could merge: for each VM a sorted array of 64-bit keyed
 * hashes, one a page, equal ones side by side. What is all zeros, or changed between two looks, is
 * counted and has no fingerprint.
 *
 * Sampled by content, only hashes that are a multiple of `modulo` are kept: each kept content has
 * all of its pages, in every VM alike, and stands for `modulo` contents. One that very many pages
 * have would be missed or counted many times over; such are `frequent`, kept whole, and stand for
 * themselves.
 *
 * Fingerprints can be held against each other only where they were made with one key; key_id
 * tells that, and does not tell the key.
 */
#ifndef KSM_PRINTS_H
#define KSM_PRINTS_H

#include "model/vm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PRINTS_NAME_SIZE = 256, PRINTS_PAGE_SIZE = 4096, PRINTS_MODULO_MOST = 1 << 20 };
#define PRINTS_PAGES_MOST (1ull << 40) /* of a VM: 4 PiB */

/* Sorted once print_list_sort was called. */
struct print_list {
	uint64_t *hashes;
	size_t count, capacity;
};

struct prints_vm {
	char id[VM_ID_SIZE];
	char name[PRINTS_NAME_SIZE];
	char group[PRINTS_NAME_SIZE]; /* its owner, class, or "": who it may share with */
	uint64_t pages;     /* present, anonymous, mergeable: all that KSM may look at */
	uint64_t read;      /* of these: fewer where positions were sampled */
	uint64_t zero;      /* of those that were read */
	uint64_t changing;  /* of these, other bytes at the second look */
	uint64_t gone;      /* were there at the first look, and not at the second */
	uint64_t swapped;   /* mergeable, in swap: not looked at */
	uint64_t apart;     /* present, and KSM does not merge them: hugetlb, not advised, the kernel's
			     * own zero page */
	uint64_t merged;    /* of `pages`, merged by KSM now; UINT64_MAX: not known */
	struct print_list sampled, frequent;
};

struct prints {
	uint8_t key_id[16];
	uint64_t realtime_usec;
	char host[PRINTS_NAME_SIZE];
	uint64_t modulo;         /* 1: every page */
	uint64_t max_sharing;    /* KSM's max_page_sharing; 0: not known */
	bool zero_pages;         /* KSM's use_zero_pages */
	struct prints_vm *vms;
	size_t vm_count, vm_capacity;
};

void prints_init(struct prints *prints);
void prints_done(struct prints *prints);
void prints_vm_done(struct prints_vm *vm);

/* An empty one at the end; NULL when memory is out. A pointer holds until the next one. */
struct prints_vm *prints_add_vm(struct prints *prints);
void prints_drop_vm(struct prints *prints, size_t at);
/* By its name, its id, or its pid, with which the id begins. */
bool prints_vm_is_called(const struct prints_vm *vm, const char *word);
/* False when memory is out; then nothing is changed. */
bool print_list_add(struct print_list *list, uint64_t hash);
bool print_list_sort(struct print_list *list);
/* Sorts all lists, and finds contents among the sampled that are frequent. Before anything is made
 * of fingerprints that were looked for. */
bool prints_sort(struct prints *prints);

#endif
