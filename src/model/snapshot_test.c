/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects, VMs and snapshots: the passive structs that all flows share. */
#include "model/snapshot.h"

#include "model/synthetic.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct vm_identity identity(pid_t pid, uint64_t ticks, uint32_t ordinal)
{
	return (struct vm_identity){ .pid = pid, .start_ticks = ticks, .ordinal = ordinal };
}

static void a_fresh_vm_was_asked_for_nothing(void **state)
{
	struct vm_identity who = identity(1, 2, 3);
	struct vm *vm = vm_new(&who);
	size_t i;

	for (i = 0; i < VM_FIGURE_COUNT; i++)
		assert_int_equal(vm->state[i], FIGURE_NOT_ASKED);
	assert_int_equal(vm->thread_count, 0);
	assert_null(vm->text[VM_TEXT_NAME]);
	vm_free(vm);
	vm_free(NULL);
}

static void absence_is_named_after_its_errno(void **state)
{
	assert_int_equal(figure_state_from_errno(-EACCES), FIGURE_REFUSED);
	assert_int_equal(figure_state_from_errno(-EPERM), FIGURE_REFUSED);
	assert_int_equal(figure_state_from_errno(-ESRCH), FIGURE_VANISHED);
	assert_int_equal(figure_state_from_errno(-ETIMEDOUT), FIGURE_LATE);
	assert_int_equal(figure_state_from_errno(-ENOENT), FIGURE_UNSUPPORTED);
	assert_string_equal(figure_state_name(FIGURE_TOO_SOON), "too soon");
	assert_string_equal(figure_state_name(FIGURE_STATE_COUNT), "unknown");
}

static void check_info(const struct object_info *info)
{
	size_t i, j;

	for (i = 0; i < info->figure_count; i++) {
		assert_int_equal(object_find_figure(info, info->figures[i].name), i);
		assert_true(strlen(info->figures[i].help) > 0);
		for (j = 0; j < info->text_count; j++)
			assert_string_not_equal(info->figures[i].name, info->texts[j].name);
	}
	assert_int_equal(object_find_figure(info, "no such figure"), -1);
}

static void no_name_is_given_twice_in_one_object(void **state)
{
	check_info(&host_info);
	check_info(&cpu_info);
	check_info(&disk_info);
	check_info(&nic_info);
	check_info(&vm_info);
	check_info(&thread_info);
}

static bool name_ends(const char *name, const char *suffix)
{
	size_t length = strlen(name), size = strlen(suffix);

	return length >= size && strcmp(name + length - size, suffix) == 0;
}

static void a_unit_is_in_the_name(void **state)
{
	static const char *const suffix[] = {
		[UNIT_USEC] = "_usec", [UNIT_BYTES] = "_bytes", [UNIT_PERMYRIAD] = "_permyriad",
		[UNIT_MILLI] = "_milli",
	};
	const struct object_info *const infos[] = { &host_info, &cpu_info, &disk_info, &nic_info,
						    &vm_info, &thread_info };
	size_t i, j;

	for (i = 0; i < sizeof infos / sizeof infos[0]; i++)
		for (j = 0; j < infos[i]->figure_count; j++) {
			const struct figure_info *figure = &infos[i]->figures[j];

			if (suffix[figure->unit] != NULL && !name_ends(figure->name, suffix[figure->unit]))
				fail_msg("%s", figure->name);
		}
}

static void a_text_is_replaced_only_when_it_differs(void **state)
{
	char *text = NULL, *before;

	assert_true(text_set(&text, "abc", 3));
	before = text;
	assert_true(text_set(&text, "abcd", 3));
	assert_ptr_equal(text, before);
	assert_true(text_set(&text, "abd", 3));
	assert_string_equal(text, "abd");
	assert_true(text_set(&text, "", 0));
	assert_string_equal(text, "");
	free(text);
}

static void identities_are_ordered_by_pid_start_and_ordinal(void **state)
{
	struct vm_identity a = identity(5, 10, 0), b = identity(5, 10, 1), c = identity(5, 11, 0),
			   d = identity(6, 1, 0);

	assert_true(vm_identity_compare(&a, &b) < 0);
	assert_true(vm_identity_compare(&b, &c) < 0);
	assert_true(vm_identity_compare(&c, &d) < 0);
	assert_true(vm_identity_compare(&d, &a) > 0);
	assert_int_equal(vm_identity_compare(&b, &b), 0);
}

static void an_identity_has_one_spelling(void **state)
{
	struct vm_identity who = identity(2147483647, UINT64_MAX, UINT32_MAX);
	char id[VM_ID_SIZE];

	vm_identity_format(&who, id);
	assert_string_equal(id, "2147483647-18446744073709551615-4294967295");
}

