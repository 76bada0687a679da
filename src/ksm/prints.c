/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/prints.h"

#include "base/vec.h"
#include "ksm/frequent.h"

#include <stdlib.h>
#include <string.h>

#define DIGIT_BITS 11
#define DIGITS (1u << DIGIT_BITS)
#define PASSES ((64 + DIGIT_BITS - 1) / DIGIT_BITS)

void prints_init(struct prints *prints)
{
	*prints = (struct prints){ .modulo = 1 };
}

void prints_vm_done(struct prints_vm *vm)
{
	free(vm->sampled.hashes);
	free(vm->frequent.hashes);
	*vm = (struct prints_vm){ 0 };
}

void prints_done(struct prints *prints)
{
	size_t i;

	for (i = 0; i < prints->vm_count; i++)
		prints_vm_done(&prints->vms[i]);
	free(prints->vms);
	prints_init(prints);
}

struct prints_vm *prints_add_vm(struct prints *prints)
{
	struct prints_vm *vm;

	if (!VEC_RESERVE(prints->vms, prints->vm_capacity, prints->vm_count + 1))
		return NULL;
	vm = &prints->vms[prints->vm_count++];
	*vm = (struct prints_vm){ .merged = UINT64_MAX };
	return vm;
}

void prints_drop_vm(struct prints *prints, size_t at)
{
	prints_vm_done(&prints->vms[at]);
	prints->vm_count--;
	memmove(&prints->vms[at], &prints->vms[at + 1], (prints->vm_count - at) * sizeof *prints->vms);
}

bool prints_vm_is_called(const struct prints_vm *vm, const char *word)
{
	size_t size = strlen(word);

	return strcmp(vm->name, word) == 0 || strcmp(vm->id, word) == 0 ||
	       (size > 0 && strncmp(vm->id, word, size) == 0 && vm->id[size] == '-' &&
		strspn(word, "0123456789") == size);
}

bool print_list_add(struct print_list *list, uint64_t hash)
{
	if (list->count == list->capacity &&
	    !VEC_RESERVE(list->hashes, list->capacity, list->count + 1))
		return false;
	list->hashes[list->count++] = hash;
	return true;
}

/* How often each digit is there, for all passes in one reading. */
static void count_digits(const struct print_list *list, size_t counts[PASSES][DIGITS])
{
	size_t i, pass;

	for (i = 0; i < list->count; i++)
		for (pass = 0; pass < PASSES; pass++)
			counts[pass][list->hashes[i] >> pass * DIGIT_BITS & (DIGITS - 1)]++;
}

static void sort_digit(const uint64_t *from, uint64_t *to, size_t count, size_t pass,
		       const size_t counts[DIGITS])
{
	size_t starts[DIGITS], i, sum = 0;

	for (i = 0; i < DIGITS; i++) {
		starts[i] = sum;
		sum += counts[i];
	}
	for (i = 0; i < count; i++)
		to[starts[from[i] >> pass * DIGIT_BITS & (DIGITS - 1)]++] = from[i];
}

/* Digit by digit, the lowest first: hashes have no order that a comparing sort could use. */
bool print_list_sort(struct print_list *list)
{
	size_t (*counts)[DIGITS] = calloc(PASSES, sizeof *counts);
	uint64_t *from = list->hashes, *to, *other;
	size_t pass;

	if (counts == NULL)
		return false;
	to = calloc(list->count > 0 ? list->count : 1, sizeof *to);
	if (to == NULL) {
		free(counts);
		return false;
	}
	count_digits(list, counts);
	for (pass = 0; pass < PASSES; pass++) {
		sort_digit(from, to, list->count, pass, counts[pass]);
		other = from;
		from = to;
		to = other;
	}
	free(counts);
	free(to);
	list->hashes = from;
	list->capacity = list->count > 0 ? list->count : 1;
	return true;
}

/* -- frequent contents among the sampled ---------------------------------------------------------- */

/* Pages of this content from here on; the list is sorted. */
static size_t run_length(const struct print_list *list, size_t at)
{
	size_t end = at;

	while (end < list->count && list->hashes[end] == list->hashes[at])
		end++;
	return end - at;
}

static bool find_frequent(const struct print_list *list, struct print_list *ret)
{
	size_t at, pages;

	for (at = 0; at < list->count; at += pages) {
		pages = run_length(list, at);
		if (pages >= FREQUENT_LEAST && !print_list_add(ret, list->hashes[at]))
			return false;
	}
	return true;
}

/* Both are sorted. */
static bool move_frequent(struct prints_vm *vm, const struct print_list *frequent)
{
	size_t at, kept = 0, next = 0;

	for (at = 0; at < vm->sampled.count; at++) {
		uint64_t hash = vm->sampled.hashes[at];

		while (next < frequent->count && frequent->hashes[next] < hash)
			next++;
		if (next == frequent->count || frequent->hashes[next] != hash)
			vm->sampled.hashes[kept++] = hash;
		else if (!print_list_add(&vm->frequent, hash))
			return false;
	}
	vm->sampled.count = kept;
	return true;
}

/* A frequent content that happens to be sampled would stand for `modulo` such, though each of those
 * stands for itself. */
static bool settle_frequent(struct prints *prints)
{
	struct print_list frequent = { 0 };
	bool good = true;
	size_t i;

	for (i = 0; good && i < prints->vm_count; i++)
		good = find_frequent(&prints->vms[i].sampled, &frequent);
	good = good && print_list_sort(&frequent);
	for (i = 0; good && i < prints->vm_count; i++)
		good = move_frequent(&prints->vms[i], &frequent);
	free(frequent.hashes);
	return good;
}

bool prints_sort(struct prints *prints)
{
	size_t i;

	for (i = 0; i < prints->vm_count; i++)
		if (!print_list_sort(&prints->vms[i].sampled))
			return false;
	if (prints->modulo > 1 && !settle_frequent(prints))
		return false;
	for (i = 0; i < prints->vm_count; i++)
		if (!print_list_sort(&prints->vms[i].frequent))
			return false;
	return true;
}
