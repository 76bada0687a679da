/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The library's functions over made-up hosts, in this process: the test is the policy. */
#define PEACEMAKER_LIBRARY
#include "peacemaker.h"

#include "base/error.h"
#include "base/str.h"
#include "decide/nice.h"
#include "decide/peacemaker_host.h"
#include "model/synthetic.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { VMS = 5, ASKED_MOST = 64 };

static struct synthetic host;
static struct snapshot before;
static bool has_before;
static struct turn turn;
static struct request asked[ASKED_MOST];
static unsigned asked_count, warned_count, next_count;
static struct policy description;
static void (*body)(void);
static enum decider_occasion occasion; /* of the turns to come */
static void (*meanwhile)(void); /* what happens to the host while the policy yields */

static int sink_request(void *context, const struct request *request)
{
	assert_in_range(asked_count, 0, ASKED_MOST - 1);
	asked[asked_count++] = *request;
	return 0;
}

static void sink_warning(void *context, const struct vm_identity *vm, const char *text)
{
	warned_count++;
}

static const struct turn *this_turn(void)
{
	turn = (struct turn){ .occasion = occasion, .now = &host.snapshot,
			      .before = has_before ? &before : NULL,
			      .sink = { NULL, sink_request, sink_warning } };
	return &turn;
}

static const struct turn *next_turn(void)
{
	next_count++;
	/* A birth's snapshot is what nobody is compared with later. */
	if (occasion == DECIDER_TICK) {
		assert_int_equal(snapshot_copy(&before, &host.snapshot), 0);
		has_before = true;
	}
	synthetic_tick(&host);
	if (meanwhile != NULL)
		meanwhile();
	return this_turn();
}

static void place(const char *function, int line)
{
}

static int policy_main(void *arg)
{
	body();
	return 0;
}

/* Everything known, all VMs alike. */
static void make_equal(void)
{
	size_t i;

	figure_set(host.snapshot.host.value, host.snapshot.host.state, HOST_UTILISATION_15MIN, 9449);
	for (i = 0; i < host.snapshot.vm_count; i++) {
		struct vm *vm = host.snapshot.vms[i];

		text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "nice", 4);
		figure_set(vm->value, vm->state, VM_NICE, 0);
		figure_set(vm->value, vm->state, VM_WEIGHT_RELATIVE, 10000);
		figure_set(vm->value, vm->state, VM_USER, 1000);
		figure_set(vm->value, vm->state, VM_SYSTEM, 0);
	}
}

static void set_nice(size_t at, int nice)
{
	struct vm *vm = host.snapshot.vms[at];

	vm->value[VM_NICE] = nice;
	vm->value[VM_WEIGHT_RELATIVE] = weight_relative_of_nice(nice);
}

static void run(void (*what)(void))
{
	struct error err;

	body = what;
	assert_int_equal(peacemaker_turn(this_turn(), &err), 0);
}

static int set_up(void **state)
{
	static const struct peacemaker_host as_host = { next_turn, place };

	asked_count = warned_count = next_count = 0;
	has_before = false;
	meanwhile = NULL;
	occasion = DECIDER_TICK;
	if (synthetic_init(&host, 4, VMS, 7) < 0)
		return -1;
	make_equal();
	policy_init(&description);
	strcpy(description.path, "policy.c");
	if (policy_add_rule(&description, PEACEMAKER_RULE, 0) == NULL)
		return -1;
	return peacemaker_begin(&as_host, &description, policy_main);
}

static int tear_down(void **state)
{
	peacemaker_end();
	policy_done(&description);
	snapshot_done(&before);
	synthetic_done(&host);
	return 0;
}

static pid_t pid_at(size_t at)
{
	return host.snapshot.vms[at]->identity.pid;
}

/* -- choosing ----------------------------------------------------------------------------------- */

static void look_at_equals(void)
{
	struct kvm_list *(*const functions[])(void) = {
		get_max_kvms_nice, get_min_kvms_nice, get_max_kvms_prio,
		get_min_kvms_prio, get_max_kvms_usage, get_min_kvms_usage,
	};
	size_t i;

	for (i = 0; i < sizeof functions / sizeof functions[0]; i++)
		assert_int_equal(get_kvm_pid(functions[i]()), pid_at(0));
}

static void of_equals_the_lowest_identity_is_chosen(void **state)
{
	run(look_at_equals);
}

