/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies in processes of their own, as truced runs them. They are built here. */
#include "decide/decider.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "decide/build.h"
#include "model/synthetic.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

static char directory[] = "/tmp/truce-decider-XXXXXX";
static struct synthetic host;

/* -- the policies ------------------------------------------------------------------------------- */

static char *program_path(const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s.so", directory, name) < 0)
		abort();
	return path;
}

static int build(const char *source, const char *name)
{
	CLEANUP_FREE char *program = program_path(name);
	struct error err;
	int r = policy_build(source, program, NULL, &err);

	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	return r;
}

static struct decider *start(const char *name)
{
	CLEANUP_FREE char *program = program_path(name);
	struct decider *decider;
	struct error err;

	if (decider_new(program, NULL, &decider, &err) < 0)
		fail_msg("%s", err.text);
	return decider;
}

static const struct decision *turn(struct decider *decider)
{
	const struct decision *decision;
	struct error err;

	synthetic_tick(&host);
	if (decider_turn(decider, DECIDER_TICK, &host.snapshot, NULL, 0, &decision, &err) < 0)
		fail_msg("%s", err.text);
	return decision;
}

/* As a loop does that polls other things, too. */
static int receive(struct decider *decider, const struct decision **ret, struct error *err)
{
	int r = 0;

	while (r == 0) {
		struct pollfd poll_fd = { .fd = decider_fd(decider), .events = POLLIN };

		assert_int_equal(poll(&poll_fd, 1, 5000), 1);
		r = decider_receive(decider, ret, err);
	}
	return r;
}

/* The next count of tests/policies/counts.c. */
static void expect_count(struct decider *decider, int64_t count)
{
	const struct decision *decision = turn(decider);

	if (decision->restarted)
		fail_msg("%s", decision->trouble);
	assert_int_equal(decision->request_count, 1);
	assert_int_equal(decision->requests[0].setting, SETTING_KSM_PAGES_TO_SCAN);
	assert_int_equal(decision->requests[0].value.number, count);
}

static int make_policies(void **state)
{
	if (mkdtemp(directory) == NULL || synthetic_init(&host, 4, 10, 3) < 0)
		return -1;
	if (build(SOURCE_ROOT "/policies/figure7.c", "figure7") < 0 ||
	    build(SOURCE_ROOT "/tests/policies/counts.c", "counts") < 0 ||
	    build(SOURCE_ROOT "/tests/policies/newborn.c", "newborn") < 0 ||
	    build(SOURCE_ROOT "/tests/policies/faulty/aborts.c", "aborts") < 0)
		return -1;
	return 0;
}

static int remove_policies(void **state)
{
	static const char *const names[] = { "figure7", "counts", "newborn", "aborts", "copy" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		CLEANUP_FREE char *program = program_path(names[i]);

		unlink(program);
	}
	synthetic_done(&host);
	return rmdir(directory);
}

/* -- turns --------------------------------------------------------------------------------------- */

static void set_load(int per_cent)
{
	figure_set(host.snapshot.host.value, host.snapshot.host.state, HOST_UTILISATION_15MIN,
		   per_cent * 100);
}

static const struct decision *turn_at_load(struct decider *decider, int per_cent)
{
	const struct decision *decision;
	struct error err;
	unsigned i;

	/* It looks each five seconds. */
	for (i = 0; i < 5; i++) {
		synthetic_tick(&host);
		set_load(per_cent);
		assert_int_equal(decider_turn(decider, DECIDER_TICK, &host.snapshot, NULL, 0,
					      &decision, &err), 0);
		if (decision->restarted)
			fail_msg("%s", decision->trouble);
		if (decision->request_count > 0)
			break;
	}
	return decision;
}

static void make_nice(size_t at, int nice, int64_t relative)
{
	struct vm *vm = host.snapshot.vms[at];

	text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "nice", 4);
	figure_set(vm->value, vm->state, VM_NICE, nice);
	figure_set(vm->value, vm->state, VM_WEIGHT_RELATIVE, relative);
}

