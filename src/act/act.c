/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/act.h"

#include "act/act_order.h"
#include "act/act_state.h"
#include "act/act_worker.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/vec.h"
#include "lease/lease.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STOP_USEC (200 * USEC_PER_MSEC)
#define LAYOUT_USEC (5 * USEC_PER_SEC)

static struct act_options with_defaults(const struct act_options *options)
{
	struct act_options filled = options != NULL ? *options : (struct act_options){ 0 };

	if (filled.owner_usec == 0)
		filled.owner_usec = 2 * USEC_PER_SEC;
	if (filled.high_usec == 0)
		filled.high_usec = 30 * USEC_PER_SEC;
	if (filled.balloon_usec == 0)
		filled.balloon_usec = 60 * USEC_PER_SEC;
	if (filled.cgroup == NULL)
		filled.cgroup = "truce";
	return filled;
}

struct act *act_new(struct root *root, struct leases *leases, const struct act_options *options,
		    struct error *err)
{
	struct act *act = calloc(1, sizeof *act);

	if (act != NULL) {
		act->options = with_defaults(options);
		act->root = root;
		act->leases = leases;
		map_init(&act->held_by_what);
		act->worker = act_worker_new(root, leases, &act->options);
	}
	if (act == NULL || act->worker == NULL) {
		error_errno(err, -ENOMEM, "turning knobs");
		free(act);
		return NULL;
	}
	return act;
}

bool act_free(struct act *act)
{
	size_t i;

	if (act == NULL)
		return true;
	if (!act_worker_free(act->worker, STOP_USEC))
		return false;
	for (i = 0; i < act->held_count; i++)
		free(act->held[i]);
	free(act->held);
	map_done(&act->held_by_what);
	free(act->outcomes);
	free(act->given);
	free(act);
	return true;
}

/* Hierarchies are mounted once in a boot, and to find them costs more than to turn a knob. */
static const struct cgroup_layout *current_layout(struct act *act)
{
	uint64_t now = root_monotonic_usec(act->root);

	if (act->layout_usec == 0 || now - act->layout_usec > LAYOUT_USEC) {
		act->layout_usec = 0;
		if (cgroup_layout_read(act->root, &act->layout, NULL) < 0)
			return NULL;
		act->layout_usec = now;
	}
	return &act->layout;
}

void act_init_context(struct act *act, struct act_context *ret)
{
	*ret = (struct act_context){ .root = act->root, .leases = act->leases,
				     .options = &act->options, .layout = current_layout(act) };
}

/* -- what is held */

static uint64_t held_key(const struct vm_identity *vm, enum setting setting)
{
	return ((uint64_t)vm->pid << 40 ^ (uint64_t)vm->ordinal << 28 ^ vm->start_ticks << 7) +
	       setting;
}

static bool is_held_for(const struct act_held *held, const struct vm_identity *vm,
			enum setting setting)
{
	return held->setting == setting && vm_identity_compare(&held->vm, vm) == 0;
}

struct act_held *act_find_held(const struct act *act, const struct vm_identity *vm,
			       enum setting setting)
{
	struct act_held *held = map_get(&act->held_by_what, held_key(vm, setting));
	size_t i;

	/* Where two keys are the same, the list tells. */
	if (held == NULL || is_held_for(held, vm, setting))
		return held;
	for (i = 0; i < act->held_count; i++)
		if (is_held_for(act->held[i], vm, setting))
			return act->held[i];
	return NULL;
}

struct act_held *act_hold(struct act *act, const struct vm_identity *vm, enum setting setting)
{
	struct act_held *held = act_find_held(act, vm, setting);

	if (held != NULL)
		return held;
	held = calloc(1, sizeof *held);
	if (held == NULL || !VEC_RESERVE(act->held, act->held_capacity, act->held_count + 1) ||
	    !map_put(&act->held_by_what, held_key(vm, setting), held)) {
		free(held);
		return NULL;
	}
	held->vm = *vm;
	held->setting = setting;
	act->held[act->held_count++] = held;
	return held;
}

