/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/rates.h"

#include "report/example.h"
#include "report/hurt.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NEAR(number, wanted) assert_true(fabs((number) - (wanted)) < 0.001)

static struct vm_sight sight_at(const struct rates *rates, size_t index)
{
	return rates_vm(rates, rates->now.vms[index]);
}

static void a_rate_is_growth_over_the_time_between(void **state)
{
	struct rates rates;

	example_three(&rates);
	NEAR(vm_percent(sight_at(&rates, 0), VM_USER), 90);
	NEAR(vm_percent(sight_at(&rates, 0), VM_WAITING), 52);
	NEAR(vm_rate(sight_at(&rates, 0), VM_DISK_READ), 3 << 20);
	NEAR(thread_percent(sight_at(&rates, 0), &rates.now.vms[0]->threads[1], THREAD_WAITING), 50);
	NEAR(host_percent(&rates, HOST_PSI_CPU_SOME), 12.1);
	NEAR(cpus_percent(&rates, CPU_GUEST), 26);
	NEAR(cpus_busy_percent(&rates), 41);
	NEAR(disk_rate(&rates, &rates.now.disks[1], DISK_READS), 420);
	NEAR(disks_read_latency(&rates), 400);
	rates_done(&rates);
}

static void what_is_absent_in_one_of_both_has_no_rate(void **state)
{
	struct rates rates;

	example_three(&rates);
	assert_true(isnan(vm_rate(sight_at(&rates, 1), VM_DISK_READ)));
	assert_true(isnan(vm_rate(sight_at(&rates, 0), VM_KVM_EXITS)));
	assert_true(isnan(host_rate(&rates, HOST_OOM_KILLS)));
	rates_done(&rates);
}

static void after_one_sight_there_is_no_rate(void **state)
{
	struct rates rates;

	example_bare(&rates);
	assert_true(isnan(host_percent(&rates, HOST_PSI_CPU_SOME)));
	assert_true(isnan(cpus_busy_percent(&rates)));
	assert_true(isnan(disks_read_latency(&rates)));
	rates_done(&rates);
}

/* A VM of one counter a group, advanced by hand. */
struct series {
	struct rates rates;
	struct snapshot snapshot;
	struct vm *vm;
};

static void series_init(struct series *series, pid_t pid)
{
	struct vm_identity identity = { .pid = pid, .start_ticks = 5 };

	rates_init(&series->rates);
	snapshot_init(&series->snapshot);
	series->vm = snapshot_add_vm(&series->snapshot, &identity);
	assert_non_null(series->vm);
}

static void series_done(struct series *series)
{
	rates_done(&series->rates);
	snapshot_done(&series->snapshot);
}

static void series_tick(struct series *series, uint64_t usec, int64_t hot, int64_t cold)
{
	struct vm *vm = series->vm;

	series->snapshot.monotonic_usec = usec;
	vm->sampled_usec[GROUP_HOT] = usec;
	figure_set(vm->value, vm->state, VM_USER, hot);
	if (cold >= 0) {
		vm->sampled_usec[GROUP_PRESSURE] = usec;
		figure_set(vm->value, vm->state, VM_PSI_IO_SOME, cold);
	}
	assert_int_equal(rates_advance(&series->rates, &series->snapshot), 0);
}

static double series_rate(struct series *series, enum vm_figure figure)
{
	return vm_rate(rates_vm(&series->rates, series->rates.now.vms[0]), figure);
}

static void a_slow_group_keeps_its_rate_between_its_samples(void **state)
{
	struct series series;

	series_init(&series, 9);
	series_tick(&series, 1000000, 0, 100);
	assert_true(isnan(series_rate(&series, VM_PSI_IO_SOME)));
	series_tick(&series, 2000000, 500, -1);
	assert_true(isnan(series_rate(&series, VM_PSI_IO_SOME)));
	NEAR(series_rate(&series, VM_USER), 500);
	series_tick(&series, 3000000, 700, 300);
	NEAR(series_rate(&series, VM_PSI_IO_SOME), 100);
	NEAR(series_rate(&series, VM_USER), 200);
	series_tick(&series, 3500000, 800, -1);
	NEAR(series_rate(&series, VM_PSI_IO_SOME), 100);
	NEAR(series_rate(&series, VM_USER), 200);
	series_done(&series);
}

/* Half a second: 20 ms of steps are 4 %. */
static void series_cpu(struct series *series, int64_t stepped_usec, int64_t exact_usec)
{
	struct vm *vm = series->vm;

	figure_set(vm->value, vm->state, VM_SYSTEM, 0);
	figure_set(vm->value, vm->state, VM_RUN, 0);
	series_tick(series, 1000000, 0, -1);
	figure_set(vm->value, vm->state, VM_SYSTEM, 0);
	figure_set(vm->value, vm->state, VM_RUN, exact_usec);
	series_tick(series, 1500000, stepped_usec, -1);
}

static void cpu_use_is_exact_where_the_steps_hide_it(void **state)
{
	static const struct {
		int64_t stepped, exact;
		double percent;
	} rows[] = {
		{ 10000, 3000, 0.6 },     /* one step counted too much */
		{ 0, 8000, 1.6 },         /* none counted yet */
		{ 200000, 50000, 40 },    /* the VMM's other threads work: no step explains it */
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct series series;

		series_init(&series, 9);
		series_cpu(&series, rows[i].stepped, rows[i].exact);
		NEAR(vm_cpu_percent(sight_at(&series.rates, 0)), rows[i].percent);
		series_done(&series);
	}
}

