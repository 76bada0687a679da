/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/setting.h"

#include "base/error.h"
#include "base/str.h"
#include "base/suggest.h"
#include "base/text.h"
#include "model/host.h"
#include "model/vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_SETTING_INFO(symbol, name_, unit_, kind_, resource_, scope_, tighter_, least_,       \
			   most_, figure_, help_)                                                  \
	[SETTING_##symbol] = {                                                                     \
		.name = name_,                                                                     \
		.unit = SETTING_UNIT_##unit_,                                                      \
		.kind = SETTING_KIND_##kind_,                                                      \
		.resource = SETTING_RESOURCE_##resource_,                                          \
		.scope = SETTING_SCOPE_##scope_,                                                   \
		.tighter = SETTING_TIGHTER_##tighter_,                                             \
		.least = least_,                                                                   \
		.most = most_,                                                                     \
		.figure = figure_,                                                                 \
		.help = help_,                                                                     \
	},

const struct setting_info setting_info[SETTING_COUNT] = { SETTINGS(MODEL_SETTING_INFO) };

int setting_find(const char *name)
{
	int i;

	for (i = 0; i < SETTING_COUNT; i++)
		if (strcmp(setting_info[i].name, name) == 0)
			return i;
	return -1;
}

/* Whoever writes "weight" means one of those that end so: the first of them. */
static const char *nearest_name(const char *name)
{
	bool whole = strchr(name, '.') != NULL;
	const char *nearest = NULL;
	struct suggest suggest;
	size_t i;

	suggest_init(&suggest, name);
	for (i = 0; i < SETTING_COUNT; i++) {
		const char *word = setting_info[i].name;
		const char *dot = whole ? NULL : strchr(word, '.');

		suggest_offer(&suggest, dot != NULL ? dot + 1 : word);
		if (suggest.nearest == (dot != NULL ? dot + 1 : word))
			nearest = word;
	}
	return nearest;
}

int setting_find_or_suggest(const char *name, struct error *err)
{
	const char *nearest;
	struct str safe;
	int r = setting_find(name);

	if (r >= 0)
		return r;
	nearest = nearest_name(name);
	str_init(&safe);
	text_append_safe(&safe, name, strnlen(name, 60));
	r = error_set(err, -ENOENT, "there is no setting \"%s\"%s%s%s (truce set --list shows all)",
		      safe.data != NULL ? safe.data : "", nearest != NULL ? "; did you mean " : "",
		      nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
	str_done(&safe);
	return r;
}

const char *setting_resource_name(enum setting_resource resource)
{
	static const char *const names[SETTING_RESOURCE_COUNT] = { "cpu", "memory", "disk", "net" };

	return resource < SETTING_RESOURCE_COUNT ? names[resource] : "unknown";
}

bool setting_value_equal(enum setting setting, const struct setting_value *a,
			 const struct setting_value *b)
{
	if (setting_info[setting].unit == SETTING_UNIT_TEXT)
		return strcmp(a->text, b->text) == 0;
	return a->number == b->number;
}

bool setting_is_tightened(enum setting setting, int64_t from, int64_t to)
{
	switch (setting_info[setting].tighter) {
	case SETTING_TIGHTER_LOWER:
		return to < from;
	case SETTING_TIGHTER_HIGHER:
		return to > from;
	default:
		return false;
	}
}

bool setting_is_once(enum setting setting)
{
	return setting == SETTING_MEMORY_RECLAIM;
}

bool setting_takes_unlimited(enum setting setting)
{
	switch (setting) {
	case SETTING_CPU_RESERVE:
	case SETTING_MEMORY_RESERVE:
	case SETTING_NET_RESERVE:
	case SETTING_CPU_BURST:
	case SETTING_MEMORY_BALLOON:
	case SETTING_MEMORY_RECLAIM:
	case SETTING_NET_OUT_MIN:
		return false;
	default:
		return setting_info[setting].most == SETTING_UNLIMITED;
	}
}

static void append_number(struct str *str, enum setting setting, int64_t number)
{
	struct setting_value value = { .number = number };

	setting_append(str, setting, &value);
}

static int refuse_number(enum setting setting, int64_t number, struct error *err)
{
	const struct setting_info *info = &setting_info[setting];
	struct str text;
	int r;

	str_init(&text);
	append_number(&text, setting, number);
	if (number == SETTING_UNLIMITED) {
		str_append(&text, " says nothing here: give a number");
	} else if (number < info->least) {
		str_append(&text, " is below the least, ");
		append_number(&text, setting, info->least);
	} else {
		str_append(&text, " is above the most, ");
		append_number(&text, setting, info->most);
	}
	r = error_set(err, -ERANGE, "%s: %s", info->name, text.data != NULL ? text.data : "");
	str_done(&text);
	return r;
}

int setting_check(enum setting setting, int64_t number, struct error *err)
{
	const struct setting_info *info = &setting_info[setting];

	if (info->unit == SETTING_UNIT_TEXT)
		return 0;
	if (number == SETTING_UNLIMITED && !setting_takes_unlimited(setting))
		return refuse_number(setting, number, err);
	if (number < info->least || number > info->most)
		return refuse_number(setting, number, err);
	return 0;
}