static void look_at_extremes(void)
{
	assert_int_equal(get_kvm_pid(get_max_kvms_nice()), pid_at(1));
	assert_int_equal(get_kvm_pid(get_min_kvms_nice()), pid_at(3));
	assert_int_equal(get_kvm_pid(get_min_kvms_prio()), pid_at(1));
	assert_int_equal(get_kvm_pid(get_max_kvms_prio()), pid_at(3));
	assert_int_equal(get_kvm_nice(kvm_list_task(get_max_kvms_nice())), 7);
	assert_int_equal(task_nice(kvm_list_task(get_min_kvms_nice())), -4);
	assert_int_equal(get_kvm_pid(get_max_kvms_usage()), pid_at(2));
	assert_int_equal(get_kvm_pid(get_min_kvms_usage()), pid_at(4));
}

static void extremes_are_found(void **state)
{
	set_nice(1, 7);
	set_nice(3, -4);
	host.snapshot.vms[2]->value[VM_SYSTEM] = 1;
	host.snapshot.vms[4]->value[VM_USER] = 999;
	run(look_at_extremes);
}

static void make_realtime_first(void)
{
	assert_int_equal(get_kvm_pid(get_max_kvms_prio()), pid_at(4));
}

static void a_real_time_vm_has_the_highest_priority(void **state)
{
	set_nice(2, -20);
	text_set(&host.snapshot.vms[4]->text[VM_TEXT_WEIGHT_WHERE], "realtime", 8);
	run(make_realtime_first);
}

static void let_the_last_work(void)
{
	make_equal();
	host.snapshot.vms[4]->value[VM_USER] += 50;
}

static void usage_is_since_the_last_look(void)
{
	assert_int_equal(get_kvm_pid(get_max_kvms_usage()), pid_at(0)); /* 9000 in all */
	meanwhile = let_the_last_work;
	schedule_timeout(HZ);
	assert_int_equal(get_kvm_pid(get_max_kvms_usage()), pid_at(4)); /* 50 since */
	assert_int_equal(get_kvm_growth(get_max_kvms_usage(), PEACE_KVM_USER_USEC), 50);
}

static void usage_grows_from_one_look_to_the_next(void **state)
{
	host.snapshot.vms[0]->value[VM_USER] = 1000;
	host.snapshot.vms[0]->value[VM_SYSTEM] = 1;
	run(usage_is_since_the_last_look);
}

static void sum_over_three_ticks(void)
{
	schedule_timeout(3 * HZ);
	assert_int_equal(next_count, 3);
	assert_int_equal(get_kvm_growth(get_first_kvm(), PEACE_KVM_USER_USEC), 150);
}

static void work_fifty(void)
{
	host.snapshot.vms[0]->value[VM_USER] = before.vms[0]->value[VM_USER] + 50;
}

static void a_policy_that_sleeps_misses_no_growth(void **state)
{
	meanwhile = work_fifty;
	run(sum_over_three_ticks);
}

/* -- the host ------------------------------------------------------------------------------------- */

static void look_at_load(void)
{
	struct cpu_loadavg load;

	get_physical_cpus_loadavg(&load);
	assert_int_equal(load.fifteen_minutes, 94);
	assert_int_equal(load.one_minute, -1);
	assert_int_equal(get_physical_cpus_loadavg_seen(), 120);
	assert_true(get_host_figure(PEACE_HOST_UTILISATION_1MIN_PERMYRIAD) == PEACEMAKER_ABSENT);
	assert_true(get_host_figure((enum peace_host_figure)100000) == PEACEMAKER_ABSENT);
	assert_int_equal(get_nr_cpus(), 4);
}

static void load_is_in_per_cent_and_absence_is_no_number(void **state)
{
	host.snapshot.host.state[HOST_UTILISATION_1MIN] = FIGURE_UNSUPPORTED;
	figure_set(host.snapshot.host.value, host.snapshot.host.state, HOST_UTILISATION_SEEN,
		   120000000);
	run(look_at_load);
}

static void must_not_run(void)
{
	fail_msg("the policy ran");
}

static void a_host_without_rates_or_vms_is_not_shown(void **state)
{
	host.snapshot.host.state[HOST_UTILISATION_15MIN] = FIGURE_TOO_SOON;
	run(must_not_run);
	make_equal();
	while (host.snapshot.vm_count > 0)
		synthetic_death(&host, 0);
	run(must_not_run);
}

/* -- peace_list ------------------------------------------------------------------------------------ */

static struct kvm_list *old_handle;
static pid_t old_pid;

static void kill_the_first(void)
{
	if (next_count == 1)
		synthetic_death(&host, 0);
	else
		assert_int_equal(synthetic_birth(&host), 0);
	make_equal();
}

