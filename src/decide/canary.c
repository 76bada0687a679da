/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A new policy acts on a part of each class first. Who is a canary hangs on the VM's identity
 * alone, so the choice is the same after a restart. After its time the rest follows, unless a
 * canary's knob was refused, or the canaries waited much more than the rest of their class.
 */
#include "decide/arbiter_book.h"

#include "model/snapshot.h"

#include <stdio.h>
#include <string.h>

/* A tenth of the time that a vCPU waits more than its fellows' do is no accident of load. */
#define WORSE_MOST_PERMYRIAD 1000

static uint64_t hash_of(const struct vm_identity *vm)
{
	uint64_t z = (uint64_t)vm->pid * 0x9e3779b97f4a7c15u ^ vm->start_ticks ^
		     (uint64_t)vm->ordinal << 48;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static bool is_active(const struct policy_entry *entry)
{
	return !entry->canary.passed && entry->policy->canary_permyriad < 10000;
}

/* The class's one with the smallest hash is a canary whatever the share: a class without one
 * would never be tried. */
static void choose(struct arbiter *arbiter, const struct snapshot *snapshot, size_t at, int class)
{
	const struct policy_entry *entry = arbiter->policies[at];
	struct standing *least = NULL;
	uint64_t least_hash = UINT64_MAX;
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++) {
		struct standing *standing = &arbiter->subjects[i]->standings[at];
		uint64_t hash = hash_of(&arbiter->subjects[i]->identity);

		if (standing->class_index != class)
			continue;
		if (!standing->measured && snapshot->vms[i]->state[VM_WAITING] == FIGURE_PRESENT) {
			standing->waiting_usec = snapshot->vms[i]->value[VM_WAITING];
			standing->measured = true;
		}
		standing->canary = (int)(hash % 10000) < entry->policy->canary_permyriad;
		if (hash < least_hash) {
			least_hash = hash;
			least = standing;
		}
	}
	if (least != NULL && entry->policy->canary_permyriad > 0)
		least->canary = true;
}

struct waits {
	int64_t sum; /* permyriad of the time of a vCPU, summed over VMs */
	int64_t count;
};

static void add_waiting(struct waits *waits, const struct standing *standing, const struct vm *vm,
			uint64_t elapsed_usec)
{
	int64_t more;

	if (!standing->measured || vm->state[VM_WAITING] != FIGURE_PRESENT || vm->vcpu_count == 0)
		return;
	more = vm->value[VM_WAITING] - standing->waiting_usec;
	waits->sum += more * 10000 / (int64_t)(elapsed_usec * vm->vcpu_count);
	waits->count++;
}

/* How much more the canaries of the class waited than the rest; 0 where there is no rest. */
static int64_t worse_permyriad(const struct arbiter *arbiter, const struct snapshot *snapshot,
			       size_t at, int class, uint64_t elapsed_usec)
{
	struct waits canaries = { 0, 0 }, rest = { 0, 0 };
	size_t i;

	for (i = 0; i < snapshot->vm_count; i++) {
		const struct standing *standing = &arbiter->subjects[i]->standings[at];

		if (standing->class_index == class)
			add_waiting(standing->canary ? &canaries : &rest, standing,
				    snapshot->vms[i], elapsed_usec);
	}
	if (canaries.count == 0 || rest.count == 0)
		return 0;
	return canaries.sum / canaries.count - rest.sum / rest.count;
}

static void judge(struct arbiter *arbiter, const struct snapshot *snapshot, size_t at)
{
	struct policy_entry *entry = arbiter->policies[at];
	struct canary *canary = &entry->canary;
	uint64_t elapsed = arbiter->now_usec - canary->since_usec;
	size_t class;

	if (canary->refused > 0) {
		snprintf(canary->stopped, sizeof canary->stopped,
			 "canary: %u refusals among the first VMs, so the rest does not follow",
			 canary->refused);
		arbiter_all_dirty(arbiter);
		return;
	}
	for (class = 0; class < entry->policy->class_count; class++) {
		int64_t worse = worse_permyriad(arbiter, snapshot, at, (int)class, elapsed);

		if (worse <= WORSE_MOST_PERMYRIAD)
			continue;
		snprintf(canary->stopped, sizeof canary->stopped,
			 "canary: the first VMs of class %.60s wait %lld %% of their time more than "
			 "the others, so the rest does not follow",
			 entry->policy->classes[class].name, (long long)(worse / 100));
		arbiter_all_dirty(arbiter);
		return;
	}
	canary->passed = true;
	arbiter_all_dirty(arbiter);
}

void canaries_step(struct arbiter *arbiter, const struct snapshot *snapshot)
{
	size_t at, class;

	for (at = 0; at < arbiter->policy_count; at++) {
		struct policy_entry *entry = arbiter->policies[at];

		if (!is_active(entry) || entry->canary.stopped[0] != '\0')
			continue;
		if (entry->canary.since_usec == 0)
			entry->canary.since_usec = arbiter->now_usec;
		for (class = 0; class < entry->policy->class_count; class++)
			choose(arbiter, snapshot, at, (int)class);
		if (arbiter->now_usec >= entry->canary.since_usec + entry->policy->canary_usec)
			judge(arbiter, snapshot, at);
	}
}

bool canary_holds(const struct arbiter *arbiter, const struct policy_entry *entry,
		  const struct subject *subject, char reason[static PLAN_REASON_SIZE])
{
	const struct standing *standing = subject_find_standing(subject, entry->serial);

	if (!is_active(entry) || subject->identity.pid == 0 || standing == NULL || standing->canary)
		return false;
	if (entry->canary.stopped[0] != '\0')
		memcpy(reason, entry->canary.stopped, PLAN_REASON_SIZE);
	else
		snprintf(reason, PLAN_REASON_SIZE,
			 "canary: %d %% of the class first, the rest after %llu s",
			 entry->policy->canary_permyriad / 100,
			 (unsigned long long)(entry->policy->canary_usec / 1000000));
	return true;
}
