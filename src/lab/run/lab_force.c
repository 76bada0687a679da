/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/run/lab_force.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/vec.h"
#include "ledger/ledger_lines.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void lab_force_init(struct lab_force *force)
{
	memset(force, 0, sizeof *force);
}

int lab_force_add_hold(struct lab_force *force, unsigned vm, const char *setting)
{
	int found = setting_find(setting);

	if (found < 0)
		return -EINVAL;
	if (force->hold_count == LAB_FORCE_HOLDS_MOST)
		return -ENOSPC;
	force->holds[force->hold_count++] = (struct lab_force_hold){ vm, (enum setting)found };
	return 0;
}

static bool against(struct lab_force *force, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Always false. The first reason stays: what follows mostly follows from it. */
static bool against(struct lab_force *force, const char *format, ...)
{
	va_list arguments;

	if (force->why[0] != '\0')
		return false;
	va_start(arguments, format);
	vsnprintf(force->why, sizeof force->why, format, arguments);
	va_end(arguments);
	return false;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* -- truced itself --------------------------------------------------------------------------------- */

bool lab_force_judge_status(struct lab_force *force, const json_t *status)
{
	const json_t *troubles = json_object_get(status, "troubles");

	if (strcmp(text_of(status, "mode"), "enforce") != 0)
		return against(force, "the experiment's truced is in mode \"%.20s\" and turns nothing",
			       text_of(status, "mode"));
	if (json_is_true(json_object_get(status, "paused")))
		return against(force, "the experiment's truced was paused");
	if (json_array_size(troubles) > 0)
		return against(force, "the experiment's truced: %.200s",
			       json_string_value(json_array_get(troubles, 0)));
	return true;
}

/* -- the policy ------------------------------------------------------------------------------------ */

static const json_t *only_policy(const json_t *answer)
{
	const json_t *policies = json_object_get(answer, "policies");

	return json_array_size(policies) == 1 ? json_array_get(policies, 0) : NULL;
}

static bool has_rules(const json_t *policy)
{
	return json_array_size(json_object_get(policy, "rules")) > 0 ||
	       strcmp(text_of(policy, "language"), "c") == 0;
}

bool lab_force_judge_policies(struct lab_force *force, const json_t *before, const json_t *after)
{
	const json_t *was = only_policy(before), *is = only_policy(after);
	const char *name = text_of(is, "name");

	if (!force->policy)
		return true;
	if (was == NULL || is == NULL)
		return against(force, "the policy was not loaded %s", is == NULL ? "any more" : "yet");
	if (strcmp(text_of(was, "hash"), text_of(is, "hash")) != 0)
		return against(force, "the policy %.60s is another one than when the window began", name);
	if (number_of(is, "errors") > 0 || number_of(is, "restarts") > 0)
		return against(force, "the policy %.60s failed: %.150s", name, text_of(is, "trouble"));
	/* Its first turn is at the first tick, whatever its interval is. */
	if (has_rules(is) && number_of(was, "turns") == 0)
		return against(force, "the policy %.60s had not had a turn when the window began", name);
	return true;
}

/* -- the VMs --------------------------------------------------------------------------------------- */

/* An id begins with the process. */
static const json_t *find_vm(const json_t *vms, pid_t pid)
{
	char begin[24];
	size_t i, size = (size_t)snprintf(begin, sizeof begin, "%d-", (int)pid);

	for (i = 0; i < json_array_size(vms); i++)
		if (strncmp(text_of(json_array_get(vms, i), "id"), begin, size) == 0)
			return json_array_get(vms, i);
	return NULL;
}

static const json_t *find_setting(const json_t *list, enum setting setting)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++)
		if (strcmp(text_of(json_array_get(list, i), "setting"), setting_info[setting].name) == 0)
			return json_array_get(list, i);
	return NULL;
}

