/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce doctor: what works here, what does not, and the one line that helps. */
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/terminal.h"
#include "cmd/verb.h"
#include "observe/doctor.h"
#include "observe/observe.h"
#include "report/json.h"
#include "report/table.h"
#include "sys/root.h"

#include <string.h>

struct doctor_settings {
	bool json;
	const char *root;
};

static void add_text(struct table *table, const char *text)
{
	struct str cell;

	str_init(&cell);
	text_append_safe(&cell, text, strlen(text));
	table_add(table, &cell);
}

static void append_rows(const struct doctor *doctor, size_t width, struct str *text)
{
	static const struct table_column columns[] = {
		{ "CHECK", true, false }, { "STATE", true, false }, { "WHAT", true, true },
	};
	struct table table;
	size_t i;

	table_init(&table, columns, 3);
	for (i = 0; i < doctor->row_count; i++) {
		const struct doctor_row *row = &doctor->rows[i];

		add_text(&table, row->name);
		add_text(&table, doctor_state_name(row->state));
		add_text(&table, row->says);
		if (row->fix[0] == '\0')
			continue;
		add_text(&table, "");
		add_text(&table, "  fix:");
		add_text(&table, row->fix);
	}
	text->failed |= !table_append(&table, width, true, text);
	table_done(&table);
}

static void append_managers(const struct doctor *doctor, size_t width, struct str *text)
{
	static const struct table_column columns[] = {
		{ "MANAGER", true, false }, { "PID", false, false }, { "UNIT", true, true },
		{ "KNOBS", true, true },
	};
	struct table table;
	struct str cell;
	size_t i;

	if (doctor->manager_count == 0) {
		str_append(text, "\nNo other manager is at work here.\n");
		return;
	}
	str_append(text, "\nOthers that turn knobs here:\n\n");
	table_init(&table, columns, 4);
	for (i = 0; i < doctor->manager_count; i++) {
		const struct doctor_manager *manager = &doctor->managers[i];

		add_text(&table, manager->name);
		str_init(&cell);
		if (manager->pid != 0)
			str_append_int(&cell, manager->pid);
		else
			str_append_char(&cell, '-');
		table_add(&table, &cell);
		add_text(&table, manager->unit[0] != '\0' ? manager->unit : "-");
		add_text(&table, manager->knobs);
	}
	text->failed |= !table_append(&table, width, true, text);
	table_done(&table);
}

static void append_json_managers(const struct doctor *doctor, struct json *json)
{
	size_t i;

	json_key(json, "managers");
	json_array_begin(json);
	for (i = 0; i < doctor->manager_count; i++) {
		const struct doctor_manager *manager = &doctor->managers[i];

		json_object_begin(json);
		json_key(json, "name");
		json_text(json, manager->name);
		json_key(json, "pid");
		if (manager->pid != 0)
			json_int(json, manager->pid);
		else
			json_nothing(json);
		json_key(json, "unit");
		json_text(json, manager->unit[0] != '\0' ? manager->unit : NULL);
		json_key(json, "knobs");
		json_text(json, manager->knobs);
		json_object_end(json);
	}
	json_array_end(json);
}

/* doc/format/doctor-json.md */
static void append_json(const struct doctor *doctor, bool captured, struct str *text)
{
	struct json json;
	size_t i;

	json_begin(&json, text);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.doctor/1");
	json_key(&json, "captured");
	json_bool(&json, captured);
	json_key(&json, "checks");
	json_array_begin(&json);
	for (i = 0; i < doctor->row_count; i++) {
		const struct doctor_row *row = &doctor->rows[i];

		json_object_begin(&json);
		json_key(&json, "name");
		json_text(&json, row->name);
		json_key(&json, "state");
		json_text(&json, doctor_state_name(row->state));
		json_key(&json, "says");
		json_text(&json, row->says);
		json_key(&json, "fix");
		json_text(&json, row->fix[0] != '\0' ? row->fix : NULL);
		json_object_end(&json);
	}
	json_array_end(&json);
	append_json_managers(doctor, &json);
	json_object_end(&json);
	str_append_char(text, '\n');
}

static int print(const struct verb *verb, const struct doctor_settings *settings,
		 const struct doctor *doctor)
{
	size_t width = terminal_is_output() ? terminal_width() : 0;
	struct str text;
	int r;

	str_init(&text);
	if (settings->json) {
		append_json(doctor, settings->root != NULL, &text);
	} else {
		append_rows(doctor, width, &text);
		append_managers(doctor, width, &text);
	}
	r = verb_print(verb, &text);
	str_done(&text);
	return r;
}

/* The checks, with the VMs that are here in view. */
static int look(struct root *root, struct doctor *ret, struct error *err)
{
	struct observe_options options = { .once = true };
	struct observe *observe = observe_new(root, &options, err);
	int r;

	if (observe == NULL)
		return err->code;
	r = observe_tick(observe, err);
	if (r >= 0)
		r = doctor_run(root, observe_snapshot(observe), true, ret, err);
	observe_free(observe);
	return r;
}

static int doctor_run_verb(const struct verb *verb, const void *context, char **operands)
{
	const struct doctor_settings *settings = context;
	struct error err = { 0 };
	struct doctor doctor;
	struct root *root;
	int r;

	root = settings->root != NULL ? root_captured_new(settings->root, &err) : root_live_new();
	if (root == NULL)
		return verb_fail(verb, &err);
	r = look(root, &doctor, &err);
	root_free(root);
	if (r < 0)
		return verb_fail(verb, &err);
	r = print(verb, settings, &doctor);
	if (r == VERB_FINE && doctor_complains(&doctor))
		r = VERB_PARTLY;
	doctor_done(&doctor);
	return r;
}

static const struct option_info doctor_options[] = {
	OPTION_JSON(struct doctor_settings, json),
	OPTION_ROOT(struct doctor_settings, root),
	OPTIONS_END,
};

const struct verb doctor_verb = {
	.name = "doctor",
	.summary = "what works on this host, what does not, and how to mend it",
	.notes = "Exit code 3: something is limited or missing. What is only switched off, or what a\n"
		 "captured host cannot tell, is no complaint.",
	.options = doctor_options,
	.settings_size = sizeof(struct doctor_settings),
	.run = doctor_run_verb,
};
