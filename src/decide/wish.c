/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/wish.h"

#include "decide/arbiter.h"
#include "model/snapshot.h"

#include <errno.h>

static int hold_all(struct arbiter *arbiter, const struct vm_identity *vm,
		    const struct wish *wishes, size_t count)
{
	const struct cause cause = { .policy = "set" };
	size_t i;
	int r = 0;

	for (i = 0; r >= 0 && i < count; i++)
		r = arbiter_hold(arbiter, vm, wishes[i].setting, &wishes[i].value, 0, &cause);
	return r;
}

int wish_plan(const struct snapshot *snapshot, const struct vm_identity *vm, pid_t own_pid,
	      const struct wish *wishes, size_t count, struct plan *ret)
{
	const struct arbiter_options options = { .own_pid = own_pid };
	const struct vm *found = snapshot_find_vm(snapshot, vm);
	struct arbiter *arbiter = arbiter_new(&options);
	int r = arbiter != NULL ? hold_all(arbiter, vm, wishes, count) : -ENOMEM;

	if (r >= 0)
		r = found != NULL ? arbiter_plan_vm(arbiter, snapshot, found, ret) :
				    arbiter_plan(arbiter, snapshot, ret);
	arbiter_free(arbiter);
	return r;
}

bool wish_is_settled(const struct vm *vm, enum setting setting)
{
	bool balloon = setting == SETTING_MEMORY_LIMIT || setting == SETTING_MEMORY_BALLOON;

	return !balloon || vm->state[VM_BALLOON_ACTUAL] != FIGURE_NOT_ASKED;
}