static void figure_7_does_what_the_paper_says(void **state)
{
	struct decider *decider = start("figure7");
	const struct decision *decision;
	size_t i;

	for (i = 0; i < host.snapshot.vm_count; i++)
		make_nice(i, 0, 10000);
	make_nice(4, 9, 1340);
	make_nice(6, -3, 19500);
	assert_string_equal(decider_policy(decider)->name, "figure7");
	decision = turn_at_load(decider, 50);
	assert_int_equal(decision->request_count, 0);
	decision = turn_at_load(decider, 95);
	assert_int_equal(decision->request_count, 1);
	assert_int_equal(decision->requests[0].vm.pid, host.snapshot.vms[4]->identity.pid);
	assert_int_equal(decision->requests[0].setting, SETTING_CPU_NICE);
	assert_int_equal(decision->requests[0].value.number, 10);
	assert_true(decision->requests[0].cause.line > 0);
	assert_non_null(strstr(decision->requests[0].cause.path, "policies/figure7.c"));
	decision = turn_at_load(decider, 5);
	assert_int_equal(decision->request_count, 1);
	assert_int_equal(decision->requests[0].vm.pid, host.snapshot.vms[6]->identity.pid);
	assert_int_equal(decision->requests[0].value.number, -4);
	assert_string_equal(decision->requests[0].cause.because,
			    "the CPUs were idler than 10 % over 15 minutes");
	decider_free(decider);
}

static const struct decision *turn_of(struct decider *decider, enum decider_occasion occasion)
{
	const struct decision *decision;
	struct error err;

	synthetic_tick(&host);
	if (decider_turn(decider, occasion, &host.snapshot, NULL, 0, &decision, &err) < 0)
		fail_msg("%s", err.text);
	assert_false(decision->restarted);
	return decision;
}

static void a_policy_in_c_that_asks_for_it_is_woken_by_a_birth(void **state)
{
	struct decider *decider = start("newborn"), *plain = start("figure7");
	const struct decision *decision;
	struct vm_identity born;

	assert_true(decider_policy(decider)->rules[0].at_birth);
	assert_false(decider_policy(plain)->rules[0].at_birth);
	decider_free(plain);
	set_load(50);
	assert_int_equal(turn_of(decider, DECIDER_TICK)->request_count, host.snapshot.vm_count);
	assert_int_equal(turn_of(decider, DECIDER_TICK)->request_count, 0);
	assert_int_equal(synthetic_birth(&host), 0);
	born = host.snapshot.vms[host.snapshot.vm_count - 1]->identity;
	decision = turn_of(decider, DECIDER_BIRTH);
	assert_int_equal(decision->request_count, 1);
	assert_int_equal(vm_identity_compare(&decision->requests[0].vm, &born), 0);
	assert_string_equal(decision->requests[0].cause.because, "it was just born");
	/* Its own time goes on as it was. */
	assert_int_equal(synthetic_birth(&host), 0);
	assert_int_equal(turn_of(decider, DECIDER_TICK)->request_count, 0);
	decider_free(decider);
}

static void the_paper_s_policy_compiles_without_a_word(void **state)
{
	CLEANUP_FREE char *program = program_path("copy");
	struct error err;
	struct str said;

	str_init(&said);
	assert_int_equal(policy_build(SOURCE_ROOT "/policies/figure7.c", program, &said, &err), 0);
	assert_int_equal(said.length, 0);
	assert_true(policy_build(SOURCE_ROOT "/tests/policies/faulty/syntax-error.c", program, &said,
				 &err) < 0);
	assert_int_equal(access(program, F_OK), 0); /* the good one stays */
	assert_true(said.length > 0);
	assert_true(policy_build(SOURCE_ROOT "/tests/policies/faulty/has-no-main.c", program, NULL,
				 &err) < 0);
	assert_non_null(strstr(err.text, "has-no-main.c: it has no peacemaker_policy_main: that is"));
	str_done(&said);
}

static void a_turn_is_waited_for_by_poll_and_only_one_is_under_way(void **state)
{
	struct decider *decider = start("counts");
	const struct decision *decision;
	struct error err;

	assert_int_equal(decider_deadline_usec(decider), 0);
	assert_int_equal(decider_send(decider, DECIDER_TICK, &host.snapshot, NULL, 0, &err), 0);
	assert_true(decider_deadline_usec(decider) > clock_monotonic_usec());
	assert_int_equal(decider_send(decider, DECIDER_TICK, &host.snapshot, NULL, 0, &err), -EBUSY);
	assert_int_equal(receive(decider, &decision, &err), 1);
	assert_false(decision->restarted);
	assert_int_equal(decision->request_count, 1);
	assert_true(decision->state_size > 0);
	assert_true(decision->cpu_usec > 0 && decision->cpu_usec < 100000);
	assert_int_equal(decider_deadline_usec(decider), 0);
	decider_free(decider);
}

static void a_birth_is_no_tick_to_a_policy_in_c(void **state)
{
	struct decider *decider = start("counts");
	const struct decision *decision;
	struct error err;

	expect_count(decider, 1);
	assert_int_equal(decider_turn(decider, DECIDER_BIRTH, &host.snapshot, NULL, 0, &decision,
				      &err), 0);
	assert_false(decision->restarted);
	assert_int_equal(decision->request_count, 0);
	expect_count(decider, 2);
	decider_free(decider);
}

