/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One round: what differs between what is wanted and what is set becomes a plan. */
#include "decide/arbiter_book.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"
#include "decide/knobs.h"
#include "decide/limits.h"
#include "decide/reservations.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An outcome that has not come by then will not: its owner's deadline is far shorter. */
#define FLIGHT_USEC (30 * USEC_PER_SEC)
/* Ticks are not exact: a change an interval after the last may come a little early. */
#define INTERVAL_SLACK 20 /* a twentieth */
#define GRACE_LEAST_USEC (5 * USEC_PER_SEC)
/* Who was seen to be born cannot have begun to leave. (Who is born by arriving is known to.) */
#define YOUNG_USEC (2 * USEC_PER_SEC)

struct round {
	struct arbiter *arbiter;
	const struct snapshot *snapshot;
	const struct vm *vm; /* NULL: the host */
	struct subject *subject;
	struct plan *plan;
	int r;               /* -ENOMEM */
};

/* -- items ------------------------------------------------------------------------------ */

static struct plan_item *add_item(struct round *round, enum plan_verdict verdict,
				  enum setting asked, enum setting setting,
				  const struct cause *cause)
{
	struct plan_item *item = plan_add(round->plan);

	if (item == NULL) {
		round->r = -ENOMEM;
		return NULL;
	}
	item->vm = round->subject->identity;
	item->verdict = verdict;
	item->asked = asked;
	item->setting = setting;
	if (cause != NULL)
		item->cause = *cause;
	if (round->vm != NULL) {
		const char *name = round->vm->text[VM_TEXT_NAME];
		const char *class = arbiter_class(round->arbiter, round->vm);

		if (name != NULL)
			text_copy(item->vm_name, sizeof item->vm_name, name, strlen(name));
		text_copy(item->class_name, sizeof item->class_name, class, strlen(class));
	}
	return item;
}

/* Said now, and again as long as nothing changes. */
static void keep_said(struct round *round, const struct plan_item *item)
{
	struct plan_item *kept = plan_add(&round->subject->said);

	if (kept == NULL)
		round->r = -ENOMEM;
	else
		*kept = *item;
	subject_tell(round->subject, item);
}

static void say(struct round *round, enum plan_verdict verdict, const struct compiled *compiled,
		const struct setting_value *to, const char *reason)
{
	struct plan_item *item = add_item(round, verdict, compiled->asked, compiled->setting,
					  compiled->cause);

	if (item == NULL)
		return;
	item->to = *to;
	snprintf(item->reason, sizeof item->reason, "%s", reason);
	keep_said(round, item);
}

static void look_again(struct round *round, uint64_t when)
{
	if (when < round->subject->look_again_usec)
		round->subject->look_again_usec = when;
}

static void add_candidate(struct round *round, struct plan_item *item,
			  struct policy_entry *policy, uint64_t wish_since, bool takes, bool exempt)
{
	struct arbiter *arbiter = round->arbiter;

	if (!VEC_RESERVE(arbiter->candidates, arbiter->candidate_capacity,
			 arbiter->candidate_count + 1)) {
		round->r = -ENOMEM;
		round->plan->count--;
		return;
	}
	arbiter->candidates[arbiter->candidate_count++] = (struct candidate){
		.item = (size_t)(item - round->plan->items),
		.subject = round->subject,
		.policy = policy,
		.setting = item->setting,
		.wish_since_usec = wish_since,
		.takes = takes,
		.exempt = exempt,
	};
}

/* -- one knob --------------------------------------------------------------------------- */

static bool is_close(const struct arbiter *arbiter, enum setting setting,
		     const struct setting_value *a, const struct setting_value *b)
{
	__int128 x = a->number, y = b->number, difference = x > y ? x - y : y - x, larger;

	if (setting_value_equal(setting, a, b))
		return true;
	if (setting_info[setting].unit == SETTING_UNIT_TEXT ||
	    a->number == SETTING_UNLIMITED || b->number == SETTING_UNLIMITED)
		return false;
	x = x < 0 ? -x : x;
	y = y < 0 ? -y : y;
	larger = x > y ? x : y;
	return difference * 10000 < larger * arbiter->options.hysteresis_permyriad;
}