static bool judge_hold(struct lab_force *force, const struct lab_force_hold *hold, const json_t *vm)
{
	static const char *const lists[] = { "cannot", "held" };
	const char *name = setting_info[hold->setting].name;
	size_t i;

	if (find_setting(json_object_get(vm, "holds"), hold->setting) == NULL)
		return against(force, "VM%u: %s was let go of", hold->vm + 1, name);
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		const json_t *found = find_setting(json_object_get(vm, lists[i]), hold->setting);

		if (found != NULL)
			return against(force, "VM%u: %s is not in force: %.180s", hold->vm + 1, name,
				       text_of(found, "reason"));
	}
	return true;
}

/* What a policy is kept from for a moment (its own rate, another limit) is the peacemaker's way;
 * what this host cannot do is no part of what is measured. */
static bool judge_vm(struct lab_force *force, unsigned number, const json_t *vm)
{
	const json_t *cannot = json_array_get(json_object_get(vm, "cannot"), 0);
	size_t i;

	if (vm == NULL)
		return against(force, "VM%u is not among the VMs that truced sees", number + 1);
	if (!json_is_true(json_object_get(vm, "managed")) || json_is_true(json_object_get(vm, "paused")))
		return against(force, "VM%u was taken out of what truced adjusts", number + 1);
	for (i = 0; i < force->hold_count; i++)
		if (force->holds[i].vm == number && !judge_hold(force, &force->holds[i], vm))
			return false;
	if (force->policy && cannot != NULL)
		return against(force, "VM%u: this host cannot do %.40s, which the policy wants: %.150s",
			       number + 1, text_of(cannot, "setting"), text_of(cannot, "reason"));
	return true;
}

bool lab_force_judge_vms(struct lab_force *force, const json_t *answer)
{
	const json_t *vms = json_object_get(answer, "vms");
	bool classed = false;
	unsigned i;

	for (i = 0; i < force->vm_count; i++) {
		const json_t *vm = find_vm(vms, force->vms[i]);

		if (!judge_vm(force, i, vm))
			return false;
		classed |= *text_of(vm, "class") != '\0';
	}
	if (force->policy && !classed)
		return against(force, "none of the VMs is in a class of the policy, so it adjusts none");
	return true;
}

/* -- the ledger ------------------------------------------------------------------------------------ */

/* One adjustment of a VM of the experiment, and what became of it. */
struct turned {
	uint64_t id, realtime_usec;
	unsigned vm;
	enum setting setting;
	bool applied;
	uint64_t applied_usec;
	bool overtaken;   /* another of the same knob follows, on the same side of the window's begin */
	char failure[160];
};

struct past {
	struct lab_force *force;
	struct turned *items;
	size_t count, capacity;
	bool out_of_memory;
};

/* An owner may take 2 s (act.h): one that was asked so shortly before the end has not answered yet. */
#define OWNER_USEC 2500000ull

static int vm_of(const struct lab_force *force, pid_t pid)
{
	size_t i;

	for (i = 0; i < force->vm_count; i++)
		if (force->vms[i] == pid)
			return (int)i;
	return -1;
}

static bool is_hold(const struct lab_force *force, unsigned vm, enum setting asked)
{
	size_t i;

	for (i = 0; i < force->hold_count; i++)
		if (force->holds[i].vm == vm && force->holds[i].setting == asked)
			return true;
	return false;
}

static void remember(struct past *past, unsigned vm, const struct adjustment *adjustment)
{
	const struct plan_item *item = &adjustment->item;
	uint64_t from = past->force->from_usec;
	size_t i;

	for (i = 0; i < past->count; i++)
		if (past->items[i].vm == vm && past->items[i].setting == item->setting &&
		    (past->items[i].realtime_usec < from) == (adjustment->realtime_usec < from))
			past->items[i].overtaken = true;
	if (!VEC_RESERVE(past->items, past->capacity, past->count + 1)) {
		past->out_of_memory = true;
		return;
	}
	past->items[past->count++] = (struct turned){
		.id = adjustment->id, .realtime_usec = adjustment->realtime_usec, .vm = vm,
		.setting = item->setting };
}

