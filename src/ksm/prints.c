/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/prints.h"

#include "base/vec.h"

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

bool prints_sort(struct prints *prints)
{
	size_t i;

	for (i = 0; i < prints->vm_count; i++)
		if (!print_list_sort(&prints->vms[i].sampled) ||
		    !print_list_sort(&prints->vms[i].frequent))
			return false;
	return true;
}