/* What is in force, as far as known. */
static bool value_now(const struct round *round, const struct knob *knob,
		      struct setting_value *ret)
{
	if (knob->applied && !knob->unsure) {
		*ret = knob->value;
		return true;
	}
	return knob_now(round->snapshot, round->vm, knob->setting, ret);
}

/* A limit is kept where somebody else set a tighter one, a reservation where there is a larger. */
static bool is_kept(enum setting asked, const struct setting_value *now,
		    const struct setting_value *to)
{
	switch (asked) {
	case SETTING_CPU_LIMIT:
	case SETTING_MEMORY_LIMIT:
		return now->number <= to->number;
	case SETTING_MEMORY_RESERVE:
	case SETTING_MEMORY_SHARES:
		return now->number >= to->number;
	default:
		return false;
	}
}

static bool differs(const struct round *round, const struct knob *knob, enum setting asked,
		    const struct setting_value *to)
{
	struct setting_value now;

	if (knob->unsure || setting_is_once(knob->setting))
		return knob->unsure || !knob->applied ||
		       !setting_value_equal(knob->setting, to, &knob->planned);
	if (knob->applied) {
		if (!knob->drifted && setting_value_equal(knob->setting, to, &knob->planned))
			return false;
		return !is_close(round->arbiter, knob->setting, to, &knob->value);
	}
	if (!knob_now(round->snapshot, round->vm, knob->setting, &now) &&
	    (knob->setting == SETTING_CPU_WEIGHT || !knob_default(knob->setting, &now)))
		return true;
	return !is_kept(asked, &now, to) && !is_close(round->arbiter, knob->setting, to, &now);
}

/* Whether it takes something from the VM. What has no direction may. */
static bool takes(const struct round *round, const struct knob *knob,
		  const struct setting_value *to)
{
	struct setting_value now;

	if (setting_info[knob->setting].scope == SETTING_SCOPE_HOST)
		return false;
	if (setting_info[knob->setting].tighter == SETTING_TIGHTER_NEITHER ||
	    knob->setting == SETTING_MEMORY_RECLAIM)
		return true;
	if (!value_now(round, knob, &now) && !knob_default(knob->setting, &now))
		return true;
	return setting_is_tightened(knob->setting, now.number, to->number);
}

static void describe_refusal(const struct knob *knob, char reason[static PLAN_REASON_SIZE])
{
	if (knob->drifted)
		snprintf(reason, PLAN_REASON_SIZE, "%.150s; set again in a while", knob->text);
	else
		snprintf(reason, PLAN_REASON_SIZE, "%.150s; tried again later (%u so far)", knob->text,
			 knob->failures);
}

static bool is_too_soon(struct round *round, const struct knob *knob,
			const struct policy_entry *policy, uint64_t *ret_when)
{
	uint64_t interval = round->arbiter->options.vm_interval_usec;

	if (policy == NULL || knob->changed_usec == 0)
		return false;
	if (policy->policy->vm_interval_usec != 0)
		interval = policy->policy->vm_interval_usec;
	*ret_when = knob->changed_usec + interval - interval / INTERVAL_SLACK;
	return round->arbiter->now_usec < *ret_when;
}

static bool is_young(const struct round *round)
{
	return round->vm->born_usec > round->arbiter->first_plan_realtime_usec &&
	       round->arbiter->realtime_usec < round->vm->born_usec + YOUNG_USEC;
}

static int ask(struct arbiter *arbiter, const struct vm_identity *vm)
{
	if (arbiter->ask_count > 0 &&
	    vm_identity_compare(&arbiter->asks[arbiter->ask_count - 1], vm) == 0)
		return 0;
	if (!VEC_RESERVE(arbiter->asks, arbiter->ask_capacity, arbiter->ask_count + 1))
		return -ENOMEM;
	arbiter->asks[arbiter->ask_count++] = *vm;
	return 0;
}