void act_unhold(struct act *act, struct act_held *held)
{
	uint64_t key = held_key(&held->vm, held->setting);
	size_t i = 0;

	if (map_get(&act->held_by_what, key) == held)
		map_remove(&act->held_by_what, key);
	while (i < act->held_count && act->held[i] != held)
		i++;
	if (i < act->held_count)
		act->held[i] = act->held[--act->held_count];
	free(held);
}

/* -- outcomes */

struct outcome *act_outcome(struct act *act, const struct vm_identity *vm, enum setting setting,
			    enum outcome_status status)
{
	static struct outcome lost;
	struct outcome *outcome = &lost;

	if (VEC_RESERVE(act->outcomes, act->outcome_capacity, act->outcome_count + 1))
		outcome = &act->outcomes[act->outcome_count++];
	memset(outcome, 0, sizeof *outcome);
	outcome->vm = *vm;
	outcome->setting = setting;
	outcome->status = status;
	outcome->realtime_usec = root_realtime_usec(act->root);
	return outcome;
}

static void outcome_fill(struct outcome *outcome, const struct act_turn *turn)
{
	outcome->from_known = turn->from_known;
	outcome->from = turn->from;
	outcome->to = turn->deed == ACT_SET ? turn->value : turn->before;
	snprintf(outcome->where, sizeof outcome->where, "%s", turn->where);
	if (turn->code >= 0)
		/* Of leases that were left to somebody else there is a sentence without a code. */
		snprintf(outcome->text, sizeof outcome->text, "%.*s", (int)sizeof outcome->text - 1,
			 turn->err.code == 0 && turn->err.text[0] != '\0' ? turn->err.text : turn->text);
	else
		snprintf(outcome->text, sizeof outcome->text, "%.*s",
			 (int)sizeof outcome->text - 1,
			 turn->err.text[0] != '\0' ? turn->err.text : act_explain(turn->code));
	outcome->lacking = turn->code == -EOPNOTSUPP && turn->err.text[0] != '\0';
}

static void settle_set(struct act *act, const struct act_turn *turn)
{
	struct act_held *held;

	if (turn->actuator->once)
		return;
	held = act_hold(act, &turn->target->vm, turn->setting);
	if (held == NULL)
		return;
	held->actuator = turn->actuator;
	held->value = turn->value;
	held->before_known = turn->before_known;
	held->before = turn->before;
	held->seen_known = turn->seen_known;
	held->seen = turn->seen;
	held->realtime_usec = root_realtime_usec(act->root);
	held->looked_usec = root_monotonic_usec(act->root);
	snprintf(held->where, sizeof held->where, "%s", turn->where);
	act_start_timers(act, held, held->realtime_usec);
}

void act_settle(struct act *act, const struct act_turn *turn)
{
	struct act_held *held = act_find_held(act, &turn->target->vm, turn->setting);

	if (turn->deed == ACT_READ) {
		if (held != NULL)
			act_compare(act, held, turn);
		return;
	}
	outcome_fill(act_outcome(act, &turn->target->vm, turn->setting, act_turn_status(turn)),
		     turn);
	if (turn->code >= 0 && turn->deed == ACT_SET)
		settle_set(act, turn);
	else if (held != NULL && (turn->code >= 0 || turn->gone))
		act_unhold(act, held);
}

static void note_left(struct act *act, const struct act_turn *turn)
{
	struct act_held *held = turn->left == 0 ? NULL :
				act_find_held(act, &turn->target->vm, (enum setting)(turn->left - 1));

	if (held != NULL)
		memcpy(held->left, turn->left_text, sizeof held->left);
}

/* An undo of several settings has no outcome of its own; act_undo tells them. */
static void job_settle(struct act *act, struct act_job *job)
{
	bool told_already = job->late && job->turn.code == -ETIMEDOUT && job->turn.deadline_usec > 0;

	if (job->turn.deed == ACT_UNDO)
		note_left(act, &job->turn);
	else if (!told_already)
		act_settle(act, &job->turn);
	act_job_free(job);
}

void act_settle_jobs(struct act *act)
{
	struct act_job *job;

	while ((job = act_worker_take(act->worker)) != NULL)
		job_settle(act, job);
}

