/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/daemon.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/text.h"
#include "base/vec.h"
#include "daemon/policies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A pid is not used by two processes at a time, and one of them has few VMs. */
static uint64_t key_of(const struct vm_identity *vm)
{
	return ((uint64_t)(uint32_t)vm->pid << 32) ^ (uint64_t)vm->ordinal ^ (vm->start_ticks << 8);
}

struct vm_record *record_of(struct daemon *daemon, const struct vm_identity *vm)
{
	struct vm_record *record = map_get(&daemon->records, key_of(vm));

	return record != NULL && vm_identity_compare(&record->vm, vm) == 0 ? record : NULL;
}

bool record_is_there(struct daemon *daemon, const struct vm_identity *vm)
{
	return vm->pid == 0 || record_of(daemon, vm) != NULL;
}

struct vm_record *record_make(struct daemon *daemon, const struct vm_identity *vm)
{
	struct vm_record *record = map_get(&daemon->records, key_of(vm));

	if (record != NULL && vm_identity_compare(&record->vm, vm) == 0)
		return record;
	if (record != NULL) /* two VMs with one key: the older one is told of no more */
		record_free(map_remove(&daemon->records, key_of(vm)));
	record = calloc(1, sizeof *record);
	if (record == NULL)
		return NULL;
	record->vm = *vm;
	record->policy = "";
	record->managed = true;
	record->waiting_usec = record->cpu_usec = -1;
	if (!map_put(&daemon->records, key_of(vm), record)) {
		free(record);
		return NULL;
	}
	return record;
}

void record_free(struct vm_record *record)
{
	if (record == NULL)
		return;
	free(record->settings);
	free(record->last);
	free(record);
}

struct vm_setting *record_setting(struct vm_record *record, enum setting setting, bool make)
{
	struct vm_setting *item;
	size_t i;

	for (i = 0; i < record->setting_count; i++)
		if (record->settings[i].item.setting == setting)
			return &record->settings[i];
	if (!make || !VEC_RESERVE(record->settings, record->setting_capacity, record->setting_count + 1))
		return NULL;
	item = &record->settings[record->setting_count++];
	memset(item, 0, sizeof *item);
	item->item.vm = record->vm;
	item->item.setting = item->item.asked = setting;
	return item;
}

void record_drop_setting(struct vm_record *record, enum setting setting)
{
	struct vm_setting *item = record_setting(record, setting, false);

	if (item != NULL)
		*item = record->settings[--record->setting_count];
}

static const char *text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static void copy_text(char *to, size_t size, const char *from)
{
	from = text_or_empty(from);
	if (strcmp(to, from) != 0)
		text_copy(to, size, from, strlen(from));
}

/* Opt-out of the configuration, and a person's pause of this VM: nothing is planned for it. */
static void include_or_exclude(struct daemon *daemon, struct vm_record *record)
{
	char id[VM_ID_SIZE];
	bool excluded;

	vm_identity_format(&record->vm, id);
	record->managed = config_is_managed(&daemon->config, record->name, record->uuid, id);
	excluded = !record->managed || holds_is_paused(&daemon->hand, &record->vm);
	if (excluded == record->excluded && record->managed == !record->gives_back)
		return;
	if (excluded)
		arbiter_exclude(daemon->arbiter, &record->vm, !record->managed);
	else
		arbiter_include(daemon->arbiter, &record->vm);
	record->excluded = excluded;
	record->gives_back = !record->managed;
}

void record_classify(struct daemon *daemon, struct vm_record *record, const struct vm *vm)
{
	const char *class = arbiter_class(daemon->arbiter, vm);

	copy_text(record->name, sizeof record->name, vm->text[VM_TEXT_NAME]);
	copy_text(record->uuid, sizeof record->uuid, vm->text[VM_TEXT_UUID]);
	if (strcmp(record->class_name, class) != 0 ||
	    strcmp(text_or_empty(vm->text[VM_TEXT_CLASS]), class) != 0) {
		copy_text(record->class_name, sizeof record->class_name, class);
		record->class_at = 0;
		observe_classify(daemon->observe, &vm->identity, class);
	}
	record->policy = policies_class_owner(daemon, vm);
	include_or_exclude(daemon, record);
}

/* -- sums of classes ---------------------------------------------------------------------- */

static size_t class_place(const struct daemon *daemon, const char *name)
{
	size_t i;

	for (i = 0; i < daemon->class_count; i++)
		if (strcmp(daemon->classes[i].name, name) == 0)
			break;
	return i;
}

/* NULL: no class, or no memory at this tick. */
static struct class_sum *class_sum(struct daemon *daemon, struct vm_record *record)
{
	size_t at;