/* Whether nothing may be taken before the VM was asked if it migrates, is saved or backed up. Said of
 * nobody: the answer is there with the next plan or the one after. */
static bool awaits_state(struct round *round, bool taken)
{
	const struct vm *vm = round->vm;
	uint64_t now = round->arbiter->now_usec;

	if (!round->arbiter->options.asks_states || !taken || vm == NULL || !vm->tells_state ||
	    round->subject->excluded || (vm->state_usec == 0 && is_young(round)))
		return false;
	if (limits_delicate(vm) != NULL) /* it is told when that is over */
		look_again(round, now + LIMITS_STATE_HOLDS_USEC / 2);
	/* Asked again after half of the time, nobody waits. */
	if (!limits_must_ask(vm, now + LIMITS_STATE_HOLDS_USEC / 2))
		return false;
	if (ask(round->arbiter, &vm->identity) < 0)
		round->r = -ENOMEM;
	if (!limits_must_ask(vm, now) || limits_delicate(vm) != NULL)
		return false;
	look_again(round, now);
	return true;
}

/* Why this change is not made now; false: it may. */
static bool is_held(struct round *round, const struct knob *knob, const struct policy_entry *policy,
		    bool taken, char reason[static PLAN_REASON_SIZE])
{
	const char *delicate = round->vm != NULL ? limits_delicate(round->vm) : NULL;
	uint64_t now = round->arbiter->now_usec, when;

	if (knob->left) {
		snprintf(reason, PLAN_REASON_SIZE, "%s", knob->text);
		look_again(round, knob->not_before_usec);
	} else if (now < knob->not_before_usec) {
		describe_refusal(knob, reason);
		look_again(round, knob->not_before_usec);
	} else if (delicate != NULL && taken) {
		snprintf(reason, PLAN_REASON_SIZE, "nothing is taken from a VM in this state (%s)",
			 delicate);
	} else if (policy != NULL && canary_holds(round->arbiter, policy, round->subject, reason)) {
		; /* the end of the canaries makes everybody look again */
	} else if (is_too_soon(round, knob, policy, &when)) {
		snprintf(reason, PLAN_REASON_SIZE, "it was changed a moment ago");
		look_again(round, when);
	} else {
		return false;
	}
	return true;
}

static void set_knob(struct round *round, struct knob *knob, const struct compiled *compiled,
		     const struct setting_value *to, const char *reason)
{
	struct policy_entry *policy = arbiter_policy_of_rank(round->arbiter, compiled->rank);
	bool taken = takes(round, knob, to);
	char held[PLAN_REASON_SIZE];
	struct plan_item *item;

	if (knob->wish_since_usec == 0)
		knob->wish_since_usec = round->arbiter->now_usec;
	if (awaits_state(round, taken))
		return;
	if (is_held(round, knob, policy, taken, held)) {
		say(round, PLAN_HELD, compiled, to, held);
		return;
	}
	item = add_item(round, PLAN_SET, compiled->asked, compiled->setting, compiled->cause);
	if (item == NULL)
		return;
	item->from_known = value_now(round, knob, &item->from);
	item->to = *to;
	snprintf(item->where, sizeof item->where, "%s", knob->where);
	if (knob->drifted)
		snprintf(item->reason, sizeof item->reason, "%.100s; set again (%u so far)",
			 knob->text, knob->drifts);
	else
		snprintf(item->reason, sizeof item->reason, "%s", reason);
	compile_predict(&round->arbiter->context, compiled, item->from_known ? &item->from : NULL,
			item->predicted);
	add_candidate(round, item, policy, knob->wish_since_usec, taken, policy == NULL);
}

/* Lists of CPUs that other VMs have for themselves, or are about to. */
static size_t find_exclusive(const struct round *round, const char **ret, size_t capacity)
{
	const struct arbiter *arbiter = round->arbiter;
	size_t i, count = 0;

	for (i = 0; i < arbiter->subject_count && count < capacity; i++) {
		const struct knob *knob = arbiter->subjects[i] == round->subject ? NULL :
			subject_find_knob(arbiter->subjects[i], SETTING_CPU_EXCLUSIVE);

		if (knob != NULL && knob->flight == FLIGHT_SET)
			ret[count++] = knob->planned.text;
		else if (knob != NULL && knob->applied)
			ret[count++] = knob->value.text;
	}
	return count;
}

