/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/limits.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "model/snapshot.h"

#include <stdio.h>
#include <string.h>

/* A hundredth of a CPU for each vCPU: below, a guest's watchdogs take it for hung. */
#define QUOTA_LEAST_PERMYRIAD 100
#define STEP_LEAST_BYTES ((int64_t)64 << 20)

const char *limits_delicate(const struct vm *vm)
{
	static const char *const words[] = { "migrating", "saving", "backup", "paused" };
	const char *state = vm->text[VM_TEXT_STATE];
	size_t i;

	for (i = 0; state != NULL && i < ARRAY_SIZE(words); i++)
		if (strcmp(state, words[i]) == 0)
			return words[i];
	return NULL;
}

bool limits_must_ask(const struct vm *vm, uint64_t monotonic_usec)
{
	return vm->tells_state && (vm->state_usec == 0 ||
				   vm->state_usec + LIMITS_STATE_HOLDS_USEC <= monotonic_usec);
}

/* -- CPUs ------------------------------------------------------------------------------- */

static bool list_has(const char *list, uint64_t cpu)
{
	struct cursor c = cursor_over(list, strlen(list));
	uint64_t first, last;

	while (cursor_take_u64(&c, &first)) {
		last = first;
		if (cursor_take_text(&c, "-") && !cursor_take_u64(&c, &last))
			return false;
		if (first <= cpu && cpu <= last)
			return true;
		cursor_take_text(&c, ",");
	}
	return false;
}

/* The first of the list that this host does not have; -1: it has them all. */
static int64_t missing_cpu(const struct snapshot *snapshot, const char *list)
{
	struct cursor c = cursor_over(list, strlen(list));
	uint64_t first, last, cpu;
	size_t at = 0;

	while (cursor_take_u64(&c, &first)) {
		last = first;
		if (cursor_take_text(&c, "-") && !cursor_take_u64(&c, &last))
			return (int64_t)first;
		for (cpu = first; cpu <= last; cpu++) {
			while (at < snapshot->cpu_count && (uint64_t)snapshot->cpus[at].number < cpu)
				at++;
			if (at == snapshot->cpu_count || (uint64_t)snapshot->cpus[at].number != cpu)
				return (int64_t)cpu;
		}
		cursor_take_text(&c, ",");
	}
	return -1;
}

static enum limit limit_cpus(const struct snapshot *snapshot, const char *list, char *reason)
{
	int64_t missing = missing_cpu(snapshot, list);

	if (missing < 0)
		return LIMIT_NONE;
	snprintf(reason, PLAN_REASON_SIZE, "this host has no CPU %lld", (long long)missing);
	return LIMIT_FORBIDS;
}

static bool others_have(const char *const *others, size_t count, uint64_t cpu)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list_has(others[i], cpu))
			return true;
	return false;
}

static enum limit limit_exclusive(const struct snapshot *snapshot, const char *list,
				  const char *const *others, size_t count, char *reason)
{
	enum limit limit = limit_cpus(snapshot, list, reason);
	size_t i, left = 0;

	if (limit != LIMIT_NONE)
		return limit;
	for (i = 0; i < snapshot->cpu_count; i++) {
		uint64_t cpu = (uint64_t)snapshot->cpus[i].number;
		bool theirs = others_have(others, count, cpu), its = list_has(list, cpu);

		if (theirs && its) {
			snprintf(reason, PLAN_REASON_SIZE,
				 "CPU %llu is another VM's for itself already",
				 (unsigned long long)cpu);
			return LIMIT_FORBIDS;
		}
		left += !theirs && !its;
	}
	if (left > 0)
		return LIMIT_NONE;
	snprintf(reason, PLAN_REASON_SIZE, "no CPU would be left to the host and the other VMs");
	return LIMIT_FORBIDS;
}

static enum limit limit_quota(const struct vm *vm, struct setting_value *value, char *reason)
{
	int64_t least = QUOTA_LEAST_PERMYRIAD * (int64_t)(vm->vcpu_count > 0 ? vm->vcpu_count : 1);

