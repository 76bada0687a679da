/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Experiments with known effects, made by made.c, must be found to be just that. */
#include "lab/result/result.h"

#include "base/error.h"
#include "lab/result/made.h"
#include "lab/store/store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct stored_experiment *experiment;

static struct result *result_of(struct made made)
{
	char directory[] = "/tmp/truce-result.XXXXXX", path[64];
	struct result *result = NULL;
	struct store *store;
	struct error err = { 0 };

	if (made.platform == NULL) {
		made.platform = "tcg";
		made.accel = "tcg";
	}
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/made.sqlite", directory);
	if (made_store(&made, path, &err) < 0 || store_open_read(path, &store, &err) < 0 ||
	    store_read(store, 0, &experiment, &err) < 0 || result_new(experiment, &result, &err) < 0)
		fail_msg("%s", err.text);
	store_close(store);
	unlink(path);
	rmdir(directory);
	return result;
}

static void done(struct result *result)
{
	result_free(result);
	stored_experiment_free(experiment);
}

/* Cells of made_isolation_spec: loaded = 1, 2, 3, and the second copy of the first. */
static const struct result_comparison *of_cell(const struct result *result, size_t measure, size_t cell)
{
	size_t i;

	for (i = 0; i < result->measures[measure].comparison_count; i++)
		if (result->measures[measure].comparisons[i].cell == cell)
			return &result->measures[measure].comparisons[i];
	fail_msg("cell %zu is compared with none", cell);
	return NULL;
}

static void an_injected_tenth_a_vm_is_found_as_that(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_isolation_spec, .per_vm = 0.9,
							 .seed = 5 });
	const struct result_comparison *two = of_cell(result, 0, 1), *three = of_cell(result, 0, 2),
				       *control = of_cell(result, 0, 3);

	assert_int_equal(two->verdict, RESULT_DIFFERS);
	assert_int_equal(three->verdict, RESULT_DIFFERS);
	assert_true(two->numbers.low < 0.9 && two->numbers.high > 0.9);
	assert_true(three->numbers.low < 0.81 && three->numbers.high > 0.81);
	assert_true(three->numbers.high - three->numbers.low < 0.03);
	assert_true(control->is_control && control->verdict == RESULT_ALIKE);
	assert_true(isnan(control->corrected) && three->corrected < 0.01);
	assert_true(two->numbers.paired);
	assert_int_equal(result->cells[2].boots, 12);
	done(result);
}

static void its_slope_and_isolation_are_the_injected_ones(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_isolation_spec, .per_vm = 0.9,
							 .seed = 6 });

	assert_int_equal(result->measures[0].slope_count, 1);
	assert_int_equal(result->measures[0].slopes[0].doses, 3);
	assert_true(fabs(result->measures[0].slopes[0].numbers.ratio - 0.9) < 0.01);
	assert_true(fabs(result->cells[2].isolation - 0.81) < 0.02);
	assert_true(result->cells[2].isolation_p01 < result->cells[2].isolation);
	assert_true(fabs(result->cells[2].together - 3 * 0.81) < 0.05);
	assert_true(isnan(result->cells[2].work_conservation)); /* not the same VMs are loaded */
	assert_true(result->cells[2].latency_impact > 0.1);
	assert_true(result->cells[2].steal > 0.1 && result->cells[2].steal < 0.4);
	assert_true(result->cells[2].faults == 0);
	assert_true(isnan(result->cells[2].host_steal));
	assert_true(result->cells[2].strangers > 0.45 && result->cells[2].strangers < 0.55);
	done(result);
}

