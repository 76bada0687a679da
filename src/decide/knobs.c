/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/knobs.h"

#include "model/nice.h"
#include "model/snapshot.h"

#include <string.h>

static bool take(const int64_t *value, const uint8_t *state, int figure, int64_t *ret)
{
	if (state[figure] != FIGURE_PRESENT)
		return false;
	*ret = value[figure];
	return true;
}

static bool arbitrates(const struct vm *vm, const char *where)
{
	const char *text = vm->text[VM_TEXT_WEIGHT_WHERE];

	return text != NULL && strcmp(text, where) == 0;
}

/* Of the VM's own cgroup; elsewhere it has no weight, only a nice. */
static bool weight_now(const struct vm *vm, int64_t *ret)
{
	int64_t relative;

	if (!(arbitrates(vm, "cpu.weight") || arbitrates(vm, "cpu.shares")) ||
	    !take(vm->value, vm->state, VM_WEIGHT_RELATIVE, &relative))
		return false;
	*ret = (relative + 50) / 100;
	return true;
}

static bool nice_now(const struct vm *vm, int64_t *ret)
{
	int64_t relative;

	if (arbitrates(vm, "autogroup"))
		return take(vm->value, vm->state, VM_AUTOGROUP_NICE, ret);
	if (arbitrates(vm, "nice"))
		return take(vm->value, vm->state, VM_NICE, ret);
	if (arbitrates(vm, "realtime") ||
	    !take(vm->value, vm->state, VM_WEIGHT_RELATIVE, &relative))
		return false;
	*ret = nice_of_weight_relative(relative);
	return true;
}

static bool idle_now(const struct vm *vm, int64_t *ret)
{
	*ret = arbitrates(vm, "cpu.idle");
	return *ret == 1 || arbitrates(vm, "cpu.weight") || arbitrates(vm, "cpu.shares");
}

static bool affinity_now(const struct vm *vm, struct setting_value *ret)
{
	const char *text = vm->text[VM_TEXT_AFFINITY];

	return text != NULL && setting_parse(SETTING_CPU_AFFINITY, text, ret, NULL) == 0;
}

bool knob_now(const struct snapshot *snapshot, const struct vm *vm, enum setting knob,
	      struct setting_value *ret)
{
	const struct setting_info *info = &setting_info[knob];

	memset(ret, 0, sizeof *ret);
	if (info->scope == SETTING_SCOPE_HOST)
		return info->figure >= 0 && take(snapshot->host.value, snapshot->host.state,
						 info->figure, &ret->number);
	if (vm == NULL)
		return false;
	switch (knob) {
	case SETTING_CPU_WEIGHT:
		return weight_now(vm, &ret->number);
	case SETTING_CPU_NICE:
		return nice_now(vm, &ret->number);
	case SETTING_CPU_IDLE:
		return idle_now(vm, &ret->number);
	case SETTING_CPU_AFFINITY:
		return affinity_now(vm, ret);
	default:
		return info->figure >= 0 && take(vm->value, vm->state, info->figure, &ret->number);
	}
}

bool knob_default(enum setting knob, struct setting_value *ret)
{
	const struct setting_info *info = &setting_info[knob];

	memset(ret, 0, sizeof *ret);
	switch (knob) {
	case SETTING_CPU_NICE:
	case SETTING_CPU_IDLE:
	case SETTING_CPU_BURST:
	case SETTING_MEMORY_LOW:
	case SETTING_MEMORY_MIN:
	case SETTING_NET_OUT_MIN:
		return true;
	case SETTING_CPU_SLICE:
	case SETTING_MEMORY_BALLOON:
	case SETTING_MEMORY_RECLAIM:
		return false;
	default:
		if (info->scope == SETTING_SCOPE_HOST || info->unit == SETTING_UNIT_TEXT)
			return false;
		ret->number = info->unit == SETTING_UNIT_SHARES ? 100 : SETTING_UNLIMITED;
		return true;
	}
}