static enum limit limit(const struct round *round, const struct compiled *compiled,
			struct setting_value *value, char reason[static PLAN_REASON_SIZE])
{
	const char *others[256];
	size_t count = 0, i;

	if (round->vm == NULL)
		return LIMIT_NONE;
	if (compiled->setting == SETTING_CPU_EXCLUSIVE) {
		count = find_exclusive(round, others, sizeof others / sizeof *others);
		/* Candidates of this round are not in flight yet. */
		for (i = 0; i < round->arbiter->candidate_count &&
			    count < sizeof others / sizeof *others; i++)
			if (round->arbiter->candidates[i].setting == SETTING_CPU_EXCLUSIVE)
				others[count++] = round->plan->items[round->arbiter->candidates[i].item].to.text;
	}
	return limits_apply(round->snapshot, round->vm, compiled->setting, others, count, value,
			    reason);
}

static bool is_under_way(struct round *round, struct knob *knob)
{
	if (knob->flight == FLIGHT_NONE)
		return false;
	if (round->arbiter->now_usec < knob->flight_since_usec + FLIGHT_USEC) {
		look_again(round, knob->flight_since_usec + FLIGHT_USEC);
		return true;
	}
	knob->unsure = knob->applied = true;
	knob->flight = FLIGHT_NONE;
	return false;
}

static void consider(struct round *round, const struct compiled *compiled)
{
	struct setting_value to = compiled->value;
	char reason[PLAN_REASON_SIZE];
	struct knob *knob;

	if (compiled->cannot) {
		say(round, compiled->overruled ? PLAN_HELD : PLAN_CANNOT, compiled, &to,
		    compiled->reason);
		return;
	}
	knob = subject_knob(round->subject, compiled->setting);
	if (knob == NULL) {
		round->r = -ENOMEM;
		return;
	}
	knob->wanted = true;
	knob->adopted = false;
	memcpy(reason, compiled->reason, sizeof reason);
	switch (limit(round, compiled, &to, reason)) {
	case LIMIT_FORBIDS:
		look_again(round, round->arbiter->now_usec);
		say(round, PLAN_HELD, compiled, &to, reason);
		return;
	case LIMIT_NEARER:
		look_again(round, round->arbiter->now_usec);
		break;
	default:
		break;
	}
	if (is_under_way(round, knob))
		return;
	if (differs(round, knob, compiled->asked, &to))
		set_knob(round, knob, compiled, &to, reason);
	else
		knob->wish_since_usec = 0;
}

/* -- what nobody wants any more --------------------------------------------------------- */

static uint64_t grace_usec(const struct arbiter *arbiter)
{
	uint64_t longest = 0;
	size_t i;

	for (i = 0; i < arbiter->policy_count; i++)
		if (arbiter->policies[i]->policy->interval_usec > longest)
			longest = arbiter->policies[i]->policy->interval_usec;
	return 3 * longest > GRACE_LEAST_USEC ? 3 * longest : GRACE_LEAST_USEC;
}

static bool release_is_held(struct round *round, const struct knob *knob,
			    const struct setting_value *was, bool *ret_takes,
			    char reason[static PLAN_REASON_SIZE])
{
	const char *delicate = round->vm != NULL ? limits_delicate(round->vm) : NULL;
	uint64_t until = round->arbiter->first_plan_usec + grace_usec(round->arbiter);

	*ret_takes = takes(round, knob, was);
	if (round->subject->excluded)
		return false;
	if (knob->adopted && round->arbiter->now_usec < until) {
		snprintf(reason, PLAN_REASON_SIZE,
			 "set before the restart; nobody has asked for it since, which is awaited");
		look_again(round, until);
	} else if (round->arbiter->now_usec < knob->not_before_usec && !knob->left) {
		describe_refusal(knob, reason);
		look_again(round, knob->not_before_usec);
	} else if (delicate != NULL && *ret_takes) {
		snprintf(reason, PLAN_REASON_SIZE, "nothing is taken from a VM in this state (%s)",
			 delicate);
	} else {
		return false;
	}
	return true;
}

