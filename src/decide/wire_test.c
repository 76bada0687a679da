/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/wire.h"

#include "base/error.h"
#include "model/synthetic.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { VMS = 6 };

static struct synthetic host;
static struct policy policy;
static struct vm_identity vms[VMS];
static struct wire_world world;
static struct wire_decision decision;
static struct str bytes;

static int set_up(void **state)
{
	size_t i;

	if (synthetic_init(&host, 2, VMS, 5) < 0)
		return -1;
	for (i = 0; i < VMS; i++)
		vms[i] = host.snapshot.vms[i]->identity;
	policy_init(&policy);
	strcpy(policy.name, "gold");
	strcpy(policy.path, "gold.lua");
	if (policy_add_rule(&policy, "calm", 4) == NULL)
		return -1;
	world = (struct wire_world){ &policy, vms, VMS };
	wire_decision_init(&decision);
	str_init(&bytes);
	return 0;
}

static int tear_down(void **state)
{
	str_done(&bytes);
	wire_decision_done(&decision);
	policy_done(&policy);
	synthetic_done(&host);
	return 0;
}

static struct request request_for(size_t at)
{
	struct request request = { .vm = vms[at], .setting = SETTING_CPU_WEIGHT,
				   .value.number = 400,
				   .cause = { .line = 7, .rule = "calm", .because = "gold waits",
					      .input_count = 1 } };

	strcpy(request.cause.inputs[0].name, "waiting");
	strcpy(request.cause.inputs[0].value, "12 %");
	return request;
}

static int take(struct error *err)
{
	return wire_take_decision(bytes.data, bytes.length, &world, &decision, err);
}

static void put(const struct request *request)
{
	assert_true(wire_put_request(&bytes, &host.snapshot, request));
}

static void what_is_put_is_taken(void **state)
{
	struct request request = request_for(3), release = request_for(5);
	struct error err;

	release.release = true;
	release.value.number = 0;
	put(&request);
	put(&release);
	wire_put_warning(&bytes, &host.snapshot, &vms[2], "gold.lua:9: no such class");
	wire_put_state(&bytes, "kept", 4);
	assert_int_equal(take(&err), 0);
	assert_int_equal(decision.request_count, 2);
	assert_int_equal(vm_identity_compare(&decision.requests[0].vm, &vms[3]), 0);
	assert_int_equal(decision.requests[0].value.number, 400);
	assert_int_equal(decision.requests[0].cause.line, 7);
	assert_string_equal(decision.requests[0].cause.because, "gold waits");
	assert_string_equal(decision.requests[0].cause.inputs[0].value, "12 %");
	/* Said by the parent, whatever the child thinks. */
	assert_string_equal(decision.requests[0].cause.policy, "gold");
	assert_string_equal(decision.requests[0].cause.path, "gold.lua");
	assert_true(decision.requests[1].release);
	assert_int_equal(decision.warning_count, 1);
	assert_int_equal(vm_identity_compare(&decision.warnings[0].vm, &vms[2]), 0);
	assert_string_equal(decision.warnings[0].text, "gold.lua:9: no such class");
	assert_true(decision.has_state);
	assert_int_equal(decision.state.length, 4);
}

static void a_vm_that_is_gone_is_not_asked_for(void **state)
{
	struct request request = request_for(0);

	request.vm.start_ticks++;
	assert_false(wire_put_request(&bytes, &host.snapshot, &request));
	assert_int_equal(bytes.length, 0);
}

static void expect_disbelief(const struct request *request, const char *sentence)
{
	struct error err;

	str_clear(&bytes);
	put(request);
	assert_true(take(&err) < 0);
	assert_int_equal(decision.request_count, 0);
	if (strstr(err.text, sentence) == NULL)
		fail_msg("'%s' is not in '%s'", sentence, err.text);
}

