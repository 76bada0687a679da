/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "lab/plan/lab_plan.h"
#include "lab/plan/lab_random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const unsigned eight_cpus[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
static const struct lab_plan_host big = { .cpus = eight_cpus, .cpu_count = 8,
	.memory_bytes = 64ull << 30, .disk_bytes = 1ull << 40, .kvm = true, .root = true };

#define HEAD "return experiment { name = 'x', asks = 'Does it?', subject = { work = 'cpu-integer' },\n"

static struct spec *read_spec(const char *text)
{
	struct spec *spec = NULL;
	struct error err = { 0 };

	if (spec_new(text, strlen(text), "x.lua", false, &spec, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return spec;
}

static struct lab_plan *make(const struct spec *spec, const struct lab_plan_host *host, uint64_t seed)
{
	struct lab_plan *plan = NULL;
	struct error err = { 0 };

	if (lab_plan_new(spec, host, seed, &plan, &err) < 0)
		fail_msg("%s", err.text);
	return plan;
}

static bool same_order(const struct lab_plan *a, const struct lab_plan *b)
{
	size_t i, j;

	for (i = 0; i < a->boot_count; i++) {
		if (a->boots[i].machine != b->boots[i].machine)
			return false;
		for (j = 0; j < a->boots[i].run_count; j++)
			if (a->boots[i].runs[j].cell != b->boots[i].runs[j].cell)
				return false;
	}
	return true;
}

static void the_same_seed_gives_the_same_order_and_another_another(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { count = 3 }, vary = { { 'loaded', 1, 2, 3 },\n"
				      "{ 'vms.memory', 128*MiB, 256*MiB } } }");
	struct lab_plan *a = make(spec, &big, 7), *b = make(spec, &big, 7), *c = make(spec, &big, 8);

	assert_true(same_order(a, b));
	assert_false(same_order(a, c));
	lab_plan_free(a);
	lab_plan_free(b);
	lab_plan_free(c);
	spec_free(spec);
}

/* So that a host which slows down does so for every cell alike. */
static void each_block_has_every_machine_and_each_boot_every_cell_once(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { count = 2 }, boots = 5, vary = { { 'loaded', 1, 2 },\n"
				      "{ 'vms.memory', 128*MiB, 256*MiB, 512*MiB } } }");
	struct lab_plan *plan = make(spec, &big, 3);
	size_t i, j;

	assert_int_equal(plan->boot_count, 15);
	for (i = 0; i < plan->boot_count; i += 3)
		assert_int_equal((1 << plan->boots[i].machine) | (1 << plan->boots[i + 1].machine) |
				 (1 << plan->boots[i + 2].machine), 7);
	for (i = 0; i < plan->boot_count; i++) {
		unsigned seen = 0;

		for (j = 0; j < plan->boots[i].run_count; j++)
			seen += spec->cells[plan->boots[i].runs[j].cell].machine == plan->boots[i].machine;
		assert_int_equal(seen, plan->boots[i].run_count);
		assert_int_equal(seen, 3); /* loaded 1, 2, and the control */
	}
	lab_plan_free(plan);
	spec_free(spec);
}

static void the_first_run_of_a_boot_is_each_cell_as_often(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { count = 3 }, boots = 1000, vary = { { 'loaded', 1, 2, 3 } } }");
	struct lab_plan *plan = make(spec, &big, 1);
	unsigned first[4] = { 0 };
	size_t i;

	for (i = 0; i < plan->boot_count; i++)
		first[plan->boots[i].runs[0].cell]++;
	for (i = 0; i < 4; i++)
		assert_in_range(first[i], 190, 310); /* 250 +- 4.4 standard deviations */
	lab_plan_free(plan);
	spec_free(spec);
}

/* Whatever else this host could: a figure is labelled with it. */
static void guests_are_told_by_what_runs_them(void **state)
{
	static const struct {
		const char *vms, *best, *first;
		bool kvm, tcg;
	} cases[] = {
		{ "{ }", "kvm", "kvm", true, false },
		{ "{ }", "tcg", "tcg", false, true },
		{ "{ accel = 'tcg' }", "tcg", "tcg", true, true },
		{ "{ accel = 'kvm' }", "kvm", "kvm", true, false },
		{ "{ kind = 'process' }", "none", "none", true, false },
	};
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lab_plan_host host = big;
		struct lab_plan *plan;
		struct spec *spec;
		char text[300];

		snprintf(text, sizeof text, HEAD "vms = %s }", cases[i].vms);
		spec = read_spec(text);
		host.kvm = cases[i].kvm;
		plan = make(spec, &host, 1);
		assert_string_equal(lab_plan_accel_best(plan), cases[i].best);
		assert_string_equal(lab_plan_accel(plan, &spec->cells[0].made), cases[i].first);
		assert_int_equal(plan->tcg, cases[i].tcg);
		lab_plan_free(plan);
		spec_free(spec);
	}
}

