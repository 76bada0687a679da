/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce explain: what is set on a VM and why, what was adjusted, and what came of it. */
#include "cmd/explain.h"

#include "base/error.h"
#include "base/str.h"
#include "base/text.h"
#include "cmd/truced.h"
#include "cmd/verb.h"
#include "cmd/vm_word.h"
#include "cmd/warnings.h"
#include "ledger/past.h"

#include <errno.h>
#include <string.h>

#define LAST_USUAL 10

struct explain_settings {
	bool json;
	uint64_t last;
};

static void copy_text(char *to, size_t size, const char *from)
{
	text_copy(to, size, from, strlen(from));
}

/* The source of each policy, so that a rule's line can be shown. A policy in C has none. */
static void add_sources(json_t *policies)
{
	json_t *policy;
	size_t i;

	json_array_foreach(policies, i, policy) {
		struct error ignored;
		json_t *answer = truced_ask_about("policy.source", "name", truced_text(policy, "name"),
						  &ignored);

		if (answer != NULL)
			json_object_set(policy, "source", json_object_get(answer, "source"));
		json_decref(answer);
	}
}

/* 1: truced knows it, 0: it does not (`err` says so), or there is no truced. */
static int ask_truced(struct explanation *explanation, const char *word, struct error *err)
{
	json_t *answer;

	explanation->status = truced_ask_about("status", NULL, NULL, err);
	if (explanation->status == NULL)
		return err->code == -ECONNREFUSED ? 0 : err->code;
	answer = truced_ask_about("policy.list", NULL, NULL, err);
	if (answer == NULL)
		return err->code;
	explanation->policies = json_incref(json_object_get(answer, "policies"));
	json_decref(answer);
	add_sources(explanation->policies);
	answer = truced_ask_about("vms", "vm", word, err);
	if (answer == NULL)
		return err->code == -ENOENT ? 0 : err->code;
	explanation->vm = json_incref(json_array_get(json_object_get(answer, "vms"), 0));
	json_decref(answer);
	return explanation->vm != NULL;
}

/* A VM of this host that truced did not tell of: by the observer's eyes. */
static int look_at_host(struct explanation *explanation, const char *word, struct error *err)
{
	struct vm_word vm;
	int r = vm_word_find(word, &vm, err);

	if (r < 0)
		return r;
	memcpy(explanation->id, vm.id, sizeof explanation->id);
	copy_text(explanation->name, sizeof explanation->name, vm.name);
	return 0;
}

static int read_past(struct explanation *explanation, const char *word, struct error *err)
{
	const struct ledger_query query = { .vm = word };

	return ledger_read(NULL, &query, &explanation->adjustments, err);
}

/* Of a VM that is gone: what the ledger last called it. */
static void name_by_past(struct explanation *explanation)
{
	const struct adjustments *past = &explanation->adjustments;
	const struct plan_item *item = &past->items[past->count - 1].item;

	vm_identity_format(&item->vm, explanation->id);
	copy_text(explanation->name, sizeof explanation->name, item->vm_name);
}

static int gather(struct explanation *explanation, const char *word, struct error *err)
{
	int r = ask_truced(explanation, word, err);

	if (r < 0)
		return r;
	if (r == 1) {
		copy_text(explanation->id, sizeof explanation->id, truced_text(explanation->vm, "id"));
		copy_text(explanation->name, sizeof explanation->name,
			  truced_text(explanation->vm, "name"));
		return read_past(explanation, explanation->id, err);
	}
	if (strcmp(word, "host") == 0) {
		copy_text(explanation->id, sizeof explanation->id, word);
		return read_past(explanation, word, err);
	}
	r = read_past(explanation, word, err);
	if (r < 0)
		return r;
	if (explanation->adjustments.count > 0) {
		name_by_past(explanation);
		return 0;
	}
	r = look_at_host(explanation, word, err);
	return r < 0 ? r : read_past(explanation, explanation->id, err);
}

static int print(const struct verb *verb, const struct explanation *explanation, bool as_json)
{
	struct str text;
	int r;

	str_init(&text);
	if (as_json)
		explanation_append_json(explanation, &text);
	else
		explanation_append_text(explanation, &text);
	r = verb_print(verb, &text);
	str_done(&text);
	return r;
}

static int explain_run(const struct verb *verb, const void *settings_given, char **operands)
{
	const struct explain_settings *settings = settings_given;
	struct explanation explanation = { 0 };
	struct error err = { 0 };
	int r = gather(&explanation, operands[0], &err);

	if (r == 0) {
		if (settings->last > 0 && explanation.adjustments.count > settings->last)
			explanation.first = explanation.adjustments.count - settings->last;
		r = print(verb, &explanation, settings->json);
		if (warnings_tell_torn(verb, &explanation.adjustments) && r == VERB_FINE)
			r = VERB_PARTLY;
	} else {
		r = verb_fail(verb, &err);
	}
	explanation_done(&explanation);
	return r;
}

static const struct explain_settings explain_defaults = { .last = LAST_USUAL };

static const struct option_info explain_options[] = {
	OPTION_COUNT(struct explain_settings, last, 'n', "last", "N",
		     "the newest N adjustments (10); 0: all"),
	OPTION_FLAG(struct explain_settings, json, 0, "json", "print JSON"),
	OPTIONS_END,
};

const struct verb explain_verb = {
	.name = "explain",
	.operands = "VM",
	.least_operands = 1,
	.most_operands = 1,
	.summary = "what is set on a VM and why, and what came of it",
	.notes = "VM is a VM's name, uuid, pid or id; host is the machine itself. First comes what holds\n"
		 "now: its class, what is set, what a person holds, what is not possible here, and why\n"
		 "nothing is adjusted where that is so. Then each adjustment: the rule and its line, the\n"
		 "figures it looked at, from what to what, where that acts, what was expected, and how the\n"
		 "VM fared in the half minute before and after, which need not be the adjustment's doing.",
	.options = explain_options,
	.settings_size = sizeof(struct explain_settings),
	.defaults = &explain_defaults,
	.run = explain_run,
};
