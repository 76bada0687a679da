/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/vm_column.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "report/example.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_cell(const struct vm_row *row, const char *column, const char *wanted)
{
	struct str cell;

	str_init(&cell);
	vm_column_append(vm_column_find(column), row, &cell);
	assert_string_equal(cell.data, wanted);
	str_done(&cell);
}

static void cells_show_rates_gauges_and_texts(void **state)
{
	struct rates rates;
	struct vm_row rows[3];

	example_three(&rates);
	vm_rows_fill(&rates, rows);
	expect_cell(&rows[0], "name", "web1");
	expect_cell(&rows[0], "id", "1200-12000-0");
	expect_cell(&rows[0], "pid", "1200");
	expect_cell(&rows[0], "vcpus", "2");
	expect_cell(&rows[0], "cpu", "95.0");
	expect_cell(&rows[0], "wait", "52.0");
	expect_cell(&rows[0], "hurt", "cpu 50%");
	expect_cell(&rows[0], "time", "11m00s");
	expect_cell(&rows[0], "rss", "1.5G");
	expect_cell(&rows[0], "read", "3.0M");
	expect_cell(&rows[0], "tx", "140M");
	expect_cell(&rows[0], "ksm", "25000");
	expect_cell(&rows[0], "quota", "max");
	expect_cell(&rows[0], "limit", "max");
	expect_cell(&rows[1], "quota", "25.0");
	expect_cell(&rows[1], "hurt", "quota 15%");
	expect_cell(&rows[1], "read", "-");
	expect_cell(&rows[2], "hurt", "-");
	expect_cell(&rows[2], "cpu", "0.0");
	expect_cell(&rows[2], "uuid", "-");
	rates_done(&rates);
}

/* QEMU's threads have names with debug-threads=on only; KVM knows its vCPUs by itself. */
static void vcpus_that_nobody_tells_are_not_zero(void **state)
{
	struct rates rates;
	struct vm_row rows[3];
	size_t i;

	example_three(&rates);
	vm_rows_fill(&rates, rows);
	for (i = 0; i < 2; i++) {
		rates.now.vms[i]->vcpu_count = 0;
		free(rates.now.vms[i]->text[VM_TEXT_ACCEL]);
	}
	rates.now.vms[0]->text[VM_TEXT_ACCEL] = strdup("tcg");
	rates.now.vms[1]->text[VM_TEXT_ACCEL] = strdup("kvm");
	expect_cell(&rows[0], "vcpus", "-");
	expect_cell(&rows[1], "vcpus", "0");
	rates_done(&rates);
}

static void a_refused_figure_is_told_from_an_absent_one(void **state)
{
	struct rates rates;

	example_three(&rates);
	assert_true(vm_column_is_refused(vm_column_find("read"), rates.now.vms[1]));
	assert_false(vm_column_is_refused(vm_column_find("rx"), rates.now.vms[1]));
	assert_false(vm_column_is_refused(vm_column_find("name"), rates.now.vms[1]));
	rates_done(&rates);
}

static void expect_order(const struct vm_row *rows, const char *a, const char *b, const char *c)
{
	assert_string_equal(rows[0].sight.now->text[VM_TEXT_NAME], a);
	assert_string_equal(rows[1].sight.now->text[VM_TEXT_NAME], b);
	assert_string_equal(rows[2].sight.now->text[VM_TEXT_NAME], c);
}

static void numbers_sort_from_the_largest_and_texts_from_a(void **state)
{
	struct rates rates;
	struct vm_row rows[3];

	example_three(&rates);
	vm_rows_fill(&rates, rows);
	vm_rows_sort(rows, 3, vm_column_find("cpu"), false);
	expect_order(rows, "web1", "db", "idle");
	vm_rows_sort(rows, 3, vm_column_find("cpu"), true);
	expect_order(rows, "idle", "db", "web1");
	vm_rows_sort(rows, 3, vm_column_find("name"), false);
	expect_order(rows, "db", "idle", "web1");
	vm_rows_sort(rows, 3, vm_column_find("name"), true);
	expect_order(rows, "web1", "idle", "db");
	rates_done(&rates);
}

static void what_is_absent_sorts_last_both_ways(void **state)
{
	struct rates rates;
	struct vm_row rows[3];

	example_three(&rates);
	vm_rows_fill(&rates, rows);
	vm_rows_sort(rows, 3, vm_column_find("read"), false);
	expect_order(rows, "web1", "db", "idle");
	vm_rows_sort(rows, 3, vm_column_find("read"), true);
	expect_order(rows, "web1", "db", "idle");
	vm_rows_sort(rows, 3, vm_column_find("owner"), true);
	expect_order(rows, "web1", "idle", "db");
	rates_done(&rates);
}

static void names_sort_by_the_numbers_in_them(void **state)
{
	assert_true(vm_name_compare("vm9", "vm10") < 0);
	assert_true(vm_name_compare("vm10", "vm9") > 0);
	assert_true(vm_name_compare("vm09", "vm9") == 0);
	assert_true(vm_name_compare("Web", "apache") > 0);
	assert_true(vm_name_compare("a", "ab") < 0);
	assert_true(vm_name_compare("a1b2", "a1b10") < 0);
	assert_true(vm_name_compare("", "a") < 0);
	assert_true(vm_name_compare("1", "99999999999999999999999") < 0);
}

static void hostile_names_are_harmless(void **state)
{
	struct rates rates;
	struct vm_row rows[8];
	size_t i, j;

	example_hostile(&rates);
	vm_rows_fill(&rates, rows);
	for (i = 0; i < 8; i++) {
		struct str cell;

		str_init(&cell);
		vm_column_append(vm_column_find("name"), &rows[i], &cell);
		assert_true(cell.length > 0);
		for (j = 0; j < cell.length; j++)
			assert_false((unsigned char)cell.data[j] < 0x20 || cell.data[j] == 0x7f);
		str_done(&cell);
	}
	expect_cell(&rows[6], "name", "pid 7006");
	expect_cell(&rows[7], "name", "pid 7007");
	rates_done(&rates);
}

static void every_column_has_a_cell_and_a_name_of_its_own(void **state)
{
	const struct vm_column *column;
	struct rates rates;
	struct vm_row rows[3];

	example_three(&rates);
	vm_rows_fill(&rates, rows);
	for (column = vm_columns; column->name != NULL; column++) {
		struct str cell;

		str_init(&cell);
		assert_ptr_equal(vm_column_find(column->name), column);
		assert_ptr_equal(vm_column_find(column->heading), column);
		assert_true(strlen(column->heading) <= column->width);
		vm_column_append(column, &rows[2], &cell);
		assert_true(cell.length > 0);
		str_done(&cell);
	}
	rates_done(&rates);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_show_rates_gauges_and_texts),
		cmocka_unit_test(vcpus_that_nobody_tells_are_not_zero),
		cmocka_unit_test(a_refused_figure_is_told_from_an_absent_one),
		cmocka_unit_test(numbers_sort_from_the_largest_and_texts_from_a),
		cmocka_unit_test(what_is_absent_sorts_last_both_ways),
		cmocka_unit_test(names_sort_by_the_numbers_in_them),
		cmocka_unit_test(hostile_names_are_harmless),
		cmocka_unit_test(every_column_has_a_cell_and_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