static void guests_of_two_kinds_are_told_each_by_its_own(void **state)
{
	struct spec *spec = read_spec(HEAD "vary = { { 'vms.accel', 'tcg', 'kvm' } } }");
	struct lab_plan *plan = make(spec, &big, 1);

	assert_string_equal(lab_plan_accel_best(plan), "kvm");
	assert_string_equal(lab_plan_accel(plan, &spec->cells[0].made), "tcg");
	assert_string_equal(lab_plan_accel(plan, &spec->cells[1].made), "kvm");
	assert_true(plan->tcg);
	lab_plan_free(plan);
	spec_free(spec);
}

static void a_machine_that_is_too_small_is_scaled_and_says_so(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { count = 3, vcpus = 2, pin = 'own' } }");
	struct lab_plan_host small = big;
	struct lab_plan *plan;
	unsigned cpus[8];

	small.cpu_count = 2;
	plan = make(spec, &small, 1);
	assert_true(plan->scaled);
	assert_int_equal(plan->boots[0].vcpus, 1);
	assert_string_equal(plan->scaled_why, "3 VMs of 2 vCPUs on cores of their own need 6, here are 2: "
			    "1 vCPU each, and only VM1 has a core of its own");
	assert_int_equal(lab_plan_pin(plan, &spec->cells[0], 0, cpus), 1);
	assert_int_equal(cpus[0], 0);
	assert_int_equal(lab_plan_pin(plan, &spec->cells[0], 2, cpus), 1);
	assert_int_equal(cpus[0], 1);
	lab_plan_free(plan);
	plan = make(spec, &big, 1);
	assert_false(plan->scaled);
	assert_int_equal(lab_plan_pin(plan, &spec->cells[0], 2, cpus), 2);
	assert_int_equal(cpus[0], 4);
	assert_int_equal(cpus[1], 5);
	lab_plan_free(plan);
	spec_free(spec);
}

static void vms_that_are_not_pinned_may_use_every_cpu(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { count = 9, vcpus = 4 }, vary = { { 'vms.pin', 'none', "
				      "'shared', { 2, 3 } } } }");
	struct lab_plan *plan = make(spec, &big, 1);
	unsigned cpus[8];

	assert_false(plan->scaled);
	assert_int_equal(lab_plan_pin(plan, &spec->cells[0], 8, cpus), 8);
	assert_int_equal(lab_plan_pin(plan, &spec->cells[1], 8, cpus), 4);
	assert_int_equal(lab_plan_pin(plan, &spec->cells[2], 1, cpus), 1);
	assert_int_equal(cpus[0], 3);
	lab_plan_free(plan);
	spec_free(spec);
}

static const struct {
	const char *text, *told;
	int code;
	struct lab_plan_host host;
} impossible[] = {
	{ HEAD "vms = { count = 8, memory = 2*GiB } }", "8 VMs of 2048 MiB need 17152 MiB", -ENOSPC,
	  { eight_cpus, 8, 8ull << 30, 1ull << 40, true, true } },
	{ HEAD "vms = { count = 2 }, disk = { size = 8*GiB } }", "2 disks of 8192 MiB need 16384 MiB, here "
	  "are 1024 MiB free", -ENOSPC, { eight_cpus, 8, 8ull << 30, 1ull << 30, true, true } },
	{ HEAD "ksm = { pages = 200 } }", "to turn KSM needs root", -EPERM,
	  { eight_cpus, 8, 8ull << 30, 1ull << 30, true, false } },
	{ HEAD "net = 'on' }", "a network between VMs needs root", -EPERM,
	  { eight_cpus, 8, 8ull << 30, 1ull << 30, true, false } },
	{ HEAD "vms = { accel = 'kvm' } }", "needs /dev/kvm", -ENODEV,
	  { eight_cpus, 8, 8ull << 30, 1ull << 30, false, true } },
	{ HEAD "vms = { count = 4 }, boots = 200, runs = 20, warmup = 0*s, duration = 300*s }",
	  "this would be 96000000 reports, and what has more than 25000000 cannot be read again", -E2BIG,
	  { eight_cpus, 8, 8ull << 30, 1ull << 40, true, true } },
	{ HEAD "vms = { count = 2 }, boots = 1000, runs = 100, vary = { { 'loaded', 1, 2 } } }",
	  "this would be 300000 runs", -E2BIG, { eight_cpus, 8, 8ull << 30, 1ull << 40, true, true } },
	{ HEAD "vms = { pin = { 9 } } }", "CPU 9", -ENODEV,
	  { eight_cpus, 8, 8ull << 30, 1ull << 30, false, true } },
};

static void impossible_resources_are_told_with_what_is_missing(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(impossible); i++) {
		struct spec *spec = read_spec(impossible[i].text);
		struct lab_plan *plan = NULL;
		struct error err = { 0 };

		assert_int_equal(lab_plan_new(spec, &impossible[i].host, 1, &plan, &err),
				 impossible[i].code);
		assert_null(plan);
		if (strstr(err.text, impossible[i].told) == NULL)
			fail_msg("%s\nnot: %s", err.text, impossible[i].told);
		spec_free(spec);
	}
}