static void release_knob(struct round *round, struct knob *knob)
{
	struct setting_value was = knob->was;
	char reason[PLAN_REASON_SIZE] = "";
	struct plan_item *item;
	bool taken;

	if (!knob->was_known && !knob_default(knob->setting, &was))
		was = knob->value;
	if (knob->wish_since_usec == 0)
		knob->wish_since_usec = round->arbiter->now_usec;
	if (awaits_state(round, takes(round, knob, &was)))
		return;
	if (release_is_held(round, knob, &was, &taken, reason)) {
		struct compiled compiled = { .asked = knob->setting, .setting = knob->setting,
					     .cause = &knob->cause };

		say(round, PLAN_HELD, &compiled, &was, reason);
		return;
	}
	item = add_item(round, PLAN_RELEASE, knob->setting, knob->setting, &knob->cause);
	if (item == NULL)
		return;
	item->from_known = !knob->unsure;
	item->from = knob->value;
	item->to = was;
	snprintf(item->where, sizeof item->where, "%s", knob->where);
	if (knob->left)
		snprintf(item->reason, sizeof item->reason, "%s", knob->text);
	add_candidate(round, item, arbiter_policy_named(round->arbiter, knob->cause.policy),
		      knob->wish_since_usec, taken, round->subject->excluded);
}

static void release_unwanted(struct round *round)
{
	struct subject *subject = round->subject;
	size_t i = 0;

	while (i < subject->knob_count) {
		struct knob *knob = &subject->knobs[i];

		/* What was taken once is not given back: there is nothing to release. */
		bool over = setting_is_once(knob->setting) || !knob->applied;

		if (knob->wanted || is_under_way(round, knob)) {
			i++;
		} else if (over) {
			subject_remove_knob(subject, i);
		} else {
			release_knob(round, knob);
			i++;
		}
	}
}

/* -- one VM ----------------------------------------------------------------------------- */

static void refuse_reservation(struct round *round, struct wanted *wanted, enum setting setting,
			       const char *reason)
{
	struct compiled compiled = { .asked = setting, .setting = setting, .cannot = true,
				     .value = wanted[setting].value,
				     .cause = wanted[setting].cause };

	say(round, PLAN_CANNOT, &compiled, &compiled.value, reason);
	wanted[setting].present = false;
}

static void refuse_reservations(struct round *round, struct wanted *wanted)
{
	char reason[PLAN_REASON_SIZE];

	if (wanted[SETTING_CPU_RESERVE].present && round->subject->cpu_refused) {
		snprintf(reason, sizeof reason, "%.4g CPUs do not fit beside what older VMs reserve "
			 "of this host's %.4g", (double)round->subject->share.reserve / 10000,
			 (double)round->arbiter->context.cpus / 10000);
		refuse_reservation(round, wanted, SETTING_CPU_RESERVE, reason);
	}
	if (wanted[SETTING_MEMORY_RESERVE].present && round->subject->memory_refused) {
		snprintf(reason, sizeof reason, "%lld MiB do not fit beside what older VMs reserve of "
			 "the %lld MiB that the host can promise",
			 (long long)(round->subject->memory_reserve >> 20),
			 (long long)(reservations_memory(round->snapshot) >> 20));
		refuse_reservation(round, wanted, SETTING_MEMORY_RESERVE, reason);
	}
}

/* A disk may be plugged in: after a while it is tried again. */
static void note_lacks(struct round *round, struct wanted *wanted)
{
	struct subject *subject = round->subject;
	size_t i = 0;

	while (i < subject->lack_count) {
		const struct lack *lack = &subject->lacks[i];

		if (lack->until_usec <= round->arbiter->now_usec) {
			subject->lacks[i] = subject->lacks[--subject->lack_count];
			continue;
		}
		wanted[lack->setting].lacking = lack->reason;
		look_again(round, lack->until_usec);
		i++;
	}
}

