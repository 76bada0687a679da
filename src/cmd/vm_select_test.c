/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/vm_select.h"

#include "base/error.h"
#include "model/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* "web1", pid 1200, with a uuid; and two VMs of the process 1300, one called "1200-x". */
static void fill(struct snapshot *snapshot)
{
	const struct vm_identity web1 = { 1200, 0, 12000 };
	const struct vm_identity first = { 1300, 0, 13000 }, second = { 1300, 1, 13000 };
	struct vm *vm;

	snapshot_init(snapshot);
	vm = snapshot_add_vm(snapshot, &web1);
	assert_true(text_set(&vm->text[VM_TEXT_NAME], "web1", 4));
	assert_true(text_set(&vm->text[VM_TEXT_UUID], "6c4f1f0a-0d0b-4f0e-9a51-2f7f3c1d9e55", 36));
	vm = snapshot_add_vm(snapshot, &first);
	assert_true(text_set(&vm->text[VM_TEXT_NAME], "1200-x", 6));
	assert_non_null(snapshot_add_vm(snapshot, &second));
}

static size_t count_selected(const struct snapshot *snapshot, const char *word)
{
	char copy[64];
	char *words[] = { copy, NULL };
	size_t i, count = 0;

	strcpy(copy, word);
	for (i = 0; i < snapshot->vm_count; i++)
		count += vm_is_selected(snapshot->vms[i], words);
	return count;
}

static void a_vm_has_four_names(void **state)
{
	struct snapshot snapshot;

	fill(&snapshot);
	assert_int_equal(count_selected(&snapshot, "web1"), 1);
	assert_int_equal(count_selected(&snapshot, "6C4F1F0A-0d0b-4f0e-9a51-2f7f3c1d9e55"), 1);
	assert_int_equal(count_selected(&snapshot, "1200"), 1);
	assert_int_equal(count_selected(&snapshot, "1200-12000-0"), 1);
	assert_int_equal(count_selected(&snapshot, "1300"), 2);
	assert_int_equal(count_selected(&snapshot, "1300-13000-1"), 1);
	snapshot_done(&snapshot);
}

static void parts_of_a_name_select_nothing(void **state)
{
	struct snapshot snapshot;

	fill(&snapshot);
	assert_int_equal(count_selected(&snapshot, "web"), 0);
	assert_int_equal(count_selected(&snapshot, "1200-"), 0);
	assert_int_equal(count_selected(&snapshot, ""), 0);
	assert_int_equal(count_selected(&snapshot, "WEB1"), 0);
	snapshot_done(&snapshot);
}

static void no_words_select_all_and_a_wrong_one_is_named(void **state)
{
	static char web1[] = "web1", wrong[] = "wbe1", worse[] = "\033[1m";
	char *none[] = { NULL }, *two[] = { web1, wrong, NULL }, *escape[] = { worse, NULL };
	struct snapshot snapshot;
	struct error err;

	fill(&snapshot);
	assert_true(vm_is_selected(snapshot.vms[2], none));
	assert_int_equal(vm_select_check(&snapshot, none, &err), 0);
	assert_true(vm_select_check(&snapshot, two, &err) < 0);
	assert_string_equal(err.text, "no VM has the name, uuid, pid or id \"wbe1\"; did you mean web1?");
	assert_true(vm_select_check(&snapshot, escape, &err) < 0);
	assert_null(strchr(err.text, '\033'));
	snapshot_done(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vm_has_four_names),
		cmocka_unit_test(parts_of_a_name_select_nothing),
		cmocka_unit_test(no_words_select_all_and_a_wrong_one_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
