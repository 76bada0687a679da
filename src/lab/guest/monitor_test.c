/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/guest/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

struct talk {
	struct monitor monitor;
	int qemu; /* the other end */
};

static int talk_make(void **state)
{
	struct talk *talk = calloc(1, sizeof *talk);
	int pair[2];

	if (talk == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return -1;
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	talk->qemu = pair[1];
	*state = talk;
	return monitor_init(&talk->monitor, pair[0]);
}

static int talk_end(void **state)
{
	struct talk *talk = *state;

	monitor_done(&talk->monitor);
	if (talk->qemu >= 0)
		close(talk->qemu);
	free(talk);
	return 0;
}

static void qemu_says(struct talk *talk, const char *text)
{
	assert_int_equal(write(talk->qemu, text, strlen(text)), strlen(text));
}

static void qemu_heard(struct talk *talk, const char *wanted)
{
	char heard[256] = "";

	assert_true(read(talk->qemu, heard, sizeof heard - 1) > 0);
	assert_non_null(strstr(heard, wanted));
}

static void threads_tell(struct talk *talk)
{
	qemu_says(talk, "{\"QMP\": {\"version\": {}}}\r\n");
	assert_true(monitor_turn(&talk->monitor));
	qemu_heard(talk, "qmp_capabilities");
	qemu_says(talk, "{\"return\": {}}\r\n");
	assert_true(monitor_turn(&talk->monitor));
	qemu_heard(talk, "query-cpus-fast");
	qemu_says(talk, "{\"return\": [{\"cpu-index\": 1, \"thread-id\": 12}, ");
	assert_true(monitor_turn(&talk->monitor));
	assert_int_equal(talk->monitor.thread_count, 0);
	qemu_says(talk, "{\"cpu-index\": 0, \"thread-id\": 11}]}\r\n");
	assert_true(monitor_turn(&talk->monitor));
}

static void threads_are_known_by_the_number_of_their_vcpu(void **state)
{
	struct talk *talk = *state;

	threads_tell(talk);
	assert_int_equal(talk->monitor.thread_count, 2);
	assert_int_equal(talk->monitor.threads[0], 11);
	assert_int_equal(talk->monitor.threads[1], 12);
	assert_false(talk->monitor.broken);
}

static void a_shutdown_of_the_guest_is_told_from_a_reset(void **state)
{
	struct talk *talk = *state;

	threads_tell(talk);
	qemu_says(talk, "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, "
			"\"reason\": \"guest-reset\"}}\n");
	assert_true(monitor_turn(&talk->monitor));
	assert_true(talk->monitor.reset);
	assert_false(talk->monitor.powered_off);
	qemu_says(talk, "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, "
			"\"reason\": \"guest-shutdown\"}}\n");
	assert_true(monitor_turn(&talk->monitor));
	assert_true(talk->monitor.powered_off);
}

static void a_disk_without_room_is_heard_of(void **state)
{
	struct talk *talk = *state;

	threads_tell(talk);
	qemu_says(talk, "{\"event\": \"BLOCK_IO_ERROR\", \"data\": {\"node-name\": \"disk0\", "
			"\"nospace\": false, \"action\": \"report\"}}\n");
	assert_true(monitor_turn(&talk->monitor));
	assert_false(talk->monitor.disk_full);
	qemu_says(talk, "{\"event\": \"BLOCK_IO_ERROR\", \"data\": {\"node-name\": \"disk0\", "
			"\"nospace\": true, \"action\": \"stop\"}}\n");
	assert_true(monitor_turn(&talk->monitor));
	assert_true(talk->monitor.disk_full);
	assert_string_equal(talk->monitor.disk, "disk0");
}

static void a_helper_tells_the_process_and_the_type_of_its_domain(void **state)
{
	struct talk *talk = *state;

	qemu_says(talk, "{\"event\":\"DOMAIN\",\"data\":{\"pid\":77,\"type\":\"kvm\"}}\n");
	assert_true(monitor_turn(&talk->monitor));
	assert_int_equal(talk->monitor.domain_pid, 77);
	assert_true(talk->monitor.domain_kvm);
	qemu_says(talk, "{\"event\":\"DOMAIN\",\"data\":{\"pid\":-1,\"type\":\"qemu\"}}\n");
	assert_true(monitor_turn(&talk->monitor));
	assert_int_equal(talk->monitor.domain_pid, 77);
	assert_true(monitor_say(&talk->monitor, "pin 0\n"));
	qemu_heard(talk, "pin 0\n");
}

static void what_is_no_qmp_breaks_it_and_nothing_else(void **state)
{
	struct talk *talk = *state;

	qemu_says(talk, "hello\n");
	assert_false(monitor_turn(&talk->monitor));
	assert_true(talk->monitor.broken);
	assert_false(monitor_turn(&talk->monitor));
}

static void threads_that_cannot_be_are_not_believed(void **state)
{
	struct talk *talk = *state;

	qemu_says(talk, "{\"QMP\": {}}\n{\"return\": {}}\n"
			"{\"return\": [{\"cpu-index\": 7, \"thread-id\": 12}]}\n");
	assert_false(monitor_turn(&talk->monitor));
	assert_true(talk->monitor.broken);
	assert_int_equal(talk->monitor.thread_count, 0);
}

static void a_line_without_end_breaks_it(void **state)
{
	struct talk *talk = *state;
	static char spaces[4096];
	int i;

	memset(spaces, ' ', sizeof spaces);
	for (i = 0; i < MONITOR_LINE_MOST / 4096; i++) {
		assert_int_equal(write(talk->qemu, spaces, sizeof spaces), sizeof spaces);
		monitor_turn(&talk->monitor);
	}
	assert_true(talk->monitor.broken);
}

static void the_end_of_qemu_is_the_end_of_its_monitor(void **state)
{
	struct talk *talk = *state;

	threads_tell(talk);
	close(talk->qemu);
	talk->qemu = -1;
	assert_false(monitor_turn(&talk->monitor));
	assert_false(talk->monitor.broken);
}

#define TALK(claim) cmocka_unit_test_setup_teardown(claim, talk_make, talk_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TALK(threads_are_known_by_the_number_of_their_vcpu),
		TALK(a_shutdown_of_the_guest_is_told_from_a_reset),
		TALK(a_disk_without_room_is_heard_of),
		TALK(a_helper_tells_the_process_and_the_type_of_its_domain),
		TALK(what_is_no_qmp_breaks_it_and_nothing_else),
		TALK(threads_that_cannot_be_are_not_believed),
		TALK(a_line_without_end_breaks_it),
		TALK(the_end_of_qemu_is_the_end_of_its_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
