/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/sketch.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t mixed(uint64_t number)
{
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9ull;
	number = (number ^ number >> 27) * 0x94d049bb133111ebull;
	return number ^ number >> 31;
}

/* Contents `from` to below `to`, each once, of those that a modulo keeps. */
static struct sketch sketch_of(uint64_t from, uint64_t to, uint64_t modulo, uint8_t key)
{
	struct prints prints;
	struct sketch sketch;
	struct prints_vm *vm;

	prints_init(&prints);
	prints.modulo = modulo;
	prints.key_id[0] = key;
	vm = prints_add_vm(&prints);
	assert_non_null(vm);
	strcpy(vm->name, "guest");
	vm->pages = to - from;
	for (; from < to; from++)
		if (mixed(from) % modulo == 0)
			assert_true(print_list_add(&vm->sampled, mixed(from)));
	assert_true(prints_sort(&prints));
	assert_int_equal(sketch_make(&prints, vm, &sketch), 0);
	prints_done(&prints);
	return sketch;
}

static double common_of(const struct sketch *a, const struct sketch *b, double *ret_error)
{
	struct error err = { 0 };
	double contents;

	assert_int_equal(sketch_common(a, b, &contents, ret_error, &err), 0);
	return contents;
}

static void assert_common(uint64_t size, uint64_t shared, uint64_t modulo)
{
	struct sketch a = sketch_of(1, size + 1, modulo, 1);
	struct sketch b = sketch_of(size + 1 - shared, 2 * size + 1 - shared, modulo, 1);
	double error, found = common_of(&a, &b, &error);

	if (fabs(found - (double)shared) > (double)size * 0.02)
		fail_msg("%.0f of %llu where %llu are shared", found, (unsigned long long)size,
			 (unsigned long long)shared);
	if (fabs(found - (double)shared) > 4 * error + 1)
		fail_msg("%.0f +- %.0f where %llu are shared", found, error, (unsigned long long)shared);
	sketch_done(&a);
	sketch_done(&b);
}

/* From 32 MiB to 4 GiB of memory. */
static void pairs_are_told_within_two_hundredths(void **state)
{
	uint64_t size;

	for (size = 8192; size <= 1048576; size *= 8) {
		assert_common(size, 0, 1);
		assert_common(size, size / 10, 1);
		assert_common(size, size / 2, 1);
		assert_common(size, size, 1);
	}
}

static void sampled_pairs_are_told_as_surely_as_is_said(void **state)
{
	struct sketch a = sketch_of(1, 400001, 20, 1), b = sketch_of(200001, 600001, 20, 1);
	double error, found = common_of(&a, &b, &error);

	assert_true(fabs(found - 200000) <= 4 * error);
	sketch_done(&a);
	sketch_done(&b);
}

static void small_memory_is_told_exactly(void **state)
{
	struct sketch a = sketch_of(1, 101, 1, 1), b = sketch_of(51, 151, 1, 1);
	double error, found = common_of(&a, &b, &error);

	assert_true(fabs(found - 50) < 1);
	assert_true(error < 1);
	sketch_done(&a);
	sketch_done(&b);
}

static void bytes_are_few_and_tell_the_same(void **state)
{
	struct sketch sketch = sketch_of(1, 1000001, 1, 1), again;
	struct error err = { 0 };
	struct cursor cursor;
	struct str str;

	str_init(&str);
	sketch_append(&sketch, &str);
	assert_in_range(str.length, SKETCH_BYTES_MOST * 9 / 10, SKETCH_BYTES_MOST);
	cursor = cursor_over(str.data, str.length);
	assert_int_equal(sketch_take(&cursor, &again, &err), 0);
	assert_true(cursor_at_end(&cursor));
	assert_string_equal(again.name, "guest");
	assert_int_equal(again.contents, 1000000);
	assert_int_equal(again.below, sketch.below);
	assert_int_equal(again.count, sketch.count);
	assert_memory_equal(again.values, sketch.values, sketch.count * sizeof *sketch.values);
	sketch_done(&again);
	sketch_done(&sketch);
	str_done(&str);
}

static void a_cut_sketch_is_refused(void **state)
{
	struct sketch sketch = sketch_of(1, 1001, 1, 1), again;
	struct error err = { 0 };
	struct str str;
	size_t size;

	str_init(&str);
	sketch_append(&sketch, &str);
	for (size = 0; size < str.length; size++) {
		struct cursor cursor = cursor_over(str.data, size);

		assert_int_equal(sketch_take(&cursor, &again, &err), -EINVAL);
	}
	sketch_done(&sketch);
	str_done(&str);
}

static void other_keys_are_not_held_against_each_other(void **state)
{
	struct sketch a = sketch_of(1, 101, 1, 1), b = sketch_of(1, 101, 1, 2);
	double contents, error;
	struct error err = { 0 };

	assert_int_equal(sketch_common(&a, &b, &contents, &error, &err), -EINVAL);
	assert_non_null(strstr(err.text, "different keys"));
	sketch_done(&a);
	sketch_done(&b);
}

/* A host's three VMs, the third like the first: their union has the contents of two. */
static void a_host_is_the_union_of_its_vms(void **state)
{
	struct sketch vms[] = { sketch_of(1, 50001, 1, 1), sketch_of(50001, 100001, 1, 1),
				sketch_of(1, 50001, 1, 1) };
	struct sketch guest = sketch_of(25001, 75001, 1, 1), host;
	struct error err = { 0 };
	double error, found;
	size_t i;

	assert_int_equal(sketch_unite(vms, 3, &host, &err), 0);
	assert_true(fabs((double)host.contents - 100000) < 3000);
	found = common_of(&guest, &host, &error);
	assert_true(fabs(found - 50000) <= 4 * error + 1);
	sketch_done(&host);
	sketch_done(&guest);
	for (i = 0; i < 3; i++)
		sketch_done(&vms[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_are_told_within_two_hundredths),
		cmocka_unit_test(sampled_pairs_are_told_as_surely_as_is_said),
		cmocka_unit_test(small_memory_is_told_exactly),
		cmocka_unit_test(bytes_are_few_and_tell_the_same),
		cmocka_unit_test(a_cut_sketch_is_refused),
		cmocka_unit_test(other_keys_are_not_held_against_each_other),
		cmocka_unit_test(a_host_is_the_union_of_its_vms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
