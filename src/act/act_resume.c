/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking over what a predecessor set, by the notes of its leases; and giving it back by hand. */
#include "act/act_hurry.h"
#include "act/act_lease.h"
#include "act/act_state.h"
#include "act/act_worker.h"
#include "base/clock.h"
#include "lease/lease.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>

/* Several leases (one a thread) may be of one setting; the latest says what it is. */
static bool resume_lease(struct act *act, const struct snapshot *snapshot,
			 const struct lease *lease)
{
	struct setting_value value;
	int setting = act_note_parse(lease->note, &value);
	struct act_held *held;
	bool is_new;

	if (setting < 0 || (lease->vm.pid != 0 && snapshot_find_vm(snapshot, &lease->vm) == NULL))
		return false;
	held = act_find_held(act, &lease->vm, (enum setting)setting);
	is_new = held == NULL;
	if (is_new)
		held = act_hold(act, &lease->vm, (enum setting)setting);
	if (held == NULL || (!is_new && held->realtime_usec >= lease->realtime_usec))
		return false;
	held->value = value;
	held->realtime_usec = lease->realtime_usec;
	held->before_known = act_note_parse_from(lease->note, &held->before);
	act_start_timers(act, held, lease->realtime_usec);
	return is_new;
}

static void tell_resumed(struct act *act, const struct act_held *held)
{
	struct outcome *outcome = act_outcome(act, &held->vm, held->setting, OUTCOME_APPLIED);

	outcome->realtime_usec = held->realtime_usec;
	outcome->from_known = held->before_known;
	outcome->from = held->before;
	outcome->to = held->value;
	snprintf(outcome->text, sizeof outcome->text, "set before this start, and kept");
}

size_t act_resume(struct act *act, const struct snapshot *snapshot)
{
	const struct lease *lease;
	size_t i;
	uint64_t id = 0;

	act_hurry_clean(act->leases);
	leases_forget_dead(act->leases);
	while ((lease = leases_next(act->leases, id)) != NULL) {
		id = lease->id;
		(void)resume_lease(act, snapshot, lease);
	}
	for (i = 0; i < act->held_count; i++)
		tell_resumed(act, act->held[i]);
	return act->held_count;
}

/* -- giving back */

static bool vm_is_meant(const struct vm_identity *wanted, const struct vm_identity *vm)
{
	return wanted == NULL || vm_identity_compare(wanted, vm) == 0;
}

static bool lease_is_meant(const struct lease *lease, const struct vm_identity *vm,
			   enum setting setting)
{
	struct setting_value value;

	if (!vm_is_meant(vm, &lease->vm))
		return false;
	if (setting == SETTING_COUNT)
		return true;
	return lease->kind != &act_lease_cgroup_kind && lease->kind != &act_lease_moved_kind &&
	       act_note_parse(lease->note, &value) == (int)setting;
}

/* For the outcome, which tell_restored writes. */
static void note_left(struct act *act, const struct lease *lease, const char *sentence)
{
	struct setting_value value;
	int setting = act_note_parse(lease->note, &value);
	struct act_held *held = setting < 0 ? NULL :
				act_find_held(act, &lease->vm, (enum setting)setting);

	if (held != NULL)
		snprintf(held->left, sizeof held->left, "%.*s", (int)sizeof held->left - 1, sentence);
}

/* Each once, the newest first; `ret_first` gets the first failure. */
static size_t undo_once(struct act *act, const struct vm_identity *vm, enum setting setting,
			size_t *ret_undone, struct error *ret_first)
{
	const struct lease *lease;
	uint64_t id = UINT64_MAX;
	size_t failed = 0;

	*ret_undone = 0;
	while ((lease = leases_previous(act->leases, id)) != NULL) {
		struct error failure = { 0 };
		int r;

		id = lease->id;
		if (lease->kind->slow || !lease_is_meant(lease, vm, setting))
			continue;
		r = leases_undo(act->leases, id, &failure);
		if (r == LEASE_LEFT)
			note_left(act, lease, failure.text);
		if (r >= 0)
			++*ret_undone;
		else if (failed++ == 0)
			*ret_first = failure;
	}
	return failed;
}

