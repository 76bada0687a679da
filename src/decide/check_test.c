/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/check.h"

#include "base/str.h"
#include "model/synthetic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct desk {
	struct synthetic host; /* 8 CPUs, vm000 to vm003 */
	struct policy policy;
	int line;
	struct str said;
};

static void desk_begin(struct desk *desk)
{
	memset(desk, 0, sizeof *desk);
	assert_int_equal(synthetic_init(&desk->host, 8, 4, 1), 0);
	policy_init(&desk->policy);
	strcpy(desk->policy.name, "gold-first");
	strcpy(desk->policy.path, "gold-first.lua");
	str_init(&desk->said);
}

static void desk_end(struct desk *desk)
{
	synthetic_done(&desk->host);
	policy_done(&desk->policy);
	str_done(&desk->said);
}

static void class(struct desk *desk, const char *name, enum policy_match_by by, const char *pattern)
{
	struct policy_class *added = policy_add_class(&desk->policy, name, ++desk->line);

	assert_non_null(added);
	assert_non_null(policy_class_add_match(added, by, pattern));
}

static void intent(struct desk *desk, size_t class_index, enum setting setting, int64_t number)
{
	struct policy_intent *added = policy_add_intent(&desk->policy, class_index);

	assert_non_null(added);
	added->setting = setting;
	added->value.number = number;
	added->line = ++desk->line;
}

static const char *said(struct desk *desk, bool on_host)
{
	struct check check;

	check_init(&check);
	str_clear(&desk->said);
	str_append(&desk->said, "");
	assert_int_equal(check_policy(&check, &desk->policy, NULL,
				      on_host ? &desk->host.snapshot : NULL), 0);
	check_append(&check, &desk->policy, &desk->said);
	check_done(&check);
	return desk->said.data;
}

static void a_sound_policy_gets_no_word(void **state)
{
	struct desk desk;

	desk_begin(&desk);
	class(&desk, "gold", POLICY_MATCH_NAME, "vm000");
	class(&desk, "rest", POLICY_MATCH_ANY, "");
	intent(&desk, 0, SETTING_CPU_SHARES, 400);
	intent(&desk, 0, SETTING_CPU_RESERVE, 20000);
	intent(&desk, 1, SETTING_CPU_LIMIT, 20000);
	assert_string_equal(said(&desk, true), "");
	desk_end(&desk);
}

static void classes_that_match_nothing_overlap_or_are_never_reached_are_named(void **state)
{
	struct desk desk;

	desk_begin(&desk);
	class(&desk, "gold", POLICY_MATCH_NAME, "vm00[01]");
	class(&desk, "silver", POLICY_MATCH_NAME, "vm00[012]");
	class(&desk, "platinum", POLICY_MATCH_NAME, "db-*");
	class(&desk, "rest", POLICY_MATCH_NAME, "*");
	class(&desk, "late", POLICY_MATCH_NAME, "vm003");
	policy_add_rule(&desk.policy, "all", 9);
	assert_string_equal(said(&desk, true),
		"gold-first.lua:2: warning: class silver matches vm000, vm001 too; class gold (line 1) "
		"stands before it and has them\n"
		"gold-first.lua:3: warning: class platinum matches none of the 4 VMs of this host\n"
		"gold-first.lua:5: warning: class late never has a VM: class rest (line 4) stands before "
		"it and takes every one\n");
	desk_end(&desk);
}

static void where_no_vm_runs_no_class_is_blamed(void **state)
{
	struct desk desk;

	desk_begin(&desk);
	class(&desk, "platinum", POLICY_MATCH_NAME, "db-*");
	policy_add_rule(&desk.policy, "all", 9);
	desk.host.snapshot.vm_count = 0;
	assert_string_equal(said(&desk, true), "");
	desk.host.snapshot.vm_count = 4;
	desk_end(&desk);
}

static void intents_that_are_not_heard_are_named(void **state)
{
	struct desk desk;

	desk_begin(&desk);
	class(&desk, "gold", POLICY_MATCH_NAME, "vm000");
	class(&desk, "idle", POLICY_MATCH_NAME, "vm001");
	intent(&desk, 0, SETTING_CPU_SHARES, 400);
	intent(&desk, 0, SETTING_CPU_SHARES, 200);
	intent(&desk, 0, SETTING_CPU_RESERVE, 20000);
	intent(&desk, 0, SETTING_CPU_LIMIT, 10000);
	intent(&desk, 0, SETTING_CPU_WEIGHT, 300);
	assert_string_equal(said(&desk, false),
		"gold-first.lua:2: warning: nothing is said of class idle: no intent, no rule\n"
		"gold-first.lua:3: warning: cpu.shares of class gold is not heard: cpu.weight (line 7) "
		"turns the same thing\n"
		"gold-first.lua:4: warning: cpu.shares of class gold was said in line 3 already, and "
		"that is heard\n"
		"gold-first.lua:6: warning: cpu.limit 1 CPU of class gold is below its cpu.reserve 2 "
		"CPUs (line 5), which goes before\n");
	desk_end(&desk);
}

static void what_this_host_cannot_do_is_told_with_the_vms(void **state)
{
	struct desk desk;
	size_t i;

	desk_begin(&desk);
	class(&desk, "all", POLICY_MATCH_ANY, "");
	intent(&desk, 0, SETTING_DISK_SHARES, 400);
	intent(&desk, 0, SETTING_CPU_SHARES, 400);
	for (i = 0; i < 2; i++) {
		struct vm *vm = desk.host.snapshot.vms[i];

		text_set(&vm->text[VM_TEXT_CGROUP_OWN], "no", 2);
		text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], i == 0 ? "nice" : "realtime",
			 i == 0 ? 4 : 8);
	}
	assert_string_equal(said(&desk, true),
		"gold-first.lua:2: warning: disk.shares of class all, for vm000, vm001, vm002 and 1 more: "
		"no iocost, bfq or cfq here: I/O weights are not heeded\n"
		"gold-first.lua:3: warning: cpu.shares of class all, for vm000: nice -6 gives 3.81:1 "
		"instead of 4.00:1, thread by thread; no weight: its owner (libvirt) keeps it in a "
		"cgroup with others\n"
		"gold-first.lua:3: warning: cpu.shares of class all, for vm001: its threads have a "
		"real-time priority, which no nice rules\n");
	desk_end(&desk);
}

static void reservations_that_do_not_fit_are_errors(void **state)
{
	struct desk desk;

	desk_begin(&desk);
	class(&desk, "all", POLICY_MATCH_ANY, "");
	intent(&desk, 0, SETTING_CPU_RESERVE, 25000);
	assert_non_null(strstr(said(&desk, true),
			       "gold-first.lua: error: what is reserved (cpu.reserve) does not fit: 4 x "
			       "2.5 CPUs (all:2) = 10 CPUs are more than the 8 CPUs of this host\n"));
	desk_end(&desk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_policy_gets_no_word),
		cmocka_unit_test(classes_that_match_nothing_overlap_or_are_never_reached_are_named),
		cmocka_unit_test(where_no_vm_runs_no_class_is_blamed),
		cmocka_unit_test(intents_that_are_not_heard_are_named),
		cmocka_unit_test(what_this_host_cannot_do_is_told_with_the_vms),
		cmocka_unit_test(reservations_that_do_not_fit_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
