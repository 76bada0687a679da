/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/policy_show.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "cmd/source_line.h"
#include "cmd/truced.h"
#include "report/table.h"
#include "report/units.h"

#include <stdlib.h>
#include <string.h>

#define POLICIES_SCHEMA "truce.policies/1"

static void add_text(struct table *table, const json_t *object, const char *key)
{
	struct str cell;

	str_init(&cell);
	truced_append(&cell, object, key);
	if (cell.length == 0)
		str_append_char(&cell, '-');
	table_add(table, &cell);
}

static void add_number(struct table *table, int64_t number)
{
	struct str cell;

	str_init(&cell);
	str_append_int(&cell, number);
	table_add(table, &cell);
}

static int64_t vms_of(const json_t *policy)
{
	int64_t sum = 0;
	json_t *class;
	size_t i;

	json_array_foreach(json_object_get(policy, "classes"), i, class)
		sum += truced_number(class, "vms");
	return sum;
}

void policies_append_table(const json_t *policies, size_t width, struct str *str)
{
	static const struct table_column columns[] = {
		{ .heading = "POLICY", .left = true },
		{ .heading = "LANGUAGE", .left = true },
		{ .heading = "CLASSES" },
		{ .heading = "RULES" },
		{ .heading = "VMS" },
		{ .heading = "TURNS" },
		{ .heading = "ERRORS" },
		{ .heading = "FILE", .left = true, .bends = true },
	};
	struct table table;
	json_t *policy;
	size_t i;

	table_init(&table, columns, ARRAY_SIZE(columns));
	json_array_foreach(policies, i, policy) {
		add_text(&table, policy, "name");
		add_text(&table, policy, "language");
		add_number(&table, (int64_t)json_array_size(json_object_get(policy, "classes")));
		add_number(&table, (int64_t)json_array_size(json_object_get(policy, "rules")));
		add_number(&table, vms_of(policy));
		add_number(&table, truced_number(policy, "turns"));
		add_number(&table, truced_number(policy, "errors"));
		add_text(&table, policy, "path");
	}
	str->failed |= !table_append(&table, width, true, str);
	table_done(&table);
}

static void put_head(const json_t *policy, struct str *str)
{
	truced_append(str, policy, "name");
	str_append(str, ", ");
	truced_append(str, policy, "language");
	str_append(str, " from ");
	truced_append(str, policy, "path");
	str_append(str, "\n  loaded ");
	units_append_time(str, (uint64_t)truced_number(policy, "loaded_usec"));
	str_append(str, truced_flag(policy, "kept") ? ", kept over boots" : ", until the next boot");
	str_append(str, ", every ");
	units_append_duration(str, (double)truced_number(policy, "interval_usec"));
	str_append(str, ", bytes ");
	truced_append(str, policy, "hash");
	str_appendf(str, "\n  %lld turns, the last took %lld us of CPU; %lld errors, %lld restarts\n",
		    (long long)truced_number(policy, "turns"),
		    (long long)truced_number(policy, "turn_cpu_usec"),
		    (long long)truced_number(policy, "errors"),
		    (long long)truced_number(policy, "restarts"));
	if (*truced_text(policy, "trouble") == '\0')
		return;
	str_append(str, "  last trouble: ");
	truced_append(str, policy, "trouble");
	str_append_char(str, '\n');
}

static void put_intents(const json_t *class, struct str *str)
{
	json_t *intent;
	size_t i;

	json_array_foreach(json_object_get(class, "intents"), i, intent) {
		str_append(str, i > 0 ? ", " : ": ");
		truced_append(str, intent, "setting");
		str_append_char(str, ' ');
		truced_append(str, intent, "value");
	}
}

static void put_vms(const json_t *policy, const json_t *class, const json_t *vms, struct str *str)
{
	const char *before = "    ";
	json_t *vm;
	size_t i;

	json_array_foreach(vms, i, vm) {
		if (strcmp(truced_text(vm, "policy"), truced_text(policy, "name")) != 0 ||
		    strcmp(truced_text(vm, "class"), truced_text(class, "name")) != 0)
			continue;
		str_append(str, before);
		truced_append(str, vm, *truced_text(vm, "name") != '\0' ? "name" : "id");
		before = ", ";
	}
	str_append(str, strcmp(before, ", ") == 0 ? "\n" : "    no VM now\n");
}

static void put_classes(const json_t *policy, const json_t *vms, struct str *str)
{
	json_t *class;
	size_t i;

	json_array_foreach(json_object_get(policy, "classes"), i, class) {
		str_append(str, "\nclass ");
		truced_append(str, class, "name");
		str_appendf(str, " (line %d)", (int)truced_number(class, "line"));
		put_intents(class, str);
		str_append_char(str, '\n');
		put_vms(policy, class, vms, str);
	}
}

static void put_rules(const json_t *policy, struct str *str)
{
	json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(policy, "rules"), i, rule) {
		str_append(str, i == 0 ? "\n" : "");
		str_append(str, "rule ");
		truced_append(str, rule, "name");
		str_appendf(str, " (line %d), for ", (int)truced_number(rule, "line"));
		str_append(str, strcmp(truced_text(rule, "scope"), "host") == 0 ? "the host\n"
										: "each VM\n");
	}
}

void policy_append_page(const json_t *policy, const json_t *vms, const char *source,
			struct str *str)
{
	put_head(policy, str);
	put_classes(policy, vms, str);
	put_rules(policy, str);
	if (source == NULL)
		return;
	str_append(str, "\nwhat runs, whatever the file is now:\n");
	source_append(str, source, "");
}

void policies_append_json(const json_t *policies, struct str *str)
{
	json_t *all = json_pack("{s:s, s:O}", "schema", POLICIES_SCHEMA, "policies", policies);
	char *text = all != NULL ? json_dumps(all, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	str->failed |= text == NULL;
	if (text != NULL) {
		str_append(str, text);
		str_append_char(str, '\n');
	}
	free(text);
	json_decref(all);
}