static void use_a_dead_one(void)
{
	old_handle = get_first_kvm();
	old_pid = get_kvm_pid(old_handle);
	meanwhile = kill_the_first;
	schedule_timeout(HZ);
	assert_int_equal(get_kvm_pid(old_handle), 0);
	schedule_timeout(HZ); /* another one is born, in the dead one's entry */
	assert_int_equal(get_nr_kvms(), VMS);
	assert_int_equal(get_kvm_pid(old_handle), 0);
	assert_null(get_kvm_name(old_handle));
	assert_null(get_next_kvm(old_handle));
	assert_true(get_kvm_rss_bytes(old_handle) == PEACEMAKER_ABSENT);
	assert_null(search_pid_from_peace_list(old_pid));
	set_kvm_nice(kvm_list_task(old_handle), 5);
	set_kvm_cpu_weight(old_handle, 5);
	del_kvm_list(old_pid);
	add_kvm_list(kvm_list_task(old_handle));
	assert_int_equal(asked_count, 0);
}

static void handles_of_the_dead_do_nothing(void **state)
{
	run(use_a_dead_one);
}

static void use_made_up_ones(void)
{
	static const uintptr_t numbers[] = { 0, 1000, 7ull << 32, UINTPTR_MAX, 1ull << 32 | 1, 4096 };
	size_t i;

	for (i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		struct kvm_list *vm = (struct kvm_list *)numbers[i];

		assert_int_equal(get_kvm_pid(vm), 0);
		set_kvm_cpu_weight(vm, 100);
		get_kvm_nice(kvm_list_task(vm));
	}
	assert_int_equal(asked_count, 0);
}

static void made_up_handles_do_nothing(void **state)
{
	run(use_made_up_ones);
}

static void take_one_out(void)
{
	struct kvm_list *vm = search_pid_from_peace_list(pid_at(2));
	struct task_struct *task;

	set_kvm_nice(kvm_list_task(vm), 3);
	set_kvm_cpu_weight(vm, 50);
	assert_int_equal(asked_count, 2);
	del_kvm_list(pid_at(2));
	assert_int_equal(asked_count, 4); /* both given back */
	assert_true(asked[2].release && asked[3].release);
	assert_int_equal(get_nr_kvms(), VMS); /* reads see the snapshot */
	meanwhile = make_equal;
	schedule_timeout(HZ);
	assert_int_equal(get_nr_kvms(), VMS - 1);
	assert_null(search_pid_from_peace_list(pid_at(2)));
	set_nice(2, 19);
	assert_int_not_equal(get_kvm_pid(get_max_kvms_nice()), pid_at(2));
	task = find_kvm_task(pid_at(2));
	assert_non_null(task);
	add_kvm_list(task);
	assert_int_equal(get_nr_kvms(), VMS - 1);
	schedule_timeout(HZ);
	assert_int_equal(get_nr_kvms(), VMS);
	assert_true(search_pid_from_peace_list(pid_at(2)) == task_kvm_list(task));
}

static void a_vm_is_taken_out_and_put_back(void **state)
{
	run(take_one_out);
}

static void walk(void)
{
	struct kvm_list *vm;
	size_t at = 0;

	for_each_kvm(vm)
		assert_int_equal(get_kvm_pid(vm), pid_at(at++));
	assert_int_equal(at, VMS);
}

static void all_are_walked_by_identity(void **state)
{
	run(walk);
}

/* -- asking ---------------------------------------------------------------------------------------- */

static void ask_with_a_reason(void)
{
	struct cpu_loadavg load;
	struct kvm_list *vm = get_min_kvms_prio();

	get_physical_cpus_loadavg(&load);
	set_kvm_reason("%d %% is too much", load.fifteen_minutes);
	peacemaker_at("set_kvm_nice", 42);
	set_kvm_nice(kvm_list_task(vm), task_nice(kvm_list_task(vm)) + 1);
	set_kvm_nice(kvm_list_task(vm), 1); /* the same again is no news */
	assert_int_equal(get_kvm_nice(kvm_list_task(vm)), 0); /* reads see the snapshot */
}

