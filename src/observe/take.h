/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what a reader gave to a figure: its number where there is one, else why there is none.
 * The reader's own failure counts first, then that its file did not have the number.
 */
#ifndef OBSERVE_TAKE_H
#define OBSERVE_TAKE_H

#include "model/vm.h"
#include "sys/field.h"

static inline void figure_take(int64_t *value, uint8_t *state, unsigned index, int64_t number,
			       int r)
{
	if (r >= 0 && field_present(number))
		figure_set(value, state, index, number);
	else
		state[index] = (uint8_t)(r < 0 ? figure_state_from_errno(r) : FIGURE_UNSUPPORTED);
}

static inline void vm_take(struct vm *vm, enum vm_figure figure, int64_t number, int r)
{
	figure_take(vm->value, vm->state, figure, number, r);
}

#endif
