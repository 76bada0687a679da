/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/snapshot_json.h"

#include "base/str.h"
#include "report/json.h"

static void json_figures(struct json *json, struct object_view view)
{
	size_t i;

	for (i = 0; i < view.info->figure_count; i++) {
		json_key(json, view.info->figures[i].name);
		if (view.state[i] == FIGURE_PRESENT)
			json_int(json, view.value[i]);
		else
			json_nothing(json);
	}
}

static void json_texts(struct json *json, struct object_view view)
{
	size_t i;

	for (i = 0; i < view.info->text_count; i++) {
		json_key(json, view.info->texts[i].name);
		json_text(json, view.text[i]);
	}
}

/* "absent":{"refused":["rss_bytes",...]}: nothing for what nobody asked. */
static void json_absent(struct json *json, struct object_view view)
{
	bool any = false;
	unsigned state;
	size_t i;

	for (state = FIGURE_PRESENT + 1; state < FIGURE_STATE_COUNT; state++) {
		bool open = false;

		for (i = 0; i < view.info->figure_count; i++) {
			if (view.state[i] != state)
				continue;
			if (!any) {
				json_key(json, "absent");
				json_object_begin(json);
			}
			if (!open) {
				json_key(json, figure_state_name((enum figure_state)state));
				json_array_begin(json);
			}
			any = open = true;
			json_text(json, view.info->figures[i].name);
		}
		if (open)
			json_array_end(json);
	}
	if (any)
		json_object_end(json);
}

static void json_view(struct json *json, struct object_view view)
{
	json_texts(json, view);
	json_figures(json, view);
	json_absent(json, view);
}

/* How old each group of figures is; null: never sampled. */
static void json_ages(struct json *json, const uint64_t sampled_usec[GROUP_COUNT],
		      uint64_t monotonic_usec)
{
	unsigned group;

	json_key(json, "age_usec");
	json_object_begin(json);
	for (group = 0; group < GROUP_COUNT; group++) {
		json_key(json, figure_group_name((enum figure_group)group));
		if (sampled_usec[group] == 0)
			json_nothing(json);
		else
			json_int(json, (int64_t)(monotonic_usec - sampled_usec[group]));
	}
	json_object_end(json);
}

void snapshot_json_times(struct json *json, const struct snapshot *snapshot)
{
	json_key(json, "time");
	json_time(json, snapshot->realtime_usec);
	json_key(json, "realtime_usec");
	json_uint(json, snapshot->realtime_usec);
	json_key(json, "monotonic_usec");
	json_uint(json, snapshot->monotonic_usec);
	json_key(json, "sequence");
	json_uint(json, snapshot->sequence);
}

static void json_cpus(struct json *json, const struct snapshot *snapshot)
{
	size_t i;

	json_key(json, "cpus");
	json_array_begin(json);
	for (i = 0; i < snapshot->cpu_count; i++) {
		json_object_begin(json);
		json_key(json, "number");
		json_int(json, snapshot->cpus[i].number);
		json_view(json, cpu_view(&snapshot->cpus[i]));
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_named(struct json *json, const char *name, struct object_view view)
{
	json_object_begin(json);
	json_key(json, "name");
	json_text(json, name);
	json_view(json, view);
	json_object_end(json);
}

void snapshot_json_host(struct json *json, const struct snapshot *snapshot)
{
	size_t i;

	json_object_begin(json);
	json_view(json, host_view(&snapshot->host));
	json_ages(json, snapshot->host.sampled_usec, snapshot->monotonic_usec);
	json_cpus(json, snapshot);
	json_key(json, "disks");
	json_array_begin(json);
	for (i = 0; i < snapshot->disk_count; i++)
		json_named(json, snapshot->disks[i].name, disk_view(&snapshot->disks[i]));
	json_array_end(json);
	json_key(json, "nics");
	json_array_begin(json);
	for (i = 0; i < snapshot->nic_count; i++)
		json_named(json, snapshot->nics[i].name, nic_view(&snapshot->nics[i]));
	json_array_end(json);
	json_object_end(json);
}

static void json_thread(struct json *json, const struct thread *thread)
{
	json_object_begin(json);
	if (thread->role == ROLE_VCPU) {
		json_key(json, "index");
		json_int(json, thread->index);
	} else {
		json_key(json, "role");
		json_text(json, thread_role_name(thread->role));
	}
	json_key(json, "tid");
	if (thread->tid != 0)
		json_int(json, thread->tid);
	else
		json_nothing(json);
	json_view(json, thread_view(thread));
	json_object_end(json);
}

static void json_threads(struct json *json, const char *key, const struct vm *vm, bool vcpus)
{
	size_t i;

	json_key(json, key);
	json_array_begin(json);
	for (i = 0; i < vm->thread_count; i++)
		if ((vm->threads[i].role == ROLE_VCPU) == vcpus)
			json_thread(json, &vm->threads[i]);
	json_array_end(json);
}

static void json_identity(struct json *json, const struct vm_identity *identity)
{
	char id[VM_ID_SIZE];

	vm_identity_format(identity, id);
	json_key(json, "id");
	json_text(json, id);
	json_key(json, "pid");
	json_int(json, identity->pid);
}

void snapshot_json_vm(struct json *json, const struct snapshot *snapshot, const struct vm *vm)
{
	json_identity(json, &vm->identity);
	json_key(json, "born");
	json_time(json, vm->born_usec);
	json_view(json, vm_view(vm));
	json_ages(json, vm->sampled_usec, snapshot->monotonic_usec);
	json_threads(json, "vcpus", vm, true);
	json_threads(json, "other_threads", vm, false);
}

static void json_event(struct json *json, const struct event *event)
{
	json_object_begin(json);
	json_key(json, "time");
	json_time(json, event->realtime_usec);
	json_key(json, "event");
	json_text(json, event_kind_name(event->kind));
	if (event->identity.pid != 0) {
		json_identity(json, &event->identity);
		json_key(json, "name");
		json_text(json, event->name);
	}
	json_key(json, "detail");
	json_text(json, event->detail);
	json_object_end(json);
}

void snapshot_json_append_line(const struct snapshot *snapshot,
			       bool (*wanted)(const struct vm *vm, void *context), void *context,
			       struct str *out)
{
	struct json json;
	size_t i;

	json_begin(&json, out);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.dump/1");
	snapshot_json_times(&json, snapshot);
	json_key(&json, "host");
	snapshot_json_host(&json, snapshot);
	json_key(&json, "vms");
	json_array_begin(&json);
	for (i = 0; i < snapshot->vm_count; i++) {
		if (wanted != NULL && !wanted(snapshot->vms[i], context))
			continue;
		json_object_begin(&json);
		snapshot_json_vm(&json, snapshot, snapshot->vms[i]);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_key(&json, "events");
	json_array_begin(&json);
	for (i = 0; i < snapshot->event_count; i++)
		json_event(&json, &snapshot->events[i]);
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(out, '\n');
}
