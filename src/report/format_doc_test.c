/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of doc/format that follow from figures.h are made here and compared with the
 * pages: UPDATE_GOLDEN=1 writes them, as it writes the golden files.
 */
#include "base/str.h"
#include "model/snapshot_objects.h"
#include "report/example.h"
#include "report/json.h"
#include "report/openmetrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define DOC "../../doc/format/"
#define DRAFT "https://json-schema.org/draft/2020-12/schema"

static const char *unit_name(enum figure_unit unit)
{
	static const char *const names[] = {
		[UNIT_NUMBER] = "number", [UNIT_COUNT] = "count", [UNIT_USEC] = "microseconds",
		[UNIT_BYTES] = "bytes", [UNIT_PERMYRIAD] = "ten thousandths",
		[UNIT_MILLI] = "thousandths",
	};

	return names[unit];
}

static const char *kind_name(enum figure_kind kind)
{
	static const char *const names[] = {
		[KIND_GAUGE] = "gauge", [KIND_COUNTER] = "counter", [KIND_KNOB] = "knob",
	};

	return names[kind];
}

static void put(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_text(json, text);
}

static void put_type_or_null(struct json *json, const char *type)
{
	json_key(json, "type");
	json_array_begin(json);
	json_text(json, type);
	json_text(json, "null");
	json_array_end(json);
}

static void open_object(struct json *json, const char *key)
{
	json_key(json, key);
	json_object_begin(json);
}

static void put_typed(struct json *json, const char *key, const char *type)
{
	open_object(json, key);
	put(json, "type", type);
	json_object_end(json);
}

static void put_or_null(struct json *json, const char *key, const char *type, const char *help)
{
	open_object(json, key);
	put_type_or_null(json, type);
	put(json, "description", help);
	json_object_end(json);
}

static void put_reference(struct json *json, const char *key, const char *target)
{
	open_object(json, key);
	put(json, "$ref", target);
	json_object_end(json);
}

static void put_list_of(struct json *json, const char *key, const char *target)
{
	open_object(json, key);
	put(json, "type", "array");
	put_reference(json, "items", target);
	json_object_end(json);
}

static void put_figures(struct json *json, const struct object_info *info)
{
	char help[256];
	size_t i;

	for (i = 0; i < info->text_count; i++)
		put_or_null(json, info->texts[i].name, "string", info->texts[i].help);
	for (i = 0; i < info->figure_count; i++) {
		const struct figure_info *figure = &info->figures[i];

		snprintf(help, sizeof help, "%s (%s, %s)", figure->help, unit_name(figure->unit),
			 kind_name(figure->kind));
		put_or_null(json, figure->name, "integer", help);
	}
	put_reference(json, "absent", "#/$defs/absent");
}

/* Every figure and text is always there, as null if need be; `more` are words with blanks. */
static void put_required(struct json *json, const struct object_info *info, const char *more)
{
	size_t i, length;

	json_key(json, "required");
	json_array_begin(json);
	for (; *more != '\0'; more += length + (more[length] == ' ')) {
		length = strcspn(more, " ");
		json_text_bytes(json, more, length);
	}
	for (i = 0; info != NULL && i < info->text_count; i++)
		json_text(json, info->texts[i].name);
	for (i = 0; info != NULL && i < info->figure_count; i++)
		json_text(json, info->figures[i].name);
	json_array_end(json);
}

static void begin_definition(struct json *json, const char *name, const struct object_info *info,
			     const char *more)
{
	open_object(json, name);
	put(json, "type", "object");
	put_required(json, info, more);
	open_object(json, "properties");
}

static void end_definition(struct json *json)
{
	json_object_end(json);
	json_object_end(json);
}

static void define_small(struct json *json)
{
	unsigned i;

	open_object(json, "time");
	put(json, "type", "string");
	put(json, "pattern", "^\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z$");
	json_object_end(json);
	open_object(json, "id");
	put(json, "type", "string");
	put(json, "pattern", "^\\d+-\\d+-\\d+$");
	put(json, "description", "pid, start time in clock ticks after boot, ordinal in its process");
	json_object_end(json);
	open_object(json, "absent");
	put(json, "type", "object");
	put(json, "description", "why figures are null: reason and names; not here: nobody asked");
	open_object(json, "additionalProperties");
	put(json, "type", "array");
	put_typed(json, "items", "string");
	json_object_end(json);
	json_object_end(json);
	begin_definition(json, "age", NULL, "hot cold maps owner");
	for (i = 0; i < GROUP_COUNT; i++)
		put_or_null(json, figure_group_name((enum figure_group)i), "integer",
			    "microseconds since this group was sampled; null: never");
	end_definition(json);
}

