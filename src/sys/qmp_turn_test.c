/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/qmp_turn.h"

#include "base/error.h"
#include "sys/qmp_scripted.h"
#include "sys/root.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LIMIT_USEC 10000000ull

#define CAPABILITIES { "qmp_capabilities", "{\"return\": {}, \"id\": %d}\r\n" }

/* As QEMU 7.2 answered: a drive of -drive, one of -blockdev with limits, a tray without medium. */
static const struct qmp_reply real[] = {
	CAPABILITIES,
	{ "query-block", "{\"return\": ["
	  "{\"device\": \"virtio0\", \"qdev\": \"/machine/peripheral-anon/device[0]/virtio-backend\", "
	  "\"inserted\": {\"bps\": 0, \"bps_rd\": 0, \"bps_wr\": 0, \"iops\": 0, \"iops_rd\": 0, "
	  "\"iops_wr\": 0, \"file\": \"/d.raw\"}, \"removable\": false}, "
	  "{\"device\": \"\", \"qdev\": \"disk1\", \"inserted\": {\"bps\": 0, \"bps_rd\": 1000000, "
	  "\"bps_wr\": 2000000, \"iops\": 100, \"iops_rd\": 0, \"iops_wr\": 0, \"bps_rd_max\": 5000000, "
	  "\"bps_rd_max_length\": 1, \"iops_size\": 4096, \"group\": \"g1\"}}, "
	  "{\"device\": \"ide1-cd0\", \"removable\": true, \"tray_open\": false}], \"id\": %d}\r\n" },
	{ "block_set_io_throttle", "{\"return\": {}, \"id\": %d}\r\n" },
	{ "balloon", "{\"return\": {}, \"id\": %d}\r\n" },
	{ "qom-list", "{\"return\": [{\"name\": \"balloon0\", \"type\": "
	  "\"child<virtio-balloon-pci>\"}], \"id\": %d}\r\n" },
	{ "qom-get", "{\"return\": true, \"id\": %d}\r\n" },
	{ NULL, "{\"id\": %d, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no\"}}\r\n" },
};

static const struct qmp_reply hostile[] = {
	CAPABILITIES,
	{ "query-block", "{\"return\": [7, {\"device\": \"a b\", \"qdev\": \"\\u001b[2J\", \"inserted\": "
	  "{}}, {\"device\": \"ok\", \"inserted\": {\"bps\": -5, \"bps_rd\": \"x\", \"bps_wr\": "
	  "18446744073709551615}}, {\"device\": \"grouped\", \"inserted\": {\"group\": \"a\\nb\"}}], \"id\": %d}\r\n" },
	{ "balloon", "{\"id\": %d, \"error\": {\"class\": \"DeviceNotActive\", \"desc\": "
	  "\"No balloon device has been activated\"}}\r\n" },
	{ "qom-list", "{\"return\": {}, \"id\": %d}\r\n" },
	{ NULL, "{\"id\": %d, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n" },
};

static int setup(void **state)
{
	*state = root_live_new();
	return *state == NULL;
}

static int teardown(void **state)
{
	root_free(*state);
	return 0;
}

static struct qmp *open_scripted(struct root *root, struct qmp_scripted *server,
				 const struct qmp_reply *replies)
{
	struct qmp *qmp;

	qmp_scripted_start(server, QMP_SCRIPTED_GREETING, replies, 1);
	assert_int_equal(qmp_open(root, server->path, 0, LIMIT_USEC, &qmp, NULL), 0);
	return qmp;
}

static void drives_and_their_limits_are_told(void **state)
{
	struct qmp_scripted server;
	struct qmp *qmp = open_scripted(*state, &server, real);
	struct qmp_drive drives[4];

	assert_int_equal(qmp_drives(qmp, drives, 4, NULL), 2);
	assert_true(drives[0].is_device);
	assert_string_equal(drives[0].name, "virtio0");
	assert_int_equal(drives[0].limit[QMP_LIMIT_bps_rd], 0);
	assert_string_equal(drives[0].group, "");
	assert_false(drives[1].is_device);
	assert_string_equal(drives[1].name, "disk1");
	assert_string_equal(drives[1].group, "g1");
	assert_int_equal(drives[1].limit[QMP_LIMIT_bps_wr], 2000000);
	assert_int_equal(drives[1].limit[QMP_LIMIT_bps_rd_max], 5000000);
	assert_int_equal(drives[1].limit[QMP_LIMIT_iops_size], 4096);
	assert_int_equal(qmp_drives(qmp, drives, 1, NULL), 2);
	qmp_close(qmp);
	qmp_scripted_stop(&server);
}

static void all_limits_of_a_drive_are_sent_at_once(void **state)
{
	struct qmp_scripted server;
	struct qmp *qmp = open_scripted(*state, &server, real);
	struct qmp_drive drives[4];

	assert_int_equal(qmp_drives(qmp, drives, 4, NULL), 2);
	drives[1].limit[QMP_LIMIT_bps_rd] = 4096;
	assert_int_equal(qmp_limit_drive(qmp, &drives[0], NULL), 0);
	assert_int_equal(qmp_limit_drive(qmp, &drives[1], NULL), 0);
	qmp_close(qmp);
	qmp_scripted_stop(&server);
	assert_non_null(strstr(server.asked, "{\"device\":\"virtio0\",\"bps\":0,\"bps_rd\":0,"
			       "\"bps_wr\":0,\"iops\":0,\"iops_rd\":0,\"iops_wr\":0}"));
	assert_non_null(strstr(server.asked, "{\"id\":\"disk1\",\"bps\":0,\"bps_rd\":4096,"
			       "\"bps_wr\":2000000,\"iops\":100,\"iops_rd\":0,\"iops_wr\":0,"
			       "\"bps_rd_max\":5000000,\"bps_rd_max_length\":1,\"iops_size\":4096,"
			       "\"group\":\"g1\"}"));
}

static void a_balloon_is_set_and_says_whether_it_gives_back(void **state)
{
	struct qmp_scripted server;
	struct qmp *qmp = open_scripted(*state, &server, real);

	assert_int_equal(qmp_set_balloon(qmp, 268435456, NULL), 0);
	assert_int_equal(qmp_balloon_deflates(qmp, NULL), 1);
	qmp_close(qmp);
	qmp_scripted_stop(&server);
	assert_non_null(strstr(server.asked, "{\"value\":268435456}"));
}

static void what_is_no_drive_is_left_out(void **state)
{
	struct qmp_scripted server;
	struct qmp *qmp = open_scripted(*state, &server, hostile);
	struct qmp_drive drives[4];
	struct error err = { 0 };

	assert_int_equal(qmp_drives(qmp, drives, 4, NULL), 1);
	assert_string_equal(drives[0].name, "ok");
	for (size_t i = 0; i < QMP_LIMIT_COUNT; i++)
		assert_int_equal(drives[0].limit[i], 0);
	assert_int_equal(qmp_limit_drive(qmp, &drives[0], &err), -EREMOTEIO);
	assert_int_equal(qmp_set_balloon(qmp, 1, &err), -ENODEV);
	assert_int_equal(qmp_balloon_deflates(qmp, &err), -ENODEV);
	qmp_close(qmp);
	qmp_scripted_stop(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drives_and_their_limits_are_told),
		cmocka_unit_test(all_limits_of_a_drive_are_sent_at_once),
		cmocka_unit_test(a_balloon_is_set_and_says_whether_it_gives_back),
		cmocka_unit_test(what_is_no_drive_is_left_out),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup, teardown);
}