static void a_new_vm_with_a_reused_pid_has_no_rate(void **state)
{
	struct series series;
	struct vm_identity reborn = { .pid = 9, .start_ticks = 6 };

	series_init(&series, 9);
	series_tick(&series, 1000000, 1000000, -1);
	series_tick(&series, 2000000, 2000000, -1);
	snapshot_remove_vm(&series.snapshot, &series.vm->identity);
	series.vm = snapshot_add_vm(&series.snapshot, &reborn);
	series_tick(&series, 3000000, 10, -1);
	assert_true(isnan(series_rate(&series, VM_USER)));
	assert_int_equal(series.rates.before.vm_count, 0);
	series_tick(&series, 4000000, 30, -1);
	NEAR(series_rate(&series, VM_USER), 20);
	series_done(&series);
}

static void a_counter_that_falls_has_no_rate(void **state)
{
	struct series series;

	series_init(&series, 9);
	series_tick(&series, 1000000, 1000, -1);
	series_tick(&series, 2000000, 10, -1);
	assert_true(isnan(series_rate(&series, VM_USER)));
	series_done(&series);
}

static void another_boot_and_a_step_back_begin_anew(void **state)
{
	struct series series;

	series_init(&series, 9);
	assert_true(text_set(&series.snapshot.host.text[HOST_TEXT_BOOT_ID], "a", 1));
	series_tick(&series, 1000000, 10, -1);
	series_tick(&series, 2000000, 20, -1);
	NEAR(series_rate(&series, VM_USER), 10);
	series_tick(&series, 1500000, 15, -1);
	assert_true(isnan(series_rate(&series, VM_USER)));
	assert_true(text_set(&series.snapshot.host.text[HOST_TEXT_BOOT_ID], "b", 1));
	series_tick(&series, 2500000, 30, -1);
	assert_true(isnan(series_rate(&series, VM_USER)));
	series_done(&series);
}

static void a_thread_that_ended_is_forgotten(void **state)
{
	struct series series;

	series_init(&series, 9);
	assert_non_null(vm_thread(series.vm, ROLE_VCPU, 0, 10));
	assert_non_null(vm_thread(series.vm, ROLE_IO, -1, 11));
	series_tick(&series, 1000000, 10, -1);
	series_tick(&series, 2000000, 20, -1);
	assert_int_equal(series.rates.before.vms[0]->thread_count, 2);
	vm_remove_thread(series.vm, 1);
	series_tick(&series, 3000000, 30, -1);
	assert_int_equal(series.rates.before.vms[0]->thread_count, 1);
	series_done(&series);
}

static void expect_hurt(const struct rates *rates, size_t index, enum hurt_kind kind, double percent)
{
	struct hurt hurt = hurt_of_vm(sight_at(rates, index), disks_read_latency(rates));

	assert_int_equal(hurt.kind, kind);
	if (kind != HURT_NOTHING)
		NEAR(hurt.percent, percent);
}

static void the_worst_vcpu_decides_what_hurts(void **state)
{
	struct rates rates;

	example_three(&rates);
	expect_hurt(&rates, 0, HURT_CPU, 50);
	expect_hurt(&rates, 1, HURT_QUOTA, 15);
	expect_hurt(&rates, 2, HURT_NOTHING, 0);
	rates_done(&rates);
}

static void grow(struct rates *rates, size_t vm, enum vm_figure figure, int64_t growth)
{
	figure_set(rates->before.vms[vm]->value, rates->before.vms[vm]->state, figure, 1000);
	figure_set(rates->now.vms[vm]->value, rates->now.vms[vm]->state, figure, 1000 + growth);
}

static void pressure_and_faults_are_compared_with_waiting(void **state)
{
	struct rates rates;

	example_three(&rates);
	grow(&rates, 0, VM_PSI_MEMORY_SOME, 620000);
	expect_hurt(&rates, 0, HURT_MEMORY, 62);
	grow(&rates, 0, VM_PSI_IO_SOME, 700000);
	expect_hurt(&rates, 0, HURT_IO, 70);
	/* 500 faults of 400 us, as the disks took for a read, are 20 % of a second. */
	grow(&rates, 1, VM_MAJOR_FAULTS, 500);
	expect_hurt(&rates, 1, HURT_SWAP, 20);
	figure_set(rates.now.vms[1]->value, rates.now.vms[1]->state, VM_SWAP, 0);
	expect_hurt(&rates, 1, HURT_PAGING, 20);
	rates_done(&rates);
}

static void without_threads_the_mean_over_the_vcpus_is_taken(void **state)
{
	struct rates rates;

	example_three(&rates);
	rates.now.vms[0]->threads[0].state[THREAD_WAITING] = FIGURE_REFUSED;
	rates.now.vms[0]->threads[1].state[THREAD_WAITING] = FIGURE_REFUSED;
	expect_hurt(&rates, 0, HURT_CPU, 26);
	rates_done(&rates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_growth_over_the_time_between),
		cmocka_unit_test(what_is_absent_in_one_of_both_has_no_rate),
		cmocka_unit_test(after_one_sight_there_is_no_rate),
		cmocka_unit_test(a_slow_group_keeps_its_rate_between_its_samples),
		cmocka_unit_test(cpu_use_is_exact_where_the_steps_hide_it),
		cmocka_unit_test(a_new_vm_with_a_reused_pid_has_no_rate),
		cmocka_unit_test(a_counter_that_falls_has_no_rate),
		cmocka_unit_test(another_boot_and_a_step_back_begin_anew),
		cmocka_unit_test(a_thread_that_ended_is_forgotten),
		cmocka_unit_test(the_worst_vcpu_decides_what_hurts),
		cmocka_unit_test(pressure_and_faults_are_compared_with_waiting),
		cmocka_unit_test(without_threads_the_mean_over_the_vcpus_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
