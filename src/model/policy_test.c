/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/policy.h"

#include "base/str.h"
#include "model/synthetic.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct policy_class *add_class(struct policy *policy, const char *name,
				      enum policy_match_by by, const char *pattern)
{
	struct policy_class *class = policy_add_class(policy, name, 3);

	assert_non_null(class);
	assert_non_null(policy_class_add_match(class, by, pattern));
	return class;
}

static void make(struct policy *policy)
{
	struct policy_intent *intent;
	struct policy_rule *rule;

	policy_init(policy);
	strcpy(policy->name, "gold-first");
	strcpy(policy->path, "/etc/truce/policies.d/gold-first.lua");
	policy->interval_usec = 1000000;
	policy->needs = POLICY_NEED_OWNER;
	policy->canary_permyriad = 1000;
	policy->canary_usec = 60000000;
	policy_class_add_match(add_class(policy, "gold", POLICY_MATCH_NAME, "db-*"),
			       POLICY_MATCH_METADATA, "gold");
	add_class(policy, "rest", POLICY_MATCH_ANY, "");
	intent = policy_add_intent(policy, 0);
	intent->setting = SETTING_CPU_SHARES;
	intent->value.number = 400;
	intent->line = 12;
	intent = policy_add_intent(policy, 1);
	intent->setting = SETTING_CPU_AFFINITY;
	strcpy(intent->value.text, "0-3");
	rule = policy_add_rule(policy, "give way", 20);
	rule->class_index = 1;
	rule->at_birth = true;
	rule = policy_add_rule(policy, "ksm", 30);
	rule->scope = SETTING_SCOPE_HOST;
}

static void the_first_class_that_matches_has_the_vm(void **state)
{
	struct synthetic host;
	struct policy policy;
	struct vm *vm;

	assert_int_equal(synthetic_init(&host, 1, 3, 1), 0);
	vm = host.snapshot.vms[1]; /* vm001, libvirt, qemu */
	policy_init(&policy);
	assert_int_equal(policy_classify(&policy, vm), -1);
	add_class(&policy, "none", POLICY_MATCH_METADATA, "*");
	assert_int_equal(policy_classify(&policy, vm), -1);
	add_class(&policy, "by-cgroup", POLICY_MATCH_CGROUP, "/machine.slice/*vm001*");
	add_class(&policy, "by-name", POLICY_MATCH_NAME, "vm00[0-1]");
	add_class(&policy, "by-owner", POLICY_MATCH_OWNER, "libvirt");
	assert_int_equal(policy_classify(&policy, vm), 1);
	assert_int_equal(policy_classify(&policy, host.snapshot.vms[0]), 2);
	assert_int_equal(policy_classify(&policy, host.snapshot.vms[2]), 3);
	assert_int_equal(policy_find_class(&policy, "by-owner"), 3);
	assert_int_equal(policy_find_class(&policy, "gold"), -1);
	policy_done(&policy);
	synthetic_done(&host);
}

static void the_class_for_the_rest_is_known(void **state)
{
	struct policy policy;

	policy_init(&policy);
	add_class(&policy, "none-yet", POLICY_MATCH_NAME, "vm*");
	add_class(&policy, "any", POLICY_MATCH_ANY, "");
	add_class(&policy, "star", POLICY_MATCH_NAME, "*");
	add_class(&policy, "all-metadata", POLICY_MATCH_METADATA, "*");
	assert_false(policy_class_takes_all(&policy.classes[0]));
	assert_true(policy_class_takes_all(&policy.classes[1]));
	assert_true(policy_class_takes_all(&policy.classes[2]));
	assert_false(policy_class_takes_all(&policy.classes[3])); /* of those that have some */
	policy_done(&policy);
}

static void a_uuid_matches_in_either_case(void **state)
{
	struct synthetic host;
	struct policy policy;
	char uuid[64];
	char *at;

	assert_int_equal(synthetic_init(&host, 1, 2, 1), 0);
	snprintf(uuid, sizeof uuid, "%s", host.snapshot.vms[1]->text[VM_TEXT_UUID]);
	for (at = uuid; *at != '\0'; at++)
		if (*at >= 'a' && *at <= 'f')
			*at -= 'a' - 'A';
	policy_init(&policy);
	add_class(&policy, "one", POLICY_MATCH_UUID, uuid);
	assert_int_equal(policy_classify(&policy, host.snapshot.vms[1]), 0);
	assert_int_equal(policy_classify(&policy, host.snapshot.vms[0]), -1);
	policy_done(&policy);
	synthetic_done(&host);
}

