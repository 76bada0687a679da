/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The book follows the snapshot: who is there, what has changed, who competes with whom. */
#include "decide/arbiter_book.h"

#include "base/vec.h"
#include "decide/compete.h"
#include "decide/offers.h"
#include "decide/reservations.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_in_step(const struct arbiter *arbiter, const struct snapshot *snapshot)
{
	size_t i;

	if (arbiter->subject_count != snapshot->vm_count)
		return false;
	for (i = 0; i < snapshot->vm_count; i++)
		if (vm_identity_compare(&arbiter->subjects[i]->identity,
					&snapshot->vms[i]->identity) != 0)
			return false;
	return true;
}

int arbiter_follow(struct arbiter *arbiter, const struct snapshot *snapshot)
{
	struct subject **swap;
	size_t i, at = 0, capacity;

	if (is_in_step(arbiter, snapshot))
		return 0;
	if (!VEC_RESERVE(arbiter->merged, arbiter->merged_capacity, snapshot->vm_count + 1))
		return -ENOMEM;
	for (i = 0; i < snapshot->vm_count; i++)
		if (arbiter_subject(arbiter, &snapshot->vms[i]->identity) == NULL)
			return -ENOMEM;
	for (i = 0; i < snapshot->vm_count; i++) {
		while (vm_identity_compare(&arbiter->subjects[at]->identity,
					   &snapshot->vms[i]->identity) != 0)
			subject_free(arbiter->subjects[at++]);
		arbiter->merged[i] = arbiter->subjects[at++];
	}
	while (at < arbiter->subject_count)
		subject_free(arbiter->subjects[at++]);
	arbiter->someone_left = true;
	swap = arbiter->subjects;
	capacity = arbiter->subject_capacity;
	arbiter->subjects = arbiter->merged;
	arbiter->subject_capacity = arbiter->merged_capacity;
	arbiter->subject_count = snapshot->vm_count;
	arbiter->merged = swap;
	arbiter->merged_capacity = capacity;
	return 0;
}

/* What a canary has been measured by goes on while it is in the same class of the same policy. */
static struct standing stand(const struct subject *subject, const struct policy_entry *entry,
			     const struct vm *vm)
{
	int class_index = policy_classify(entry->policy, vm);
	const struct standing *before = subject_find_standing(subject, entry->serial);

	if (before != NULL && before->class_index == class_index)
		return *before;
	return (struct standing){ .serial = entry->serial, .class_index = class_index };
}

static int classify(struct arbiter *arbiter, struct subject *subject, const struct vm *vm)
{
	struct standing *standings = calloc(arbiter->policy_count + 1, sizeof *standings);
	size_t i;

	if (standings == NULL)
		return -ENOMEM;
	for (i = 0; i < arbiter->policy_count; i++)
		standings[i] = stand(subject, arbiter->policies[i], vm);
	free(subject->standings);
	subject->standings = standings;
	subject->standing_count = arbiter->policy_count;
	return 0;
}

static bool is_ours(const struct subject *subject, enum setting setting)
{
	const struct knob *knob = subject_find_knob(subject, setting);

	return knob != NULL && knob->applied;
}

/* What we have set since goes before what was seen: the snapshot may be older. */
static int64_t weight_now(const struct subject *subject, const struct vm *vm)
{
	const struct knob *knob = subject_find_knob(subject, SETTING_CPU_WEIGHT);

	return knob != NULL && knob->applied && !knob->unsure ? knob->value.number :
								compile_weight_now(vm);
}

static void note_shares(struct arbiter *arbiter, struct subject *subject, const struct vm *vm)
{
	struct wanted wanted[SETTING_COUNT];
	struct compile_share *share = &subject->share;

	arbiter_gather(arbiter, subject, wanted);
	share->now = weight_now(subject, vm);
	share->base = is_ours(subject, SETTING_CPU_WEIGHT) || is_ours(subject, SETTING_CPU_NICE) ||
			is_ours(subject, SETTING_CPU_IDLE) ? 100 : share->now;
	compile_weight_wanted(wanted, &share->base);
	share->weighs = wanted[SETTING_CPU_SHARES].present || wanted[SETTING_CPU_WEIGHT].present ||
			wanted[SETTING_CPU_RESERVE].present;
	share->reserve = wanted[SETTING_CPU_RESERVE].present && !subject->excluded ?
		compile_reserve_usable(vm, wanted[SETTING_CPU_RESERVE].value.number) : 0;
	subject->memory_reserve = wanted[SETTING_MEMORY_RESERVE].present && !subject->excluded ?
		wanted[SETTING_MEMORY_RESERVE].value.number : 0;
	subject->born_usec = vm->born_usec;
}