static void consider_wishes(struct round *round)
{
	struct wanted wanted[SETTING_COUNT];
	struct compiled compiled[COMPILED_MAX];
	size_t i, count;

	arbiter_gather(round->arbiter, round->subject, wanted);
	note_lacks(round, wanted);
	refuse_reservations(round, wanted);
	count = compile_vm(&round->arbiter->context, round->vm, wanted, compiled);
	for (i = 0; i < count; i++)
		consider(round, &compiled[i]);
}

static void note_end_of_holds(struct round *round)
{
	const struct arbiter *arbiter = round->arbiter;
	uint64_t next;

	subject_end_holds(round->subject, arbiter->realtime_usec, &next);
	if (next != UINT64_MAX)
		look_again(round, arbiter->now_usec + (next - arbiter->realtime_usec));
}

static void repeat_said(struct round *round)
{
	size_t i;

	for (i = 0; i < round->subject->said.count; i++) {
		struct plan_item *item = plan_add(round->plan);

		if (item == NULL) {
			round->r = -ENOMEM;
			return;
		}
		*item = round->subject->said.items[i];
	}
	subject_told_repeat(round->subject);
}

static int plan_subject(struct arbiter *arbiter, const struct snapshot *snapshot,
			const struct vm *vm, struct subject *subject, struct plan *plan)
{
	struct round round = { arbiter, snapshot, vm, subject, plan, 0 };
	size_t i;

	if (vm != NULL && vm->identity.pid == arbiter->options.own_pid)
		return 0;
	if (!subject->dirty && arbiter->now_usec < subject->look_again_usec) {
		repeat_said(&round);
		return round.r;
	}
	subject->dirty = false;
	subject->look_again_usec = UINT64_MAX;
	plan_clear(&subject->said);
	subject_told_begin(subject);
	note_end_of_holds(&round);
	for (i = 0; i < subject->knob_count; i++)
		subject->knobs[i].wanted = false;
	if (!subject->excluded)
		consider_wishes(&round);
	if (!subject->excluded || subject->release)
		release_unwanted(&round);
	if (round.r < 0)
		subject->dirty = true;
	return round.r;
}

/* -- how many at once ------------------------------------------------------------------- */

static int candidate_compare(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	int order;

	if (a->exempt != b->exempt)
		return a->exempt ? -1 : 1;
	if (a->takes != b->takes)
		return a->takes ? 1 : -1;
	if (a->wish_since_usec != b->wish_since_usec)
		return a->wish_since_usec < b->wish_since_usec ? -1 : 1;
	order = vm_identity_compare(&a->subject->identity, &b->subject->identity);
	return order != 0 ? order : (int)a->setting - (int)b->setting;
}

static unsigned cap(const struct arbiter *arbiter)
{
	if (arbiter->options.changes_per_minute != 0)
		return arbiter->options.changes_per_minute;
	return 120 + 6 * (unsigned)arbiter->subject_count;
}

static bool is_capped(struct arbiter *arbiter, const struct candidate *candidate)
{
	struct policy_entry *policy = candidate->policy;

	if (candidate->exempt)
		return false;
	if (pace_left(&arbiter->pace, cap(arbiter), arbiter->now_usec) == 0)
		return true;
	return policy != NULL && policy->policy->changes_per_minute != 0 &&
	       pace_left(&policy->pace, policy->policy->changes_per_minute, arbiter->now_usec) == 0;
}

static void hold_back(struct arbiter *arbiter, struct candidate *candidate, struct plan_item *item)
{
	item->verdict = PLAN_HELD;
	item->predicted[0] = '\0';
	snprintf(item->reason, sizeof item->reason,
		 "there were as many changes in this minute as there may be");
	subject_tell(candidate->subject, item);
	candidate->subject->look_again_usec = arbiter->now_usec;
}

