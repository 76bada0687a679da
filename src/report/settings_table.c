/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/settings_table.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "report/json.h"
#include "report/table.h"

static const char *const unit_names[] = {
	[SETTING_UNIT_NUMBER] = "number",
	[SETTING_UNIT_SHARES] = "shares",
	[SETTING_UNIT_CPUS] = "cpus",
	[SETTING_UNIT_USEC] = "usec",
	[SETTING_UNIT_BYTES] = "bytes",
	[SETTING_UNIT_BYTES_PER_SECOND] = "bytes_per_second",
	[SETTING_UNIT_PER_SECOND] = "per_second",
	[SETTING_UNIT_TEXT] = "text",
};

const char *setting_unit_name(enum setting_unit unit)
{
	return unit_names[unit];
}

static void append_bound(struct str *str, enum setting setting, int64_t number)
{
	const struct setting_value value = { .number = number };

	setting_append(str, setting, &value);
}

void setting_append_range(struct str *str, enum setting setting)
{
	const struct setting_info *info = &setting_info[setting];

	if (info->unit == SETTING_UNIT_TEXT) {
		str_append(str, "a list, such as 0-3,8");
		return;
	}
	append_bound(str, setting, info->least);
	if (info->most == SETTING_UNLIMITED) {
		str_append(str, setting_takes_unlimited(setting) ? " or more, or max" : " or more");
		return;
	}
	str_append(str, info->most == info->least + 1 ? " or " : " to ");
	append_bound(str, setting, info->most);
}

static void add_text(struct table *table, const char *text)
{
	struct str cell;

	str_init(&cell);
	str_append(&cell, text);
	table_add(table, &cell);
}

void settings_append_table(struct str *str, size_t width)
{
	static const struct table_column columns[] = {
		{ .heading = "SETTING", .left = true },
		{ .heading = "KIND", .left = true },
		{ .heading = "VALUE", .left = true },
		{ .heading = "WHAT", .left = true, .bends = true },
	};
	struct table table;
	size_t i;

	table_init(&table, columns, ARRAY_SIZE(columns));
	for (i = 0; i < SETTING_COUNT; i++) {
		const struct setting_info *info = &setting_info[i];
		struct str range;

		add_text(&table, info->name);
		add_text(&table, info->scope == SETTING_SCOPE_HOST ? "host" :
			 info->kind == SETTING_KIND_INTENT ? "intent" : "knob");
		str_init(&range);
		setting_append_range(&range, (enum setting)i);
		table_add(&table, &range);
		add_text(&table, info->help);
	}
	str->failed |= !table_append(&table, width, true, str);
	table_done(&table);
}

static void put_bound(struct json *json, const char *key, const struct setting_info *info,
		      int64_t number)
{
	json_key(json, key);
	if (info->unit == SETTING_UNIT_TEXT || number == SETTING_UNLIMITED)
		json_nothing(json);
	else
		json_int(json, number);
}

static void put_setting(struct json *json, const struct setting_info *info)
{
	json_object_begin(json);
	json_key(json, "name");
	json_text(json, info->name);
	json_key(json, "kind");
	json_text(json, info->kind == SETTING_KIND_INTENT ? "intent" : "knob");
	json_key(json, "scope");
	json_text(json, info->scope == SETTING_SCOPE_HOST ? "host" : "vm");
	json_key(json, "resource");
	json_text(json, setting_resource_name(info->resource));
	json_key(json, "unit");
	json_text(json, setting_unit_name(info->unit));
	put_bound(json, "least", info, info->least);
	put_bound(json, "most", info, info->most);
	json_key(json, "help");
	json_text(json, info->help);
	json_object_end(json);
}

void settings_append_json(struct str *str)
{
	struct json json;
	size_t i;

	json_begin(&json, str);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, "truce.settings/1");
	json_key(&json, "settings");
	json_array_begin(&json);
	for (i = 0; i < SETTING_COUNT; i++)
		put_setting(&json, &setting_info[i]);
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(str, '\n');
}
