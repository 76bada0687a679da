/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Weights that keep reservations. */
#include "decide/compile.h"

#include "decide/compete.h"
#include "model/nice.h"
#include "model/snapshot.h"

#include <string.h>

/* An idle cgroup's weight is 3 where 1024 is the default: next to nothing. */
#define IDLE_WEIGHT 1

int64_t compile_weight_now(const struct vm *vm)
{
	const char *where = vm->text[VM_TEXT_WEIGHT_WHERE];
	int64_t relative;

	if (where != NULL && strcmp(where, "cpu.idle") == 0)
		return IDLE_WEIGHT;
	if (vm->state[VM_WEIGHT_RELATIVE] != FIGURE_PRESENT)
		return 100;
	relative = vm->value[VM_WEIGHT_RELATIVE];
	return relative < 100 ? 1 : relative > 1000000 ? 10000 : (relative + 50) / 100;
}

void compile_weight_wanted(const struct wanted wanted[static SETTING_COUNT], int64_t *weight)
{
	if (wanted[SETTING_CPU_IDLE].present && wanted[SETTING_CPU_IDLE].value.number == 1)
		*weight = IDLE_WEIGHT;
	else if (wanted[SETTING_CPU_WEIGHT].present)
		*weight = wanted[SETTING_CPU_WEIGHT].value.number;
	else if (wanted[SETTING_CPU_NICE].present)
		*weight = weight_relative_of_nice((int)wanted[SETTING_CPU_NICE].value.number) / 100;
	else if (wanted[SETTING_CPU_SHARES].present)
		*weight = wanted[SETTING_CPU_SHARES].value.number;
}

int64_t compile_reserve_usable(const struct vm *vm, int64_t reserve)
{
	int64_t most = (int64_t)vm->vcpu_count * 10000;

	return most > 0 && reserve > most ? most : reserve;
}

/* Rounded up: a guarantee is not a little less. */
int64_t compile_reserve_weight(const struct compile_context *context, int64_t reserve)
{
	__int128 needed = (__int128)reserve * context->weights;
	int64_t left = context->cpus - context->reserved;

	if (reserve <= 0)
		return 0;
	if (left <= 0)
		return INT64_MAX;
	needed = (needed + left - 1) / left;
	return needed > INT64_MAX ? INT64_MAX : (int64_t)needed;
}

/* Raising one makes all the others' parts smaller, so others may fall short: until none does. At
 * worst one is raised in each pass; a pass raises all that are short by then. */
static void raise_short_ones(struct compile_context *context, struct compile_share *shares,
			     size_t count)
{
	bool again = true;
	size_t i;

	while (again) {
		again = false;
		for (i = 0; i < count; i++) {
			struct compile_share *share = &shares[i];

			if (share->reserve <= 0 || share->raised ||
			    share->base >= compile_reserve_weight(context, share->reserve))
				continue;
			share->raised = again = true;
			context->weights -= share->base;
			context->reserved += share->reserve;
		}
	}
}

void compile_compete(struct compile_context *context, struct compile_share *shares, size_t count)
{
	size_t i;

	context->cpus = (int64_t)context->snapshot->cpu_count * 10000;
	context->weights = context->reserved = context->weights_now = context->weights_then = 0;
	for (i = 0; i < count; i++) {
		shares[i].raised = false;
		context->weights += shares[i].base;
		context->weights_now += shares[i].now;
	}
	raise_short_ones(context, shares, count);
	for (i = 0; i < count; i++) {
		int64_t weight = shares[i].raised ?
			compile_reserve_weight(context, shares[i].reserve) : shares[i].base;

		context->weights_then += weight > 10000 ? 10000 : weight;
	}
}
