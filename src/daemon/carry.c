/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a plan to what came of it: act turns the knobs, the ledger and everybody else is told. */
#include "daemon/policies.h"

#include "base/clock.h"
#include "base/error.h"
#include "control/control.h"
#include "daemon/carry.h"
#include "ledger/past.h"

#include <stdlib.h>
#include <string.h>

static struct vm_record *record_for(struct daemon *daemon, const struct vm_identity *vm)
{
	return vm->pid == 0 ? daemon->host : record_make(daemon, vm);
}

/* A ledger that cannot be written costs its lines; what is set is in the journal. */
static void ledger_result(struct daemon *daemon, int r, const struct error *err)
{
	if (r == 0) {
		if (daemon->ledger_trouble[0] != '\0')
			log_line(LOG_NOTICE, "the history of adjustments is written again");
		daemon->ledger_trouble[0] = '\0';
		return;
	}
	if (daemon->ledger_trouble[0] == '\0')
		log_line(LOG_ERR, "%s: adjustments go on, their history has a gap", err->text);
	snprintf(daemon->ledger_trouble, sizeof daemon->ledger_trouble, "%.280s", err->text);
}

static void log_item(const struct plan_item *item, uint64_t id, bool dry_run)
{
	struct log_about about = { .vm = item->vm_name, .setting = setting_info[item->setting].name,
				   .policy = item->cause.policy, .rule = item->cause.rule,
				   .adjustment = id };
	char vm_id[VM_ID_SIZE];
	struct str text;

	vm_identity_format(&item->vm, vm_id);
	about.vm_id = item->vm.pid != 0 ? vm_id : NULL;
	str_init(&text);
	plan_item_append(&text, item);
	if (text.data != NULL)
		log_about(&about, item->verdict == PLAN_HELD ? LOG_DEBUG : LOG_INFO, "%s%s",
			  dry_run ? "(dry-run) " : "", text.data);
	str_done(&text);
}

static uint64_t tell_item(struct daemon *daemon, const struct plan_item *item, bool dry_run)
{
	struct error err = { 0 };
	uint64_t id = 0;
	int r = ledger_write_item(daemon->ledger, clock_realtime_usec(), item, dry_run, &id, &err);

	ledger_result(daemon, r, &err);
	log_item(item, id, dry_run);
	return id;
}

/* SET or RELEASE: what is known of it until its outcome comes. */
static void expect(struct vm_record *record, const struct plan_item *item, uint64_t id, bool dry_run)
{
	struct vm_setting *setting = record_setting(record, item->setting, true);

	if (setting != NULL) {
		bool set = setting->set;

		setting->item = *item;
		setting->id = id;
		setting->dry_run = dry_run;
		setting->set = set;
	}
	if (record->last == NULL)
		record->last = malloc(sizeof *record->last);
	if (record->last == NULL)
		return;
	*record->last = *item;
	record->last_id = id;
	record->last_usec = clock_realtime_usec();
	record->last_told = false;
}

static void count_wait(struct daemon *daemon, const struct plan_item *item)
{
	daemon->counts[item->verdict == PLAN_HELD ? COUNT_HELD : COUNT_CANNOT]++;
}

static void tell_plan(struct daemon *daemon, struct plan *plan, bool dry_run)
{
	size_t i;

	for (i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];
		struct vm_record *record;

		if (item->verdict == PLAN_SET || item->verdict == PLAN_RELEASE) {
			record = record_for(daemon, &item->vm);
			if (record != NULL)
				expect(record, item, tell_item(daemon, item, dry_run), dry_run);
		} else if (arbiter_is_news(daemon->arbiter, item)) {
			tell_item(daemon, item, dry_run);
			count_wait(daemon, item);
		}
	}
}

/* -- outcomes ----------------------------------------------------------------------------- */

static enum count count_of(enum outcome_status status)
{
	static const enum count counts[OUTCOME_STATUS_COUNT] = {
		[OUTCOME_APPLIED] = COUNT_APPLIED, [OUTCOME_REFUSED] = COUNT_REFUSED,
		[OUTCOME_GONE] = COUNT_GONE,	   [OUTCOME_LATE] = COUNT_LATE,
		[OUTCOME_DRIFT] = COUNT_DRIFT,	   [OUTCOME_RESTORED] = COUNT_RESTORED,
	};

	return counts[status];
}

