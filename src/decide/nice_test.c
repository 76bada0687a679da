/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decide/nice.h"

#include "model/vm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void each_nice_finds_itself_again(void **state)
{
	int nice;

	for (nice = NICE_LOWEST; nice <= NICE_HIGHEST; nice++)
		assert_int_equal(nice_of_weight_relative(weight_relative_of_nice(nice)), nice);
	assert_int_equal(weight_relative_of_nice(0), 10000);
	assert_int_equal(nice_weight(-20), 88761);
	assert_int_equal(nice_weight(40), 15);
}

static void weights_past_the_scale_are_its_ends(void **state)
{
	assert_int_equal(nice_of_weight_relative(0), NICE_HIGHEST);
	assert_int_equal(nice_of_weight_relative(INT64_MAX), NICE_LOWEST);
}

/* cpu.weight is whole: 2 of 100 is between nice 17 and 18. */
static void a_small_cgroup_weight_is_the_nearest_nice(void **state)
{
	assert_int_equal(nice_of_weight_relative(200), 18);
	assert_int_equal(nice_of_weight_relative(40000), -6);
}

static void a_vms_nice_is_read_where_it_arbitrates(void **state)
{
	struct vm *vm = vm_new(&(struct vm_identity){ .pid = 1 });
	int nice;

	assert_non_null(vm);
	assert_false(nice_of_vm(vm, &nice));
	figure_set(vm->value, vm->state, VM_NICE, 5);
	figure_set(vm->value, vm->state, VM_AUTOGROUP_NICE, -3);
	figure_set(vm->value, vm->state, VM_WEIGHT_RELATIVE, 12207);
	text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "nice", 4);
	assert_true(nice_of_vm(vm, &nice));
	assert_int_equal(nice, 5);
	text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "autogroup", 9);
	assert_true(nice_of_vm(vm, &nice));
	assert_int_equal(nice, -3);
	text_set(&vm->text[VM_TEXT_WEIGHT_WHERE], "cpu.weight", 10);
	assert_true(nice_of_vm(vm, &nice));
	assert_int_equal(nice, -1);
	vm->state[VM_WEIGHT_RELATIVE] = FIGURE_REFUSED;
	assert_false(nice_of_vm(vm, &nice));
	vm_free(vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_nice_finds_itself_again),
		cmocka_unit_test(weights_past_the_scale_are_its_ends),
		cmocka_unit_test(a_small_cgroup_weight_is_the_nearest_nice),
		cmocka_unit_test(a_vms_nice_is_read_where_it_arbitrates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