int arbiter_note(struct arbiter *arbiter, struct subject *subject, const struct vm *vm)
{
	uint64_t classes = subject_class_fingerprint(vm);
	uint64_t fingerprint = subject_fingerprint(vm, classes), next;

	if (subject->generation != arbiter->generation || subject->class_fingerprint != classes) {
		if (classify(arbiter, subject, vm) < 0)
			return -ENOMEM;
		subject->generation = arbiter->generation;
		subject->class_fingerprint = classes;
		subject->dirty = true;
	}
	if (subject->fingerprint != fingerprint) {
		subject->fingerprint = fingerprint;
		subject->dirty = true;
	}
	if (subject->hold_count > 0 && subject_end_holds(subject, arbiter->realtime_usec, &next))
		subject->dirty = true;
	if (subject->dirty)
		note_shares(arbiter, subject, vm);
	return 0;
}

/* What VMs are offered hangs on the host too; and somebody may turn the host's own knobs. */
void arbiter_note_host(struct arbiter *arbiter, const struct host *host)
{
	uint64_t offered = subject_host_fingerprint(host);
	uint64_t knobs = subject_host_knobs_fingerprint(host);

	if (arbiter->host->class_fingerprint != offered)
		arbiter_all_dirty(arbiter);
	if (arbiter->host->fingerprint != knobs)
		arbiter->host->dirty = true;
	arbiter->host->class_fingerprint = offered;
	arbiter->host->fingerprint = knobs;
}

/* -- the competition -------------------------------------------------------------------- */

static bool same_parent(const char *a, const char *b)
{
	const char *end_a = strrchr(a, '/'), *end_b = strrchr(b, '/');

	return end_a != NULL && end_b != NULL && end_a - a == end_b - b &&
	       memcmp(a, b, (size_t)(end_a - a)) == 0;
}

/* Where its weight will count: the cgroup that it has, or the one that is made for it. */
static const char *weighed_in(const struct vm *vm)
{
	const char *cgroup = vm->text[VM_TEXT_CGROUP];

	return cgroup != NULL && vm_has_own_cgroup(vm) ? cgroup : "/truce/";
}

static bool has_many_parents(const struct arbiter *arbiter, const struct snapshot *snapshot)
{
	const char *first = NULL;
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++) {
		const struct vm *vm = snapshot->vms[i];
		const struct subject *subject = arbiter_find_subject(arbiter, &vm->identity);

		if (subject == NULL || !subject->share.weighs)
			continue;
		if (first == NULL)
			first = weighed_in(vm);
		else if (!same_parent(first, weighed_in(vm)))
			return true;
	}
	return false;
}

static bool any_dirty(const struct arbiter *arbiter)
{
	size_t i;

	for (i = 0; i < arbiter->subject_count; i++)
		if (arbiter->subjects[i]->dirty)
			return true;
	return false;
}

/* Those who reserve depend on everybody's weights, and all who weigh on where they do. */
static void spread(struct arbiter *arbiter, const struct compile_context *before)
{
	size_t i;

	if (arbiter->context.weights == before->weights &&
	    arbiter->context.reserved == before->reserved &&
	    arbiter->context.cpus == before->cpus &&
	    arbiter->context.many_parents == before->many_parents)
		return;
	for (i = 0; i < arbiter->subject_count; i++)
		if (arbiter->subjects[i]->share.reserve > 0 ||
		    (arbiter->subjects[i]->share.weighs &&
		     arbiter->context.many_parents != before->many_parents))
			arbiter->subjects[i]->dirty = true;
}

int arbiter_compete(struct arbiter *arbiter, const struct snapshot *snapshot)
{
	struct compile_context before = arbiter->context;
	size_t i;

	arbiter->context.snapshot = snapshot;
	if (before.cpus == (int64_t)snapshot->cpu_count * 10000 && !arbiter->someone_left &&
	    !any_dirty(arbiter))
		return 0;
	arbiter->someone_left = false;
	if (!VEC_RESERVE(arbiter->shares, arbiter->share_capacity, arbiter->subject_count + 1))
		return -ENOMEM;
	reservations_fit(arbiter, snapshot);
	for (i = 0; i < arbiter->subject_count; i++) {
		arbiter->shares[i] = arbiter->subjects[i]->share;
		if (arbiter->subjects[i]->cpu_refused)
			arbiter->shares[i].reserve = 0;
	}
	compile_compete(&arbiter->context, arbiter->shares, arbiter->subject_count);
	arbiter->context.many_parents = has_many_parents(arbiter, snapshot);
	spread(arbiter, &before);
	return 0;
}