static void log_outcome(const struct vm_record *record, const struct vm_setting *setting,
			const struct outcome *outcome)
{
	struct log_about about = { .vm = record->name, .setting = setting_info[outcome->setting].name,
				   .adjustment = setting != NULL ? setting->id : 0,
				   .policy = setting != NULL ? setting->item.cause.policy : NULL };
	char vm_id[VM_ID_SIZE];
	struct str text;

	/* It went as the plan said, or the VM is gone, which is no trouble; what a knob was left at, or
	 * why it was given back, is worth a line. */
	if (outcome->status == OUTCOME_APPLIED || outcome->status == OUTCOME_GONE ||
	    (outcome->status == OUTCOME_RESTORED && outcome->text[0] == '\0'))
		return;
	vm_identity_format(&outcome->vm, vm_id);
	about.vm_id = outcome->vm.pid != 0 ? vm_id : NULL;
	str_init(&text);
	outcome_append(&text, outcome);
	if (text.data != NULL)
		log_about(&about, outcome->status == OUTCOME_DRIFT ||
			  outcome->status == OUTCOME_RESTORED ? LOG_NOTICE : LOG_WARNING, "%s%s%s",
			  record->name, record->name[0] != '\0' ? ": " : "", text.data);
	str_done(&text);
}

static void begin_effect(struct daemon *daemon, struct vm_record *record, uint64_t id)
{
	const struct vm *vm = snapshot_find_vm(daemon->snapshot, &record->vm);
	struct effect_mark now;

	if (vm == NULL && record->vm.pid != 0)
		return;
	effect_look(daemon->snapshot, vm, &now);
	effects_begin(&daemon->effects, id, &record->vm, &record->history, &now);
}

static void take_into_record(struct vm_record *record, struct vm_setting *setting,
			     const struct outcome *outcome)
{
	uint64_t id = setting->id;

	if (id != 0 && id == record->last_id) {
		record->last_told = true;
		record->last_status = outcome->status;
	}
	switch (outcome->status) {
	case OUTCOME_APPLIED:
		if (!setting->set)
			setting->item.from_known = setting->item.from_known || outcome->from_known;
		if (outcome->from_known && !setting->set)
			setting->item.from = outcome->from;
		setting->set = true;
		setting->since_usec = outcome->realtime_usec;
		setting->value = outcome->to;
		if (outcome->where[0] != '\0')
			memcpy(setting->item.where, outcome->where, sizeof setting->item.where);
		break;
	case OUTCOME_RESTORED:
	case OUTCOME_GONE:
		record_drop_setting(record, outcome->setting);
		break;
	default:
		if (!setting->set)
			record_drop_setting(record, outcome->setting);
		break;
	}
}

static void follow_up(struct daemon *daemon, struct vm_record *record,
		      const struct vm_setting *setting, const struct outcome *outcome)
{
	struct loaded *loaded;

	/* What a timer or a person gave back is no deed of that adjustment. */
	if (outcome->status != (setting->item.verdict == PLAN_RELEASE ? OUTCOME_RESTORED : OUTCOME_APPLIED))
		return;
	begin_effect(daemon, record, setting->id);
	loaded = policies_find(daemon, setting->item.cause.policy);
	if (loaded != NULL)
		loaded->applied++;
}

static void tell_outcome(struct daemon *daemon, const struct outcome *outcome)
{
	struct vm_record *record = record_for(daemon, &outcome->vm);
	struct vm_setting *setting;
	struct error err = { 0 };

	daemon->counts[count_of(outcome->status)]++;
	arbiter_outcome(daemon->arbiter, outcome);
	turns_tell(daemon, outcome);
	if (record == NULL)
		return;
	setting = record_setting(record, outcome->setting, outcome->status == OUTCOME_APPLIED);
	log_outcome(record, setting, outcome);
	if (setting == NULL)
		return;
	if (setting->id != 0) {
		ledger_result(daemon, ledger_write_outcome(daemon->ledger, setting->id, outcome, &err),
			      &err);
		follow_up(daemon, record, setting, outcome);
	}
	take_into_record(record, setting, outcome);
}

void carry_outcomes(struct daemon *daemon)
{
	const struct outcome *outcomes;
	size_t count, i;

	/* Telling one may bring the next (an undo that was waited for). */
	while ((count = act_collect(daemon->act, &outcomes)) > 0)
		for (i = 0; i < count; i++)
			tell_outcome(daemon, &outcomes[i]);
}

/* -- plans -------------------------------------------------------------------------------- */

/* Nothing is turned; for the arbiter and the record it is as if it were. */
static void pretend(struct daemon *daemon, const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];
		struct vm_record *record = record_for(daemon, &item->vm);
		struct outcome outcome = { .vm = item->vm, .setting = item->setting,
					   .realtime_usec = clock_realtime_usec(),
					   .from_known = item->from_known, .from = item->from,
					   .to = item->to };
		struct vm_setting *setting;

		if (item->verdict != PLAN_SET && item->verdict != PLAN_RELEASE)
			continue;
		outcome.status = item->verdict == PLAN_SET ? OUTCOME_APPLIED : OUTCOME_RESTORED;
		memcpy(outcome.where, item->where, sizeof outcome.where);
		arbiter_outcome(daemon->arbiter, &outcome);
		setting = record != NULL ? record_setting(record, item->setting, false) : NULL;
		if (setting != NULL && item->verdict == PLAN_SET) {
			setting->set = true;
			setting->value = item->to;
			setting->since_usec = outcome.realtime_usec;
		} else if (setting != NULL) {
			record_drop_setting(record, item->setting);
		}
	}
}