static void a_thread_is_found_by_tid_and_a_vcpu_before_it_has_one(void **state)
{
	struct vm_identity who = identity(1, 1, 0);
	struct vm *vm = vm_new(&who);
	struct thread *thread = vm_thread(vm, ROLE_VCPU, 0, 0);

	assert_int_equal(vm->vcpu_count, 1);
	assert_ptr_equal(vm_thread(vm, ROLE_VCPU, 0, 77), thread);
	assert_int_equal(thread->tid, 77);
	assert_ptr_equal(vm_find_thread(vm, ROLE_VCPU, 0, 77), thread);
	assert_null(vm_find_thread(vm, ROLE_VCPU, 1, 77));
	assert_null(vm_find_thread(vm, ROLE_IO, 0, 77));
	assert_non_null(vm_thread(vm, ROLE_IO, -1, 0));
	assert_null(vm_find_thread(vm, ROLE_IO, -1, 5));
	vm_free(vm);
}

static void vcpus_stand_first_and_in_order(void **state)
{
	struct vm_identity who = identity(1, 1, 0);
	struct vm *vm = vm_new(&who);

	vm_thread(vm, ROLE_IO, -1, 30);
	vm_thread(vm, ROLE_VCPU, 1, 21);
	vm_thread(vm, ROLE_EMULATOR, -1, 1);
	vm_thread(vm, ROLE_VCPU, 0, 20);
	vm_thread(vm, ROLE_IO, -1, 29);
	assert_int_equal(vm->thread_count, 5);
	assert_int_equal(vm->vcpu_count, 2);
	assert_int_equal(vm->threads[0].tid, 20);
	assert_int_equal(vm->threads[1].tid, 21);
	assert_int_equal(vm->threads[2].tid, 1);
	assert_int_equal(vm->threads[3].tid, 29);
	assert_int_equal(vm->threads[4].tid, 30);
	vm_remove_thread(vm, 0);
	assert_int_equal(vm->vcpu_count, 1);
	assert_int_equal(vm->threads[0].tid, 21);
	vm_remove_thread(vm, 3);
	assert_int_equal(vm->thread_count, 3);
	assert_int_equal(vm->vcpu_count, 1);
	vm_free(vm);
}

static void vms_are_found_and_stay_sorted(void **state)
{
	static const pid_t pids[] = { 50, 10, 40, 20, 30, 60, 5 };
	struct vm_identity who;
	struct snapshot snapshot;
	size_t i;

	snapshot_init(&snapshot);
	for (i = 0; i < 7; i++) {
		who = identity(pids[i], 1, 0);
		assert_non_null(snapshot_add_vm(&snapshot, &who));
		assert_ptr_equal(snapshot_add_vm(&snapshot, &who), snapshot_find_vm(&snapshot, &who));
	}
	assert_int_equal(snapshot.vm_count, 7);
	for (i = 1; i < 7; i++)
		assert_true(vm_identity_compare(&snapshot.vms[i - 1]->identity,
						&snapshot.vms[i]->identity) < 0);
	who = identity(40, 1, 0);
	snapshot_remove_vm(&snapshot, &who);
	assert_null(snapshot_find_vm(&snapshot, &who));
	snapshot_remove_vm(&snapshot, &who);
	assert_int_equal(snapshot.vm_count, 6);
	snapshot_done(&snapshot);
	snapshot_done(NULL);
}

static void cpus_with_holes_are_found_and_stay_sorted(void **state)
{
	static const int numbers[] = { 0, 1, 8, 4, 2, 63, 4 };
	struct snapshot snapshot;
	size_t i;

	snapshot_init(&snapshot);
	for (i = 0; i < 7; i++)
		assert_int_equal(snapshot_cpu(&snapshot, numbers[i])->number, numbers[i]);
	assert_int_equal(snapshot.cpu_count, 6);
	for (i = 1; i < 6; i++)
		assert_true(snapshot.cpus[i - 1].number < snapshot.cpus[i].number);
	snapshot_done(&snapshot);
}

static void a_device_with_too_long_a_name_is_one_device(void **state)
{
	static const char name[] = "a-name-that-no-kernel-gives-to-any-disk-of-its-own";
	struct snapshot snapshot;

	snapshot_init(&snapshot);
	snapshot_disk(&snapshot, name);
	snapshot_disk(&snapshot, name);
	snapshot_disk(&snapshot, "sda");
	assert_int_equal(snapshot.disk_count, 2);
	assert_ptr_equal(snapshot_nic(&snapshot, name), snapshot_nic(&snapshot, name));
	assert_int_equal(snapshot.nic_count, 1);
	snapshot_done(&snapshot);
}

