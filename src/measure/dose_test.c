/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "measure/dose.h"

#include "measure/compare.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { BOOTS = 12, DOSES = 3 };

struct table {
	double values[DOSES][BOOTS];
	struct measure_run runs[DOSES][BOOTS];
	struct measure_boot boots[DOSES][BOOTS];
	struct measure_cell cells[DOSES];
	struct measure_dose doses[DOSES];
};

/* Each further loaded VM takes a tenth of what was left; boots differ by up to a half. */
static void table_fill(struct table *table)
{
	size_t dose, boot;

	for (dose = 0; dose < DOSES; dose++) {
		for (boot = 0; boot < BOOTS; boot++) {
			table->values[dose][boot] = (1000 + 40 * (double)boot) * pow(0.9, (double)dose);
			table->runs[dose][boot] = (struct measure_run){ &table->values[dose][boot], 1 };
			table->boots[dose][boot] =
				(struct measure_boot){ boot, &table->runs[dose][boot], 1 };
		}
		table->cells[dose] = (struct measure_cell){ table->boots[dose], BOOTS };
		table->doses[dose] = (struct measure_dose){ (double)dose + 1, &table->cells[dose] };
	}
}

static void a_tenth_less_with_each_vm_is_found_in_every_boot(void **state)
{
	const struct measure_plan plan = { MEASURE_MEAN, 0.95, 200, 1 };
	struct measure_comparison estimate;
	struct measure_slopes slopes;
	struct table table;
	size_t i;

	table_fill(&table);
	assert_int_equal(measure_slopes_find(table.doses, DOSES, MEASURE_MEAN, &slopes, NULL), 0);
	assert_int_equal(slopes.cell.boot_count, BOOTS);
	for (i = 0; i < BOOTS; i++)
		assert_true(fabs(slopes.values[i] - log(0.9)) < 1e-12);
	assert_int_equal(measure_estimate(&slopes.cell, &plan, &estimate, NULL), 0);
	assert_true(fabs(estimate.value - log(0.9)) < 1e-12);
	measure_slopes_done(&slopes);
}

static void a_boot_with_one_dose_has_no_slope(void **state)
{
	struct measure_slopes slopes;
	struct table table;

	table_fill(&table);
	table.cells[1].boot_count = 4; /* broken off */
	table.cells[2].boot_count = 0;
	assert_int_equal(measure_slopes_find(table.doses, DOSES, MEASURE_MEAN, &slopes, NULL), 0);
	assert_int_equal(slopes.cell.boot_count, 4);
	measure_slopes_done(&slopes);
	table.cells[1].boot_count = 0;
	assert_int_equal(measure_slopes_find(table.doses, DOSES, MEASURE_MEAN, &slopes, NULL), -ENODATA);
	assert_int_equal(measure_slopes_find(table.doses, 1, MEASURE_MEAN, &slopes, NULL), -ENODATA);
}

static void nought_has_no_logarithm(void **state)
{
	struct measure_slopes slopes;
	struct table table;

	table_fill(&table);
	table.values[2][3] = 0;
	assert_int_equal(measure_slopes_find(table.doses, DOSES, MEASURE_MEAN, &slopes, NULL), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tenth_less_with_each_vm_is_found_in_every_boot),
		cmocka_unit_test(a_boot_with_one_dose_has_no_slope),
		cmocka_unit_test(nought_has_no_logarithm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
