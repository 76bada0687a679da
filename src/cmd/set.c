/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce set: a person's hand on a VM's settings, before every policy; for an hour, or for good. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/assignment.h"
#include "cmd/hand.h"
#include "cmd/terminal.h"
#include "cmd/truced.h"
#include "cmd/verb.h"
#include "cmd/vm_word.h"
#include "control/control.h"
#include "report/settings_table.h"
#include "report/units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOR_USUAL_USEC (3600 * USEC_PER_SEC)

struct set_settings {
	bool keep, dry_run, release, list, json;
	uint64_t for_usec;
};

struct set {
	const struct verb *verb;
	const struct set_settings *settings;
	const char *vm;
	struct assignment *assignments;
	size_t count, failed;
	struct str text;
};

/* -- through truced --------------------------------------------------------------------------- */

static void append_vm(struct set *set)
{
	text_append_safe(&set->text, set->vm, strlen(set->vm));
	str_append(&set->text, ": ");
}

static json_t *set_request(const struct set *set, const struct assignment *assignment)
{
	const char *name = setting_info[assignment->setting].name;
	uint64_t until = set->settings->keep ? 0 : clock_realtime_usec() + set->settings->for_usec;
	json_t *request;
	struct str value;

	if (assignment->release)
		return json_pack("{s:s, s:s, s:s}", "do", "let-go", "vm", set->vm, "setting", name);
	str_init(&value);
	setting_append(&value, assignment->setting, &assignment->value);
	request = json_pack("{s:s, s:s, s:s, s:s, s:I}", "do", "set", "vm", set->vm, "setting", name,
			    "value", value.data != NULL ? value.data : "", "until_usec",
			    (json_int_t)until);
	str_done(&value);
	return request;
}

static void tell_set(struct set *set, const json_t *answer)
{
	int64_t until = truced_number(answer, "until_usec");

	append_vm(set);
	truced_append(&set->text, answer, "setting");
	str_append_char(&set->text, ' ');
	truced_append(&set->text, answer, "value");
	if (until > 0) {
		str_append(&set->text, " until ");
		units_append_time(&set->text, (uint64_t)until);
	} else {
		str_append(&set->text, " for good");
	}
	str_append(&set->text, ", before every policy\n");
}

/* It is held for when it can be; that it cannot be now is a failure of what was asked for. */
static void warn_of_cannot(struct set *set, const json_t *answer)
{
	const json_t *reasons = json_object_get(answer, "cannot");
	struct str text;
	size_t i;

	if (json_array_size(reasons) == 0)
		return;
	str_init(&text);
	truced_append(&text, answer, "setting");
	for (i = 0; i < json_array_size(reasons); i++) {
		const char *reason = json_string_value(json_array_get(reasons, i));

		str_append(&text, i == 0 ? ": cannot: " : "; ");
		text_append_printable(&text, reason != NULL ? reason : "", reason != NULL ? strlen(reason) : 0);
	}
	verb_warn(set->verb, "%s", text.data != NULL ? text.data : "");
	set->failed++;
	str_done(&text);
}

static void ask_for(struct set *set, const struct assignment *assignment)
{
	struct error err = { 0 };
	json_t *answer = truced_ask(set_request(set, assignment), &err);

	if (answer == NULL) {
		verb_warn(set->verb, "%s: %s", setting_info[assignment->setting].name, err.text);
		set->failed++;
		return;
	}
	if (assignment->release) {
		append_vm(set);
		str_appendf(&set->text, "policies have %s again\n",
			    setting_info[assignment->setting].name);
	} else {
		tell_set(set, answer);
		warn_of_cannot(set, answer);
	}
	json_decref(answer);
}

/* --release without a name: everything that a person holds of this VM. */
static int add_held(struct set *set, struct error *err)
{
	json_t *answer = truced_ask_about("vms", "vm", set->vm, err), *holds, *hold;
	int r = 0;
	size_t i;

	if (answer == NULL)
		return err->code;
	holds = json_object_get(json_array_get(json_object_get(answer, "vms"), 0), "holds");
	free(set->assignments);
	set->assignments = calloc(json_array_size(holds) + 1, sizeof *set->assignments);
	if (set->assignments == NULL)
		r = error_set(err, -ENOMEM, "out of memory");
	json_array_foreach(holds, i, hold) {
		int setting = setting_find(truced_text(hold, "setting"));

		if (r == 0 && setting >= 0)
			set->assignments[set->count++] = (struct assignment){
				.setting = (enum setting)setting, .release = true };
	}
	json_decref(answer);
	if (r == 0 && set->count == 0)
		return error_set(err, -ENOENT, "no person holds anything of \"%.60s\"", set->vm);
	return r;
}

