/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/run/lab_force.h"

#include "base/str.h"
#include "ledger/ledger_lines.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* VM1 is process 100, VM2 200; the window begins at 50 and is judged at 90. */
#define BEGIN 50000000ull
#define END 90000000ull

static struct lab_force force;
static struct str lines;
static uint64_t next_id;

static int make_force(void **state)
{
	lab_force_init(&force);
	force.vms[0] = 100;
	force.vms[1] = 200;
	force.vm_count = 2;
	force.from_usec = BEGIN;
	force.until_usec = END;
	str_init(&lines);
	next_id = 1;
	return lab_force_add_hold(&force, 1, "cpu.nice");
}

static int drop_force(void **state)
{
	str_done(&lines);
	return 0;
}

/* -- ledgers --------------------------------------------------------------------------------------- */

static uint64_t planned(pid_t pid, enum setting setting, enum plan_verdict verdict, uint64_t at_sec)
{
	struct plan_item item = { .vm = { .pid = pid, .start_ticks = 7 }, .verdict = verdict,
				  .asked = setting, .setting = setting, .to.number = 5,
				  .reason = "there is no way" };
	struct ledger_head head = { .id = next_id++, .realtime_usec = at_sec * 1000000, .boot = "b",
				    .first = lines.length == 0 };

	ledger_append_item(&lines, &head, &item, false);
	str_append_char(&lines, '\n');
	return head.id;
}

static void became(uint64_t id, pid_t pid, enum outcome_status status, uint64_t at_sec)
{
	struct outcome outcome = { .vm = { .pid = pid, .start_ticks = 7 }, .setting = SETTING_CPU_NICE,
				   .status = status, .realtime_usec = at_sec * 1000000, .to.number = 5,
				   .text = "so it was" };

	ledger_append_outcome(&lines, id, &outcome);
	str_append_char(&lines, '\n');
}

static bool judge(void)
{
	return lab_force_judge_ledger(&force, lines.data != NULL ? lines.data : "", lines.length);
}

static void expect_against(const char *why)
{
	assert_false(judge());
	if (strstr(force.why, why) == NULL)
		fail_msg("\"%s\" has not \"%s\"", force.why, why);
}

static void what_was_turned_before_the_window_and_stayed_was_in_force(void **state)
{
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 40), 200, OUTCOME_APPLIED, 41);
	assert_true(judge());
	assert_string_equal(force.why, "");
}

static void an_empty_ledger_speaks_against_nothing(void **state)
{
	assert_true(judge());
}

static void what_was_refused_was_not_in_force(void **state)
{
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 40), 200, OUTCOME_REFUSED, 41);
	expect_against("VM2: cpu.nice was refused: so it was");
}

static void what_was_refused_and_then_done_before_the_window_was_in_force(void **state)
{
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 40), 200, OUTCOME_REFUSED, 41);
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 44), 200, OUTCOME_APPLIED, 45);
	assert_true(judge());
}

static void what_was_done_too_late_was_not_in_force_from_the_beginning(void **state)
{
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 49), 200, OUTCOME_APPLIED, 52);
	expect_against("VM2: cpu.nice was not turned yet when the window began");
}

static void what_nobody_answered_was_not_in_force(void **state)
{
	planned(200, SETTING_CPU_NICE, PLAN_SET, 40);
	expect_against("was not turned yet");
}

/* It is set again at once, and was away meanwhile. */
static void what_somebody_else_turned_within_the_window_was_lost(void **state)
{
	uint64_t id = planned(200, SETTING_CPU_NICE, PLAN_SET, 40);

	became(id, 200, OUTCOME_APPLIED, 40);
	became(id, 200, OUTCOME_DRIFT, 60);
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 60), 200, OUTCOME_APPLIED, 60);
	expect_against("VM2: cpu.nice was turned by somebody else: so it was");
}

static void what_somebody_else_turned_before_the_window_and_was_mended_was_in_force(void **state)
{
	uint64_t id = planned(200, SETTING_CPU_NICE, PLAN_SET, 40);

	became(id, 200, OUTCOME_APPLIED, 40);
	became(id, 200, OUTCOME_DRIFT, 42);
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 43), 200, OUTCOME_APPLIED, 43);
	assert_true(judge());
}

static void a_hold_that_is_given_back_or_impossible_within_the_window_is_not_in_force(void **state)
{
	static const enum plan_verdict verdicts[] = { PLAN_RELEASE, PLAN_CANNOT, PLAN_HELD };
	size_t i;

	for (i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		drop_force(state);
		make_force(state);
		became(planned(200, SETTING_CPU_NICE, PLAN_SET, 40), 200, OUTCOME_APPLIED, 40);
		planned(200, SETTING_CPU_NICE, verdicts[i], 60);
		expect_against("VM2: cpu.nice was");
		drop_force(state);
		make_force(state);
		planned(200, SETTING_CPU_NICE, verdicts[i], 30);
		became(planned(200, SETTING_CPU_NICE, PLAN_SET, 40), 200, OUTCOME_APPLIED, 40);
		assert_true(judge());
	}
}