size_t act_collect(struct act *act, const struct outcome **ret)
{
	struct outcome *outcomes = act->given;
	size_t capacity = act->given_capacity;
	size_t count;

	act_settle_jobs(act);
	if (act_worker_is_idle(act->worker))
		leases_sweep(act->leases);
	act->given = act->outcomes;
	act->given_capacity = act->outcome_capacity;
	count = act->outcome_count;
	act->outcomes = outcomes;
	act->outcome_capacity = capacity;
	act->outcome_count = 0;
	*ret = act->given;
	return count;
}

int act_fd(const struct act *act)
{
	return act_worker_fd(act->worker);
}

/* -- applying a plan */

static void refuse(struct act *act, const struct plan_item *item, int code, const char *text)
{
	struct outcome *outcome = act_outcome(act, &item->vm, item->setting,
					      code == -ESRCH ? OUTCOME_GONE : OUTCOME_REFUSED);

	outcome->to = item->to;
	outcome->from_known = item->from_known;
	outcome->from = item->from;
	outcome->lacking = code == -EOPNOTSUPP;
	snprintf(outcome->text, sizeof outcome->text, "%s", text);
}

static void turn_prepare(struct act_turn *turn, const struct plan_item *item,
			 const struct act_target *target, const struct act_held *held)
{
	*turn = (struct act_turn){ .deed = item->verdict == PLAN_SET ? ACT_SET : ACT_RELEASE,
				   .target = target, .setting = item->setting,
				   .value = item->to, .cause = &item->cause };
	if (held == NULL)
		return;
	turn->from_known = true;
	turn->from = held->seen_known ? held->seen : held->value;
	turn->before_known = held->before_known;
	turn->before = held->before;
}

static bool has_slow_lease(const struct act *act, const struct vm_identity *vm)
{
	const struct lease *lease;
	uint64_t id = 0;

	while ((lease = leases_next(act->leases, id)) != NULL) {
		id = lease->id;
		if (lease->kind->slow && vm_identity_compare(&lease->vm, vm) == 0)
			return true;
	}
	return false;
}

/* Now, or by the worker. */
static int turn_do(struct act *act, struct act_turn *turn)
{
	bool slow = turn->actuator != NULL ? turn->actuator->slow :
					     has_slow_lease(act, &turn->target->vm);
	struct act_context context;
	struct act_job *job;

	if (!slow) {
		act_init_context(act, &context);
		act_turn_run(&context, turn);
		act_settle(act, turn);
		return 0;
	}
	if (act_worker_has(act->worker, turn))
		return 0;
	job = act_job_new(turn);
	if (job == NULL)
		return -ENOMEM;
	act_worker_put(act->worker, job);
	return 0;
}

static int item_do(struct act *act, const struct plan_item *item, const struct act_target *target)
{
	struct act_held *held = act_find_held(act, &item->vm, item->setting);
	char reason[PLAN_REASON_SIZE];
	struct act_context context;
	struct act_turn turn;
	int r = -ENOENT;

	act_init_context(act, &context);
	turn_prepare(&turn, item, target, held);
	turn.actuator = held != NULL ? held->actuator : NULL;
	/* Since it was set last the VM may have got a cgroup of its own, which counts from then on. */
	if (turn.actuator == NULL || (turn.deed == ACT_SET && !turn.actuator->slow)) {
		turn.actuator = NULL;
		r = act_choose(&context, target, item->setting, &turn.actuator, reason);
	}
	if (turn.actuator == NULL && turn.deed == ACT_SET) {
		refuse(act, item, r, reason);
		return 0;
	}
	r = turn_do(act, &turn);
	/* Where it was set is no more: the next time another way is looked for. */
	held = act_find_held(act, &item->vm, item->setting);
	if (turn.code < 0 && held != NULL)
		held->actuator = NULL;
	return r;
}

static void pretend(struct act *act, const struct plan_item *item)
{
	struct outcome *outcome = act_outcome(act, &item->vm, item->setting, OUTCOME_APPLIED);

	outcome->from_known = item->from_known;
	outcome->from = item->from;
	outcome->to = item->to;
	snprintf(outcome->where, sizeof outcome->where, "%s", item->where);
}

