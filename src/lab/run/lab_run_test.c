/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner on agents without VMs, that do wrong what they are told to (odd_agent.c): what
 * becomes of the boot, the experiment and its records.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "lab/run/lab_run.h"
#include "lab/store/store.h"
#include "lab/store/store_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static char directory[] = "/tmp/lab-run-test.XXXXXX";
static char path[128], count_path[128];
static struct spec *spec;
static struct lab_plan *plan;
static struct store *store;
static int64_t experiment;
static struct lab_run_result result;
static struct error err;
static char warned[4000];

static void warn(void *user, const char *sentence)
{
	strncat(warned, sentence, sizeof warned - strlen(warned) - 2);
	strcat(warned, "\n");
}

/* -- an experiment ---------------------------------------------------------------------------------- */

static void plan_it(const char *text, uint64_t seed)
{
	static const unsigned cpus[] = { 0 };
	struct lab_plan_host host = { .cpus = cpus, .cpu_count = 1, .memory_bytes = 1ull << 40,
				      .disk_bytes = 1ull << 40 };

	if (spec_new(text, strlen(text), "x.lua", false, &spec, NULL, &err) < 0 ||
	    lab_plan_new(spec, &host, seed, &plan, &err) < 0)
		fail_msg("%s", err.text);
}

static void begin(const char *text, const char *odd)
{
	struct store_experiment added = { .version = "t", .platform = "t", .host = "{}", .seed = 5 };

	err = (struct error){ 0 };
	*warned = '\0';
	unlink(path);
	unlink(count_path);
	setenv("ODD_AGENT", odd, 1);
	setenv("ODD_COUNT", count_path, 1);
	plan_it(text, 5);
	added.spec = spec;
	if (store_open(path, &store, &err) < 0 ||
	    store_add_experiment(store, &added, &experiment, &err) < 0)
		fail_msg("%s", err.text);
}

static int run_until(int cancel_fd)
{
	struct lab_run_options options = {
		.plan = plan, .store = store, .experiment = experiment, .agent = getenv("ODD_AGENT_PATH"),
		.scratch = directory, .silence_usec = 2000000, .cancel_fd = cancel_fd,
		.listener.warn = warn,
	};

	err = (struct error){ 0 };
	return lab_run(&options, &result, &err);
}

static int run(void)
{
	return run_until(-1);
}

