/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/overlay.h"

#include "base/vec.h"
#include "model/nice.h"
#include "model/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct laid {
	struct vm_identity vm;
	enum setting setting;
	struct setting_value value;
};

struct overlay {
	struct laid *items; /* in the order in which they were set first */
	size_t count, capacity;
};

struct overlay *overlay_new(void)
{
	return calloc(1, sizeof(struct overlay));
}

void overlay_free(struct overlay *overlay)
{
	if (overlay == NULL)
		return;
	free(overlay->items);
	free(overlay);
}

static struct laid *find(const struct overlay *overlay, const struct plan_item *item)
{
	size_t i;

	for (i = 0; i < overlay->count; i++)
		if (overlay->items[i].setting == item->setting &&
		    vm_identity_compare(&overlay->items[i].vm, &item->vm) == 0)
			return &overlay->items[i];
	return NULL;
}

static void take_away(struct overlay *overlay, size_t at)
{
	overlay->count--;
	memmove(&overlay->items[at], &overlay->items[at + 1],
		(overlay->count - at) * sizeof *overlay->items);
}

int overlay_note(struct overlay *overlay, const struct plan_item *item)
{
	struct laid *laid = find(overlay, item);

	if (item->verdict == PLAN_RELEASE && laid != NULL)
		take_away(overlay, (size_t)(laid - overlay->items));
	if (item->verdict != PLAN_SET)
		return 0;
	if (laid == NULL) {
		if (!VEC_RESERVE(overlay->items, overlay->capacity, overlay->count + 1))
			return -ENOMEM;
		laid = &overlay->items[overlay->count++];
	}
	*laid = (struct laid){ item->vm, item->setting, item->to };
	return 0;
}

/* -- the special ones ------------------------------------------------------------------- */

static bool where_is(const struct vm *vm, const char *where)
{
	const char *text = vm->text[VM_TEXT_WEIGHT_WHERE];

	return text != NULL && strcmp(text, where) == 0;
}

static bool say(char **text, const char *value)
{
	return text_set(text, value, strlen(value));
}

/* A weight in permyriad of the default, in the scale that arbitrates. */
static void lay_relative(struct vm *vm, int64_t relative)
{
	int64_t weight = where_is(vm, "cpu.shares") ? relative * 1024 / 10000 : relative / 100;

	figure_set(vm->value, vm->state, VM_WEIGHT, weight);
	figure_set(vm->value, vm->state, VM_WEIGHT_RELATIVE, relative);
}

static bool lay_weight(const struct snapshot *snapshot, struct vm *vm, int64_t weight)
{
	const char *cgroup = snapshot->host.text[HOST_TEXT_CGROUP];
	bool v2 = cgroup != NULL && strcmp(cgroup, "v2") == 0, done = true;

	/* It has been given a cgroup of its own. */
	if (!where_is(vm, "cpu.weight") && !where_is(vm, "cpu.shares"))
		done = say(&vm->text[VM_TEXT_WEIGHT_WHERE], v2 ? "cpu.weight" : "cpu.shares") &&
		       say(&vm->text[VM_TEXT_CGROUP_OWN], "yes");
	lay_relative(vm, weight * 100);
	return done;
}

static void lay_nice(struct vm *vm, int64_t nice)
{
	size_t i;

	if (where_is(vm, "cpu.weight") || where_is(vm, "cpu.shares")) {
		lay_relative(vm, weight_relative_of_nice((int)nice));
		return;
	}
	if (where_is(vm, "autogroup")) {
		figure_set(vm->value, vm->state, VM_AUTOGROUP_NICE, nice);
	} else {
		figure_set(vm->value, vm->state, VM_NICE, nice);
		for (i = 0; i < vm->thread_count; i++)
			figure_set(vm->threads[i].value, vm->threads[i].state, THREAD_NICE, nice);
	}
	figure_set(vm->value, vm->state, VM_WEIGHT, nice);
	figure_set(vm->value, vm->state, VM_WEIGHT_RELATIVE, weight_relative_of_nice((int)nice));
}

static bool lay_on_vm(const struct snapshot *snapshot, struct vm *vm, const struct laid *laid)
{
	int figure = setting_info[laid->setting].figure;

	switch (laid->setting) {
	case SETTING_CPU_WEIGHT:
		return lay_weight(snapshot, vm, laid->value.number);
	case SETTING_CPU_NICE:
		lay_nice(vm, laid->value.number);
		return true;
	case SETTING_CPU_IDLE:
		return laid->value.number == 0 || say(&vm->text[VM_TEXT_WEIGHT_WHERE], "cpu.idle");
	case SETTING_CPU_AFFINITY:
	case SETTING_CPU_EXCLUSIVE:
		return say(&vm->text[VM_TEXT_AFFINITY], laid->value.text);
	default:
		if (figure >= 0)
			figure_set(vm->value, vm->state, (unsigned)figure, laid->value.number);
		return true;
	}
}

int overlay_apply(struct overlay *overlay, struct snapshot *snapshot)
{
	size_t i = 0;

	while (i < overlay->count) {
		const struct laid *laid = &overlay->items[i];
		int figure = setting_info[laid->setting].figure;
		struct vm *vm = snapshot_find_vm(snapshot, &laid->vm);

		if (laid->vm.pid != 0 && vm == NULL) {
			take_away(overlay, i);
			continue;
		}
		if (vm == NULL && figure >= 0)
			figure_set(snapshot->host.value, snapshot->host.state, (unsigned)figure,
				   laid->value.number);
		else if (vm != NULL && !lay_on_vm(snapshot, vm, laid))
			return -ENOMEM;
		i++;
	}
	return 0;
}