static void what_is_asked_for_says_why(void **state)
{
	const struct cause *cause = &asked[0].cause;

	run(ask_with_a_reason);
	assert_int_equal(asked_count, 1);
	assert_int_equal(asked[0].setting, SETTING_CPU_NICE);
	assert_int_equal(asked[0].value.number, 1);
	assert_int_equal(asked[0].vm.pid, pid_at(0));
	assert_int_equal(cause->line, 42);
	assert_string_equal(cause->rule, PEACEMAKER_RULE);
	assert_string_equal(cause->because, "94 % is too much");
	assert_string_equal(cause->inputs[cause->input_count - 1].name, "nice");
	assert_string_equal(cause->inputs[cause->input_count - 2].name, "utilisation, 15 min");
	assert_string_equal(cause->inputs[cause->input_count - 2].value, "94.49 %");
}

static void ask_twice(void)
{
	get_kvm_rss_bytes(get_first_kvm());
	set_kvm_cpu_weight(get_first_kvm(), 200);
	get_kvm_nice(kvm_list_task(get_first_kvm()));
	set_kvm_cpu_weight(get_first_kvm(), 300);
}

static void each_setting_has_what_was_read_before_it(void **state)
{
	run(ask_twice);
	assert_int_equal(asked_count, 2);
	assert_int_equal(asked[0].cause.input_count, 1);
	assert_string_equal(asked[0].cause.inputs[0].name, "rss_bytes");
	assert_int_equal(asked[1].cause.input_count, 1);
	assert_string_equal(asked[1].cause.inputs[0].name, "nice");
}

static void ask_for_nonsense(void)
{
	struct kvm_list *vm = get_first_kvm();

	set_kvm_setting(vm, (enum peace_setting)-1, 1);
	set_kvm_setting(vm, PEACE_SET_KSM_RUN, 1); /* the host's */
	set_host_setting(PEACE_SET_CPU_WEIGHT, 1); /* a VM's */
	set_kvm_cpu_weight(vm, 0);
	set_kvm_nice(kvm_list_task(vm), 20);
	set_kvm_setting(vm, PEACE_SET_CPU_AFFINITY, 1);
	set_kvm_setting_text(vm, PEACE_SET_CPU_WEIGHT, "1");
	set_kvm_cpu_affinity(vm, "all of them");
	release_kvm_setting(vm, PEACE_SET_CPU_WEIGHT); /* was never set */
}

static void nonsense_is_warned_of_and_not_asked_for(void **state)
{
	run(ask_for_nonsense);
	assert_int_equal(asked_count, 0);
	assert_int_equal(warned_count, 8);
}

/* -- yielding and what is found again ---------------------------------------------------------------- */

static void yield_a_little(void)
{
	schedule_timeout(0);
	assert_int_equal(next_count, 1);
	schedule_timeout(1);
	assert_int_equal(next_count, 2);
	schedule_timeout(HZ + 20); /* a tick that is 20 ms early is in time */
	assert_int_equal(next_count, 3);
	schedule_timeout(2 * HZ);
	assert_int_equal(next_count, 5);
	schedule_timeout(-1);
	assert_int_equal(next_count, 6);
}

static void yielding_ends_at_the_first_snapshot_in_time(void **state)
{
	meanwhile = make_equal;
	run(yield_a_little);
}

static struct {
	int steps;
	char note[12];
} kept;

static void count_steps(void)
{
	peacemaker_keep(&kept, sizeof kept);
	kept.steps++;
	strcpy(kept.note, "gold");
	set_kvm_cpu_weight(get_first_kvm(), 300);
}

static void ask_again(void)
{
	peacemaker_keep(&kept, sizeof kept);
	assert_int_equal(kept.steps, 1);
	assert_string_equal(kept.note, "gold");
	set_kvm_cpu_weight(get_first_kvm(), 300); /* holds already */
	assert_int_equal(asked_count, 1);
	release_kvm_setting(get_first_kvm(), PEACE_SET_CPU_WEIGHT);
	assert_int_equal(asked_count, 2);
}

static void state_is_found_again_and_is_the_same_bytes(void **state)
{
	static const struct peacemaker_host as_host = { next_turn, place };
	struct str bytes, again;

	str_init(&bytes);
	str_init(&again);
	memset(&kept, 0, sizeof kept);
	run(count_steps);
	assert_true(peacemaker_state_append(&bytes));
	assert_false(peacemaker_state_append(&again));
	peacemaker_end();
	memset(&kept, 0, sizeof kept);
	assert_int_equal(peacemaker_begin(&as_host, &description, policy_main), 0);
	assert_int_equal(peacemaker_state_take(bytes.data, bytes.length, NULL), 0);
	assert_true(peacemaker_state_append(&again));
	assert_int_equal(again.length, bytes.length);
	assert_memory_equal(again.data, bytes.data, bytes.length);
	run(ask_again);
	str_done(&bytes);
	str_done(&again);
}