static void define_parts(struct json *json)
{
	begin_definition(json, "cpu", &cpu_info, "number");
	put_typed(json, "number", "integer");
	put_figures(json, &cpu_info);
	end_definition(json);
	begin_definition(json, "disk", &disk_info, "name");
	put_typed(json, "name", "string");
	put_figures(json, &disk_info);
	end_definition(json);
	begin_definition(json, "nic", &nic_info, "name");
	put_typed(json, "name", "string");
	put_figures(json, &nic_info);
	end_definition(json);
	begin_definition(json, "host", &host_info, "age_usec cpus disks nics");
	put_figures(json, &host_info);
	put_reference(json, "age_usec", "#/$defs/age");
	put_list_of(json, "cpus", "#/$defs/cpu");
	put_list_of(json, "disks", "#/$defs/disk");
	put_list_of(json, "nics", "#/$defs/nic");
	end_definition(json);
}

static void define_threads(struct json *json)
{
	begin_definition(json, "vcpu", &thread_info, "index tid");
	put_typed(json, "index", "integer");
	put_or_null(json, "tid", "integer", "null: not known (yet)");
	put_figures(json, &thread_info);
	end_definition(json);
	begin_definition(json, "other_thread", &thread_info, "role tid");
	open_object(json, "role");
	json_key(json, "enum");
	json_array_begin(json);
	json_text(json, thread_role_name(ROLE_EMULATOR));
	json_text(json, thread_role_name(ROLE_IO));
	json_text(json, thread_role_name(ROLE_VHOST));
	json_array_end(json);
	json_object_end(json);
	put_typed(json, "tid", "integer");
	put_figures(json, &thread_info);
	end_definition(json);
}

static void put_percent(struct json *json, const char *key, const char *help)
{
	put_or_null(json, key, "number", help);
}

/* What list adds to a VM. */
static void define_now(struct json *json)
{
	begin_definition(json, "now", NULL, "cpu_percent wait_percent throttled_percent hurt "
			 "hurt_percent per_second");
	put_percent(json, "cpu_percent", "CPU that the whole VMM used; 100 is one CPU");
	put_percent(json, "wait_percent", "time that its vCPUs wanted a CPU which others had, summed");
	put_percent(json, "throttled_percent", "time that its own quota held it back");
	put_or_null(json, "hurt", "string", "cpu, quota, memory, io, swap or paging");
	put_percent(json, "hurt_percent", "share of the time, of the worst vCPU");
	open_object(json, "per_second");
	put(json, "type", "object");
	put(json, "description", "growth of each counter a second, in the counter's own unit");
	open_object(json, "additionalProperties");
	put_type_or_null(json, "integer");
	json_object_end(json);
	json_object_end(json);
	end_definition(json);
}

static void define_vm(struct json *json, bool list)
{
	define_threads(json);
	if (list)
		define_now(json);
	begin_definition(json, "vm", &vm_info, list ?
			 "id pid born age_usec vcpus other_threads now" :
			 "id pid born age_usec vcpus other_threads");
	put_reference(json, "id", "#/$defs/id");
	put_typed(json, "pid", "integer");
	put_reference(json, "born", "#/$defs/time");
	put_figures(json, &vm_info);
	put_reference(json, "age_usec", "#/$defs/age");
	put_list_of(json, "vcpus", "#/$defs/vcpu");
	put_list_of(json, "other_threads", "#/$defs/other_thread");
	if (list)
		put_reference(json, "now", "#/$defs/now");
	end_definition(json);
}

static void define_event(struct json *json)
{
	unsigned kind;

	begin_definition(json, "event", NULL, "time event detail");
	put_reference(json, "time", "#/$defs/time");
	open_object(json, "event");
	json_key(json, "enum");
	json_array_begin(json);
	for (kind = 0; kind < EVENT_KIND_COUNT; kind++)
		json_text(json, event_kind_name((enum event_kind)kind));
	json_array_end(json);
	json_object_end(json);
	put_reference(json, "id", "#/$defs/id");
	put_typed(json, "pid", "integer");
	put_or_null(json, "name", "string", "the VM's");
	put_or_null(json, "detail", "string", "more about it, for people");
	end_definition(json);
}

static void put_schema(struct json *json, const char *schema, bool list)
{
	json_object_begin(json);
	put(json, "$schema", DRAFT);
	put(json, "title", schema);
	put(json, "type", "object");
	put_required(json, NULL, list ?
		     "schema time realtime_usec monotonic_usec sequence over_usec host vms" :
		     "schema time realtime_usec monotonic_usec sequence host vms events");
	open_object(json, "properties");
	open_object(json, "schema");
	put(json, "const", schema);
	json_object_end(json);
	put_reference(json, "time", "#/$defs/time");
	put_typed(json, "realtime_usec", "integer");
	put_typed(json, "monotonic_usec", "integer");
	put_typed(json, "sequence", "integer");
	if (list)
		put_or_null(json, "over_usec", "integer", "time between the two looks");
	put_reference(json, "host", "#/$defs/host");
	put_list_of(json, "vms", "#/$defs/vm");
	if (!list)
		put_list_of(json, "events", "#/$defs/event");
	json_object_end(json);
	open_object(json, "$defs");
	define_small(json);
	define_parts(json);
	define_vm(json, list);
	if (!list)
		define_event(json);
	json_object_end(json);
	json_object_end(json);
}

