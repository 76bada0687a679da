/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/lua_quantity.h"
#include "decide/lua_trial.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Runs the expressions at load: an assertion that fails is an error of the file. */
static void expect_true(const char *expression)
{
	struct lua_trial trial;
	char text[512];

	snprintf(text, sizeof text, "local x = %s\nassert(x == true, 'got ' .. tostring(x))",
		 expression);
	if (lua_trial_begin(&trial, 0, text) < 0)
		fail_msg("%s: %s", expression, trial.err.text);
	lua_trial_end(&trial);
}

static void expect_error(const char *expression, const char *sentence)
{
	struct lua_trial trial;
	char text[512];

	snprintf(text, sizeof text, "local x = %s", expression);
	assert_true(lua_trial_begin(&trial, 0, text) < 0);
	if (strstr(trial.err.text, sentence) == NULL)
		fail_msg("%s: expected '%s', got '%s'", expression, sentence, trial.err.text);
	lua_trial_end(&trial);
}

static void expect_text(const char *expression, const char *text)
{
	char whole[400];

	snprintf(whole, sizeof whole, "tostring(%s) == \"%s\" or tostring(%s)", expression, text,
		 expression);
	expect_true(whole);
}

static void bits_hold_bytes_and_time_exactly(void **state)
{
	const double numbers[] = {
		0, 1, 4096, 1e6, 70368744177663.0, 140737488355328.0, 86400e6 * 365, 0.5,
	};
	size_t i;

	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct quantity q = quantity_of_bits(quantity_bits(numbers[i], QUANTITY_BYTES));

		assert_true(q.number == numbers[i]);
		assert_int_equal(q.unit, QUANTITY_BYTES);
	}
	assert_true(isinf(quantity_of_bits(quantity_bits(INFINITY, QUANTITY_TIME)).number));
	assert_true(quantity_bits(-0.0, QUANTITY_TIME) == quantity_bits(0.0, QUANTITY_TIME));
}

static void quantities_of_one_unit_add_and_compare(void **state)
{
	expect_true("512 * MiB + 512 * MiB == 1 * GiB");
	expect_true("1 * GiB - 1 * MiB < 1 * GiB");
	expect_true("60 * seconds == 1 * minute and 2 * hours >= 120 * minutes");
	expect_true("-(5 * seconds) < 0");
	expect_true("10 * MB / second > 9 * MB / second");
	expect_true("percent(5) < percent(90)");
	expect_true("0 + 5 * MiB == 5 * MiB");
}

static void units_multiply_and_divide(void **state)
{
	expect_true("10 * MB / second * (2 * seconds) == 20 * MB");
	expect_true("1 * GiB / (2 * GiB) == percent(50)");
	expect_true("percent(50) * (4 * cpus) == 2 * cpus");
	expect_true("number(10 * GiB, MiB) == 10240 and math.type(number(1 * GiB, MiB)) == 'integer'");
	expect_true("number(percent(25)) == 0.25");
	expect_true("10 * GiB // (3 * GiB) == 3 and 10 * GiB % (3 * GiB) == 1 * GiB");
	expect_true("8 * Mbit == 1 * MB");
}

static void other_units_are_an_error_with_a_sentence(void **state)
{
	expect_error("5 * MiB + 5 * seconds", "adds 5 MiB (bytes) and 5 s (time): their units differ");
	expect_error("5 * MiB < 5", "compares 5 MiB (bytes) and 5 (a plain number): give the number "
				    "its unit, as 512 * MiB");
	expect_error("percent(5) > 5", "as percent(90)");
	expect_error("5 * MiB * MiB", "there is no such unit");
	expect_error("5 * MiB / (0 * second)", "by zero");
	expect_error("5 * MiB + nil", "nothing (nil)");
	expect_error("5 * MiB .. {}", "a table");
	expect_error("number(5 * MiB)", "in which unit");
	expect_error("number(5 * MiB, second)", "their units differ");
	expect_error("(0/0) * MiB", "not a number");
	expect_error("(5 * MiB).x", "is a quantity");
	expect_error("round(5 * MiB, 0 * MiB)", "above zero");
}

