/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/uevent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* As a 6.18 kernel sent it. */
static const char created[] = "change@/devices/virtual/misc/kvm\0ACTION=change\0"
			      "DEVPATH=/devices/virtual/misc/kvm\0SUBSYSTEM=misc\0CREATED=1\0"
			      "COUNT=1\0EVENT=create\0PID=13858\0STATS_PATH=/kvm/13857-5\0"
			      "MAJOR=10\0MINOR=232\0DEVNAME=kvm\0SEQNUM=1021";

static void a_creation_names_its_thread_and_descriptor(void **state)
{
	struct root_event event;

	assert_true(uevent_parse(created, sizeof created, &event));
	assert_int_equal(event.kind, ROOT_EVENT_CREATE);
	assert_int_equal(event.tid, 13858);
	assert_int_equal(event.stats_tid, 13857);
	assert_int_equal(event.vm_fd, 5);
}

static void a_message_cut_anywhere_is_survived(void **state)
{
	struct root_event event;
	size_t size;

	for (size = 0; size < sizeof created; size++)
		uevent_parse(created, size, &event);
	assert_false(uevent_parse(created, 40, &event));
}

static void another_device_is_not_kvm(void **state)
{
	static const char other[] = "add@/devices/virtual/misc/kvmx\0"
				    "DEVPATH=/devices/virtual/misc/kvmx\0EVENT=create\0PID=3";
	struct root_event event;

	assert_false(uevent_parse(other, sizeof other, &event));
}

static void a_destruction_without_debugfs_has_no_descriptor(void **state)
{
	static const char gone[] = "change@/devices/virtual/misc/kvm\0"
				   "DEVPATH=/devices/virtual/misc/kvm\0EVENT=destroy\0PID=7\0";
	struct root_event event;

	assert_true(uevent_parse(gone, sizeof gone, &event));
	assert_int_equal(event.kind, ROOT_EVENT_DESTROY);
	assert_int_equal(event.vm_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_creation_names_its_thread_and_descriptor),
		cmocka_unit_test(a_message_cut_anywhere_is_survived),
		cmocka_unit_test(another_device_is_not_kvm),
		cmocka_unit_test(a_destruction_without_debugfs_has_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