static void end(void)
{
	store_close(store);
	lab_plan_free(plan);
	spec_free(spec);
	/* Whatever came of it: no process of it is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static int64_t ask(const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = -1;

	assert_int_equal(store_prepare(store, sql, &statement, &err), 0);
	assert_int_equal(store_get_int(store, statement, &number, &err), 0);
	sqlite3_finalize(statement);
	return number;
}

#define HEAD "return experiment { name = 'x', asks = 'Does it?', subject = { work = 'cpu-integer' },\n"
#define SHORT "warmup = 0.1*s, duration = 0.4*s, interval = 50*ms, boots = 2,\n"
#define TWO HEAD SHORT "vms = { kind = 'process', count = 2 }, vary = { { 'loaded', 1, 2 } } }"
#define BRIEF HEAD "warmup = 0*s, duration = 0.6*s, interval = 50*ms, boots = 1, vms = { kind = 'process' } }"
#define ONE HEAD SHORT "vms = { kind = 'process' } }"

/* Of boots and runs that are done: on a machine that is busy with something else a boot may have
 * failed and been repeated, and a run not have proved its load, which is as it should be. */
static int64_t ask_done(const char *what, const char *table, const char *where)
{
	char sql[400];

	snprintf(sql, sizeof sql, "select %s from %s x join run on run.id = x.%s join boot on boot.id = "
		 "run.boot where boot.state = 'done' and run.state = 'done' and %s", what, table,
		 strcmp(table, "run") == 0 ? "id" : "run", where);
	return ask(sql);
}

/* -- claims ------------------------------------------------------------------------------------------ */

static void every_run_of_every_boot_is_kept_with_its_raw_intervals(void **state)
{
	begin(TWO, "good");
	if (run() != 0)
		fail_msg("%s %s", err.text, warned);
	assert_int_equal(result.boots, 2);
	assert_true(result.runs >= 6);
	assert_int_equal(ask("select count(*) from boot where state = 'done'"), 2);
	assert_int_equal(ask_done("count(*)", "run", "1"), 6);
	/* Runs of loaded=2 have two that work, those of loaded=1 one and one that is idle. */
	assert_int_equal(ask_done("count(*)", "member", "role = 'other'"), 2);
	assert_int_equal(ask_done("count(*)", "member", "role = 'idle'"), 4);
	assert_int_equal(ask_done("count(*)", "member", "role = 'subject'"), 6);
	assert_int_equal(ask_done("min(results = 'checksum=7' || char(10))", "member", "role <> 'idle'"), 1);
	end();
}

/* The agent says 100000 operations a second, by its own clock, which is 1000 s ahead. */
static void rates_are_by_the_hosts_clock_from_the_run_s_start_on(void **state)
{
	begin(ONE, "good");
	if (run() != 0)
		fail_msg("%s", err.text);
	assert_in_range(ask("select sum(operations) * 1000000 / sum(length_nsec) from interval"), 99, 101);
	assert_in_range(ask("select max(at_nsec + length_nsec) / 1000000 from interval"), 500, 3000);
	assert_in_range(ask("select min(at_nsec) / 1000000 + 1000 from interval"), 990, 1050);
	/* Intervals follow one another without a gap. */
	assert_int_equal(ask("select count(*) from (select at_nsec - lag(at_nsec + length_nsec) over "
			     "(partition by run, vm order by at_nsec) as gap from interval) where gap <> 0"),
			 0);
	end();
}

static void the_host_is_sampled_on_the_same_time_axis(void **state)
{
	begin(ONE, "good");
	assert_int_equal(run(), 0);
	assert_true(ask("select count(distinct figure) from sample where source = 'host'") > 5);
	assert_int_equal(ask("select count(*) from (select run from sample where source like 'cpu%' and "
			     "figure = 'steal_usec' group by run)"), ask("select count(*) from run"));
	assert_int_equal(ask("select count(*) from sample where at_nsec < -500000000 or at_nsec > 5000000000"),
			 0);
	end();
}

static const struct {
	const char *odd, *told;
} oddities[] = {
	{ "dies,good", "its agent ended" },
	{ "hangs,good", "" },
	{ "garbage,good", "" },
	{ "floods,good", "" },
	{ "babbles,good", "far more often than it was told to" },
	{ "liar,good", "" },
	{ "backward,good", "" },
	{ "boasts,good", "counts more than can be" },
};

static void an_agent_that_does_wrong_costs_its_boot_which_is_repeated(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(oddities); i++) {
		begin(BRIEF, oddities[i].odd);
		if (run() != 0)
			fail_msg("%s: %s", oddities[i].odd, err.text);
		if (result.boots != 1 || result.boots_repeated < 1 || result.boots_given_up != 0)
			fail_msg("%s: %u boots, %u repeated: %s", oddities[i].odd, result.boots,
				 result.boots_repeated, warned);
		assert_non_null(strstr(warned, "x-vm1"));
		assert_non_null(strstr(warned, oddities[i].told));
		assert_non_null(strstr(warned, "it is repeated"));
		if (ask("select count(*) from boot where state = 'failed' and why like '%x-vm1%'") < 1)
			fail_msg("%s: %s", oddities[i].odd, warned);
		assert_int_equal(ask("select count(*) from run join boot on boot.id = run.boot "
				     "where boot.state = 'done'"), 2);
		end();
	}
}

static void a_boot_that_fails_three_times_is_given_up_and_the_others_go_on(void **state)
{
	begin(ONE, "dies,dies,dies,good");
	assert_int_equal(run(), 0);
	assert_int_equal(result.boots, 1);
	assert_true(result.boots_repeated >= 2);
	assert_int_equal(result.boots_given_up, 1);
	assert_non_null(strstr(warned, "it is given up"));
	end();
}

static void where_no_boot_comes_to_an_end_the_experiment_does(void **state)
{
	begin(HEAD "warmup = 0*s, duration = 0.4*s, interval = 50*ms, boots = 9, vms = { kind = 'process' } }",
	      "dies");
	assert_int_equal(run(), -EIO);
	assert_non_null(strstr(err.text, "3 boots one after another were given up"));
	assert_int_equal(result.boots_given_up, 3);
	end();
}

