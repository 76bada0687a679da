/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/nice.h"

#include "model/vm.h"

#include <stddef.h>
#include <string.h>

static bool is_scale_of_nice(const char *where)
{
	return strcmp(where, "nice") == 0 || strcmp(where, "autogroup") == 0;
}

static bool figure_nice(const struct vm *vm, enum vm_figure figure, int *ret)
{
	if (vm->state[figure] != FIGURE_PRESENT || vm->value[figure] < NICE_LOWEST ||
	    vm->value[figure] > NICE_HIGHEST)
		return false;
	*ret = (int)vm->value[figure];
	return true;
}

bool nice_of_vm(const struct vm *vm, int *ret)
{
	const char *where = vm->text[VM_TEXT_WEIGHT_WHERE];

	if (where == NULL)
		return figure_nice(vm, VM_NICE, ret);
	if (is_scale_of_nice(where)) {
		enum vm_figure own = strcmp(where, "nice") == 0 ? VM_NICE : VM_AUTOGROUP_NICE;

		return figure_nice(vm, own, ret) || figure_nice(vm, VM_WEIGHT, ret);
	}
	if (vm->state[VM_WEIGHT_RELATIVE] != FIGURE_PRESENT)
		return false;
	*ret = nice_of_weight_relative(vm->value[VM_WEIGHT_RELATIVE]);
	return true;
}
