/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce undo: the red button. Gives back what was set, through truced or without it. */
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/hand.h"
#include "cmd/truced.h"
#include "cmd/verb.h"
#include "cmd/vm_word.h"
#include "control/control.h"
#include "model/setting.h"

#include <errno.h>
#include <string.h>

struct undo_settings {
	bool dry_run;
};

struct undo {
	const struct verb *verb;
	const struct undo_settings *settings;
	const char *vm;      /* "all" too */
	const char *setting; /* NULL: all */
	struct str text;
};

static bool is_all(const struct undo *undo)
{
	return strcmp(undo->vm, "all") == 0;
}

static bool is_once(const char *name)
{
	int setting = setting_find(name);

	return setting >= 0 && setting_is_once((enum setting)setting);
}

static int say_nothing_set(struct undo *undo)
{
	if (undo->setting != NULL && is_once(undo->setting)) {
		str_appendf(&undo->text, "%s takes once: there is nothing to give back\n",
			    undo->setting);
		return 0;
	}
	str_append(&undo->text, "nothing is set");
	if (!is_all(undo)) {
		str_append(&undo->text, " on ");
		text_append_safe(&undo->text, undo->vm, strlen(undo->vm));
	}
	str_append_char(&undo->text, '\n');
	return 0;
}

/* -- through truced --------------------------------------------------------------------------- */

static void append_set(struct undo *undo, const json_t *vm, const json_t *setting)
{
	truced_append(&undo->text, vm, *truced_text(vm, "name") != '\0' ? "name" : "id");
	str_append(&undo->text, ": ");
	truced_append(&undo->text, setting, "setting");
	str_append_char(&undo->text, ' ');
	truced_append(&undo->text, setting, "value");
	str_append(&undo->text, undo->settings->dry_run ? "\n" : ", given back\n");
}

static bool is_meant(const struct undo *undo, const json_t *setting)
{
	return !truced_flag(setting, "dry_run") && !is_once(truced_text(setting, "setting")) &&
	       (undo->setting == NULL || strcmp(truced_text(setting, "setting"), undo->setting) == 0 ||
		strcmp(truced_text(setting, "asked"), undo->setting) == 0);
}

/* What is set now; how many. */
static int list_set(struct undo *undo, size_t *ret_count, struct error *err)
{
	json_t *answer = truced_ask_about("vms", is_all(undo) ? NULL : "vm", undo->vm, err);
	json_t *vm, *setting;
	size_t i, j;

	*ret_count = 0;
	if (answer == NULL)
		return err->code;
	json_array_foreach(json_object_get(answer, "vms"), i, vm) {
		json_array_foreach(json_object_get(vm, "settings"), j, setting) {
			if (!is_meant(undo, setting))
				continue;
			append_set(undo, vm, setting);
			++*ret_count;
		}
	}
	json_decref(answer);
	return 0;
}

static json_t *undo_request(const struct undo *undo)
{
	if (undo->setting == NULL)
		return json_pack("{s:s, s:s}", "do", "undo", "vm", undo->vm);
	return json_pack("{s:s, s:s, s:s}", "do", "undo", "vm", undo->vm, "setting", undo->setting);
}

static void tell_paused(struct undo *undo, size_t count)
{
	str_append(&undo->text, count > 0 ? "paused: truce resume" : "nothing was set; paused: truce resume");
	str_append(&undo->text, is_all(undo) ? "" : " ");
	if (!is_all(undo))
		text_append_safe(&undo->text, undo->vm, strlen(undo->vm));
	str_append(&undo->text, " lets policies adjust again\n");
}

static void tell_done(struct undo *undo, const json_t *answer, size_t count)
{
	if (count == 0 && undo->setting != NULL)
		say_nothing_set(undo);
	if (*truced_text(answer, "again_by") != '\0') {
		str_append(&undo->text, "policy ");
		truced_append(&undo->text, answer, "again_by");
		str_append(&undo->text, " goes on asking for it; truce pause stops it\n");
	} else if (undo->setting == NULL) {
		tell_paused(undo, count);
	}
}