/* That is what a policy is for. */
static void a_policy_turns_within_the_window_what_it_likes(void **state)
{
	force.policy = true;
	force.hold_count = 0;
	became(planned(100, SETTING_CPU_NICE, PLAN_SET, 60), 100, OUTCOME_APPLIED, 60);
	became(planned(100, SETTING_CPU_NICE, PLAN_SET, 70), 100, OUTCOME_APPLIED, 70);
	became(planned(100, SETTING_CPU_NICE, PLAN_RELEASE, 80), 100, OUTCOME_RESTORED, 80);
	planned(100, SETTING_CPU_NICE, PLAN_HELD, 81);
	/* Asked of a slow owner, which has its time. */
	planned(100, SETTING_CPU_NICE, PLAN_SET, 89);
	assert_true(judge());
}

static void what_is_refused_to_a_policy_was_not_in_force(void **state)
{
	force.policy = true;
	force.hold_count = 0;
	became(planned(100, SETTING_CPU_NICE, PLAN_SET, 60), 100, OUTCOME_LATE, 63);
	expect_against("VM1: cpu.nice was not answered in time");
}

static void vms_of_others_are_no_matter(void **state)
{
	became(planned(300, SETTING_CPU_NICE, PLAN_SET, 60), 300, OUTCOME_REFUSED, 60);
	became(planned(0, SETTING_KSM_RUN, PLAN_SET, 60), 0, OUTCOME_REFUSED, 60);
	assert_true(judge());
}

static void a_line_that_is_torn_or_strange_is_borne(void **state)
{
	str_append(&lines, "{\"kind\":\"adjustm\nnothing\n\n{\"kind\":\"later\",\"id\":3}\n");
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 40), 200, OUTCOME_APPLIED, 41);
	str_append(&lines, "{\"kind\":\"outc");
	assert_true(judge());
}

/* -- answers ---------------------------------------------------------------------------------------- */

