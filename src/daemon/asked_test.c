/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/asked.h"

#include <stdio.h>
#include <string.h>

static struct request request_of(int pid, const char *rule, int64_t number)
{
	struct request request = { .vm = { .pid = pid, .start_ticks = 7 },
				   .setting = SETTING_CPU_WEIGHT, .value.number = number };

	snprintf(request.cause.rule, sizeof request.cause.rule, "%s", rule);
	return request;
}

static void take(struct asked *asked, int pid, const char *rule, int64_t number)
{
	struct request request = request_of(pid, rule, number);

	assert_true(asked_take(asked, &request));
}

static void release(struct asked *asked, int pid, const char *rule)
{
	struct request request = request_of(pid, rule, 0);

	request.release = true;
	assert_true(asked_take(asked, &request));
}

/* -1: nothing is asked for. */
static int64_t asked_for(const struct asked *asked, int pid, const char *rule)
{
	size_t i;

	for (i = 0; i < asked->count; i++)
		if (asked->items[i].vm.pid == pid && strcmp(asked->items[i].cause.rule, rule) == 0)
			return asked->items[i].value.number;
	return -1;
}

static void the_last_word_of_each_rule_holds(void **state)
{
	struct asked asked = { 0 };

	take(&asked, 10, "a", 100);
	take(&asked, 10, "b", 200);
	take(&asked, 20, "a", 300);
	take(&asked, 10, "a", 400);
	assert_int_equal(asked.count, 3);
	assert_int_equal(asked_for(&asked, 10, "a"), 400);
	release(&asked, 10, "a");
	release(&asked, 30, "a");
	assert_int_equal(asked.count, 2);
	take(&asked, 20, "a", 500);
	take(&asked, 10, "b", 600);
	assert_int_equal(asked.count, 2);
	assert_int_equal(asked_for(&asked, 20, "a"), 500);
	assert_int_equal(asked_for(&asked, 10, "b"), 600);
	asked_done(&asked);
}

static bool is_even(void *context, const struct request *request)
{
	return request->vm.pid % 2 == 0;
}

static void of_who_is_gone_nothing_stays(void **state)
{
	struct asked asked = { 0 };
	int pid;

	for (pid = 1; pid <= 1000; pid++)
		take(&asked, pid, "a", pid);
	asked_keep(&asked, is_even, NULL);
	assert_int_equal(asked.count, 500);
	for (pid = 1; pid <= 1000; pid++)
		assert_int_equal(asked_for(&asked, pid, "a"), pid % 2 == 0 ? pid : -1);
	for (pid = 2; pid <= 1000; pid += 2)
		take(&asked, pid, "a", 1);
	assert_int_equal(asked.count, 500);
	asked_done(&asked);
}

static void there_is_an_end_to_what_is_kept(void **state)
{
	struct asked asked = { 0 };
	struct request request;
	int pid;

	for (pid = 1; pid <= 65536; pid++)
		take(&asked, pid, "a", pid);
	request = request_of(70000, "a", 1);
	assert_false(asked_take(&asked, &request));
	release(&asked, 5, "a");
	assert_true(asked_take(&asked, &request));
	asked_done(&asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_word_of_each_rule_holds),
		cmocka_unit_test(of_who_is_gone_nothing_stays),
		cmocka_unit_test(there_is_an_end_to_what_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
