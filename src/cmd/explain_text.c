/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/explain.h"

#include "base/cursor.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/adjustment_text.h"
#include "cmd/source_line.h"
#include "cmd/truced.h"
#include "ledger/past.h"
#include "report/json.h"
#include "report/units.h"

#include <stdlib.h>
#include <string.h>

#define EXPLAIN_SCHEMA "truce.explain/1"

/* -- why nothing is adjusted ---------------------------------------------------------------- */

/* Calls `say` for each reason that holds now; the same sentences for text and JSON. */
static void reasons_of_truced(const struct explanation *explanation,
			      void (*say)(void *context, const char *sentence), void *context)
{
	const char *restraint = truced_restraint(explanation->status);

	if (explanation->status == NULL) {
		say(context, "truced does not run here: nothing is adjusted, and what was set stays");
		return;
	}
	if (restraint != NULL)
		say(context, restraint);
	if (truced_flag(json_object_get(explanation->status, "journal"), "full"))
		say(context, "the journal cannot be written, so nothing may be changed: is the disk of "
			     "/run full?");
	if (json_array_size(explanation->policies) == 0)
		say(context, "no policy is loaded; truce policy load FILE does that");
}

static void reasons_of_vm(const struct explanation *explanation,
			  void (*say)(void *context, const char *sentence), void *context)
{
	const json_t *vm = explanation->vm;

	if (explanation->status == NULL || strcmp(explanation->id, "host") == 0)
		return;
	if (vm == NULL) {
		say(context, "it does not run now");
		return;
	}
	if (!truced_flag(vm, "managed"))
		say(context, "it is opted out: no policy touches it");
	if (truced_flag(vm, "paused") && !truced_flag(explanation->status, "paused"))
		say(context, "it is paused; truce resume with its name ends that");
	if (truced_flag(vm, "managed") && *truced_text(vm, "class") == '\0' &&
	    json_array_size(explanation->policies) > 0)
		say(context, "it is in no class of any policy that is loaded; truce policy show lists them");
}

static void each_reason(const struct explanation *explanation,
			void (*say)(void *context, const char *sentence), void *context)
{
	reasons_of_truced(explanation, say, context);
	reasons_of_vm(explanation, say, context);
}

/* -- text ------------------------------------------------------------------------------------ */

static void put_heading(const struct explanation *explanation, struct str *str)
{
	const json_t *vm = explanation->vm;

	if (explanation->name[0] != '\0')
		text_append_safe(str, explanation->name, strlen(explanation->name));
	if (explanation->id[0] != '\0') {
		str_append(str, explanation->name[0] != '\0' ? " (" : "");
		str_append(str, explanation->id);
		str_append(str, explanation->name[0] != '\0' ? ")" : "");
	}
	if (vm != NULL && *truced_text(vm, "class") != '\0') {
		str_append(str, ": class ");
		truced_append(str, vm, "class");
		str_append(str, " of policy ");
		truced_append(str, vm, "policy");
	}
	str_append_char(str, '\n');
}

static void say_line(void *context, const char *sentence)
{
	str_appendf(context, "  %s\n", sentence);
}

static void put_set(struct str *str, const json_t *setting)
{
	const char *asked = truced_text(setting, "asked"), *path = truced_text(setting, "path");

	str_append(str, "  ");
	truced_append(str, setting, "setting");
	str_append_char(str, ' ');
	truced_append(str, setting, "value");
	if (*truced_text(setting, "from") != '\0') {
		str_append(str, ", was ");
		truced_append(str, setting, "from");
	}
	str_append(str, truced_flag(setting, "dry_run") ? ", only planned at " : ", since ");
	units_append_time(str, (uint64_t)truced_number(setting, "since_usec"));
	if (strcmp(asked, truced_text(setting, "setting")) != 0 && *asked != '\0') {
		str_append(str, ", for ");
		truced_append(str, setting, "asked");
	}
	str_append(str, " by ");
	if (strcmp(truced_text(setting, "policy"), "set") == 0)
		str_append(str, "a person");
	else
		truced_append(str, setting, *path != '\0' ? "path" : "policy");
	if (truced_number(setting, "line") > 0)
		str_appendf(str, ":%d", (int)truced_number(setting, "line"));
	str_append_char(str, '\n');
}

static void put_hold(struct str *str, const json_t *hold)
{
	int64_t until = truced_number(hold, "until_usec");

	str_append(str, "  ");
	truced_append(str, hold, "setting");
	str_append_char(str, ' ');
	truced_append(str, hold, "value");
	str_append(str, ", ");
	if (until > 0) {
		str_append(str, "until ");
		units_append_time(str, (uint64_t)until);
	} else {
		str_append(str, "for good");
	}
	str_append_char(str, '\n');
}

static void put_reason(struct str *str, const json_t *entry)
{
	str_append(str, "  ");
	truced_append(str, entry, "setting");
	str_append(str, ": ");
	truced_append(str, entry, "reason");
	str_append_char(str, '\n');
}