static void a_loaded_vm_that_does_nothing_proves_nothing(void **state)
{
	begin(HEAD "warmup = 0*s, duration = 1.5*s, interval = 50*ms, boots = 1,\n"
	      "vms = { kind = 'process', count = 2 } }", "idle");
	assert_int_equal(run(), 0);
	/* Two cells, each tried twice. */
	assert_int_equal(result.runs_unproved, 4);
	assert_non_null(strstr(warned, "does not count and is made again"));
	if (strstr(warned, "was to be loaded and did nothing for 1.5 s") == NULL)
		fail_msg("%s", warned);
	assert_int_equal(ask("select count(*) from run where state = 'unproved' and why like 'VM%'"), 4);
	end();
}

static void what_was_measured_before_somebody_stops_it_is_kept_and_is_not_done_again(void **state)
{
	int ends[2];

	begin(ONE, "good");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	/* One boot of two is done: as if it had been stopped behind it. */
	plan->boot_count = 1;
	assert_int_equal(run(), 0);
	plan->boot_count = 2;
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(run_until(ends[0]), -ECANCELED);
	assert_int_equal(result.boots_before, 1);
	assert_int_equal(ask("select count(*) from boot where state = 'stopped'"), 1);
	assert_int_equal(run(), 0);
	assert_int_equal(result.boots_before, 1);
	assert_int_equal(result.boots, 1);
	assert_int_equal(ask("select count(*) from boot where state = 'done'"), 2);
	assert_int_equal(ask("select count(*) from run join boot on boot.id = run.boot where "
			     "boot.state = 'done'"), 4);
	close(ends[0]);
	close(ends[1]);
	end();
}

static void in_a_duet_both_cells_have_a_record_of_the_same_instant(void **state)
{
	begin(HEAD SHORT "vms = { kind = 'process', count = 2 }, duet = true,\n"
	      "vary = { { 'subject.seed', 1, 2 } } }", "good");
	if (run() != 0)
		fail_msg("%s", err.text);
	assert_int_equal(ask_done("count(*)", "run", "1"), 8);
	assert_int_equal(ask_done("count(*)", "run", "exists (select 1 from run y where y.started_nsec = "
				  "x.started_nsec and y.cell <> x.cell)"), 8);
	assert_int_equal(ask_done("count(*)", "member", "1"), 8);
	assert_int_equal(ask_done("count(distinct x.run)", "interval", "1"), 8);
	end();
}

static void a_full_disk_is_told_and_what_was_there_stays(void **state)
{
	char most[64];

	begin(TWO, "good");
	snprintf(most, sizeof most, "pragma max_page_count = %d", (int)ask("pragma page_count") + 2);
	assert_int_equal(store_execute(store, most, &err), 0);
	assert_int_equal(run(), -ENOSPC);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(ask("select count(*) from experiment"), 1);
	end();
}

static int make_directory(void **state)
{
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/x.sqlite", directory);
	snprintf(count_path, sizeof count_path, "%s/count", directory);
	return 0;
}

static int remove_directory(void **state)
{
	unlink(path);
	unlink(count_path);
	/* Not even the runner's own scratch is left in it. */
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_run_of_every_boot_is_kept_with_its_raw_intervals),
		cmocka_unit_test(rates_are_by_the_hosts_clock_from_the_run_s_start_on),
		cmocka_unit_test(the_host_is_sampled_on_the_same_time_axis),
		cmocka_unit_test(an_agent_that_does_wrong_costs_its_boot_which_is_repeated),
		cmocka_unit_test(a_boot_that_fails_three_times_is_given_up_and_the_others_go_on),
		cmocka_unit_test(where_no_boot_comes_to_an_end_the_experiment_does),
		cmocka_unit_test(a_loaded_vm_that_does_nothing_proves_nothing),
		cmocka_unit_test(what_was_measured_before_somebody_stops_it_is_kept_and_is_not_done_again),
		cmocka_unit_test(in_a_duet_both_cells_have_a_record_of_the_same_instant),
		cmocka_unit_test(a_full_disk_is_told_and_what_was_there_stays),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