static int set_by_truced(struct set *set, struct error *err)
{
	size_t i;
	int r = 0;

	if (set->count == 0)
		r = add_held(set, err);
	for (i = 0; r == 0 && i < set->count; i++)
		ask_for(set, &set->assignments[i]);
	return r;
}

/* -- without truced, and -n ------------------------------------------------------------------- */

static void tell_plan(struct set *set, const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->count; i++) {
		plan_item_append(&set->text, &plan->items[i]);
		str_append_char(&set->text, '\n');
	}
}

/* What the host cannot do is a failure of what was asked for. */
static size_t count_cannot(const struct plan *plan)
{
	size_t i, count = 0;

	for (i = 0; i < plan->count; i++)
		count += plan->items[i].verdict == PLAN_CANNOT || plan->items[i].verdict == PLAN_HELD;
	return count;
}

/* Lets go of what somebody set without truced: gives it back. */
static int release_by_hand(struct set *set, struct hand *hand, const struct vm_word *vm,
			   struct error *err)
{
	size_t i, failed = 0;
	int r = 0;

	for (i = 0; r == 0 && i < set->count; i++) {
		if (!set->assignments[i].release || set->settings->dry_run)
			continue;
		r = hand_check_knob(set->assignments[i].setting, err);
		if (r == 0)
			failed = hand_undo(hand, &vm->identity, set->assignments[i].setting, &set->text, err);
		if (failed > 0)
			r = err->code != 0 ? err->code : -EIO;
	}
	return r;
}

static int set_by_hand(struct set *set, struct hand *hand, struct error *err)
{
	struct vm_word vm;
	struct plan plan;
	int r = hand_find(hand, set->vm, &vm, err);

	plan_init(&plan);
	if (r == 0)
		r = hand_plan(hand, &vm, set->assignments, set->count, &plan, err);
	if (r == 0) {
		tell_plan(set, &plan);
		set->failed += count_cannot(&plan);
	}
	if (r == 0 && !set->settings->dry_run) {
		r = hand_apply(hand, &plan, &set->text, err);
		set->failed += r > 0 ? (size_t)r : 0;
	}
	if (r >= 0)
		r = release_by_hand(set, hand, &vm, err);
	if (r >= 0 && !set->settings->dry_run)
		r = hand_keep(hand, &vm, set->assignments, set->count, &plan, err);
	plan_done(&plan);
	return r < 0 ? r : 0;
}

/* Nobody would give it back after an hour. */
static int check_lasting(const struct set *set, struct error *err)
{
	size_t i;

	if (set->settings->keep || set->settings->dry_run)
		return 0;
	for (i = 0; i < set->count && set->assignments[i].release; i++)
		;
	if (i == set->count)
		return 0;
	return error_set(err, -EINVAL, "truced is not running, so nobody would give it back after a while: "
			 "start truced, or take --keep to set it until truce undo");
}

static int set_without_truced(struct set *set, struct error *err)
{
	struct hand *hand;
	int r = check_lasting(set, err);

	if (r == 0 && set->count == 0)
		r = error_set(err, -EINVAL, "truced is not running, so no person holds anything");
	if (r == 0)
		r = hand_open(set->settings->dry_run ? HAND_PLANS : HAND_TURNS, &hand, err);
	if (r < 0)
		return r;
	if (*hand_told(hand) != '\0')
		verb_warn(set->verb, "%s", hand_told(hand));
	r = set_by_hand(set, hand, err);
	hand_close(hand);
	return r;
}

/* -- both --------------------------------------------------------------------------------------- */