static void put_list(struct str *str, const char *heading, const json_t *array,
		     void (*put)(struct str *str, const json_t *element))
{
	json_t *element;
	size_t i;

	if (json_array_size(array) == 0)
		return;
	str_appendf(str, "\n%s:\n", heading);
	json_array_foreach(array, i, element)
		put(str, element);
}

/* What stood in the policy's line when it decided: the source that runs now, where that was
 * loaded before. */
static const char *source_then(const struct explanation *explanation,
			       const struct adjustment *adjustment)
{
	const json_t *policy = truced_find(explanation->policies, "name",
					   adjustment->item.cause.policy);

	if (policy == NULL ||
	    (uint64_t)truced_number(policy, "loaded_usec") > adjustment->realtime_usec)
		return NULL;
	return json_string_value(json_object_get(policy, "source"));
}

static void put_past(const struct explanation *explanation, struct str *str)
{
	const struct adjustments *past = &explanation->adjustments;
	size_t i;

	if (past->count == 0) {
		str_append(str, "\nThe ledger has no adjustment of it.\n");
		return;
	}
	str_append(str, "\nWhat was adjusted");
	if (explanation->first > 0)
		str_appendf(str, ", the last %zu of %zu", past->count - explanation->first, past->count);
	str_append(str, ":\n");
	for (i = explanation->first; i < past->count; i++) {
		str_append_char(str, '\n');
		adjustment_append_details(str, &past->items[i], source_then(explanation, &past->items[i]));
	}
}

void explanation_append_text(const struct explanation *explanation, struct str *str)
{
	const json_t *vm = explanation->vm;
	size_t begin;

	put_heading(explanation, str);
	begin = str->length;
	each_reason(explanation, say_line, str);
	if (vm != NULL && str->length == begin && json_array_size(json_object_get(vm, "settings")) == 0)
		say_line(str, "nothing is set on it");
	put_list(str, "Set now", json_object_get(vm, "settings"), put_set);
	put_list(str, "Held by a person, before every policy", json_object_get(vm, "holds"), put_hold);
	put_list(str, "Asked for and not possible here", json_object_get(vm, "cannot"), put_reason);
	put_list(str, "Asked for and not done yet", json_object_get(vm, "held"), put_reason);
	put_past(explanation, str);
}

/* -- JSON ------------------------------------------------------------------------------------ */

/* What truced said is JSON already. In ASCII, because names in it may be anything. */
static void put_raw(struct json *json, const char *key, const json_t *value)
{
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY)
				   : NULL;

	json_key(json, key);
	if (text == NULL) {
		json_nothing(json);
		return;
	}
	str_append(json->out, text);
	json->comma = true;
	free(text);
}

static void say_json(void *context, const char *sentence)
{
	json_text(context, sentence);
}

static void put_vm(struct json *json, const struct explanation *explanation)
{
	static const char *const arrays[] = { "settings", "holds", "cannot", "held" };
	size_t i;

	json_key(json, "vm");
	json_text(json, explanation->id[0] != '\0' ? explanation->id : NULL);
	json_key(json, "name");
	json_text(json, explanation->name[0] != '\0' ? explanation->name : NULL);
	put_raw(json, "class", json_object_get(explanation->vm, "class"));
	put_raw(json, "policy", json_object_get(explanation->vm, "policy"));
	put_raw(json, "managed", json_object_get(explanation->vm, "managed"));
	put_raw(json, "paused", json_object_get(explanation->vm, "paused"));
	for (i = 0; i < sizeof arrays / sizeof *arrays; i++)
		put_raw(json, arrays[i], json_object_get(explanation->vm, arrays[i]));
}

static void put_source_line(struct json *json, const char *source, int line)
{
	struct cursor text;

	json_key(json, "source_line");
	if (source_line_find(source, line, &text))
		json_text_bytes(json, text.at, cursor_left(&text));
	else
		json_nothing(json);
}

void explanation_append_json(const struct explanation *explanation, struct str *str)
{
	const struct adjustments *past = &explanation->adjustments;
	struct json json;
	size_t i;

	json_begin(&json, str);
	json_object_begin(&json);
	json_key(&json, "schema");
	json_text(&json, EXPLAIN_SCHEMA);
	put_raw(&json, "mode", json_object_get(explanation->status, "mode"));
	put_vm(&json, explanation);
	json_key(&json, "not_adjusted");
	json_array_begin(&json);
	each_reason(explanation, say_json, &json);
	json_array_end(&json);
	json_key(&json, "adjustments");
	json_array_begin(&json);
	for (i = explanation->first; i < past->count; i++) {
		json_object_begin(&json);
		put_source_line(&json, source_then(explanation, &past->items[i]),
				past->items[i].item.cause.line);
		json_key(&json, "adjustment");
		adjustment_append_json(&json, &past->items[i], NULL);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	str_append_char(str, '\n');
}

void explanation_done(struct explanation *explanation)
{
	json_decref(explanation->status);
	json_decref(explanation->vm);
	json_decref(explanation->policies);
	adjustments_done(&explanation->adjustments);
}