static void break_line(struct str *out, unsigned depth)
{
	str_append_char(out, '\n');
	while (depth-- > 0)
		str_append_char(out, ' ');
}

/* A line for each key down to where a definition's properties stand. */
static void append_broken(struct str *out, const char *json)
{
	enum { DEPTH_BROKEN = 5 };
	bool quoted = false;
	unsigned depth = 0;

	for (; *json != '\0'; json++) {
		bool opens = !quoted && (*json == '{' || *json == '[');
		bool closes = !quoted && (*json == '}' || *json == ']');

		if (*json == '"' && json[-1] != '\\')
			quoted = !quoted;
		if (closes && depth-- < DEPTH_BROKEN)
			break_line(out, depth);
		str_append_char(out, *json);
		if (opens && ++depth < DEPTH_BROKEN)
			break_line(out, depth);
		if (!quoted && *json == ',' && depth < DEPTH_BROKEN)
			break_line(out, depth);
	}
	str_append_char(out, '\n');
}

static void check_schema(const char *page, const char *schema, bool list)
{
	struct str text, broken;
	struct json json;

	str_init(&text);
	str_init(&broken);
	json_begin(&json, &text);
	put_schema(&json, schema, list);
	append_broken(&broken, text.data);
	golden_check(page, &broken);
	str_done(&text);
	str_done(&broken);
}

static void the_schemas_name_every_figure(void **state)
{
	check_schema(DOC "dump.schema.json", "truce.dump/1", false);
	check_schema(DOC "list.schema.json", "truce.list/1", true);
}

static void append_object(struct str *out, enum object_kind kind)
{
	const struct object_info *info = object_shape(kind)->info;
	size_t i;

	str_appendf(out, "\n## %s\n\n", info->name);
	if (info->text_count > 0)
		str_append(out, "| text | what |\n|---|---|\n");
	for (i = 0; i < info->text_count; i++)
		str_appendf(out, "| `%s` | %s |\n", info->texts[i].name, info->texts[i].help);
	str_appendf(out, "%s| figure | unit | kind | group | what |\n|---|---|---|---|---|\n",
		    info->text_count > 0 ? "\n" : "");
	for (i = 0; i < info->figure_count; i++) {
		const struct figure_info *figure = &info->figures[i];

		str_appendf(out, "| `%s` | %s | %s | %s | %s |\n", figure->name,
			    unit_name(figure->unit), kind_name(figure->kind),
			    figure_group_name(figure->group), figure->help);
	}
}

static void the_page_of_figures_is_up_to_date(void **state)
{
	struct str out;
	unsigned kind;

	str_init(&out);
	str_append(&out,
		   "# Figures\n\n"
		   "Made from src/model/figures.h by the unit test report-format_doc; do not edit.\n"
		   "\n"
		   "The names are those of recordings, JSON and CSV. A counter only grows while the\n"
		   "object lives. A knob is a setting. Groups: hot figures are sampled at each tick,\n"
		   "cold ones and pressure at each tenth; maps and owner only where asked for.\n"
		   "The host has its cold ones at each tenth tick; of the VMs a tenth have theirs\n"
		   "at each tick, all of one VM together, and a new one at its first tick.\n"
		   "`age_usec` says how old a group is. What hardly ever changes is looked at in\n"
		   "each sixth of a VM's cold samples: its taps, its hindrances, threads that are no\n"
		   "vCPUs, its autogroup's nice outside of the root cgroup, and, while ksmd stands\n"
		   "still, its figures of KSM. A cgroup that the VM shares tells nothing of it, in\n"
		   "v1 for each hierarchy by itself.\n"
		   "A figure that is not there has a reason: not asked, unsupported (this kernel, VMM\n"
		   "or host does not have it), refused (the kernel said no), vanished (it went while it\n"
		   "was read), late (its owner did not answer in time), too soon (a rate needs a second\n"
		   "look).\n");
	for (kind = 0; kind < OBJECT_KIND_COUNT; kind++)
		append_object(&out, (enum object_kind)kind);
	golden_check(DOC "figures.md", &out);
	str_done(&out);
}

static void append_family(const char *name, const char *type, const char *unit, const char *help,
			  void *context)
{
	str_appendf(context, "| `%s` | %s | %s | %s |\n", name, type, unit, help);
}

static void the_page_of_families_is_up_to_date(void **state)
{
	struct str out;

	str_init(&out);
	str_append(&out,
		   "# Families of metrics\n\n"
		   "Made from src/model/figures.h by the unit test report-format_doc; do not edit.\n"
		   "What they mean together is in openmetrics.md.\n\n"
		   "| family | type | unit | what |\n|---|---|---|---|\n");
	openmetrics_list(append_family, &out);
	golden_check(DOC "openmetrics-families.md", &out);
	str_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schemas_name_every_figure),
		cmocka_unit_test(the_page_of_figures_is_up_to_date),
		cmocka_unit_test(the_page_of_families_is_up_to_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
