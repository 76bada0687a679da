/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/ksm_estimate.h"

#include "base/error.h"
#include "model/vm.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void expect_group(const char *name, const char *wanted)
{
	char group[PRINTS_NAME_SIZE];

	group_of_name(name, group);
	assert_string_equal(group, wanted);
}

static void a_name_without_its_number_is_a_group(void **state)
{
	expect_group("web-1", "web");
	expect_group("web-12", "web");
	expect_group("web3", "web");
	expect_group("a.b_007", "a.b");
	expect_group("db-primary", "db-primary");
	expect_group("db-", "db-");
	expect_group("42", "42");
	expect_group("-7", "-7");
	expect_group("", "");
}

static void expect_by(const struct vm *vm, enum group_by by, const char *wanted)
{
	char group[PRINTS_NAME_SIZE];

	group_of_vm(by, vm, group);
	assert_string_equal(group, wanted);
}

static void a_vm_is_of_the_group_that_it_was_asked_for(void **state)
{
	struct vm_identity identity = { .pid = getpid() };
	struct vm *vm = vm_new(&identity);

	assert_non_null(vm);
	expect_by(vm, GROUP_BY_OWNER, "");
	expect_by(vm, GROUP_BY_CGROUP, "");
	expect_by(vm, GROUP_BY_NAME, "");
	vm->text[VM_TEXT_NAME] = strdup("web-1");
	vm->text[VM_TEXT_OWNER] = strdup("libvirt");
	vm->text[VM_TEXT_METADATA] = strdup("gold");
	vm->text[VM_TEXT_CGROUP] = strdup("/machine.slice/web-1.scope");
	expect_by(vm, GROUP_BY_NOTHING, "");
	expect_by(vm, GROUP_BY_NAME, "web");
	expect_by(vm, GROUP_BY_OWNER, "libvirt");
	expect_by(vm, GROUP_BY_METADATA, "gold");
	expect_by(vm, GROUP_BY_CLASS, "");
	expect_by(vm, GROUP_BY_CGROUP, "/machine.slice");
	vm->text[VM_TEXT_CGROUP][strlen("/machine.slic")] = '\0';
	expect_by(vm, GROUP_BY_CGROUP, "/machine.slic");
	if (geteuid() == 0)
		expect_by(vm, GROUP_BY_USER, "root");
	vm_free(vm);
}

static void a_wrong_word_names_the_nearest(void **state)
{
	struct error err = { 0 };
	enum group_by by;

	assert_int_equal(group_by_parse("cgroup", &by, &err), 0);
	assert_int_equal(by, GROUP_BY_CGROUP);
	assert_int_equal(group_by_parse("cgruop", &by, &err), -EINVAL);
	assert_string_equal(err.text, "--group cgruop: did you mean cgroup?");
	assert_int_equal(group_by_parse("colour", &by, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_without_its_number_is_a_group),
		cmocka_unit_test(a_vm_is_of_the_group_that_it_was_asked_for),
		cmocka_unit_test(a_wrong_word_names_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
