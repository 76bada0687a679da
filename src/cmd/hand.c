/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/hand.h"

#include "act/act.h"
#include "act/act_lease.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/keep_file.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/assignment.h"
#include "cmd/source.h"
#include "cmd/vm_word.h"
#include "control/control.h"
#include "decide/compete.h"
#include "decide/compile.h"
#include "decide/wish.h"
#include "holds/holds.h"
#include "lease/lease.h"
#include "model/snapshot.h"
#include "sys/root.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An owner has 2 s to answer (act.h), and several are asked one after another. */
#define OUTCOME_USEC (10 * USEC_PER_SEC)

struct hand {
	struct source *source;
	const struct snapshot *snapshot; /* the source's */
	struct root *root;
	struct leases *leases;
	struct act *act;
	char told[400];
};

static int look(struct hand *hand, struct error *err)
{
	/* Some knobs are read back by their owner only. */
	const struct source_spec spec = { .once = true, .with_owner = true };
	int r = source_open(&spec, &hand->source, err);

	if (r < 0)
		return r;
	r = source_next(hand->source, &hand->snapshot, err);
	return r == 0 ? error_set(err, -EINTR, "interrupted") : r;
}

static int open_journal(struct hand *hand, bool turns, struct error *err)
{
	struct leases_options options = { .kinds = act_lease_kinds };
	int r;

	hand->root = root_live_new();
	if (hand->root == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	options.context = hand->root;
	if (!turns)
		return leases_peek(hand->root, &options, &hand->leases, err);
	r = leases_open(hand->root, &options, &hand->leases, hand->told, sizeof hand->told, err);
	if (r < 0)
		return r;
	hand->act = act_new(hand->root, hand->leases, NULL, err);
	if (hand->act == NULL)
		return err->code != 0 ? err->code : -ENOMEM;
	act_resume(hand->act, hand->snapshot);
	return 0;
}

int hand_open(enum hand_reach reach, struct hand **ret, struct error *err)
{
	struct hand *hand = calloc(1, sizeof *hand);
	int r;

	if (hand == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	r = look(hand, err);
	if (r >= 0 && reach != HAND_PLANS)
		r = open_journal(hand, reach == HAND_TURNS, err);
	if (r < 0) {
		hand_close(hand);
		return r;
	}
	*ret = hand;
	return 0;
}

/* While an owner has not answered, root and leases stay as they are: the process ends anyway. */
void hand_close(struct hand *hand)
{
	bool idle;

	if (hand == NULL)
		return;
	idle = hand->act == NULL || act_free(hand->act);
	if (idle) {
		leases_close(hand->leases);
		root_free(hand->root);
	}
	if (hand->source != NULL)
		source_close(hand->source);
	free(hand);
}

const char *hand_told(const struct hand *hand)
{
	return hand->told;
}

int hand_find(struct hand *hand, const char *word, struct vm_word *ret, struct error *err)
{
	return vm_word_find_in(hand->snapshot, word, ret, err);
}

/* -- setting -------------------------------------------------------------------------------- */

int hand_plan(struct hand *hand, const struct vm_word *vm, const struct assignment *assignments,
	      size_t count, struct plan *ret, struct error *err)
{
	struct wish *wishes = calloc(count + 1, sizeof *wishes);
	size_t wished = 0, i;
	int r = -ENOMEM;

	for (i = 0; wishes != NULL && i < count; i++)
		if (!assignments[i].release)
			wishes[wished++] = (struct wish){ assignments[i].setting, assignments[i].value };
	if (wishes != NULL)
		r = wish_plan(hand->snapshot, &vm->identity, getpid(), wishes, wished, ret);
	free(wishes);
	return r < 0 ? error_errno(err, r, "cannot plan that") : 0;
}

static void append_name(const struct hand *hand, const struct vm_identity *identity,
			struct str *said)
{
	const struct vm *vm = snapshot_find_vm(hand->snapshot, identity);
	char id[VM_ID_SIZE];

	if (identity->pid == 0) {
		str_append(said, "host");
	} else if (vm != NULL && vm->text[VM_TEXT_NAME] != NULL) {
		text_append_safe(said, vm->text[VM_TEXT_NAME], strlen(vm->text[VM_TEXT_NAME]));
	} else {
		vm_identity_format(identity, id);
		str_append(said, id);
	}
	str_append(said, ": ");
}

static bool is_failure(const struct outcome *outcome)
{
	return outcome->status != OUTCOME_APPLIED && outcome->status != OUTCOME_RESTORED;
}

static void append_outcome(const struct hand *hand, const struct outcome *outcome, struct str *said)
{
	append_name(hand, &outcome->vm, said);
	str_appendf(said, "%s ", setting_info[outcome->setting].name);
	if (outcome->from_known) {
		setting_append(said, outcome->setting, &outcome->from);
		str_append(said, " -> ");
	}
	setting_append(said, outcome->setting, &outcome->to);
	str_appendf(said, ", %s", outcome_status_name(outcome->status));
	if (outcome->where[0] != '\0') {
		str_append(said, " at ");
		text_append_safe(said, outcome->where, strlen(outcome->where));
	}
	if (outcome->text[0] != '\0') {
		str_append(said, ": ");
		text_append_printable(said, outcome->text, strlen(outcome->text));
	}
	str_append_char(said, '\n');
}

/* Takes what has come since; how many of them failed. */
static size_t collect(struct hand *hand, struct str *said, size_t *ret_count)
{
	const struct outcome *outcomes;
	size_t count = act_collect(hand->act, &outcomes), failed = 0, i;

	for (i = 0; i < count; i++) {
		append_outcome(hand, &outcomes[i], said);
		failed += is_failure(&outcomes[i]);
	}
	*ret_count += count;
	return failed;
}

static void wait_for_outcomes(struct hand *hand)
{
	struct pollfd fd = { .fd = act_fd(hand->act), .events = POLLIN };

	poll(&fd, 1, 100);
}

static size_t count_turned(const struct plan *plan)
{
	size_t i, count = 0;

	for (i = 0; i < plan->count; i++)
		count += plan->items[i].verdict == PLAN_SET;
	return count;
}

int hand_apply(struct hand *hand, const struct plan *plan, struct str *said, struct error *err)
{
	uint64_t end = clock_monotonic_usec() + OUTCOME_USEC;
	size_t wanted = count_turned(plan), done = 0, failed;
	const struct outcome *outcomes;
	int r;

	act_collect(hand->act, &outcomes); /* what was resumed is no news */
	r = act_apply(hand->act, hand->snapshot, plan, err);
	if (r < 0)
		return r;
	failed = collect(hand, said, &done);
	while (done < wanted && clock_monotonic_usec() < end) {
		wait_for_outcomes(hand);
		failed += collect(hand, said, &done);
	}
	return (int)(failed + wanted - (done < wanted ? done : wanted));
}

/* -- what is held ---------------------------------------------------------------------------- */

static const char *boot_of(const struct hand *hand)
{
	const char *boot = hand->snapshot->host.text[HOST_TEXT_BOOT_ID];

	return boot != NULL ? boot : "unknown";
}

static void name_file(char *ret, size_t size)
{
	snprintf(ret, size, "%s/hand.json", control_state_directory());
}

/* As a truced that starts has them: of the VMs that are here by now. */
static int read_holds(const struct hand *hand, struct holds *ret, struct error *err)
{
	char path[1024];
	size_t i;
	int r;

	name_file(path, sizeof path);
	r = holds_load(path, boot_of(hand), clock_realtime_usec(), ret, err);
	if (r < 0)
		return r;
	holds_part_gone(ret, hand->snapshot);
	for (i = 0; i < hand->snapshot->vm_count; i++) {
		const struct vm *vm = hand->snapshot->vms[i];

		if (vm->text[VM_TEXT_NAME] != NULL)
			holds_greet(ret, &vm->identity, vm->text[VM_TEXT_NAME]);
	}
	return 0;
}

static int write_holds(const struct hand *hand, const struct holds *holds, struct error *err)
{
	char path[1024];
	int r = keep_directory(control_state_directory(), 0755, err);

	name_file(path, sizeof path);
	return r == 0 ? holds_save(path, boot_of(hand), holds, err) : r;
}

static bool can_be_done(const struct plan *plan, enum setting asked)
{
	size_t i;

	for (i = 0; i < plan->count; i++)
		if (plan->items[i].asked == asked && plan->items[i].verdict != PLAN_SET)
			return false;
	return true;
}

static int hold(struct holds *holds, const struct vm_word *vm, const struct assignment *assignment)
{
	struct hold *made = holds_take(holds, &vm->identity, vm->name, assignment->setting);

	if (made == NULL)
		return -ENOMEM;
	made->value = assignment->value;
	made->until_usec = 0;
	return 0;
}

int hand_keep(struct hand *hand, const struct vm_word *vm, const struct assignment *assignments,
	      size_t count, const struct plan *plan, struct error *err)
{
	struct holds holds;
	size_t i;
	int r = read_holds(hand, &holds, err);

	for (i = 0; r == 0 && i < count; i++) {
		if (assignments[i].release)
			holds_let_go(&holds, &vm->identity, assignments[i].setting);
		else if (can_be_done(plan, assignments[i].setting))
			r = hold(&holds, vm, &assignments[i]);
	}
	if (r == 0)
		r = write_holds(hand, &holds, err);
	else if (r == -ENOMEM)
		error_set(err, r, "out of memory");
	holds_done(&holds);
	return r;
}

/* Not by a plan: that leaves out what is in force already. */
static bool comes_to(const struct hand *hand, const struct hold *hold, enum setting knob)
{
	struct compile_context context = { .snapshot = hand->snapshot };
	struct wanted wanted[SETTING_COUNT] = { { 0 } };
	struct compiled compiled[COMPILED_MAX];
	const struct vm *vm = snapshot_find_vm(hand->snapshot, &hold->vm);
	struct compile_share none;
	size_t i, count;

	if (vm == NULL)
		return false; /* it waits for its VM; the host's are knobs */
	compile_compete(&context, &none, 0);
	wanted[hold->setting] = (struct wanted){ true, COMPILE_RANK_PERSON, hold->value, NULL };
	count = compile_vm(&context, vm, wanted, compiled);
	for (i = 0; i < count; i++)
		if (compiled[i].setting == knob)
			return true;
	return false;
}

static bool ends_with(const struct hand *hand, const struct hold *hold, const struct vm_identity *vm,
		      enum setting setting)
{
	if (vm != NULL && !hold_is_of(hold, vm))
		return false;
	return setting == SETTING_COUNT || hold->setting == setting || comes_to(hand, hold, setting);
}

int hand_forget(struct hand *hand, const struct vm_identity *vm, enum setting setting,
		struct error *err)
{
	struct holds holds;
	size_t i;
	int r = read_holds(hand, &holds, err);

	if (r < 0)
		return r;
	for (i = holds.hold_count; i-- > 0;)
		if (ends_with(hand, &holds.holds[i], vm, setting))
			holds.holds[i] = holds.holds[--holds.hold_count];
	if (setting == SETTING_COUNT && vm == NULL)
		holds.paused = true;
	else if (setting == SETTING_COUNT && holds_pause(&holds, vm) < 0)
		r = error_set(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = write_holds(hand, &holds, err);
	holds_done(&holds);
	return r;
}

int hand_resume(struct hand *hand, const struct vm_identity *vm, struct error *err)
{
	struct holds holds;
	int r = read_holds(hand, &holds, err);

	if (r < 0)
		return r;
	if (vm != NULL) {
		holds_resume(&holds, vm);
	} else {
		holds.paused = false;
		holds.vm_count = 0;
	}
	r = write_holds(hand, &holds, err);
	holds_done(&holds);
	return r;
}

/* -- giving back ---------------------------------------------------------------------------- */

static bool is_meant(const struct lease *lease, const struct vm_identity *vm, enum setting setting,
		     struct setting_value *ret_value, enum setting *ret_setting)
{
	int found = lease->note != NULL ? act_note_parse(lease->note, ret_value) : -1;

	if (found < 0 || (vm != NULL && vm_identity_compare(vm, &lease->vm) != 0))
		return false;
	*ret_setting = (enum setting)found;
	return setting == SETTING_COUNT || setting == *ret_setting;
}

/* Several leases, one a thread or a file, are of one setting: the last of them tells. */
static bool is_last_of_its_setting(const struct hand *hand, const struct lease *lease,
				   enum setting setting)
{
	const struct lease *next = lease;

	while ((next = leases_next(hand->leases, next->id)) != NULL) {
		struct setting_value value;
		enum setting other;

		if (is_meant(next, &lease->vm, setting, &value, &other))
			return false;
	}
	return true;
}

size_t hand_list(struct hand *hand, const struct vm_identity *vm, enum setting setting,
		 struct str *said)
{
	const struct lease *lease;
	struct setting_value value;
	enum setting found;
	uint64_t id = 0;
	size_t count = 0;

	for (; (lease = leases_next(hand->leases, id)) != NULL; id = lease->id) {
		if (!is_meant(lease, vm, setting, &value, &found) ||
		    !is_last_of_its_setting(hand, lease, found))
			continue;
		append_name(hand, &lease->vm, said);
		str_appendf(said, "%s ", setting_info[found].name);
		setting_append(said, found, &value);
		str_append_char(said, '\n');
		count++;
	}
	return count;
}

int hand_check_knob(enum setting setting, struct error *err)
{
	if (setting == SETTING_COUNT || setting_info[setting].kind == SETTING_KIND_KNOB)
		return 0;
	return error_set(err, -EINVAL, "%s is an intent, and without truced only knobs are known: truce "
			 "undo -n lists what is set", setting_info[setting].name);
}

size_t hand_undo(struct hand *hand, const struct vm_identity *vm, enum setting setting,
		 struct str *said, struct error *err)
{
	const struct outcome *outcomes;
	size_t failed, count = 0;

	act_collect(hand->act, &outcomes); /* what was resumed is no news */
	failed = act_undo(hand->act, vm, setting, err);
	collect(hand, said, &count);
	return failed;
}