static void check_copy(struct snapshot *copy, const struct snapshot *from)
{
	char difference[200];

	assert_int_equal(snapshot_copy(copy, from), 0);
	if (!synthetic_equal(from, copy, difference, sizeof difference))
		fail_msg("%s", difference);
}

static void a_copy_is_equal_whatever_was_there_before(void **state)
{
	struct snapshot everything, copy;
	struct synthetic host;
	unsigned i;

	assert_int_equal(synthetic_init(&host, 4, 6, 3), 0);
	assert_int_equal(synthetic_of_everything(&everything), 0);
	snapshot_init(&copy);
	for (i = 0; i < 40; i++) {
		synthetic_tick(&host);
		if (i % 3 == 0)
			synthetic_birth(&host);
		if (i % 2 == 0 && host.snapshot.vm_count > 0)
			synthetic_death(&host, i % host.snapshot.vm_count);
		check_copy(&copy, &host.snapshot);
		if (i % 7 == 0)
			check_copy(&copy, &everything);
	}
	snapshot_done(&copy);
	snapshot_done(&everything);
	synthetic_done(&host);
}

static void a_copy_of_the_same_shape_allocates_nothing(void **state)
{
	struct mallinfo2 before, after;
	struct synthetic host;
	struct snapshot copy;

	assert_int_equal(synthetic_init(&host, 4, 50, 3), 0);
	snapshot_init(&copy);
	assert_int_equal(snapshot_copy(&copy, &host.snapshot), 0);
	before = mallinfo2();
	synthetic_tick(&host);
	assert_int_equal(snapshot_copy(&copy, &host.snapshot), 0);
	after = mallinfo2();
	snapshot_done(&copy);
	synthetic_done(&host);
	if (before.uordblks == 0) {
		print_message("a sanitizer's allocator does not count\n");
		skip();
	}
	assert_int_equal(before.uordblks, after.uordblks);
}

static void growth_needs_two_sights_and_a_counter_that_grew(void **state)
{
	struct vm now = { .vcpu_count = 0 }, before = { .vcpu_count = 0 };
	int64_t growth = 0;

	figure_set(now.value, now.state, VM_RUN, 12);
	assert_false(figure_growth(vm_view(&now), vm_view(&before), VM_RUN, &growth));
	figure_set(before.value, before.state, VM_RUN, 5);
	assert_true(figure_growth(vm_view(&now), vm_view(&before), VM_RUN, &growth));
	assert_int_equal(growth, 7);
	figure_set(before.value, before.state, VM_RUN, 13);
	assert_false(figure_growth(vm_view(&now), vm_view(&before), VM_RUN, &growth));
	figure_set(before.value, before.state, VM_RUN, INT64_MIN);
	assert_false(figure_growth(vm_view(&now), vm_view(&before), VM_RUN, &growth));
}

static void every_event_and_role_has_a_name(void **state)
{
	unsigned i;

	for (i = 0; i < EVENT_KIND_COUNT; i++)
		assert_string_not_equal(event_kind_name((enum event_kind)i), "unknown");
	for (i = 0; i < ROLE_COUNT; i++)
		assert_string_not_equal(thread_role_name((enum thread_role)i), "unknown");
	for (i = 0; i < GROUP_COUNT; i++)
		assert_string_not_equal(figure_group_name((enum figure_group)i), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_vm_was_asked_for_nothing),
		cmocka_unit_test(absence_is_named_after_its_errno),
		cmocka_unit_test(no_name_is_given_twice_in_one_object),
		cmocka_unit_test(a_unit_is_in_the_name),
		cmocka_unit_test(a_text_is_replaced_only_when_it_differs),
		cmocka_unit_test(identities_are_ordered_by_pid_start_and_ordinal),
		cmocka_unit_test(an_identity_has_one_spelling),
		cmocka_unit_test(a_thread_is_found_by_tid_and_a_vcpu_before_it_has_one),
		cmocka_unit_test(vcpus_stand_first_and_in_order),
		cmocka_unit_test(vms_are_found_and_stay_sorted),
		cmocka_unit_test(cpus_with_holes_are_found_and_stay_sorted),
		cmocka_unit_test(a_device_with_too_long_a_name_is_one_device),
		cmocka_unit_test(a_copy_is_equal_whatever_was_there_before),
		cmocka_unit_test(a_copy_of_the_same_shape_allocates_nothing),
		cmocka_unit_test(growth_needs_two_sights_and_a_counter_that_grew),
		cmocka_unit_test(every_event_and_role_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
