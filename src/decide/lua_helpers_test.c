/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shapes of control are fed from a list, one value a turn of one second, and what they
 * answer is compared in the policy itself. */
#include "decide/lua_trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* `inputs` and `answers` are Lua lists; each turn takes the next of both ('nil' for a nil).
 * After half of the turns the policy is loaded anew from its state. */
static void expect_answers(const char *helper, const char *inputs, const char *answers,
			   unsigned turns)
{
	struct lua_trial trial;
	char text[2048];
	unsigned turn;

	snprintf(text, sizeof text,
		 "local helper = %s\n"
		 "local inputs, answers = { %s }, { %s }\n"
		 "rule 'feed' { scope = 'host', run = function(host, state)\n"
		 "  state.turn = (state.turn or 0) + 1\n"
		 "  local input, answer = inputs[state.turn], answers[state.turn]\n"
		 "  if input == 'nil' then input = nil end\n"
		 "  if answer == 'nil' then answer = nil end\n"
		 "  local got = helper(state, input)\n"
		 "  if got ~= answer then\n"
		 "    error('turn ' .. state.turn .. ': got ' .. tostring(got) .. ', not ' .. tostring(answer))\n"
		 "  end\n"
		 "end }\n", helper, inputs, answers);
	if (lua_trial_begin(&trial, 1, text) < 0)
		fail_msg("%s", trial.err.text);
	for (turn = 0; turn < turns; turn++) {
		synthetic_tick(&trial.host);
		trial.host.snapshot.monotonic_usec = (86400 + turn) * 1000000ull;
		assert_int_equal(lua_trial_turn(&trial, DECIDER_TICK, NULL, 0), 0);
		if (trial.warning_count > 0)
			fail_msg("%s: %s", helper, trial.warning);
		if (turn == turns / 2 && lua_trial_replace(&trial, text) < 0)
			fail_msg("%s", trial.err.text);
	}
	lua_trial_end(&trial);
}

static void hysteresis_changes_past_its_bounds_alone(void **state)
{
	expect_answers("hysteresis { 'h', low = percent(2), high = percent(5) }",
		       "percent(3), percent(6), percent(3), 'nil', percent(1), percent(5), percent(6)",
		       "false, true, true, true, false, false, true", 7);
	expect_answers("hysteresis { 'h', low = 10, high = 20 }", "20, 21, 10, 9", "false, true, true, false", 4);
}

static void aimd_adds_slowly_and_gives_up_fast(void **state)
{
	expect_answers("aimd { 'a', add = 5, multiply = 0.5, least = 10, most = 100 }",
		       "true, false, false, 'nil', true, false, false, true",
		       "100, 50, 25, 25, 30, 15, 10, 15", 8);
	expect_answers("aimd { 'a', add = 10 * MiB, multiply = 0.5, least = 1 * MiB, most = 100 * MiB, "
		       "first = 20 * MiB }", "true, false, true", "30 * MiB, 15 * MiB, 25 * MiB", 3);
}

static void a_rate_limit_holds_rise_and_fall_apart(void **state)
{
	expect_answers("rate_limit { 'r', rise = 10 * MiB, fall = 50 * MiB }",
		       "100 * MiB, 200 * MiB, 'nil', 200 * MiB, 10 * MiB",
		       "100 * MiB, 110 * MiB, 110 * MiB, 130 * MiB, 80 * MiB", 5);
	expect_answers("rate_limit { 'r', rise = 1 }", "'nil', 5, 50, 2", "'nil', 5, 6, 2", 4);
}

static void at_most_lets_so_many_through(void **state)
{
	expect_answers("at_most { 'm', count = 2, within = 4 * seconds }",
		       "true, true, true, false, true, true, true",
		       "true, true, false, false, true, true, false", 7);
}

static void a_moving_average_of_samples_forgets_the_oldest(void **state)
{
	expect_answers("moving_average { 'a', last = 3 }", "'nil', 3, 6, 9, 'nil', 12",
		       "'nil', 3, 4.5, 6, 6, 9", 5);
	expect_answers("moving_average { 'a', last = 2 }", "2 * MiB, 4 * MiB, 8 * MiB",
		       "2 * MiB, 3 * MiB, 6 * MiB", 3);
}

/* 1 - 1/e after one second of `over`, to a hundredth of a per cent. */
static void a_moving_average_over_time_goes_by_the_clock(void **state)
{
	struct lua_trial trial;

	assert_int_equal(lua_trial_begin(&trial, 1,
		"local mean = moving_average { 'a', over = 1 * second }\n"
		"rule 'feed' { scope = 'host', run = function(host, state)\n"
		"  local first = state.a == nil\n"
		"  local got = mean(state, first and percent(0) or percent(100))\n"
		"  if not first then error(round(got, percent(0.01)) .. '') end\n"
		"end }"), 0);
	assert_int_equal(lua_trial_tick(&trial), 0);
	assert_int_equal(trial.warning_count, 0);
	assert_int_equal(lua_trial_tick(&trial), 0);
	assert_non_null(strstr(trial.warning, "63.21 %"));
	lua_trial_end(&trial);
}

static void two_units_in_one_average_are_an_error(void **state)
{
	struct lua_trial trial;

	assert_int_equal(lua_trial_begin(&trial, 1,
		"local mean = moving_average { 'a', last = 3 }\n"
		"rule 'feed' { scope = 'host', run = function(host, state)\n"
		"  mean(state, 5 * MiB) mean(state, 5 * seconds)\n"
		"end }"), 0);
	assert_int_equal(lua_trial_tick(&trial), 0);
	assert_non_null(strstr(trial.warning, "their units differ"));
	lua_trial_end(&trial);
}

/* The file was edited, and what stands under the name is something else now. */
static void a_state_of_another_shape_begins_anew(void **state)
{
	struct lua_trial trial;

	assert_int_equal(lua_trial_begin(&trial, 1,
		"rule 'feed' { scope = 'host', run = function(host, state) state.a = 5 * seconds end }"),
		0);
	assert_int_equal(lua_trial_tick(&trial), 0);
	assert_int_equal(lua_trial_replace(&trial,
		"local give = aimd { 'a', add = 5, multiply = 0.5, least = 10, most = 100 }\n"
		"rule 'feed' { scope = 'host', run = function(host, state)\n"
		"  local got = give(state, false)\n"
		"  if got ~= 50 then error('got ' .. tostring(got)) end\n"
		"end }"), 0);
	assert_int_equal(lua_trial_tick(&trial), 0);
	assert_string_equal(trial.warning, "");
	lua_trial_end(&trial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hysteresis_changes_past_its_bounds_alone),
		cmocka_unit_test(aimd_adds_slowly_and_gives_up_fast),
		cmocka_unit_test(a_rate_limit_holds_rise_and_fall_apart),
		cmocka_unit_test(at_most_lets_so_many_through),
		cmocka_unit_test(a_moving_average_of_samples_forgets_the_oldest),
		cmocka_unit_test(a_moving_average_over_time_goes_by_the_clock),
		cmocka_unit_test(two_units_in_one_average_are_an_error),
		cmocka_unit_test(a_state_of_another_shape_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
