/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/plan.h"

#include "base/str.h"
#include "base/text.h"
#include "base/vec.h"

#include <stdlib.h>
#include <string.h>

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

void plan_init(struct plan *plan)
{
	memset(plan, 0, sizeof *plan);
}

void plan_done(struct plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->items);
	plan_init(plan);
}

void plan_clear(struct plan *plan)
{
	plan->count = 0;
}

struct plan_item *plan_add(struct plan *plan)
{
	struct plan_item *item;

	if (!VEC_RESERVE(plan->items, plan->capacity, plan->count + 1))
		return NULL;
	item = &plan->items[plan->count++];
	memset(item, 0, sizeof *item);
	return item;
}

/* What gives, what takes, what is only said. A release whose end is not known stands between. */
static int item_phase(const struct plan_item *item)
{
	if (item->verdict != PLAN_SET && item->verdict != PLAN_RELEASE)
		return 3;
	if (!item->from_known)
		return 1;
	if (setting_is_tightened(item->setting, item->from.number, item->to.number))
		return 2;
	return 0;
}

static int item_compare(const void *left, const void *right)
{
	const struct plan_item *a = left, *b = right;
	int phase = item_phase(a) - item_phase(b);
	int vm = vm_identity_compare(&a->vm, &b->vm);

	if (phase != 0)
		return phase;
	if (vm != 0)
		return vm;
	if (a->setting != b->setting)
		return COMPARE(a->setting, b->setting);
	return COMPARE(a->asked, b->asked);
}

/* A plan is mostly in order already, and qsort of large items allocates. */
void plan_sort(struct plan *plan)
{
	size_t i;

	for (i = 1; i < plan->count; i++)
		if (item_compare(&plan->items[i - 1], &plan->items[i]) > 0) {
			qsort(plan->items, plan->count, sizeof *plan->items, item_compare);
			return;
		}
}

const char *plan_verdict_name(enum plan_verdict verdict)
{
	static const char *const names[PLAN_VERDICT_COUNT] = { "set", "release", "cannot", "held" };

	return verdict < PLAN_VERDICT_COUNT ? names[verdict] : "unknown";
}

const char *outcome_status_name(enum outcome_status status)
{
	static const char *const names[OUTCOME_STATUS_COUNT] = {
		"applied", "refused", "gone", "late", "drift", "restored",
	};

	return status < OUTCOME_STATUS_COUNT ? names[status] : "unknown";
}

static void append_text(struct str *str, const char *text, size_t capacity)
{
	text_append_printable(str, text, strnlen(text, capacity));
}

static void append_vm(struct str *str, const struct vm_identity *vm, const char *name,
		      size_t capacity)
{
	char id[VM_ID_SIZE];

	if (vm->pid == 0) {
		str_append(str, "the host");
	} else if (name != NULL && name[0] != '\0') {
		text_append_safe(str, name, strnlen(name, capacity));
	} else {
		vm_identity_format(vm, id);
		str_append(str, id);
	}
}

static void append_change(struct str *str, const struct plan_item *item)
{
	if (item->from_known) {
		str_append_char(str, ' ');
		setting_append(str, item->setting, &item->from);
	}
	if (item->verdict == PLAN_RELEASE) {
		str_append(str, " -> as it was");
		return;
	}
	str_append(str, item->from_known ? " -> " : " ");
	setting_append(str, item->setting, &item->to);
}

static void append_cause(struct str *str, const struct cause *cause)
{
	if (cause->policy[0] == '\0')
		return;
	str_append(str, " by ");
	append_text(str, cause->policy, sizeof cause->policy);
	if (cause->line > 0)
		str_appendf(str, ":%d", cause->line);
	if (cause->rule[0] != '\0') {
		str_append(str, " (");
		append_text(str, cause->rule, sizeof cause->rule);
		str_append(str, ")");
	}
	if (cause->because[0] != '\0') {
		str_append(str, ": ");
		append_text(str, cause->because, sizeof cause->because);
	}
}

void plan_item_append(struct str *str, const struct plan_item *item)
{
	str_append(str, plan_verdict_name(item->verdict));
	str_append_char(str, ' ');
	append_vm(str, &item->vm, item->vm_name, sizeof item->vm_name);
	if (item->class_name[0] != '\0') {
		str_append(str, " (");
		append_text(str, item->class_name, sizeof item->class_name);
		str_append_char(str, ')');
	}
	str_appendf(str, " %s", setting_info[item->setting].name);
	append_change(str, item);
	if (item->asked != item->setting)
		str_appendf(str, " for %s", setting_info[item->asked].name);
	append_cause(str, &item->cause);
	if (item->reason[0] != '\0') {
		str_append(str, "; ");
		append_text(str, item->reason, sizeof item->reason);
	}
	if (item->predicted[0] != '\0') {
		str_append(str, "; expected: ");
		append_text(str, item->predicted, sizeof item->predicted);
	}
}

void outcome_append(struct str *str, const struct outcome *outcome)
{
	bool drift = outcome->status == OUTCOME_DRIFT;

	str_appendf(str, "%s ", outcome_status_name(outcome->status));
	append_vm(str, &outcome->vm, NULL, 0);
	str_appendf(str, " %s", setting_info[outcome->setting].name);
	if (outcome->from_known) {
		str_append(str, drift ? " set to " : " ");
		setting_append(str, outcome->setting, &outcome->from);
		str_append(str, drift ? " by us, now" : " ->");
	}
	str_append_char(str, ' ');
	setting_append(str, outcome->setting, &outcome->to);
	if (outcome->where[0] != '\0') {
		str_append(str, " by ");
		append_text(str, outcome->where, sizeof outcome->where);
	}
	if (outcome->text[0] != '\0') {
		str_append(str, ": ");
		append_text(str, outcome->text, sizeof outcome->text);
	}
}
