/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/prints_file.h"

#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void fill(struct prints *prints)
{
	struct prints_vm *vm;
	uint64_t i;

	prints_init(prints);
	memset(prints->key_id, 7, sizeof prints->key_id);
	prints->modulo = 20;
	prints->max_sharing = 256;
	prints->zero_pages = true;
	prints->realtime_usec = 1795207267184137;
	strcpy(prints->host, "host");
	vm = prints_add_vm(prints);
	assert_non_null(vm);
	strcpy(vm->id, "12-3456-0");
	strcpy(vm->name, "web 1");
	strcpy(vm->group, "alice");
	vm->pages = 5000;
	vm->zero = 400;
	vm->merged = 17;
	for (i = 0; i < 1000; i++)
		assert_true(print_list_add(&vm->sampled, i / 3 * 0x9e3779b97f4a7c15ull));
	for (i = 0; i < 600; i++)
		assert_true(print_list_add(&vm->frequent, 41));
	assert_non_null(prints_add_vm(prints));
	assert_true(prints_sort(prints));
}

static void assert_list(const struct print_list *found, const struct print_list *wanted)
{
	assert_int_equal(found->count, wanted->count);
	if (wanted->count > 0)
		assert_memory_equal(found->hashes, wanted->hashes, wanted->count * sizeof *wanted->hashes);
}

static void what_was_written_is_read(void **state)
{
	struct prints prints, again;
	struct error err = { 0 };
	struct str str;

	fill(&prints);
	str_init(&str);
	prints_append(&prints, &str);
	assert_int_equal(prints_parse(str.data, str.length, &again, &err), 0);
	assert_memory_equal(again.key_id, prints.key_id, sizeof prints.key_id);
	assert_int_equal(again.modulo, 20);
	assert_true(again.zero_pages);
	assert_string_equal(again.host, "host");
	assert_int_equal(again.vm_count, 2);
	assert_string_equal(again.vms[0].group, "alice");
	assert_int_equal(again.vms[0].zero, 400);
	assert_int_equal(again.vms[0].merged, 17);
	assert_int_equal(again.vms[1].merged, UINT64_MAX);
	assert_list(&again.vms[0].sampled, &prints.vms[0].sampled);
	assert_list(&again.vms[0].frequent, &prints.vms[0].frequent);
	assert_list(&again.vms[1].sampled, &prints.vms[1].sampled);
	prints_done(&again);
	prints_done(&prints);
	str_done(&str);
}

static void what_is_cut_off_or_damaged_is_refused(void **state)
{
	struct prints prints, again;
	struct error err = { 0 };
	struct str str;
	size_t i;

	fill(&prints);
	str_init(&str);
	prints_append(&prints, &str);
	for (i = 0; i < str.length; i++)
		assert_int_equal(prints_parse(str.data, i, &again, &err), -EINVAL);
	for (i = 0; i < str.length; i += 7) {
		str.data[i] ^= 4;
		assert_int_equal(prints_parse(str.data, str.length, &again, &err), -EINVAL);
		str.data[i] ^= 4;
	}
	prints_done(&prints);
	str_done(&str);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(what_is_cut_off_or_damaged_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
