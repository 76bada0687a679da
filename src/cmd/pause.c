/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce pause and truce resume: policies' hands off one VM, or all, and on again. */
#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/hand.h"
#include "cmd/truced.h"
#include "cmd/verb.h"
#include "cmd/vm_word.h"
#include "control/control.h"

#include <string.h>

static void append_whom(struct str *text, const char *vm)
{
	if (vm == NULL)
		str_append(text, "all VMs");
	else
		text_append_safe(text, vm, strlen(vm));
}

static void append_paused(struct str *text, const char *vm)
{
	str_append(text, "paused: what is set on ");
	append_whom(text, vm);
	str_append(text, " stays, and nothing is adjusted until truce resume");
	if (vm != NULL) {
		str_append_char(text, ' ');
		append_whom(text, vm);
	}
	str_append(text, "; truce undo gives it back\n");
}

static void append_resumed(struct str *text, const char *vm)
{
	str_append(text, "resumed: policies adjust ");
	append_whom(text, vm);
	str_append(text, " again\n");
	truced_append_restraint(text);
}

static void append_resumed_by_hand(struct str *text, const char *vm)
{
	str_append(text, "resumed: the truced that starts next adjusts ");
	append_whom(text, vm);
	str_append_char(text, '\n');
}

static int tell(const struct verb *verb, const char *vm,
		void (*append)(struct str *text, const char *vm))
{
	struct str text;
	int r;

	str_init(&text);
	append(&text, vm);
	r = verb_print(verb, &text);
	str_done(&text);
	return r;
}

/* Nobody adjusts where no truced runs: then there is nothing to pause, and that is said. A pause
 * that truce undo began there can be ended there. */
static int ask(const struct verb *verb, char **operands)
{
	const char *vm = operands[0];
	struct error err = { 0 };
	json_t *answer = truced_ask_about(verb->name, "vm", vm != NULL ? vm : "all", &err);

	if (answer == NULL)
		return verb_fail(verb, &err);
	json_decref(answer);
	return VERB_FINE;
}

static int pause_run(const struct verb *verb, const void *settings, char **operands)
{
	int r = ask(verb, operands);

	return r == VERB_FINE ? tell(verb, operands[0], append_paused) : r;
}

static int resume_by_hand(const char *vm, struct error *err)
{
	struct vm_word found;
	struct hand *hand;
	int r = hand_open(HAND_TURNS, &hand, err);

	if (r < 0)
		return r;
	if (vm != NULL)
		r = hand_find(hand, vm, &found, err);
	if (r == 0)
		r = hand_resume(hand, vm != NULL ? &found.identity : NULL, err);
	hand_close(hand);
	return r;
}

static int resume_without_truced(const struct verb *verb, const char *vm)
{
	struct error err = { 0 };

	if (resume_by_hand(vm, &err) < 0)
		return verb_fail(verb, &err);
	return tell(verb, vm, append_resumed_by_hand);
}

static int resume_run(const struct verb *verb, const void *settings, char **operands)
{
	int r;

	if (!control_is_there(NULL))
		return resume_without_truced(verb, operands[0]);
	r = ask(verb, operands);
	return r == VERB_FINE ? tell(verb, operands[0], append_resumed) : r;
}

static const struct option_info no_options[] = { OPTIONS_END };

const struct verb pause_verb = {
	.name = "pause",
	.operands = "[VM]",
	.most_operands = 1,
	.summary = "adjust nothing any more: of one VM, or of all",
	.notes = "VM is a VM's name, uuid, pid or id. What is set stays set; truce undo gives it back.\n"
		 "It lasts until truce resume, also over a restart of truced.",
	.options = no_options,
	.run = pause_run,
};

const struct verb resume_verb = {
	.name = "resume",
	.operands = "[VM]",
	.most_operands = 1,
	.summary = "let policies adjust again what truce pause or truce undo stopped",
	.notes = "VM is a VM's name, uuid, pid or id. Without one everything goes on, VMs that were\n"
		 "paused one by one, too. Where no truced runs it is for the one that starts next.",
	.options = no_options,
	.run = resume_run,
};