static void a_duet_runs_each_cell_beside_its_baseline_and_changes_places(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { count = 2 }, duet = true, boots = 100,\n"
				      "vary = { { 'subject.threads', 1, 2 } } }");
	struct lab_plan *plan = make(spec, &big, 1);
	unsigned swapped = 0;
	size_t i;

	for (i = 0; i < plan->boot_count; i++) {
		assert_int_equal(plan->boots[i].run_count, 2); /* the other value, and the control */
		assert_int_equal(plan->boots[i].runs[0].beside, 0);
		assert_int_not_equal(plan->boots[i].runs[0].cell, 0);
		swapped += plan->boots[i].runs[0].swapped;
	}
	assert_in_range(swapped, 30, 70);
	lab_plan_free(plan);
	spec_free(spec);
}

static void a_plan_tells_what_it_would_run_and_how_long(void **state)
{
	struct spec *spec = read_spec(HEAD "vms = { count = 2 }, boots = 10, duration = 2*s, warmup = 1*s,\n"
				      "vary = { { 'loaded', 1, 2 } } }");
	struct lab_plan *plan = make(spec, &big, 1);
	struct str text;

	str_init(&text);
	lab_plan_append_text(plan, &text);
	assert_non_null(strstr(text.data, "10 boots with 30 runs in all, each 2 s after 1 s of warm-up"));
	assert_non_null(strstr(text.data, "loaded=2: compared with loaded=1"));
	assert_non_null(strstr(text.data, "loaded=1 (again): the control"));
	assert_non_null(strstr(text.data, "about 1 min "));
	str_done(&text);
	lab_plan_free(plan);
	spec_free(spec);
}

static void a_strangers_texts_reach_no_terminal_as_they_are(void **state)
{
	struct spec *spec = read_spec("return experiment { name = 'x', asks = '\\27]0;owned\\7?', predicts = '\\27[2J',\n"
				      "subject = { work = 'command', run = 'true\\27[31m', read = 'rule', rule = '+operations=x' },\n"
				      "vms = { domain = 'a\\27[31m' }, vary = { { 'what', { name = '\\27[1m', runs = nil,\n"
				      "['vms.pin'] = 'own' }, { name = 'b', ['vms.pin'] = 'none' } } } }");
	struct lab_plan *plan = make(spec, &big, 1);
	struct str text;

	str_init(&text);
	lab_plan_append_text(plan, &text);
	assert_null(strchr(text.data, 27));
	assert_null(strchr(text.data, 7));
	assert_non_null(strstr(text.data, "x: \\x1b]0;owned\\x07?\n"));
	assert_non_null(strstr(text.data, "what=\\x1b[1m"));
	str_done(&text);
	lab_plan_free(plan);
	spec_free(spec);
}

static void chance_is_the_same_on_every_machine(void **state)
{
	struct lab_random random;

	lab_random_init(&random, 42, 0);
	assert_int_equal(lab_random_below(&random, 1000), 317);
	assert_int_equal(lab_random_below(&random, 1000), 802);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_order_and_another_another),
		cmocka_unit_test(each_block_has_every_machine_and_each_boot_every_cell_once),
		cmocka_unit_test(the_first_run_of_a_boot_is_each_cell_as_often),
		cmocka_unit_test(guests_are_told_by_what_runs_them),
		cmocka_unit_test(guests_of_two_kinds_are_told_each_by_its_own),
		cmocka_unit_test(a_machine_that_is_too_small_is_scaled_and_says_so),
		cmocka_unit_test(vms_that_are_not_pinned_may_use_every_cpu),
		cmocka_unit_test(impossible_resources_are_told_with_what_is_missing),
		cmocka_unit_test(a_duet_runs_each_cell_beside_its_baseline_and_changes_places),
		cmocka_unit_test(a_plan_tells_what_it_would_run_and_how_long),
		cmocka_unit_test(a_strangers_texts_reach_no_terminal_as_they_are),
		cmocka_unit_test(chance_is_the_same_on_every_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