static void quantities_are_told_as_a_person_reads_them(void **state)
{
	expect_text("512 * MiB", "512 MiB");
	expect_text("1.5 * GiB", "1.5 GiB");
	expect_text("percent(37)", "37 %");
	expect_text("10 * MB / second", "10 MB/s");
	expect_text("80 / second", "80/s");
	expect_text("1 * cpu", "1 CPU");
	expect_text("2.5 * cpus", "2.5 CPUs");
	expect_text("1500 * ms", "1.5 s");
	expect_text("90 * minutes", "1.5 h");
	expect_text("math.huge * MiB", "max");
	expect_text("'waits ' .. percent(5)", "waits 5 %");
	expect_text("5 * MiB * (2 * seconds)", "1.049e+07 B^1 s^1");
}

static void helpers_of_numbers_know_units(void **state)
{
	expect_true("max(1 * GiB, 5 * MiB) == 1 * GiB and math.min(percent(5), percent(2)) == percent(2)");
	expect_true("clamp(5 * MiB, 10 * MiB, 20 * MiB) == 10 * MiB and clamp(15, 10, 20) == 15");
	expect_true("round(17 * MiB, 10 * MiB) == 20 * MiB and round(2.5) == 3");
	expect_true("round(percent(90.5), percent(1)) > percent(90)");
	expect_true("round(percent(90.49), percent(1)) == percent(90)");
	expect_true("abs(-5 * MiB) == 5 * MiB and type(5 * MiB) == 'quantity'");
}

/* What goes into a setting comes out of it. */
static void settings_take_their_own_units(void **state)
{
	static const struct {
		const char *text;
		enum setting setting;
		int64_t number;
	} cases[] = {
		{ "['cpu.shares'] = 400", SETTING_CPU_SHARES, 400 },
		{ "['cpu.limit'] = 2.5 * cpus", SETTING_CPU_LIMIT, 25000 },
		{ "['cpu.limit'] = percent(50) * (2 * cpus)", SETTING_CPU_LIMIT, 10000 },
		{ "['memory.limit'] = 512 * MiB", SETTING_MEMORY_LIMIT, 512 << 20 },
		{ "['memory.limit'] = 'max'", SETTING_MEMORY_LIMIT, SETTING_UNLIMITED },
		{ "['memory.limit'] = math.huge * byte", SETTING_MEMORY_LIMIT, SETTING_UNLIMITED },
		{ "disk = { limit = 10 * MB / second }", SETTING_DISK_LIMIT, 10000000 },
		{ "disk = { limit_operations = 500 / second }", SETTING_DISK_LIMIT_OPERATIONS, 500 },
		{ "['cpu.burst'] = 5 * ms", SETTING_CPU_BURST, 5000 },
		{ "['memory.reserve'] = 0", SETTING_MEMORY_RESERVE, 0 },
	};
	struct lua_trial trial;
	char text[256];
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct policy *policy;

		snprintf(text, sizeof text, "class 'a' { any = true } intent 'a' { %s }",
			 cases[i].text);
		if (lua_trial_begin(&trial, 0, text) < 0)
			fail_msg("%s: %s", cases[i].text, trial.err.text);
		policy = lua_policy_description(trial.lua);
		assert_int_equal(policy->intent_count, 1);
		assert_int_equal(policy->intents[0].setting, cases[i].setting);
		assert_true(policy->intents[0].value.number == cases[i].number);
		lua_trial_end(&trial);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_hold_bytes_and_time_exactly),
		cmocka_unit_test(quantities_of_one_unit_add_and_compare),
		cmocka_unit_test(units_multiply_and_divide),
		cmocka_unit_test(other_units_are_an_error_with_a_sentence),
		cmocka_unit_test(quantities_are_told_as_a_person_reads_them),
		cmocka_unit_test(helpers_of_numbers_know_units),
		cmocka_unit_test(settings_take_their_own_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