static void launch(struct arbiter *arbiter, struct candidate *candidate,
		   const struct plan_item *item)
{
	struct knob *knob = subject_find_knob(candidate->subject, candidate->setting);

	pace_take(&arbiter->pace, arbiter->now_usec);
	if (candidate->policy != NULL)
		pace_take(&candidate->policy->pace, arbiter->now_usec);
	knob->flight = item->verdict == PLAN_SET ? FLIGHT_SET : FLIGHT_RELEASE;
	knob->flight_since_usec = knob->changed_usec = arbiter->now_usec;
	knob->wish_since_usec = 0;
	knob->drifted = false;
	if (item->verdict == PLAN_SET) {
		knob->planned = item->to;
		knob->cause = item->cause;
	}
	if (knob->flight_since_usec + FLIGHT_USEC < candidate->subject->look_again_usec)
		candidate->subject->look_again_usec = knob->flight_since_usec + FLIGHT_USEC;
}

static void grant(struct arbiter *arbiter, struct plan *plan)
{
	size_t i;

	if (arbiter->candidate_count > 1)
		qsort(arbiter->candidates, arbiter->candidate_count, sizeof *arbiter->candidates,
		      candidate_compare);
	for (i = 0; i < arbiter->candidate_count; i++) {
		struct candidate *candidate = &arbiter->candidates[i];
		struct plan_item *item = &plan->items[candidate->item];

		if (is_capped(arbiter, candidate))
			hold_back(arbiter, candidate, item);
		else
			launch(arbiter, candidate, item);
	}
	plan_sort(plan);
}

/* -- a round ---------------------------------------------------------------------------- */

static void begin(struct arbiter *arbiter, const struct snapshot *snapshot, struct plan *plan)
{
	plan_clear(plan);
	arbiter->candidate_count = 0;
	arbiter->ask_count = 0;
	arbiter->now_usec = snapshot->monotonic_usec;
	arbiter->realtime_usec = snapshot->realtime_usec;
	if (!arbiter->planned) {
		arbiter->first_plan_usec = snapshot->monotonic_usec;
		arbiter->first_plan_realtime_usec = snapshot->realtime_usec;
	}
	arbiter->planned = true;
}

size_t arbiter_asks(const struct arbiter *arbiter, const struct vm_identity **ret)
{
	*ret = arbiter->asks;
	return arbiter->ask_count;
}

int arbiter_plan(struct arbiter *arbiter, const struct snapshot *snapshot, struct plan *ret)
{
	size_t i;
	int r;

	begin(arbiter, snapshot, ret);
	r = arbiter_follow(arbiter, snapshot);
	arbiter_note_host(arbiter, &snapshot->host);
	for (i = 0; r == 0 && i < snapshot->vm_count; i++)
		r = arbiter_note(arbiter, arbiter->subjects[i], snapshot->vms[i]);
	if (r == 0)
		r = arbiter_compete(arbiter, snapshot);
	if (r == 0) {
		canaries_step(arbiter, snapshot);
		r = plan_subject(arbiter, snapshot, NULL, arbiter->host, ret);
	}
	for (i = 0; r == 0 && i < snapshot->vm_count; i++)
		r = plan_subject(arbiter, snapshot, snapshot->vms[i], arbiter->subjects[i], ret);
	if (r < 0)
		plan_clear(ret);
	else
		grant(arbiter, ret);
	return r;
}

int arbiter_plan_vm(struct arbiter *arbiter, const struct snapshot *snapshot,
		    const struct vm *vm, struct plan *ret)
{
	struct subject *subject;
	int r;

	begin(arbiter, snapshot, ret);
	subject = arbiter_subject(arbiter, &vm->identity);
	if (subject == NULL)
		return -ENOMEM;
	r = arbiter_note(arbiter, subject, vm);
	if (r == 0)
		r = arbiter_compete(arbiter, snapshot);
	if (r == 0)
		r = plan_subject(arbiter, snapshot, vm, subject, ret);
	if (r < 0)
		plan_clear(ret);
	else
		grant(arbiter, ret);
	return r;
}