static void carry(struct daemon *daemon, struct plan *plan)
{
	struct error err = { 0 };
	bool dry_run = daemon->mode == MODE_DRY_RUN;

	tell_plan(daemon, plan, dry_run);
	if (dry_run) {
		pretend(daemon, plan);
		return;
	}
	if (act_apply(daemon->act, daemon->snapshot, plan, &err) < 0)
		log_line(LOG_ERR, "%s", err.text);
	carry_outcomes(daemon);
}

/* True: some of them have answered already. */
static bool ask_states(struct daemon *daemon)
{
	const struct vm_identity *vms;
	size_t count = arbiter_asks(daemon->arbiter, &vms);

	return count > 0 && observe_ask_states(daemon->observe, vms, count) > 0;
}

static bool plan_and_carry(struct daemon *daemon)
{
	plan_clear(&daemon->plan);
	if (arbiter_plan(daemon->arbiter, daemon->snapshot, &daemon->plan) < 0) {
		log_line(LOG_ERR, "out of memory: nothing is planned at this tick");
		return false;
	}
	carry(daemon, &daemon->plan);
	return true;
}

void carry_plan(struct daemon *daemon)
{
	daemon->plan_since_usec = 0;
	if (daemon_adjusts(daemon) && plan_and_carry(daemon) && ask_states(daemon))
		plan_and_carry(daemon);
}

static void carry_birth(struct daemon *daemon, struct vm_record *record, const struct vm *vm)
{
	uint64_t begun = clock_monotonic_usec(), took;
	struct error err = { 0 };

	record_classify(daemon, record, vm);
	if (holds_greet(&daemon->hand, &vm->identity, record->name) &&
	    daemon_apply_holds(daemon, &err) < 0)
		log_line(LOG_ERR, "%s", err.text);
	record->planned = true;
	record->planned_vcpus = vm->vcpu_count;
	if (!daemon_adjusts(daemon) || !record->managed)
		return;
	if (vm->vcpu_count > 0)
		turns_greet(daemon, vm);
	plan_clear(&daemon->birth_plan);
	if (arbiter_plan_vm(daemon->arbiter, daemon->snapshot, vm, &daemon->birth_plan) < 0)
		return;
	carry(daemon, &daemon->birth_plan);
	took = clock_monotonic_usec() - begun;
	daemon->births++;
	if (took > daemon->birth_usec_worst)
		daemon->birth_usec_worst = took;
}

/* VMs, and vCPUs, that were not there when their VM was last planned. */
void carry_births(struct daemon *daemon)
{
	size_t i;

	observe_sample_new(daemon->observe);
	daemon->snapshot = observe_snapshot(daemon->observe);
	for (i = 0; i < daemon->snapshot->vm_count; i++) {
		const struct vm *vm = daemon->snapshot->vms[i];
		struct vm_record *record = record_make(daemon, &vm->identity);

		if (record != NULL && (!record->planned || vm->vcpu_count > record->planned_vcpus))
			carry_birth(daemon, record, vm);
	}
	turns_begin_births(daemon);
}

/* -- after a start ------------------------------------------------------------------------ */

/* Why it was set is in the ledger. The newest of this boot that names the setting. */
static void take_cause(struct daemon *daemon, const struct adjustments *past, struct vm_setting *setting)
{
	size_t i;

	for (i = past->count; i-- > 0;) {
		const struct adjustment *adjustment = &past->items[i];

		if (adjustment->dry_run || adjustment->item.verdict != PLAN_SET ||
		    adjustment->item.setting != setting->item.setting ||
		    vm_identity_compare(&adjustment->item.vm, &setting->item.vm) != 0)
			continue;
		setting->item = adjustment->item;
		setting->id = adjustment->id;
		setting->since_usec = adjustment->realtime_usec;
		return;
	}
}

void carry_resume(struct daemon *daemon)
{
	struct ledger_query query = { .boot = daemon->boot, .most = 2000, .changes_only = true };
	struct adjustments past = { 0 };
	struct map_slot *slot;
	uint64_t counts[COUNT_COUNT];
	size_t at, i, count;

	memcpy(counts, daemon->counts, sizeof counts);
	count = act_resume(daemon->act, daemon->snapshot);
	carry_outcomes(daemon);
	memcpy(daemon->counts, counts, sizeof counts); /* these were told when they happened */
	if (count == 0)
		return;
	log_line(LOG_NOTICE, "%zu settings that were in force already are taken over", count);
	if (ledger_read(control_state_directory(), &query, &past, NULL) < 0)
		return;
	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;) {
		struct vm_record *record = slot->value;

		for (i = 0; i < record->setting_count; i++)
			take_cause(daemon, &past, &record->settings[i]);
	}
	adjustments_done(&past);
}