/* The fast operations of a made experiment take as long in every cell, the slow ones longer. */
static void each_quantile_of_latency_is_that_quantile(void **state)
{
	static const char spec[] = "return experiment { name = 'made', asks = 'Does it?', "
		"subject = { work = 'cpu-integer' }, others = { work = 'cpu-integer' }, "
		"warmup = 1*s, duration = 4*s, vms = { count = 3 }, vary = { { 'loaded', 1, 3 } }, "
		"measures = { 'latency-p50', 'latency-p99', 'latency-p999' }, boots = 12 }";
	struct result *result = result_of((struct made){ .spec = spec, .per_vm = 0.5, .seed = 3 });
	size_t i;

	assert_int_equal(result->measure_count, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(result->measures[i].unit, RESULT_SECONDS);
		assert_true(of_cell(result, i, 1)->has_numbers);
	}
	assert_true(of_cell(result, 0, 1)->numbers.ratio == 1);
	assert_true(of_cell(result, 1, 1)->numbers.ratio > 1.5);
	assert_true(of_cell(result, 2, 1)->numbers.ratio > 1.5);
	assert_true(of_cell(result, 2, 1)->numbers.value >= of_cell(result, 1, 1)->numbers.value);
	done(result);
}

static void nothing_injected_is_nothing_found(void **state)
{
	unsigned found = 0;
	uint64_t seed;

	for (seed = 1; seed <= 20; seed++) {
		struct result *result = result_of((struct made){ .spec = made_isolation_spec,
								 .per_vm = 1, .seed = seed });

		found += of_cell(result, 0, 1)->verdict == RESULT_DIFFERS;
		found += of_cell(result, 0, 2)->verdict == RESULT_DIFFERS;
		done(result);
	}
	/* 5 % of 20 tables of two, corrected, and less for the control's floor. */
	assert_true(found <= 3);
}

static void too_few_boots_conclude_nothing(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_isolation_spec, .per_vm = 0.5,
							 .boots = 9, .seed = 2 });

	assert_int_equal(of_cell(result, 0, 2)->verdict, RESULT_TOO_FEW_BOOTS);
	assert_true(of_cell(result, 0, 2)->has_numbers);
	done(result);
}

static void antagonists_that_do_nothing_prove_nothing(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_isolation_spec, .per_vm = 0.5,
							 .others_idle = true, .seed = 2 });

	assert_int_equal(of_cell(result, 0, 2)->verdict, RESULT_UNPROVED);
	assert_int_equal(result->cells[2].unproved, 12);
	assert_int_equal(result->cells[2].runs, 0);
	assert_int_equal(result->cells[0].runs, 12);
	done(result);
}

static void what_equal_cells_differ_by_is_no_finding(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_isolation_spec, .per_vm = 0.97,
							 .aa = 0.9, .seed = 3 });

	assert_int_equal(of_cell(result, 0, 1)->verdict, RESULT_WITHIN_CONTROL);
	assert_int_equal(of_cell(result, 0, 3)->verdict, RESULT_DIFFERS);
	assert_true(of_cell(result, 0, 1)->floor > 0.09);
	done(result);
}

static void a_cold_start_is_cut_off_each_run(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_aa_spec, .per_vm = 1,
							 .cold_intervals = 18, .seed = 4 });

	assert_true(fabs(result->cells[0].warmup_sec - 1.8) < 0.1);
	assert_true(result->cells[0].p01 > 0.8 * result->cells[0].median);
	done(result);
}

static void a_duet_sees_three_percent_through_twenty(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_duet_spec, .per_vm = 0.97, .seed = 8 });
	const struct result_comparison *cell = of_cell(result, 0, 1);

	assert_true(result->duet);
	assert_int_equal(cell->verdict, RESULT_DIFFERS);
	assert_true(cell->numbers.low < 0.97 && cell->numbers.high > 0.97);
	assert_true(cell->numbers.high - cell->numbers.low < 0.02);
	done(result);
}

static void a_sequence_has_a_wider_interval(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_sequence_spec, .per_vm = 0.95, .seed = 9 });
	const struct result_comparison *cell = of_cell(result, 0, 1);

	assert_true(result->sequence);
	assert_int_equal(cell->verdict, RESULT_DIFFERS);
	assert_true(cell->numbers.low < 0.9025 && cell->numbers.high > 0.9025);
	assert_true(cell->numbers.half > 2.5 * cell->numbers.error);
	done(result);
}