static void nothing_is_believed(void **state)
{
	struct request request = request_for(1);

	request.value.number = 0;
	expect_disbelief(&request, "cpu.weight");
	request = request_for(1);
	request.setting = SETTING_COUNT;
	expect_disbelief(&request, "no setting");
	request.setting = SETTING_KSM_RUN; /* the host's, for a VM */
	expect_disbelief(&request, "no setting");
	request = request_for(1);
	request.vm.pid = 0;
	expect_disbelief(&request, "no setting");
	request = request_for(1);
	strcpy(request.cause.rule, "somebody else's");
	expect_disbelief(&request, "a rule that the policy does not have");
	request = request_for(1);
	strcpy(request.value.text, "0-3");
	expect_disbelief(&request, "a text where cpu.weight has a number");
	request = request_for(1);
	request.setting = SETTING_CPU_AFFINITY;
	strcpy(request.value.text, "0; reboot");
	expect_disbelief(&request, "no list of CPUs");
	request = request_for(1);
	request.cause.line = -1;
	expect_disbelief(&request, "whole reason");
}

static void a_snapshot_with_fewer_vms_is_no_way_past_the_list(void **state)
{
	struct request request = request_for(5);
	struct error err;

	put(&request);
	world.vm_count = 5;
	assert_int_equal(take(&err), -EBADMSG);
	world.vm_count = 6;
	assert_int_equal(take(&err), 0);
}

static void cut_answers_are_no_answers(void **state)
{
	struct request request = request_for(1);
	size_t size, whole;

	put(&request);
	whole = bytes.length;
	wire_put_state(&bytes, "kept", 4);
	for (size = 1; size < bytes.length; size++) {
		int r = wire_take_decision(bytes.data, size, &world, &decision, NULL);

		assert_true(size == whole ? r == 0 : r == -EBADMSG);
	}
}

static void requests_are_bounded(void **state)
{
	struct request request = request_for(1);
	struct error err;
	size_t i;

	for (i = 0; i < 1024 + 8 * VMS; i++)
		put(&request);
	assert_int_equal(take(&err), 0);
	put(&request);
	assert_int_equal(take(&err), -EBADMSG);
}

static void sentences_end_and_have_no_escapes(void **state)
{
	static const char hostile[] = "\033[31mred\0hidden";
	char sentence[WIRE_SENTENCE_SIZE], full[2 * WIRE_SENTENCE_SIZE];

	wire_take_sentence(hostile, sizeof hostile, sentence);
	assert_null(strchr(sentence, '\033'));
	assert_null(strstr(sentence, "hidden"));
	memset(full, 'a', sizeof full);
	wire_take_sentence(full, sizeof full, sentence);
	assert_int_equal(strlen(sentence), WIRE_SENTENCE_SIZE - 1);
}

static void problems_come_whole_line_by_line(void **state)
{
	struct str lines, taken;
	size_t i;

	str_init(&lines);
	str_init(&taken);
	wire_put_problems(&bytes, &lines);
	assert_int_equal(bytes.length, 0);
	str_append(&lines, "a.lua:1: error: one\na.lua:2: error: \033[31mtwo\n");
	wire_put_problems(&bytes, &lines);
	wire_take_problems(bytes.data, bytes.length, &taken);
	assert_string_equal(taken.data, "a.lua:1: error: one\na.lua:2: error: \\x1b[31mtwo\n");
	for (i = 0; i < WIRE_PROBLEMS_MAX / 8; i++)
		str_append(&lines, "a line too many\n");
	str_clear(&bytes);
	wire_put_problems(&bytes, &lines);
	assert_in_range(bytes.length, WIRE_PROBLEMS_MAX - 20, WIRE_PROBLEMS_MAX);
	assert_memory_equal(bytes.data + bytes.length - 5, " many", 5);
	str_done(&taken);
	str_done(&lines);
}

int main(void)
{
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CLAIM(what_is_put_is_taken),
		CLAIM(a_vm_that_is_gone_is_not_asked_for),
		CLAIM(nothing_is_believed),
		CLAIM(a_snapshot_with_fewer_vms_is_no_way_past_the_list),
		CLAIM(cut_answers_are_no_answers),
		CLAIM(requests_are_bounded),
		CLAIM(sentences_end_and_have_no_escapes),
		CLAIM(problems_come_whole_line_by_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