static void hosts_grow_and_shrink_under_it(void **state)
{
	static const unsigned sizes[] = { 1, 3000, 40, 0, 700 };
	struct decider *decider = start("counts");
	struct synthetic kept = host;
	size_t i;

	expect_count(decider, 1);
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		assert_int_equal(synthetic_init(&host, 64, sizes[i], 1), 0);
		expect_count(decider, (int64_t)i + 2);
		synthetic_done(&host);
	}
	host = kept;
	decider_free(decider);
}

/* -- death --------------------------------------------------------------------------------------- */

static void wait_nsec(long nsec)
{
	const struct timespec time = { 0, nsec };

	nanosleep(&time, NULL);
}

static void killed_at_any_moment_it_goes_on_with_its_state(void **state)
{
	struct decider *decider = start("counts");
	const struct decision *decision;
	struct error err;
	unsigned random = 1, round;
	int64_t count = 1;

	for (round = 0; round < 100; round++) {
		synthetic_tick(&host);
		assert_int_equal(decider_send(decider, DECIDER_TICK, &host.snapshot, NULL, 0, &err), 0);
		random = random * 1103515245 + 12345;
		wait_nsec(random / 65536 % 400 * 1000);
		kill(decider_pid(decider), SIGKILL);
		assert_int_equal(receive(decider, &decision, &err), 1);
		if (decision->restarted)
			assert_non_null(strstr(decision->trouble, "killed its process"));
		else
			assert_int_equal(decision->requests[0].value.number, count++);
		/* And one in peace, which also finds out about a death after the answer. */
		decision = turn(decider);
		if (decision->restarted)
			decision = turn(decider);
		assert_int_equal(decision->request_count, 1);
		assert_int_equal(decision->requests[0].value.number, count++);
	}
	decider_free(decider);
}

static void a_death_between_turns_is_told(void **state)
{
	struct decider *decider = start("counts");
	const struct decision *decision;
	struct error err;

	expect_count(decider, 1);
	kill(decider_pid(decider), SIGKILL);
	assert_int_equal(receive(decider, &decision, &err), 1);
	assert_true(decision->restarted);
	assert_int_equal(decision->request_count, 0);
	expect_count(decider, 2);
	decider_free(decider);
}

/* The second process has taken less in all than the first had before its turn. */
static void the_cost_of_a_death_between_turns_is_its_own_process(void **state)
{
	struct decider *decider = start("counts");
	const struct decision *decision;
	struct error err;
	unsigned i;

	for (i = 1; i <= 30; i++)
		expect_count(decider, i);
	for (i = 0; i < 2; i++) {
		kill(decider_pid(decider), SIGKILL);
		assert_int_equal(receive(decider, &decision, &err), 1);
		assert_true(decision->restarted);
		assert_in_range(decision->cpu_usec, 0, USEC_PER_SEC);
	}
	decider_free(decider);
}

static void one_that_dies_each_turn_is_left_in_peace(void **state)
{
	struct decider *decider = start("aborts");
	struct error err;

	assert_true(turn(decider)->restarted);
	assert_true(turn(decider)->restarted);
	assert_int_equal(decider_send(decider, DECIDER_TICK, &host.snapshot, NULL, 0, &err), -EAGAIN);
	if (strstr(err.text, "died 2 times in a row; it is started again in 1 s") == NULL)
		fail_msg("%s", err.text);
	decider_free(decider);
}

static void a_pattern_bomb_costs_one_tick(void **state)
{
	const struct decider_options limits = { .turn_usec = 60000 };
	const struct decision *decision;
	struct decider *decider;
	struct error err;

	if (decider_new(SOURCE_ROOT "/tests/policies/bomb.lua", &limits, &decider, &err) < 0)
		fail_msg("%s", err.text);
	expect_count(decider, 1);
	expect_count(decider, 2);
	synthetic_tick(&host);
	figure_set(host.snapshot.host.value, host.snapshot.host.state, HOST_RUNNING, 77);
	assert_int_equal(decider_turn(decider, DECIDER_TICK, &host.snapshot, NULL, 0, &decision,
				      &err), 0);
	assert_true(decision->restarted);
	assert_int_equal(decision->request_count, 0);
	assert_in_range(decision->cpu_usec, 60000, 180000);
	assert_non_null(strstr(decision->trouble, "bomb.lua: it took more CPU time than a turn may, "
						  "in rule \"count\" of line 3"));
	synthetic_tick(&host);
	figure_set(host.snapshot.host.value, host.snapshot.host.state, HOST_RUNNING, 2);
	expect_count(decider, 3);
	decider_free(decider);
}

