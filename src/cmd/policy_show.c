/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truce policy show: which policies truced follows, and one of them as it runs. */
#include "cmd/policy_show.h"

#include "base/error.h"
#include "base/str.h"
#include "base/suggest.h"
#include "cmd/policy.h"
#include "cmd/terminal.h"
#include "cmd/truced.h"
#include "cmd/verb.h"

#include <errno.h>

struct show_settings {
	bool json;
};

static json_t *ask_policies(struct error *err)
{
	json_t *answer = truced_ask_about("policy.list", NULL, NULL, err);
	json_t *policies = json_incref(json_object_get(answer, "policies"));

	if (answer != NULL && !json_is_array(policies))
		error_set(err, -EPROTO, "truced answered without a list of policies");
	json_decref(answer);
	return json_is_array(policies) ? policies : NULL;
}

static int unknown_policy(const json_t *policies, const char *name, struct error *err)
{
	struct suggest suggest;
	json_t *policy;
	size_t i;

	suggest_init(&suggest, name);
	json_array_foreach(policies, i, policy)
		suggest_offer(&suggest, truced_text(policy, "name"));
	if (suggest.nearest != NULL)
		return error_set(err, -ENOENT, "no policy \"%.60s\" is loaded; did you mean %.60s?", name,
				 suggest.nearest);
	return error_set(err, -ENOENT, "no policy \"%.60s\" is loaded; truce policy show lists them", name);
}

/* The source stands beside what is told of the policy from then on. */
static int add_source(json_t *policy, struct error *err)
{
	json_t *answer = truced_ask_about("policy.source", "name", truced_text(policy, "name"), err);

	if (answer == NULL)
		return err->code;
	json_object_set(policy, "source", json_object_get(answer, "source"));
	json_decref(answer);
	return 0;
}

static int append_one(json_t *policies, const char *name, bool as_json, struct str *text,
		      struct error *err)
{
	json_t *policy = truced_find(policies, "name", name), *answer, *alone;
	int r;

	if (policy == NULL)
		return unknown_policy(policies, name, err);
	r = add_source(policy, err);
	if (r < 0)
		return r;
	if (as_json) {
		alone = json_pack("[O]", policy);
		policies_append_json(alone, text);
		json_decref(alone);
		return 0;
	}
	answer = truced_ask_about("vms", NULL, NULL, err);
	if (answer == NULL)
		return err->code;
	policy_append_page(policy, json_object_get(answer, "vms"),
			   json_string_value(json_object_get(policy, "source")), text);
	truced_append_restraint(text);
	json_decref(answer);
	return 0;
}

static void append_all(const json_t *policies, bool as_json, struct str *text)
{
	if (as_json)
		policies_append_json(policies, text);
	else if (json_array_size(policies) == 0)
		str_append(text, "no policy is loaded; truce policy load FILE does that\n");
	else
		policies_append_table(policies, terminal_is_output() ? terminal_width() : 0, text);
	if (!as_json)
		truced_append_restraint(text);
}

static int show_run(const struct verb *verb, const void *settings_given, char **operands)
{
	const struct show_settings *settings = settings_given;
	struct error err = { 0 };
	json_t *policies = ask_policies(&err);
	struct str text;
	int r = 0;

	if (policies == NULL)
		return verb_fail(verb, &err);
	str_init(&text);
	if (operands[0] != NULL)
		r = append_one(policies, operands[0], settings->json, &text, &err);
	else
		append_all(policies, settings->json, &text);
	r = r < 0 ? verb_fail(verb, &err) : verb_print(verb, &text);
	str_done(&text);
	json_decref(policies);
	return r;
}

static const struct option_info show_options[] = {
	OPTION_JSON(struct show_settings, json),
	OPTIONS_END,
};

const struct verb policy_show_verb = {
	.name = "policy show",
	.operands = "[NAME]",
	.most_operands = 1,
	.summary = "which policies truced follows, or all of one: classes, VMs, rules, errors, source",
	.notes = "The source is what runs, whatever the file has become since. A policy in C has none.",
	.options = show_options,
	.settings_size = sizeof(struct show_settings),
	.run = show_run,
};
