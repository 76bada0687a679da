/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/asking.h"

#include "base/cursor.h"
#include "base/str.h"
#include "model/snapshot.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct request of(pid_t pid, enum setting setting, int64_t number, bool release)
{
	return (struct request){ .vm = { .pid = pid, .start_ticks = 7 }, .setting = setting,
				 .release = release, .value = { .number = number } };
}

static int note(struct asking *asking, unsigned rule, struct request request)
{
	return asking_note(asking, rule, &request);
}

static void make_policy(struct policy *policy, const char *first, const char *second)
{
	policy_init(policy);
	assert_non_null(policy_add_rule(policy, first, 1));
	assert_non_null(policy_add_rule(policy, second, 2));
}

static void what_is_asked_again_is_no_news(void **state)
{
	struct asking *asking = asking_new();

	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_SHARES, 50, false)), 1);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_SHARES, 50, false)), 0);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_SHARES, 60, false)), 1);
	assert_int_equal(note(asking, 1, of(5, SETTING_CPU_SHARES, 60, false)), 1);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_SHARES, 0, true)), 1);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_SHARES, 0, true)), 0);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_SHARES, 60, false)), 1);
	asking_free(asking);
}

/* Both ask each tick, or each in its turn: the arbiter hears the one that asked last. */
static void what_another_rule_asked_for_since_is_asked_anew(void **state)
{
	struct asking *asking = asking_new();

	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_NICE, 5, false)), 1);
	assert_int_equal(note(asking, 1, of(5, SETTING_CPU_NICE, 4, false)), 1);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_NICE, 5, false)), 1);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_NICE, 5, false)), 0);
	assert_int_equal(note(asking, 1, of(5, SETTING_CPU_SHARES, 50, false)), 1);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_NICE, 5, false)), 0);
	assert_int_equal(note(asking, 1, of(6, SETTING_CPU_NICE, 4, false)), 1);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_NICE, 5, false)), 0);
	assert_int_equal(note(asking, 1, of(5, SETTING_CPU_NICE, 0, true)), 1);
	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_NICE, 5, false)), 0);
	asking_free(asking);
}

static void a_release_of_what_nobody_asked_for_is_no_news(void **state)
{
	struct asking *asking = asking_new();

	assert_int_equal(note(asking, 0, of(5, SETTING_CPU_SHARES, 0, true)), 0);
	asking_free(asking);
}

static void what_is_asked_for_is_found_until_it_is_released(void **state)
{
	struct asking *asking = asking_new();
	struct vm_identity vm = of(9, 0, 0, false).vm;

	note(asking, 3, of(9, SETTING_CPU_NICE, 4, false));
	assert_int_equal(asking_find(asking, 3, &vm, SETTING_CPU_NICE)->number, 4);
	assert_null(asking_find(asking, 2, &vm, SETTING_CPU_NICE));
	note(asking, 3, of(9, SETTING_CPU_NICE, 0, true));
	assert_null(asking_find(asking, 3, &vm, SETTING_CPU_NICE));
	asking_free(asking);
}

static void dead_vms_are_forgotten_and_the_host_is_not(void **state)
{
	struct asking *asking = asking_new();
	struct snapshot snapshot;
	struct vm_identity alive = of(5, 0, 0, false).vm, dead = of(6, 0, 0, false).vm;
	struct vm_identity host = { 0 };
	struct request of_host = of(0, SETTING_KSM_RUN, 1, false);

	snapshot_init(&snapshot);
	assert_non_null(snapshot_add_vm(&snapshot, &alive));
	of_host.vm = host;
	note(asking, 0, of_host);
	note(asking, 0, of(5, SETTING_CPU_SHARES, 50, false));
	note(asking, 0, of(6, SETTING_CPU_SHARES, 50, false));
	asking_keep_alive(asking, &snapshot);
	assert_non_null(asking_find(asking, 0, &alive, SETTING_CPU_SHARES));
	assert_non_null(asking_find(asking, 0, &host, SETTING_KSM_RUN));
	assert_null(asking_find(asking, 0, &dead, SETTING_CPU_SHARES));
	snapshot_done(&snapshot);
	asking_free(asking);
}

static void an_edited_policy_finds_again_what_rules_of_the_same_name_asked_for(void **state)
{
	struct asking *old = asking_new(), *new = asking_new();
	struct vm_identity vm = of(5, 0, 0, false).vm;
	struct policy before, after;
	struct cursor bytes;
	struct str str;

	make_policy(&before, "stays", "goes");
	make_policy(&after, "comes", "stays");
	str_init(&str);
	note(old, 0, of(5, SETTING_CPU_SHARES, 50, false));
	note(old, 1, of(5, SETTING_CPU_SHARES, 70, false));
	asking_append(old, &before, &str);
	bytes = cursor_over(str.data, str.length);
	assert_int_equal(asking_take(new, &after, &bytes), 0);
	assert_true(cursor_at_end(&bytes));
	assert_int_equal(asking_find(new, 1, &vm, SETTING_CPU_SHARES)->number, 50);
	assert_null(asking_find(new, 0, &vm, SETTING_CPU_SHARES));
	str_done(&str);
	policy_done(&before);
	policy_done(&after);
	asking_free(old);
	asking_free(new);
}

static void bytes_that_end_early_are_refused(void **state)
{
	struct asking *asking = asking_new();
	struct policy policy;
	struct cursor bytes;
	struct str str;
	size_t size;

	make_policy(&policy, "a", "b");
	str_init(&str);
	note(asking, 0, of(5, SETTING_CPU_SHARES, 50, false));
	asking_append(asking, &policy, &str);
	for (size = 0; size < str.length; size++) {
		struct asking *other = asking_new();

		bytes = cursor_over(str.data, size);
		assert_int_equal(asking_take(other, &policy, &bytes), -EBADMSG);
		asking_free(other);
	}
	str_done(&str);
	policy_done(&policy);
	asking_free(asking);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_again_is_no_news),
		cmocka_unit_test(what_another_rule_asked_for_since_is_asked_anew),
		cmocka_unit_test(a_release_of_what_nobody_asked_for_is_no_news),
		cmocka_unit_test(what_is_asked_for_is_found_until_it_is_released),
		cmocka_unit_test(dead_vms_are_forgotten_and_the_host_is_not),
		cmocka_unit_test(an_edited_policy_finds_again_what_rules_of_the_same_name_asked_for),
		cmocka_unit_test(bytes_that_end_early_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