	if (value->number >= least)
		return LIMIT_NONE;
	value->number = least;
	snprintf(reason, PLAN_REASON_SIZE, "no VM has less than 1 %% of a CPU for each of its vCPUs");
	return LIMIT_NEARER;
}

/* -- memory ----------------------------------------------------------------------------- */

static int64_t step_of(int64_t used)
{
	return used / 20 > STEP_LEAST_BYTES ? used / 20 : STEP_LEAST_BYTES;
}

static enum limit forbid_unknown(const char *what, char *reason)
{
	snprintf(reason, PLAN_REASON_SIZE, "%s is not known, so nothing is taken", what);
	return LIMIT_FORBIDS;
}

static enum limit step_down(int64_t used, struct setting_value *value, char *reason)
{
	int64_t least = used - step_of(used);

	if (value->number >= least)
		return LIMIT_NONE;
	value->number = least;
	snprintf(reason, PLAN_REASON_SIZE, "it uses %lld MiB, and gives at most %lld MiB at a time",
		 (long long)(used >> 20), (long long)(step_of(used) >> 20));
	return LIMIT_NEARER;
}

static enum limit limit_high(const struct vm *vm, struct setting_value *value, char *reason)
{
	if (value->number == SETTING_UNLIMITED)
		return LIMIT_NONE;
	if (vm->state[VM_MEMORY_CURRENT] != FIGURE_PRESENT) {
		/* Not in a cgroup of its own yet: its own pages are what will be charged. */
		if (vm->state[VM_RSS] != FIGURE_PRESENT)
			return forbid_unknown("what it uses", reason);
		return step_down(vm->value[VM_RSS], value, reason);
	}
	return step_down(vm->value[VM_MEMORY_CURRENT], value, reason);
}

/* What the guest uses, by its own word; without one, all that the balloon leaves to it. */
static enum limit limit_balloon(const struct vm *vm, struct setting_value *value, char *reason)
{
	int64_t used;

	if (vm->state[VM_BALLOON_ACTUAL] != FIGURE_PRESENT)
		return forbid_unknown("what its balloon leaves to it", reason);
	used = vm->value[VM_BALLOON_ACTUAL];
	if (vm->state[VM_GUEST_AVAILABLE] == FIGURE_PRESENT)
		used -= vm->value[VM_GUEST_AVAILABLE];
	else if (vm->state[VM_GUEST_FREE] == FIGURE_PRESENT)
		used -= vm->value[VM_GUEST_FREE];
	return step_down(used > 0 ? used : 0, value, reason);
}

static enum limit limit_reclaim(const struct vm *vm, struct setting_value *value, char *reason)
{
	int64_t most;

	if (vm->state[VM_MEMORY_CURRENT] != FIGURE_PRESENT)
		return forbid_unknown("what it uses", reason);
	most = step_of(vm->value[VM_MEMORY_CURRENT]);
	if (value->number <= most)
		return LIMIT_NONE;
	value->number = most;
	snprintf(reason, PLAN_REASON_SIZE, "at most %lld MiB are taken at a time",
		 (long long)(most >> 20));
	return LIMIT_NEARER;
}

enum limit limits_apply(const struct snapshot *snapshot, const struct vm *vm, enum setting knob,
			const char *const *others, size_t other_count,
			struct setting_value *value, char reason[static PLAN_REASON_SIZE])
{
	switch (knob) {
	case SETTING_CPU_QUOTA:
		return limit_quota(vm, value, reason);
	case SETTING_CPU_AFFINITY:
		return limit_cpus(snapshot, value->text, reason);
	case SETTING_CPU_EXCLUSIVE:
		return limit_exclusive(snapshot, value->text, others, other_count, reason);
	case SETTING_MEMORY_HIGH:
		return limit_high(vm, value, reason);
	case SETTING_MEMORY_BALLOON:
		return limit_balloon(vm, value, reason);
	case SETTING_MEMORY_RECLAIM:
		return limit_reclaim(vm, value, reason);
	default:
		return LIMIT_NONE;
	}
}
