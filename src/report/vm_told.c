/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/vm_told.h"

#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

struct vm_told *vms_told_add(struct vms_told *told)
{
	if (!VEC_RESERVE(told->vms, told->capacity, told->count + 1))
		return NULL;
	memset(&told->vms[told->count], 0, sizeof *told->vms);
	return &told->vms[told->count++];
}

static int compare(const void *one, const void *other)
{
	const struct vm_told *a = one, *b = other;

	return vm_identity_compare(&a->identity, &b->identity);
}

void vms_told_sort(struct vms_told *told)
{
	if (told->count > 0)
		qsort(told->vms, told->count, sizeof *told->vms, compare);
}

void vms_told_done(struct vms_told *told)
{
	free(told->vms);
	memset(told, 0, sizeof *told);
}

const struct vm_told *vms_told_find(const struct vms_told *told,
				    const struct vm_identity *identity)
{
	const struct vm_told wanted = { .identity = *identity };

	if (told == NULL || told->count == 0)
		return NULL;
	return bsearch(&wanted, told->vms, told->count, sizeof *told->vms, compare);
}