static int undo_by_truced(struct undo *undo, struct error *err)
{
	size_t count;
	int r = list_set(undo, &count, err);
	json_t *answer;

	if (r < 0)
		return r;
	if (undo->settings->dry_run)
		return count == 0 ? say_nothing_set(undo) : 0;
	answer = truced_ask(undo_request(undo), err);
	if (answer == NULL) {
		str_clear(&undo->text);
		return err->code;
	}
	tell_done(undo, answer, count);
	json_decref(answer);
	return 0;
}

/* -- without truced --------------------------------------------------------------------------- */

static int undo_by_hand(struct undo *undo, struct hand *hand, struct error *err)
{
	int setting = undo->setting != NULL ? setting_find(undo->setting) : SETTING_COUNT;
	const struct vm_identity *identity = NULL;
	struct error ignored = { 0 };
	struct vm_word vm;
	size_t failed;
	int r = hand_check_knob((enum setting)setting, err);

	if (r < 0)
		return r;
	if (!is_all(undo)) {
		r = hand_find(hand, undo->vm, &vm, err);
		if (r < 0)
			return r;
		identity = &vm.identity;
	}
	if (undo->settings->dry_run)
		return hand_list(hand, identity, (enum setting)setting, &undo->text) == 0
			       ? say_nothing_set(undo) : 0;
	failed = hand_undo(hand, identity, (enum setting)setting, &undo->text, err);
	/* What could not be given back is not to be set again, either. */
	r = hand_forget(hand, identity, (enum setting)setting, failed > 0 ? &ignored : err);
	if (failed > 0)
		return err->code != 0 ? err->code : -EIO;
	if (r < 0)
		return r;
	if (setting == SETTING_COUNT)
		tell_paused(undo, undo->text.length);
	return undo->text.length == 0 ? say_nothing_set(undo) : 0;
}

static int undo_without_truced(struct undo *undo, struct error *err)
{
	struct hand *hand;
	int r = hand_open(undo->settings->dry_run ? HAND_LOOKS : HAND_TURNS, &hand, err);

	if (r < 0)
		return r;
	if (*hand_told(hand) != '\0')
		verb_warn(undo->verb, "%s", hand_told(hand));
	r = undo_by_hand(undo, hand, err);
	hand_close(hand);
	return r;
}

static int undo_run(const struct verb *verb, const void *settings, char **operands)
{
	struct undo undo = { .verb = verb, .settings = settings, .vm = operands[0],
			     .setting = operands[1] };
	struct error err = { 0 };
	int r, printed;

	if (undo.setting != NULL && setting_find_or_suggest(undo.setting, &err) < 0)
		return verb_misuse(verb, "%s", err.text);
	str_init(&undo.text);
	if (control_is_there(NULL))
		r = undo_by_truced(&undo, &err);
	else
		r = undo_without_truced(&undo, &err);
	printed = undo.text.length > 0 ? verb_print(verb, &undo.text) : VERB_FINE;
	str_done(&undo.text);
	return r < 0 ? verb_fail(verb, &err) : printed;
}

static const struct option_info undo_options[] = {
	OPTION_FLAG(struct undo_settings, dry_run, 'n', "dry-run",
		    "say what would be given back; turn nothing"),
	OPTIONS_END,
};

const struct verb undo_verb = {
	.name = "undo",
	.operands = "VM|all [SETTING]",
	.least_operands = 1,
	.most_operands = 2,
	.summary = "give back what was set on a VM, or on all, and pause",
	.notes = "VM is a VM's name, uuid, pid or id; host is the machine itself. Nothing is asked. A whole\n"
		 "VM, or all, is paused as well, or policies would set it again at once: truce resume\n"
		 "ends that. With SETTING that one is given back, and a policy that goes on asking for it\n"
		 "is named.\n"
		 "\n"
		 "Where no truced runs it is done by the journal that the last one left, and the pause\n"
		 "is for the one that starts next.",
	.options = undo_options,
	.settings_size = sizeof(struct undo_settings),
	.run = undo_run,
};
