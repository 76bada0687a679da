/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/counters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct counter_values got;

static int setup(void **state)
{
	got = (struct counter_values){ 0 };
	return 0;
}

#define PARSE(kind, text, ...) counters_parse_##kind(text, sizeof(text) - 1, ##__VA_ARGS__, &got)

static void assert_counter(enum agent_counter counter, uint64_t value)
{
	assert_true(got.present >> counter & 1);
	assert_true(got.values[counter] == value);
}

static void assert_absent(enum agent_counter counter)
{
	assert_false(got.present >> counter & 1);
}

static void cpu_time_is_told_in_nanoseconds(void **state)
{
	PARSE(stat, "cpu  100 20 50 1000 30 4 5 60 7 8\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
		    "intr 123456 1 2 3 0 0\nctxt 98765\nbtime 1\nprocesses 4321\n"
		    "procs_running 2\nsoftirq 5 5 5\n", 10000000);
	assert_counter(AGENT_COUNTER_cpu_user_nsec, 1200000000);
	assert_counter(AGENT_COUNTER_cpu_system_nsec, 500000000);
	assert_counter(AGENT_COUNTER_cpu_idle_nsec, 10300000000);
	assert_counter(AGENT_COUNTER_cpu_interrupt_nsec, 90000000);
	assert_counter(AGENT_COUNTER_cpu_steal_nsec, 600000000);
	assert_counter(AGENT_COUNTER_interrupts, 123456);
	assert_counter(AGENT_COUNTER_context_switches, 98765);
	assert_counter(AGENT_COUNTER_processes_made, 4321);
}

static void a_kernel_that_knows_no_steal_has_none(void **state)
{
	PARSE(stat, "cpu  100 20 50 1000 30 4 5\n", 10000000);
	assert_counter(AGENT_COUNTER_cpu_user_nsec, 1200000000);
	assert_absent(AGENT_COUNTER_cpu_steal_nsec);
	assert_absent(AGENT_COUNTER_context_switches);
}

static void a_text_that_is_cut_off_adds_what_it_has(void **state)
{
	PARSE(stat, "cpu  100 20", 10000000);
	assert_true(got.present == 0);
	PARSE(vmstat, "pgfaul");
	PARSE(meminfo, "MemFree:");
	PARSE(pressure, "some avg10=0.00", AGENT_COUNTER_pressure_io_some_usec, true);
	assert_true(got.present == 0);
}

static void minor_faults_are_those_that_were_not_major(void **state)
{
	PARSE(vmstat, "nr_free_pages 5\npgpgin 10\npgpgout 20\npswpin 1\npswpout 2\n"
		      "pgfault 1000\npgmajfault 30\npgfault_other 7\n");
	assert_counter(AGENT_COUNTER_faults_minor, 970);
	assert_counter(AGENT_COUNTER_faults_major, 30);
	assert_counter(AGENT_COUNTER_disk_read_bytes, 10240);
	assert_counter(AGENT_COUNTER_disk_written_bytes, 20480);
	assert_counter(AGENT_COUNTER_swapped_out_pages, 2);
}

static void memory_is_told_in_bytes(void **state)
{
	PARSE(meminfo, "MemTotal:  1000 kB\nMemFree:   100 kB\nMemAvailable:  200 kB\n"
		       "Cached:  50 kB\nSwapCached:  7 kB\n");
	assert_counter(AGENT_COUNTER_memory_free_bytes, 102400);
	assert_counter(AGENT_COUNTER_memory_available_bytes, 204800);
	assert_counter(AGENT_COUNTER_memory_cached_bytes, 51200);
}

static void pressure_is_the_totals(void **state)
{
	PARSE(pressure, "some avg10=1.00 avg60=2.00 avg300=3.00 total=456\n"
			"full avg10=0.00 avg60=0.00 avg300=0.00 total=123\n",
	      AGENT_COUNTER_pressure_memory_some_usec, true);
	assert_counter(AGENT_COUNTER_pressure_memory_some_usec, 456);
	assert_counter(AGENT_COUNTER_pressure_memory_full_usec, 123);
	/* The kernel's "full" of the CPU means nothing for a whole machine. */
	PARSE(pressure, "some avg10=0 total=9\nfull avg10=0 total=0\n",
	      AGENT_COUNTER_pressure_cpu_some_usec, false);
	assert_counter(AGENT_COUNTER_pressure_cpu_some_usec, 9);
	assert_counter(AGENT_COUNTER_pressure_memory_some_usec, 456);
}

static void what_this_machine_counts_only_grows(void **state)
{
	static struct agent_message before, after;
	struct counters counters;
	unsigned i;

	counters_init(&counters);
	counters_read(&counters, &before);
	counters_read(&counters, &after);
	assert_true(after.counters.present == before.counters.present);
	assert_true(after.counters.present >> AGENT_COUNTER_cpu_user_nsec & 1);
	for (i = 0; i < AGENT_COUNTER_COUNT; i++)
		if (!(AGENT_COUNTERS_THAT_SINK >> i & 1))
			assert_true(after.counters.values[i] >=
				    before.counters.values[i]);
	assert_true(after.counters.values[AGENT_COUNTER_agent_cpu_nsec] >
		    before.counters.values[AGENT_COUNTER_agent_cpu_nsec]);
	/* A kernel whose idle time goes back: nobody hears of it. */
	counters.most[AGENT_COUNTER_cpu_idle_nsec] = UINT64_MAX;
	counters_read(&counters, &after);
	assert_true(after.counters.values[AGENT_COUNTER_cpu_idle_nsec] == UINT64_MAX);
	counters_done(&counters);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(cpu_time_is_told_in_nanoseconds, setup),
		cmocka_unit_test_setup(a_kernel_that_knows_no_steal_has_none, setup),
		cmocka_unit_test_setup(a_text_that_is_cut_off_adds_what_it_has, setup),
		cmocka_unit_test_setup(minor_faults_are_those_that_were_not_major, setup),
		cmocka_unit_test_setup(memory_is_told_in_bytes, setup),
		cmocka_unit_test_setup(pressure_is_the_totals, setup),
		cmocka_unit_test_setup(what_this_machine_counts_only_grows, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
