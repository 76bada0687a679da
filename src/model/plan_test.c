/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/plan.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct plan_item *add(struct plan *plan, pid_t pid, enum setting setting, int64_t from,
			     int64_t to)
{
	struct plan_item *item = plan_add(plan);

	assert_non_null(item);
	item->vm.pid = pid;
	item->asked = item->setting = setting;
	item->from_known = true;
	item->from.number = from;
	item->to.number = to;
	return item;
}

static void what_gives_stands_before_what_takes(void **state)
{
	struct plan plan;

	plan_init(&plan);
	add(&plan, 7, SETTING_CPU_WEIGHT, 100, 50);
	add(&plan, 9, SETTING_CPU_WEIGHT, 100, 400);
	add(&plan, 8, SETTING_CPU_NICE, 0, -5)->verdict = PLAN_HELD;
	add(&plan, 9, SETTING_CPU_NICE, 5, 0);
	add(&plan, 3, SETTING_MEMORY_HIGH, SETTING_UNLIMITED, 1 << 30);
	add(&plan, 3, SETTING_CPU_QUOTA, 20000, SETTING_UNLIMITED)->verdict = PLAN_RELEASE;
	plan_sort(&plan);
	assert_int_equal(plan.items[0].setting, SETTING_CPU_QUOTA);
	assert_int_equal(plan.items[1].to.number, 400);
	assert_int_equal(plan.items[2].setting, SETTING_CPU_NICE);
	assert_int_equal(plan.items[3].setting, SETTING_MEMORY_HIGH);
	assert_int_equal(plan.items[4].to.number, 50);
	assert_int_equal(plan.items[5].verdict, PLAN_HELD);
	plan_done(&plan);
}

static void a_plan_line_says_who_what_and_why(void **state)
{
	struct plan_item item = {
		.vm = { .pid = 5 }, .vm_name = "db-1\x1b", .class_name = "gold",
		.asked = SETTING_CPU_SHARES, .setting = SETTING_CPU_WEIGHT, .from_known = true,
		.from.number = 100, .to.number = 400,
		.predicted = "25 % -> 57 % when all want the CPU",
		.cause = { .policy = "gold-first", .line = 12, .rule = "raise",
			   .because = "it waits" },
	};
	struct str line;

	str_init(&line);
	plan_item_append(&line, &item);
	assert_string_equal(line.data,
			    "set db-1\\x1b (gold) cpu.weight 100 -> 400 for cpu.shares by "
			    "gold-first:12 (raise): it waits; expected: 25 % -> 57 % when all want "
			    "the CPU");
	str_clear(&line);
	item.verdict = PLAN_CANNOT;
	item.setting = item.asked;
	item.from_known = false;
	strcpy(item.reason, "its threads are real-time");
	item.predicted[0] = '\0';
	plan_item_append(&line, &item);
	assert_string_equal(line.data, "cannot db-1\\x1b (gold) cpu.shares 400 by gold-first:12 "
				       "(raise): it waits; its threads are real-time");
	str_done(&line);
}

static void an_outcome_line_of_drift_says_what_was_ours(void **state)
{
	struct outcome outcome = {
		.vm = { .pid = 5, .start_ticks = 9 }, .setting = SETTING_CPU_WEIGHT,
		.status = OUTCOME_DRIFT, .from_known = true, .from.number = 400, .to.number = 100,
		.where = "cpu.weight",
	};
	struct str line;

	str_init(&line);
	outcome_append(&line, &outcome);
	assert_string_equal(line.data,
			    "drift 5-9-0 cpu.weight set to 400 by us, now 100 by cpu.weight");
	str_clear(&line);
	outcome.vm.pid = 0;
	outcome.setting = SETTING_KSM_RUN;
	outcome.status = OUTCOME_REFUSED;
	outcome.from_known = false;
	outcome.where[0] = '\0';
	outcome.to.number = 1;
	strcpy(outcome.text, "no permission");
	outcome_append(&line, &outcome);
	assert_string_equal(line.data, "refused the host ksm.run 1: no permission");
	str_done(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_gives_stands_before_what_takes),
		cmocka_unit_test(a_plan_line_says_who_what_and_why),
		cmocka_unit_test(an_outcome_line_of_drift_says_what_was_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