static int set_all(struct set *set)
{
	struct error err = { 0 };
	int r, printed;

	if (!set->settings->dry_run && control_is_there(NULL))
		r = set_by_truced(set, &err);
	else
		r = set_without_truced(set, &err);
	printed = verb_print(set->verb, &set->text);
	if (r < 0)
		return verb_fail(set->verb, &err);
	if (set->failed > 0)
		return set->failed < set->count ? VERB_PARTLY : VERB_FAILED;
	return printed;
}

static int print_list(const struct verb *verb, bool as_json)
{
	struct str text;
	int r;

	str_init(&text);
	if (as_json)
		settings_append_json(&text);
	else
		settings_append_table(&text, terminal_is_output() ? terminal_width() : 0);
	r = verb_print(verb, &text);
	str_done(&text);
	return r;
}

static int parse(struct set *set, char **words, struct error *err)
{
	bool host = strcmp(set->vm, "host") == 0;
	size_t count = 0;
	int r = 0;

	while (words[count] != NULL)
		count++;
	set->assignments = calloc(count + 1, sizeof *set->assignments);
	if (set->assignments == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	for (; r == 0 && *words != NULL; words++) {
		struct assignment *assignment = &set->assignments[set->count++];

		r = assignment_parse(*words, host, set->settings->release, assignment, err);
		if (r == 0 && set->settings->release && !assignment->release)
			r = error_set(err, -EINVAL, "--release lets go: write %s without a value",
				      setting_info[assignment->setting].name);
	}
	return r;
}

static int set_run(const struct verb *verb, const void *settings, char **operands)
{
	struct set set = { .verb = verb, .settings = settings, .vm = operands[0] };
	struct error err = { 0 };
	int r;

	if (set.settings->list)
		return print_list(verb, set.settings->json);
	if (set.vm == NULL || (operands[1] == NULL && !set.settings->release))
		return verb_misuse(verb, "name a VM and what to set: truce set VM SETTING=VALUE; truce set "
				   "--list shows the settings");
	if (set.settings->keep && set.settings->for_usec != FOR_USUAL_USEC)
		return verb_misuse(verb, "take --for or --keep, not both");
	r = parse(&set, operands + 1, &err);
	str_init(&set.text);
	r = r < 0 ? verb_misuse(verb, "%s", err.text) : set_all(&set);
	str_done(&set.text);
	free(set.assignments);
	return r;
}

static const struct set_settings set_defaults = { .for_usec = FOR_USUAL_USEC };

static const struct option_info set_options[] = {
	{ OPTION_KIND_INTERVAL, 0, "for", "TIME", "then policies have it again (1h)",
	  OPTION_FIELD(struct set_settings, for_usec, uint64_t) },
	OPTION_FLAG(struct set_settings, keep, 0, "keep", "for good, until it is let go of"),
	OPTION_FLAG(struct set_settings, release, 0, "release",
		    "let go of these settings; without one, of all that a person holds"),
	OPTION_FLAG(struct set_settings, dry_run, 'n', "dry-run",
		    "say what it would come to; turn nothing"),
	OPTION_FLAG(struct set_settings, list, 0, "list", "the settings, with units and ranges"),
	OPTION_FLAG(struct set_settings, json, 0, "json", "with --list: print JSON instead of a table"),
	OPTIONS_END,
};

const struct verb set_verb = {
	.name = "set",
	.operands = "VM SETTING=VALUE...",
	.most_operands = OPERANDS_ANY,
	.summary = "put your own hand on a VM's settings, before every policy",
	.notes = "VM is a VM's name, uuid, pid or id; host is the machine itself. An intent (cpu.shares)\n"
		 "becomes the knobs that this host has; a knob (cpu.weight) is turned as it is. SETTING=\n"
		 "without a value lets go of it: policies have it again, and what none of them wants is\n"
		 "given back.\n"
		 "\n"
		 "It is truced that sets it, and that gives it back in time. Where no truced runs, truce\n"
		 "sets it itself, with --keep only, because nobody would give it back; truce undo does. A\n"
		 "truced that starts later holds it on.\n"
		 "\n"
		 "    truce set db-1 cpu.shares=400 --for 20m\n"
		 "    truce set db-1 cpu.limit=1.5CPUs memory.reserve=4GiB --keep\n"
		 "    truce set host ksm.run=1",
	.options = set_options,
	.settings_size = sizeof(struct set_settings),
	.defaults = &set_defaults,
	.run = set_run,
};