static void what_runs_is_what_was_loaded(void **state)
{
	CLEANUP_FREE char *from = program_path("counts"), *to = program_path("copy"), *copy = NULL;
	struct decider *decider;
	size_t size;
	uint64_t hash;

	if (asprintf(&copy, "cp %s %s", from, to) < 0)
		abort();
	assert_int_equal(system(copy), 0);
	decider = start("copy");
	expect_count(decider, 1);
	assert_int_equal(truncate(to, 0), 0);
	kill(decider_pid(decider), SIGKILL);
	assert_true(turn(decider)->restarted);
	expect_count(decider, 2);
	assert_non_null(decider_source(decider, &size, &hash));
	assert_true(size > 4096);
	decider_free(decider);
}

/* -- state --------------------------------------------------------------------------------------- */

static void a_successor_goes_on_where_the_first_was(void **state)
{
	struct decider *first = start("counts"), *second = start("counts");
	const struct decision *decision;
	struct error err;

	expect_count(first, 1);
	decision = turn(first);
	assert_int_equal(decider_restore(second, decision->state, decision->state_size, &err), 0);
	expect_count(second, 3);
	decider_free(first);
	decider_free(second);
}

static void a_state_that_is_none_is_refused_and_harms_nothing(void **state)
{
	struct decider *decider = start("counts");
	struct error err;

	assert_int_equal(decider_restore(decider, "\377\377\377", 3, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "state"));
	expect_count(decider, 1);
	decider_free(decider);
}

/* -- what is no policy ------------------------------------------------------------------------------ */

static void expect_refused(const char *path, const char *program, const char *sentence)
{
	const struct decider_options limits = { .load_usec = 100000, .program = program };
	struct decider *decider;
	struct error err;

	assert_true(decider_new(path, &limits, &decider, &err) < 0);
	if (strstr(err.text, sentence) == NULL)
		fail_msg("'%s' is not in '%s'", sentence, err.text);
}

static void what_is_no_policy_is_refused_with_a_sentence(void **state)
{
	CLEANUP_FREE char *program = program_path("counts"), *text = program_path("text");
	FILE *file = fopen(text, "w");

	fputs("no program\n", file);
	fclose(file);
	expect_refused("policy.txt", NULL, "a policy is a file that ends in .lua, or in .so");
	expect_refused("policy.c", NULL, "is built first: truce policy build policy.c");
	expect_refused("/nowhere/policy.so", NULL, "/nowhere/policy.so: cannot be opened: No such");
	expect_refused(text, NULL, "cannot be mapped: ");
	expect_refused(program, "/nowhere/truce-decide", "cannot start /nowhere/truce-decide");
	expect_refused(program, "/bin/true", "it does not survive being loaded");
	unlink(text);
}

/* The files of /proc have no size, and then something to read. */
static void a_file_that_changes_while_it_is_read_is_refused(void **state)
{
	CLEANUP_FREE char *link = program_path("link");

	assert_int_equal(symlink("/proc/self/status", link), 0);
	expect_refused(link, NULL, "changed while it was read");
	unlink(link);
	assert_int_equal(symlink("/dev/zero", link), 0);
	expect_refused(link, NULL, "is no regular file");
	unlink(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figure_7_does_what_the_paper_says),
		cmocka_unit_test(a_policy_in_c_that_asks_for_it_is_woken_by_a_birth),
		cmocka_unit_test(the_paper_s_policy_compiles_without_a_word),
		cmocka_unit_test(a_turn_is_waited_for_by_poll_and_only_one_is_under_way),
		cmocka_unit_test(a_birth_is_no_tick_to_a_policy_in_c),
		cmocka_unit_test(hosts_grow_and_shrink_under_it),
		cmocka_unit_test(killed_at_any_moment_it_goes_on_with_its_state),
		cmocka_unit_test(a_death_between_turns_is_told),
		cmocka_unit_test(the_cost_of_a_death_between_turns_is_its_own_process),
		cmocka_unit_test(one_that_dies_each_turn_is_left_in_peace),
		cmocka_unit_test(a_pattern_bomb_costs_one_tick),
		cmocka_unit_test(what_runs_is_what_was_loaded),
		cmocka_unit_test(a_successor_goes_on_where_the_first_was),
		cmocka_unit_test(a_state_that_is_none_is_refused_and_harms_nothing),
		cmocka_unit_test(what_is_no_policy_is_refused_with_a_sentence),
		cmocka_unit_test(a_file_that_changes_while_it_is_read_is_refused),
	};

	return cmocka_run_group_tests(tests, make_policies, remove_policies);
}