static int items_do(struct act *act, const struct snapshot *snapshot,
		    const struct plan_item **items, size_t count)
{
	struct act_target target;
	struct error err = { 0 };
	size_t i;
	int r;

	for (i = 0; i < count && act->options.dry_run; i++)
		pretend(act, items[i]);
	if (act->options.dry_run || count == 0)
		return 0;
	r = act_target_make(act->root, snapshot, &items[0]->vm, false, &target, &err);
	for (i = 0; i < count && r < 0; i++)
		refuse(act, items[i], r, err.text);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	act_order(items, count);
	for (i = 0; i < count && r >= 0; i++)
		r = item_do(act, items[i], &target);
	act_target_done(&target);
	return r;
}

/* More than a VM has settings never stand together. */
#define TOGETHER_MOST (2 * SETTING_COUNT)

/* Those that wait for all others, or the others. */
static int apply(struct act *act, const struct snapshot *snapshot, const struct plan *plan,
		 bool waiting)
{
	const struct plan_item *items[TOGETHER_MOST];
	size_t i, count = 0;
	int r = 0;

	for (i = 0; i < plan->count && r >= 0; i++) {
		const struct plan_item *item = &plan->items[i];

		if ((item->verdict != PLAN_SET && item->verdict != PLAN_RELEASE) ||
		    act_order_waits(item) != waiting)
			continue;
		if (count == TOGETHER_MOST ||
		    (count > 0 && vm_identity_compare(&items[0]->vm, &item->vm) != 0)) {
			r = items_do(act, snapshot, items, count);
			count = 0;
		}
		items[count++] = item;
	}
	return r >= 0 ? items_do(act, snapshot, items, count) : r;
}

int act_apply(struct act *act, const struct snapshot *snapshot, const struct plan *plan,
	      struct error *err)
{
	int r = apply(act, snapshot, plan, false);

	if (r >= 0)
		r = apply(act, snapshot, plan, true);
	return r < 0 ? error_errno(err, r, "the plan was carried out in part") : 0;
}

void act_release(struct act *act, const struct snapshot *snapshot, const struct vm_identity *vm,
		 enum setting setting, const char *text)
{
	struct act_held *held = act_find_held(act, vm, setting);
	struct plan_item item = { .vm = *vm, .verdict = PLAN_RELEASE, .setting = setting };
	struct act_target target;
	struct act_turn turn;

	if (act_target_make(act->root, snapshot, vm, false, &target, NULL) < 0)
		return;
	turn_prepare(&turn, &item, &target, held);
	turn.actuator = held != NULL ? held->actuator : NULL;
	turn.cause = NULL;
	snprintf(turn.text, sizeof turn.text, "%s", text);
	(void)turn_do(act, &turn);
	act_target_done(&target);
}

/* -- reading */

static int read_slow(const struct act *act, const struct snapshot *snapshot,
		     const struct vm_identity *vm, enum setting setting,
		     struct setting_value *ret, struct error *err)
{
	const struct act_held *held = act_find_held(act, vm, setting);
	const struct vm *found = snapshot_find_vm(snapshot, vm);
	int figure = setting_info[setting].figure;

	if (figure >= 0 && found != NULL && found->state[figure] == FIGURE_PRESENT) {
		*ret = (struct setting_value){ .number = found->value[figure] };
		return 0;
	}
	if (held == NULL || !held->seen_known)
		return error_set(err, -EAGAIN, "%s: its owner has not been asked yet",
				 setting_info[setting].name);
	*ret = held->seen;
	return 0;
}

int act_read(struct act *act, const struct snapshot *snapshot, const struct vm_identity *vm,
	     enum setting setting, struct setting_value *ret, char where[static 64],
	     struct error *err)
{
	char reason[PLAN_REASON_SIZE];
	const struct actuator *actuator;
	struct act_context context;
	struct act_target target;
	int r = act_target_make(act->root, snapshot, vm, true, &target, err);

	if (r < 0)
		return r;
	act_init_context(act, &context);
	if (act_choose(&context, &target, setting, &actuator, reason) < 0)
		r = error_set(err, -ENOENT, "%s", reason);
	else if (actuator->read == NULL)
		r = error_set(err, -ENOENT, "%s cannot be read back", setting_info[setting].name);
	else if (actuator->slow)
		r = read_slow(act, snapshot, &target.vm, setting, ret, err);
	else
		r = actuator->read(&context, &target, setting, ret, where, err);
	act_target_done(&target);
	return r;
}