static bool take_item(struct past *past, const struct adjustment *adjustment)
{
	struct lab_force *force = past->force;
	const struct plan_item *item = &adjustment->item;
	bool within = adjustment->realtime_usec >= force->from_usec;
	int vm = item->vm.pid > 0 ? vm_of(force, item->vm.pid) : -1;
	bool of_hold = vm >= 0 && is_hold(force, (unsigned)vm, item->asked);

	if (vm < 0)
		return true;
	if (item->verdict == PLAN_SET || item->verdict == PLAN_RELEASE)
		remember(past, (unsigned)vm, adjustment);
	if (!within || !of_hold)
		return true;
	if (item->verdict == PLAN_RELEASE)
		return against(force, "VM%d: %s was given back within the window", vm + 1,
			       setting_info[item->asked].name);
	if (item->verdict == PLAN_CANNOT || item->verdict == PLAN_HELD)
		return against(force, "VM%d: %s was not in force within the window: %.150s", vm + 1,
			       setting_info[item->asked].name, item->reason);
	return true;
}

static struct turned *find_turned(struct past *past, uint64_t id)
{
	size_t i;

	for (i = past->count; i-- > 0;)
		if (past->items[i].id == id)
			return &past->items[i];
	return NULL;
}

static const char *words_of(enum outcome_status status)
{
	static const char *const words[OUTCOME_STATUS_COUNT] = {
		[OUTCOME_REFUSED] = "was refused", [OUTCOME_GONE] = "found its VM gone",
		[OUTCOME_LATE] = "was not answered in time",
		[OUTCOME_DRIFT] = "was turned by somebody else",
	};

	return words[status];
}

/* What went wrong before the window counts only where it was not mended by then. */
static bool take_outcome(struct past *past, uint64_t id, const struct outcome *outcome)
{
	struct turned *turned = find_turned(past, id);

	if (turned == NULL)
		return true;
	if (words_of(outcome->status) == NULL) {
		turned->applied = true;
		turned->applied_usec = outcome->realtime_usec;
		return true;
	}
	turned->applied = false;
	snprintf(turned->failure, sizeof turned->failure, "%s%s%.110s", words_of(outcome->status),
		 outcome->text[0] != '\0' ? ": " : "", outcome->text);
	if (outcome->realtime_usec < past->force->from_usec)
		return true;
	return against(past->force, "VM%u: %s %s", turned->vm + 1, setting_info[turned->setting].name,
		       turned->failure);
}

static bool take_line(struct past *past, const struct cursor *line)
{
	struct adjustment adjustment = { 0 };
	enum ledger_kind kind;
	uint64_t id;

	/* A line that is no line of a ledger tells nothing, and the last may not be whole yet. */
	if (ledger_take_line(line->at, cursor_left(line), &kind, &id, &adjustment) < 0)
		return true;
	if (kind == LEDGER_ITEM)
		return take_item(past, &adjustment);
	return kind != LEDGER_OUTCOME || take_outcome(past, id, &adjustment.outcome);
}

/* The last of each knob before the window was there when it began; those within it were done. */
static bool judge_turned(struct lab_force *force, const struct turned *turned)
{
	const char *name = setting_info[turned->setting].name;
	bool before = turned->realtime_usec < force->from_usec;

	if (turned->overtaken)
		return true;
	if (!turned->applied && turned->failure[0] != '\0')
		return against(force, "VM%u: %s %s", turned->vm + 1, name, turned->failure);
	if (before && (!turned->applied || turned->applied_usec > force->from_usec))
		return against(force, "VM%u: %s was not turned yet when the window began",
			       turned->vm + 1, name);
	if (!turned->applied && turned->realtime_usec + OWNER_USEC < force->until_usec)
		return against(force, "VM%u: nobody has said what became of %s", turned->vm + 1, name);
	return true;
}

bool lab_force_judge_ledger(struct lab_force *force, const char *lines, size_t size)
{
	struct cursor c = cursor_over(lines, size), line;
	struct past past = { .force = force };
	bool fine = true;
	size_t i;

	while (fine && cursor_take_line(&c, &line))
		fine = take_line(&past, &line);
	if (past.out_of_memory)
		fine = against(force, "no memory for what truced did");
	for (i = 0; fine && i < past.count; i++)
		fine = judge_turned(force, &past.items[i]);
	free(past.items);
	return fine;
}