/* It does in 1.5 s of 4 what it else does in 0.1: a report of 1.5 s must not weigh as one of 0.1, and
 * what the others did to VM1 is no lack of proof. */
static void a_vm_that_stands_still_is_not_overlooked(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_isolation_spec, .per_vm = 1,
							 .stalled_intervals = 15, .seed = 12 });
	const struct result_comparison *cell = of_cell(result, 0, 2);

	assert_int_equal(result->cells[2].runs, 12);
	assert_int_equal(result->cells[2].unproved, 0);
	assert_int_equal(cell->verdict, RESULT_DIFFERS);
	assert_true(fabs(cell->numbers.ratio - (4.0 - 1.4) / 4.0) < 0.02);
	assert_true(result->cells[2].p01 < 0.1 * result->cells[2].median);
	assert_true(result->cells[2].isolation_p01 < 0.1);
	done(result);
}

static void the_slowest_vm_is_named(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_isolation_spec, .per_vm = 1,
							 .unfair = 0.5, .seed = 10 });

	assert_int_equal(result->cells[2].worst_vm, 2);
	assert_int_equal(result->cells[2].equals, 3);
	assert_true(fabs(result->cells[2].most_over_least - 2) < 0.1);
	assert_true(result->cells[2].jain < 0.95);
	done(result);
}

static void the_same_file_gives_the_same_numbers(void **state)
{
	struct made made = { .spec = made_isolation_spec, .per_vm = 0.9, .seed = 11 };
	struct result *one = result_of(made);
	struct stored_experiment *first = experiment;
	struct result *two = result_of(made);

	assert_true(of_cell(one, 0, 2)->numbers.low == of_cell(two, 0, 2)->numbers.low);
	assert_true(of_cell(one, 1, 2)->numbers.p == of_cell(two, 1, 2)->numbers.p);
	done(two);
	experiment = first;
	done(one);
}

static void emulation_gives_ratios_only(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_aa_spec, .per_vm = 1, .seed = 1 });

	assert_true(result->ratios_only);
	done(result);
	result = result_of((struct made){ .spec = made_aa_spec, .per_vm = 1, .seed = 1,
					  .platform = "kvm", .accel = "kvm" });
	assert_false(result->ratios_only);
	done(result);
	result = result_of((struct made){ .spec = made_aa_spec, .per_vm = 1, .seed = 1,
					  .platform = "kvm, emulated", .accel = "kvm" });
	assert_true(result->ratios_only);
	done(result);
}

static void a_failed_boot_is_counted_and_does_not_count(void **state)
{
	struct result *result = result_of((struct made){ .spec = made_aa_spec, .per_vm = 1, .seed = 1,
							 .failed_boots = 2 });

	assert_int_equal(result->boots_failed, 2);
	assert_int_equal(result->boots_done, 20);
	assert_int_equal(of_cell(result, 0, 1)->numbers.boots, 20);
	done(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_injected_tenth_a_vm_is_found_as_that),
		cmocka_unit_test(its_slope_and_isolation_are_the_injected_ones),
		cmocka_unit_test(each_quantile_of_latency_is_that_quantile),
		cmocka_unit_test(nothing_injected_is_nothing_found),
		cmocka_unit_test(too_few_boots_conclude_nothing),
		cmocka_unit_test(antagonists_that_do_nothing_prove_nothing),
		cmocka_unit_test(what_equal_cells_differ_by_is_no_finding),
		cmocka_unit_test(a_cold_start_is_cut_off_each_run),
		cmocka_unit_test(a_duet_sees_three_percent_through_twenty),
		cmocka_unit_test(a_sequence_has_a_wider_interval),
		cmocka_unit_test(a_vm_that_stands_still_is_not_overlooked),
		cmocka_unit_test(the_slowest_vm_is_named),
		cmocka_unit_test(the_same_file_gives_the_same_numbers),
		cmocka_unit_test(emulation_gives_ratios_only),
		cmocka_unit_test(a_failed_boot_is_counted_and_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