/* One knob may be in another's way, as cpu.idle is in a weight's: see leases_undo_all. */
static size_t undo_fast(struct act *act, const struct vm_identity *vm, enum setting setting,
			struct error *err)
{
	struct error first = { 0 };
	size_t failed, undone;

	do
		failed = undo_once(act, vm, setting, &undone, &first);
	while (failed > 0 && undone > 0);
	if (failed > 0 && err != NULL)
		*err = first;
	return failed;
}

static void put_undo(struct act *act, const struct lease *lease, enum setting setting)
{
	struct act_target target = { .vm = lease->vm };
	struct act_turn turn = { .deed = ACT_UNDO, .target = &target, .setting = setting };
	struct act_job *job = NULL;

	if (!act_worker_has(act->worker, &turn))
		job = act_job_new(&turn);
	if (job != NULL)
		act_worker_put(act->worker, job);
}

/* Each VM's on its own queue, behind what runs there. Counts what is left at the end. */
static size_t undo_slow(struct act *act, const struct vm_identity *vm, enum setting setting,
			struct error *err)
{
	const struct lease *lease;
	size_t left = 0;
	uint64_t id = 0;
	bool any = false;

	while ((lease = leases_next(act->leases, id)) != NULL) {
		id = lease->id;
		if (!lease->kind->slow || !lease_is_meant(lease, vm, setting))
			continue;
		put_undo(act, lease, setting);
		any = true;
	}
	if (!any)
		return 0;
	(void)act_worker_wait(act->worker, clock_monotonic_usec() + act->options.owner_usec);
	act_settle_jobs(act);
	for (id = 0; (lease = leases_next(act->leases, id)) != NULL; id = lease->id)
		if (lease->kind->slow && lease_is_meant(lease, vm, setting))
			left++;
	if (left > 0)
		error_set(err, -ETIMEDOUT, "%zu settings were not given back: their owner did not "
			  "answer in time", left);
	return left;
}

static bool is_still_leased(const struct act *act, const struct act_held *held)
{
	const struct lease *lease;
	uint64_t id = 0;

	while ((lease = leases_next(act->leases, id)) != NULL) {
		id = lease->id;
		if (lease_is_meant(lease, &held->vm, held->setting))
			return true;
	}
	return false;
}

static void tell_restored(struct act *act, const struct vm_identity *vm, enum setting setting)
{
	size_t i = act->held_count;

	while (i-- > 0) {
		struct act_held *held = act->held[i];
		struct outcome *outcome;

		if (!vm_is_meant(vm, &held->vm) ||
		    (setting != SETTING_COUNT && held->setting != setting) ||
		    is_still_leased(act, held))
			continue;
		outcome = act_outcome(act, &held->vm, held->setting, OUTCOME_RESTORED);
		outcome->from_known = true;
		outcome->from = held->value;
		outcome->to = held->before;
		snprintf(outcome->where, sizeof outcome->where, "%s", held->where);
		snprintf(outcome->text, sizeof outcome->text, "%.*s", (int)sizeof outcome->text - 1,
			 held->left);
		act_unhold(act, held);
	}
}

/* Of a VM that the snapshot has no more: leases of one that has ended are dropped. */
void act_give_back_gone(struct act *act, const struct vm_identity *vm)
{
	struct act_context context;
	const struct lease *lease;
	uint64_t id = 0;

	act_worker_cancel(act->worker, vm, SETTING_COUNT);
	(void)undo_fast(act, vm, SETTING_COUNT, NULL);
	while ((lease = leases_next(act->leases, id)) != NULL) {
		id = lease->id;
		if (lease->kind->slow && vm_is_meant(vm, &lease->vm))
			put_undo(act, lease, SETTING_COUNT);
	}
	act_init_context(act, &context);
	(void)act_release_cgroups(&context, &(struct vm_identity){ .pid = 0 }, NULL);
}

size_t act_undo(struct act *act, const struct vm_identity *vm, enum setting setting,
		struct error *err)
{
	struct act_context context;
	size_t failed;

	act_init_context(act, &context);
	act_worker_cancel(act->worker, vm, setting);
	failed = undo_fast(act, vm, setting, err);
	failed += undo_slow(act, vm, setting, err);
	if (vm != NULL)
		(void)act_release_cgroups(&context, vm, NULL);
	tell_restored(act, vm, setting);
	return failed;
}
