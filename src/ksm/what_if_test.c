/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/what_if.h"

#include "base/error.h"
#include "ksm/merging.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct prints *prints, const char *id, const char *name, const char *group,
		uint64_t from, uint64_t to)
{
	struct prints_vm *vm = prints_add_vm(prints);

	assert_non_null(vm);
	strcpy(vm->id, id);
	strcpy(vm->name, name);
	strcpy(vm->group, group);
	vm->pages = vm->read = to - from;
	for (; from < to; from++)
		assert_true(print_list_add(&vm->sampled, from));
}

/* Ten pages each; a and b have five alike, c is like neither. */
static void three_vms(struct prints *prints)
{
	prints_init(prints);
	add(prints, "10-1-0", "a", "gold", 0, 10);
	add(prints, "20-1-0", "b", "gold", 5, 15);
	add(prints, "30-1-0", "c", "", 100, 110);
	assert_true(prints_sort(prints));
}

static double saved_if(const char *const *words)
{
	struct error err = { 0 };
	struct prints prints;
	struct merging merging;
	double saved;
	bool *part;

	three_vms(&prints);
	if (what_if_apply(&prints, words, &part, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(merging_compute(&prints, part, &merging), 0);
	saved = merging.saved;
	merging_done(&merging);
	free(part);
	prints_done(&prints);
	return saved;
}

#define SAVED_IF(...) saved_if((const char *const[]){ __VA_ARGS__, NULL })

static void a_vm_a_second_time_shares_all_of_it(void **state)
{
	assert_true(SAVED_IF("+c") == 5 + 10);
	assert_true(SAVED_IF("+30-1-0") == 5 + 10);
	assert_true(SAVED_IF("+30") == 5 + 10);
	assert_true(SAVED_IF("+c", "+c") == 5 + 20);
}

static void a_vm_that_is_gone_shares_nothing(void **state)
{
	assert_true(SAVED_IF("-b") == 0);
	assert_true(SAVED_IF("-c") == 5);
	/* One goes, and a copy of it comes. */
	assert_true(SAVED_IF("-b", "+b") == 5);
}

static void one_group_is_without_the_others(void **state)
{
	assert_true(SAVED_IF("group=gold") == 5);
	assert_true(SAVED_IF("group=gold", "+c") == 5);
	assert_true(SAVED_IF("group=") == 0);
}

static void expect_refused(const char *word, int code, const char *sentence)
{
	const char *const words[] = { word, NULL };
	struct error err = { 0 };
	struct prints prints;
	bool *part = NULL;

	three_vms(&prints);
	assert_int_equal(what_if_apply(&prints, words, &part, &err), code);
	assert_string_equal(err.text, sentence);
	prints_done(&prints);
}

static void what_nobody_is_called_is_refused(void **state)
{
	expect_refused("+d", -ENOENT, "--what-if +d: no VM or group here is called that");
	expect_refused("-1", -ENOENT, "--what-if -1: no VM or group here is called that");
	expect_refused("group=lead", -ENOENT,
		       "--what-if group=lead: no VM or group here is called that");
	expect_refused("c", -EINVAL, "--what-if c: +NAME, -NAME or group=NAME is wanted");
	expect_refused("+", -EINVAL, "--what-if +: +NAME, -NAME or group=NAME is wanted");
	expect_refused("+\033[2J", -ENOENT, "--what-if +\\x1b[2J: no VM or group here is called that");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vm_a_second_time_shares_all_of_it),
		cmocka_unit_test(a_vm_that_is_gone_shares_nothing),
		cmocka_unit_test(one_group_is_without_the_others),
		cmocka_unit_test(what_nobody_is_called_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