static void what_was_appended_is_taken_back_as_it_was(void **state)
{
	struct policy policy, again;
	struct str bytes, twice;

	make(&policy);
	assert_true(policy_add_note(&policy, 31, "vm.rss_byte: there is no such figure"));
	str_init(&bytes);
	str_init(&twice);
	policy_append(&policy, &bytes);
	assert_int_equal(policy_take(bytes.data, bytes.length, &again), 0);
	assert_int_equal(again.note_count, 1);
	assert_int_equal(again.notes[0].line, 31);
	assert_string_equal(again.notes[0].text, "vm.rss_byte: there is no such figure");
	assert_string_equal(again.name, "gold-first");
	assert_int_equal(again.class_count, 2);
	assert_int_equal(again.classes[0].match_count, 2);
	assert_string_equal(again.classes[0].matches[1].pattern, "gold");
	assert_int_equal(again.intents[0].value.number, 400);
	assert_string_equal(again.intents[1].value.text, "0-3");
	assert_int_equal(again.rules[0].class_index, 1);
	assert_true(again.rules[0].at_birth && !again.rules[1].at_birth);
	assert_int_equal(again.rules[1].scope, SETTING_SCOPE_HOST);
	assert_int_equal(again.canary_usec, 60000000);
	policy_append(&again, &twice);
	assert_int_equal(twice.length, bytes.length);
	assert_memory_equal(twice.data, bytes.data, bytes.length);
	policy_done(&policy);
	policy_done(&again);
	str_done(&bytes);
	str_done(&twice);
}

static void bytes_that_were_cut_or_grew_are_refused(void **state)
{
	struct policy policy, again;
	struct str bytes;
	size_t size;

	make(&policy);
	str_init(&bytes);
	policy_append(&policy, &bytes);
	for (size = 0; size < bytes.length; size++)
		assert_int_equal(policy_take(bytes.data, size, &again), -EBADMSG);
	str_append_char(&bytes, '\0');
	assert_int_equal(policy_take(bytes.data, bytes.length, &again), -EBADMSG);
	policy_done(&policy);
	str_done(&bytes);
}

static int take_again(const struct policy *policy)
{
	struct policy again;
	struct str bytes;
	int r;

	str_init(&bytes);
	policy_append(policy, &bytes);
	r = policy_take(bytes.data, bytes.length, &again);
	if (r == 0)
		policy_done(&again);
	str_done(&bytes);
	return r;
}

static void values_that_no_parser_let_through_are_refused(void **state)
{
	struct policy policy;

	make(&policy);
	assert_int_equal(take_again(&policy), 0);
	policy.intents[0].value.number = -5;
	assert_int_equal(take_again(&policy), -EBADMSG);
	policy.intents[0].value.number = 400;
	strcpy(policy.intents[1].value.text, "0-3; rm");
	assert_int_equal(take_again(&policy), -EBADMSG);
	strcpy(policy.intents[1].value.text, "0-3");
	policy.intents[1].class_index = 2;
	assert_int_equal(take_again(&policy), -EBADMSG);
	policy.intents[1].class_index = 1;
	policy.rules[0].class_index = 2;
	assert_int_equal(take_again(&policy), -EBADMSG);
	policy.rules[0].class_index = -1;
	policy.canary_permyriad = 10001;
	assert_int_equal(take_again(&policy), -EBADMSG);
	policy.canary_permyriad = 10000;
	assert_int_equal(take_again(&policy), 0);
	policy_done(&policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_class_that_matches_has_the_vm),
		cmocka_unit_test(the_class_for_the_rest_is_known),
		cmocka_unit_test(a_uuid_matches_in_either_case),
		cmocka_unit_test(what_was_appended_is_taken_back_as_it_was),
		cmocka_unit_test(bytes_that_were_cut_or_grew_are_refused),
		cmocka_unit_test(values_that_no_parser_let_through_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