static json_t *parse(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

static void expect_vms(const char *text, const char *why)
{
	json_t *vms = parse(text);
	bool fine = lab_force_judge_vms(&force, vms);

	json_decref(vms);
	if (fine != (*why == '\0') || strstr(force.why, why) == NULL)
		fail_msg("\"%s\" has not \"%s\"", force.why, why);
	force.why[0] = '\0';
}

#define VM1 "{\"id\":\"100-7-0\",\"class\":\"gold\",\"managed\":true,\"paused\":false,\"holds\":[],\"cannot\":[],\"held\":[]}"
#define VM2(managed, holds, cannot, held) "{\"id\":\"200-7-0\",\"class\":\"\",\"managed\":" managed \
	",\"paused\":false,\"holds\":[" holds "],\"cannot\":[" cannot "],\"held\":[" held "]}"
#define NICE "{\"setting\":\"cpu.nice\",\"value\":\"5\"}"
#define NOT "{\"setting\":\"cpu.nice\",\"reason\":\"so it is\"}"
#define OTHER "{\"setting\":\"disk.limit\",\"reason\":\"no such disk\"}"
#define VMS(two) "{\"vms\":[{\"id\":\"1000-7-0\"}," VM1 "," two "]}"

static void a_vm_has_all_that_is_held_of_it(void **state)
{
	expect_vms(VMS(VM2("true", NICE, "", "")), "");
	expect_vms(VMS(VM2("true", "", "", "")), "VM2: cpu.nice was let go of");
	expect_vms(VMS(VM2("true", NICE, NOT, "")), "VM2: cpu.nice is not in force: so it is");
	expect_vms(VMS(VM2("true", NICE, "", NOT)), "VM2: cpu.nice is not in force: so it is");
	expect_vms(VMS(VM2("false", NICE, "", "")), "VM2 was taken out");
	expect_vms("{\"vms\":[" VM1 "]}", "VM2 is not among the VMs");
}

static void a_policy_that_cannot_do_all_here_or_has_no_vm_is_not_in_force(void **state)
{
	force.hold_count = 0;
	expect_vms(VMS(VM2("true", "", OTHER, "")), "");
	force.policy = true;
	expect_vms(VMS(VM2("true", "", "", "")), "");
	expect_vms(VMS(VM2("true", "", OTHER, "")), "VM2: this host cannot do disk.limit, which the policy wants: "
		   "no such disk");
	force.vms[0] = force.vms[1];
	expect_vms(VMS(VM2("true", "", "", "")), "none of the VMs is in a class of the policy");
}

static void expect_policies(const char *before, const char *after, const char *why)
{
	json_t *was = parse(before), *is = parse(after);
	bool fine = lab_force_judge_policies(&force, was, is);

	json_decref(was);
	json_decref(is);
	if (fine != (*why == '\0') || strstr(force.why, why) == NULL)
		fail_msg("\"%s\" has not \"%s\"", force.why, why);
	force.why[0] = '\0';
}

#define POLICY(hash, turns, errors, trouble) "{\"policies\":[{\"name\":\"calm\",\"hash\":\"" hash "\",\"turns\":" turns \
	",\"errors\":" errors ",\"restarts\":0,\"trouble\":\"" trouble "\",\"rules\":[{}]}]}"
#define NO_POLICY "{\"policies\":[]}"

static void a_policy_is_loaded_at_work_and_without_errors(void **state)
{
	expect_policies(NO_POLICY, NO_POLICY, "");
	force.policy = true;
	expect_policies(POLICY("a", "1", "0", ""), POLICY("a", "9", "0", ""), "");
	expect_policies(NO_POLICY, POLICY("a", "9", "0", ""), "was not loaded yet");
	expect_policies(POLICY("a", "1", "0", ""), NO_POLICY, "was not loaded any more");
	expect_policies(POLICY("a", "1", "0", ""), POLICY("b", "9", "0", ""), "is another one");
	expect_policies(POLICY("a", "0", "0", ""), POLICY("a", "9", "0", ""), "had not had a turn");
	expect_policies(POLICY("a", "1", "0", ""), POLICY("a", "9", "2", "line 3: nil"), "policy calm failed: "
			"line 3: nil");
}

static void a_truced_that_is_stopped_from_turning_turns_nothing(void **state)
{
	static const struct {
		const char *status, *why;
	} cases[] = {
		{ "{\"mode\":\"enforce\",\"paused\":false,\"troubles\":[]}", "" },
		{ "{\"mode\":\"observe\",\"paused\":false,\"troubles\":[]}", "mode \"observe\"" },
		{ "{\"mode\":\"enforce\",\"paused\":true,\"troubles\":[]}", "was paused" },
		{ "{\"mode\":\"enforce\",\"paused\":false,\"troubles\":[\"the disk is full\"]}", "the disk is full" },
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *status = parse(cases[i].status);

		force.why[0] = '\0';
		assert_int_equal(lab_force_judge_status(&force, status), *cases[i].why == '\0');
		assert_non_null(strstr(force.why, cases[i].why));
		json_decref(status);
	}
}

static void the_first_reason_stays(void **state)
{
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 60), 200, OUTCOME_REFUSED, 60);
	expect_against("was refused");
	drop_force(state);
	str_init(&lines);
	became(planned(200, SETTING_CPU_NICE, PLAN_SET, 60), 200, OUTCOME_LATE, 60);
	expect_against("was refused");
}

static void a_setting_that_there_is_not_is_no_hold(void **state)
{
	assert_int_equal(lab_force_add_hold(&force, 0, "cpu.nize"), -EINVAL);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_force, drop_force)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(what_was_turned_before_the_window_and_stayed_was_in_force),
		CLAIM(an_empty_ledger_speaks_against_nothing),
		CLAIM(what_was_refused_was_not_in_force),
		CLAIM(what_was_refused_and_then_done_before_the_window_was_in_force),
		CLAIM(what_was_done_too_late_was_not_in_force_from_the_beginning),
		CLAIM(what_nobody_answered_was_not_in_force),
		CLAIM(what_somebody_else_turned_within_the_window_was_lost),
		CLAIM(what_somebody_else_turned_before_the_window_and_was_mended_was_in_force),
		CLAIM(a_hold_that_is_given_back_or_impossible_within_the_window_is_not_in_force),
		CLAIM(a_policy_turns_within_the_window_what_it_likes),
		CLAIM(what_is_refused_to_a_policy_was_not_in_force),
		CLAIM(vms_of_others_are_no_matter),
		CLAIM(a_line_that_is_torn_or_strange_is_borne),
		CLAIM(a_vm_has_all_that_is_held_of_it),
		CLAIM(a_policy_that_cannot_do_all_here_or_has_no_vm_is_not_in_force),
		CLAIM(a_policy_is_loaded_at_work_and_without_errors),
		CLAIM(a_truced_that_is_stopped_from_turning_turns_nothing),
		CLAIM(the_first_reason_stays),
		CLAIM(a_setting_that_there_is_not_is_no_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