	if (record->class_name[0] == '\0')
		return NULL;
	if (record->class_at > 0)
		return &daemon->classes[record->class_at - 1];
	at = class_place(daemon, record->class_name);
	if (at == daemon->class_count) {
		if (!VEC_RESERVE(daemon->classes, daemon->class_capacity, at + 1))
			return NULL;
		daemon->classes[at] = (struct class_sum){ 0 };
		copy_text(daemon->classes[at].name, sizeof daemon->classes[at].name, record->class_name);
		daemon->class_count++;
	}
	record->class_at = at + 1;
	return &daemon->classes[at];
}

static void add_growth(uint64_t *sum, int64_t *before, int64_t now, bool known)
{
	if (known && *before >= 0 && now > *before)
		*sum += (uint64_t)(now - *before);
	*before = known ? now : -1;
}

static void add_to_class(struct daemon *daemon, struct vm_record *record, const struct vm *vm)
{
	struct class_sum *sum = class_sum(daemon, record);

	if (sum == NULL)
		return;
	sum->vms++;
	add_growth(&sum->waiting_usec, &record->waiting_usec, vm->value[VM_WAITING],
		   vm->state[VM_WAITING] == FIGURE_PRESENT);
	add_growth(&sum->cpu_usec, &record->cpu_usec, vm->value[VM_USER] + vm->value[VM_SYSTEM],
		   vm->state[VM_USER] == FIGURE_PRESENT && vm->state[VM_SYSTEM] == FIGURE_PRESENT);
}

static void forget_gone(struct daemon *daemon)
{
	struct map_slot *slot;
	struct vm_record **gone = NULL;
	size_t count = 0, capacity = 0, at, i;

	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;) {
		struct vm_record *record = slot->value;

		if (record->seen || record == daemon->host)
			continue;
		if (VEC_RESERVE(gone, capacity, count + 1))
			gone[count++] = record;
	}
	for (i = 0; i < count; i++) {
		daemon->dirty |= holds_part(&daemon->hand, &gone[i]->vm);
		map_remove(&daemon->records, key_of(&gone[i]->vm));
		record_free(gone[i]);
	}
	free(gone);
	if (count > 0)
		policies_forget_gone(daemon);
}

void records_refresh(struct daemon *daemon)
{
	const struct snapshot *snapshot = daemon->snapshot;
	struct effect_mark mark;
	struct map_slot *slot;
	size_t i, at;

	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;)
		((struct vm_record *)slot->value)->seen = false;
	for (i = 0; i < daemon->class_count; i++)
		daemon->classes[i].vms = 0;
	for (i = 0; i < snapshot->vm_count; i++) {
		const struct vm *vm = snapshot->vms[i];
		struct vm_record *record = record_make(daemon, &vm->identity);

		if (record == NULL)
			continue;
		record->seen = true;
		record_classify(daemon, record, vm);
		add_to_class(daemon, record, vm);
		effect_look(snapshot, vm, &mark);
		effect_remember(&record->history, &mark);
	}
	effect_look(snapshot, NULL, &mark);
	effect_remember(&daemon->host->history, &mark);
	forget_gone(daemon);
}

static bool has_id(const struct vm_record *record, const char *text)
{
	char id[VM_ID_SIZE];

	vm_identity_format(&record->vm, id);
	return strcmp(id, text) == 0;
}

static bool is_called(const struct vm_record *record, const char *text)
{
	struct cursor c = cursor_over(text, strlen(text));
	uint64_t pid;

	if (strcmp(record->name, text) == 0 || strcmp(record->uuid, text) == 0)
		return true;
	return cursor_take_u64(&c, &pid) && cursor_at_end(&c) && pid == (uint64_t)record->vm.pid;
}

/* The id is ours and one VM's alone. Name and uuid are the VM's own word: one that calls itself
 * what another is called takes no order from that one. */
int record_find(struct daemon *daemon, const char *text, struct vm_record **ret, struct error *err)
{
	struct vm_record *called = NULL;
	struct map_slot *slot;
	size_t at, count = 0;

	if (strcmp(text, "host") == 0) {
		*ret = daemon->host;
		return 0;
	}
	for (at = 0; (slot = map_next(&daemon->records, &at)) != NULL;) {
		struct vm_record *record = slot->value;

		if (record == daemon->host)
			continue;
		if (has_id(record, text)) {
			*ret = record;
			return 0;
		}
		if (is_called(record, text)) {
			called = record;
			count++;
		}
	}
	if (count > 1)
		return error_set(err, -EBUSY, "%zu VMs have the name, uuid or process id \"%s\": say one's "
				 "id (truce list)", count, text);
	*ret = called;
	return called != NULL ? 0 : error_set(err, -ENOENT, "there is no VM \"%s\"", text);
}
