/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each allocation fails once, the first one first, until what is asked for succeeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"
#include "daemon/daemon.h"
#include "daemon/policies.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POLICIES = 3, VMS = 40, TRIES_MOST = 2000 };

/* By the linker's --wrap. */
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int until_failure = -1; /* allocations; negative: none fails */

static bool fails(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

static struct daemon host;
static struct policy policies[POLICIES];
static struct loaded loadeds[POLICIES], *all[POLICIES];

static struct vm_identity vm_of(int number)
{
	return (struct vm_identity){ .pid = 100 + number, .start_ticks = 7 };
}

static void ask(struct loaded *loaded, int number)
{
	struct request request = { .vm = vm_of(number), .setting = SETTING_CPU_WEIGHT,
				   .value = { .number = 300 }, .cause = { .rule = "raise" } };

	assert_true(asked_take(&loaded->asked, &request));
}

static void describe(size_t at)
{
	struct loaded *loaded = &loadeds[at];
	int i;

	policy_init(&policies[at]);
	snprintf(policies[at].name, sizeof policies[at].name, "policy-%zu", at);
	assert_non_null(policy_add_rule(&policies[at], "raise", 1));
	loaded->policy = &policies[at];
	snprintf(loaded->file, sizeof loaded->file, "policy-%zu.lua", at);
	for (i = 0; i < VMS; i++)
		ask(loaded, i);
	all[at] = loaded;
}

static void hold_by_hand(int number)
{
	struct vm_identity vm = vm_of(number);
	struct hold *hold = holds_take(&host.hand, &vm, "vm", SETTING_CPU_WEIGHT);

	assert_non_null(hold);
	hold->value.number = 200;
}

static int make_host(void **state)
{
	size_t i;

	memset(&host, 0, sizeof host);
	map_init(&host.records);
	for (i = 0; i < POLICIES; i++)
		describe(i);
	for (i = 0; i < 20; i++)
		hold_by_hand((int)i);
	host.policies = all;
	host.policy_count = POLICIES;
	return daemon_renew_arbiter(&host, NULL);
}

static int end_host(void **state)
{
	size_t i;

	until_failure = -1;
	arbiter_free(host.arbiter);
	for (i = 0; i < POLICIES; i++) {
		asked_done(&loadeds[i].asked);
		policy_done(&policies[i]);
	}
	memset(loadeds, 0, sizeof loadeds);
	holds_done(&host.hand);
	map_done(&host.records);
	return 0;
}

static void without_memory_for_a_new_arbiter_the_old_one_stays(void **state)
{
	struct arbiter *before = host.arbiter;
	int tries, r = -ENOMEM;

	for (tries = 0; tries < TRIES_MOST && r < 0; tries++) {
		struct error err = { 0 };

		until_failure = tries;
		r = daemon_renew_arbiter(&host, &err);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_ptr_equal(host.arbiter, before);
	}
	assert_int_equal(r, 0);
	/* Policies, requests, holds: each of them has failed. */
	assert_in_range(tries, POLICIES + VMS, TRIES_MOST - 1);
}

static void a_hold_that_is_not_planned_is_told(void **state)
{
	int tries, r = -ENOMEM;

	hold_by_hand(VMS + 1);
	hold_by_hand(VMS + 2);
	for (tries = 0; tries < TRIES_MOST && r < 0; tries++) {
		struct error err = { 0 };

		until_failure = tries;
		r = daemon_apply_holds(&host, &err);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_string_not_equal(err.text, "");
	}
	assert_int_equal(r, 0);
	assert_in_range(tries, 2, TRIES_MOST - 1);
}

static void touch(const char *directory, int number)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof path, "%s/new-%d.lua", directory, number);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
}

static void remove_all(const char *directory, int count)
{
	char path[200];

	while (count-- > 0) {
		snprintf(path, sizeof path, "%s/new-%d.lua", directory, count);
		unlink(path);
	}
	rmdir(directory);
}

static void of_new_policies_all_are_found_or_it_is_told(void **state)
{
	enum { FILES = 20 };
	char directory[] = "truce-scan-XXXXXX";
	struct loads loads = { 0 };
	int i, tries, r = -ENOMEM;

	assert_non_null(mkdtemp(directory));
	for (i = 0; i < FILES; i++)
		touch(directory, i);
	snprintf(host.config.policies, sizeof host.config.policies, "%s", directory);
	for (tries = 0; tries < TRIES_MOST && r < 0; tries++) {
		struct error err = { 0 };

		until_failure = tries;
		r = policies_scan(&host, &loads, &err);
		if (r == 0)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(loads.count, 0);
	}
	until_failure = -1;
	remove_all(directory, FILES);
	assert_int_equal(r, 0);
	assert_int_equal(loads.count, FILES);
	assert_in_range(tries, FILES, TRIES_MOST - 1);
	loads_done(&loads);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_memory_for_a_new_arbiter_the_old_one_stays,
						make_host, end_host),
		cmocka_unit_test_setup_teardown(a_hold_that_is_not_planned_is_told, make_host, end_host),
		cmocka_unit_test_setup_teardown(of_new_policies_all_are_found_or_it_is_told, make_host,
						end_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