static void a_cut_state_is_refused(void **state)
{
	struct str bytes;
	size_t size;

	str_init(&bytes);
	run(count_steps);
	assert_true(peacemaker_state_append(&bytes));
	for (size = 0; size < bytes.length; size++)
		assert_true(peacemaker_state_take(bytes.data, size, NULL) < 0);
	str_done(&bytes);
}

/* -- births -------------------------------------------------------------------------------------- */

static void bear(void)
{
	occasion = DECIDER_BIRTH;
	synthetic_birth(&host);
	meanwhile = NULL;
}

static void sleep_over_a_birth(void)
{
	long left;

	assert_int_equal(get_nr_kvms(), VMS);
	meanwhile = bear;
	left = schedule_timeout(5 * HZ);
	assert_int_equal(get_nr_kvms(), VMS + 1);
	assert_int_equal(left, 4 * HZ); /* the made-up host goes on by a second */
	assert_int_equal(next_count, 1);
	occasion = DECIDER_TICK;
	assert_int_equal(schedule_timeout(left), 0);
	assert_int_equal(next_count, 5);
}

static void a_birth_wakes_whoever_wants_it_and_the_rest_of_the_time_is_told(void **state)
{
	description.rules[0].at_birth = true;
	run(sleep_over_a_birth);
	assert_int_equal(next_count, 5);
}

static void end_births(void)
{
	occasion = DECIDER_TICK;
}

static void bear_and_go_on(void)
{
	if (next_count == 1)
		bear();
	meanwhile = end_births;
}

static void sleep_unwoken(void)
{
	meanwhile = bear_and_go_on;
	assert_int_equal(schedule_timeout(0), 0);
	assert_int_equal(next_count, 2);
	assert_int_equal(get_nr_kvms(), VMS + 1);
}

static void a_birth_wakes_nobody_who_did_not_ask(void **state)
{
	run(sleep_unwoken);
	assert_int_equal(next_count, 2);
}

static long long used(void)
{
	return get_kvm_growth(get_first_kvm(), PEACE_KVM_USER_USEC);
}

static void age_first(void)
{
	host.snapshot.vms[0]->value[VM_USER] += 700;
}

static void bear_and_age(void)
{
	bear();
	age_first();
}

static void measure_since_the_birth(void)
{
	long long since_start, at_birth = host.snapshot.vms[0]->value[VM_USER];

	meanwhile = bear_and_age;
	assert_true(schedule_timeout(5 * HZ) > 0);
	since_start = used();
	assert_int_equal(since_start, host.snapshot.vms[0]->value[VM_USER] - at_birth);
	at_birth = host.snapshot.vms[0]->value[VM_USER];
	occasion = DECIDER_TICK;
	meanwhile = age_first;
	schedule_timeout(HZ);
	assert_int_equal(used(), host.snapshot.vms[0]->value[VM_USER] - at_birth);
}

static void what_grew_is_told_since_the_birth_that_was_seen(void **state)
{
	description.rules[0].at_birth = true;
	run(measure_since_the_birth);
	assert_int_equal(next_count, 2);
}

int main(void)
{
#define CLAIM(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CLAIM(of_equals_the_lowest_identity_is_chosen),
		CLAIM(extremes_are_found),
		CLAIM(a_real_time_vm_has_the_highest_priority),
		CLAIM(usage_grows_from_one_look_to_the_next),
		CLAIM(a_policy_that_sleeps_misses_no_growth),
		CLAIM(load_is_in_per_cent_and_absence_is_no_number),
		CLAIM(a_host_without_rates_or_vms_is_not_shown),
		CLAIM(handles_of_the_dead_do_nothing),
		CLAIM(made_up_handles_do_nothing),
		CLAIM(a_vm_is_taken_out_and_put_back),
		CLAIM(all_are_walked_by_identity),
		CLAIM(what_is_asked_for_says_why),
		CLAIM(each_setting_has_what_was_read_before_it),
		CLAIM(nonsense_is_warned_of_and_not_asked_for),
		CLAIM(yielding_ends_at_the_first_snapshot_in_time),
		CLAIM(state_is_found_again_and_is_the_same_bytes),
		CLAIM(a_cut_state_is_refused),
		CLAIM(a_birth_wakes_whoever_wants_it_and_the_rest_of_the_time_is_told),
		CLAIM(a_birth_wakes_nobody_who_did_not_ask),
		CLAIM(what_grew_is_told_since_the_birth_that_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
