/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/qmp.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "sys/cmdline.h"
#include "sys/qmp_json.h"
#include "sys/qmp_scripted.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#define SECOND_USEC 1000000ull
#define SOON_USEC 50000ull

/* As QEMU 7.2 answered. */
static const struct qmp_reply real[] = {
	{ "qmp_capabilities", "{\"return\": {}, \"id\": %d}\r\n" },
	{ "query-name", "{\"return\": {\"name\": \"web\"}, \"id\": %d}\r\n" },
	{ "query-uuid", "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": "
	  "\"RTC_CHANGE\", \"data\": {\"offset\": 0}}\r\n"
	  "{\"return\": {\"UUID\": \"c5d50000-0000-4000-8000-000000000001\"}, \"id\": %d}\r\n" },
	{ "query-status", "{\"return\": {\"status\": \"prelaunch\", \"singlestep\": false, "
	  "\"running\": false}, \"id\": %d}\r\n" },
	{ "query-cpus-fast", "{\"return\": [{\"thread-id\": 9635, \"props\": {\"core-id\": 0, "
	  "\"thread-id\": 0, \"socket-id\": 0}, \"qom-path\": \"/machine/unattached/device[0]\", "
	  "\"cpu-index\": 0, \"target\": \"x86_64\"}, {\"thread-id\": 9636, \"cpu-index\": 1}, "
	  "{\"thread-id\": -4}, 7], \"id\": %d}\r\n" },
	{ "query-iothreads", "{\"return\": [{\"poll-shrink\": 0, \"thread-id\": 9629, "
	  "\"poll-max-ns\": 32768, \"id\": \"io1\"}], \"id\": %d}\r\n" },
	{ "query-balloon", "{\"return\": {\"actual\": 33554432}, \"id\": %d}\r\n" },
	{ "qom-list", "{\"return\": [{\"name\": \"type\", \"type\": \"string\"}, {\"name\": "
	  "\"balloon0\", \"type\": \"child<virtio-balloon-pci>\"}], \"id\": %d}\r\n" },
	{ "qom-get", "{\"return\": {\"stats\": {\"stat-swap-out\": 18446744073709551615, "
	  "\"stat-available-memory\": 400, \"stat-free-memory\": 300, \"stat-major-faults\": "
	  "18446744073709551615, \"stat-total-memory\": 500}, \"last-update\": 1700000000}, "
	  "\"id\": %d}\r\n" },
	{ "query-blockstats", "{\"return\": [{\"device\": \"d0\", \"stats\": {\"wr_total_time_ns\": 7, "
	  "\"wr_bytes\": 8192, \"rd_total_time_ns\": 3, \"flush_operations\": 1, "
	  "\"wr_operations\": 2, \"rd_bytes\": 4096, \"rd_operations\": 1}}, {\"device\": \"d1\", "
	  "\"stats\": {\"rd_bytes\": 1}}], \"id\": %d}\r\n" },
	{ NULL, "{\"id\": %d, \"error\": {\"class\": \"CommandNotFound\", \"desc\": "
	  "\"The command \\u001b[2J has not been found\"}}\r\n" },
};

static const struct qmp_reply no_balloon[] = {
	{ "qmp_capabilities", "{\"return\": {}, \"id\": %d}\r\n" },
	{ NULL, "{\"id\": %d, \"error\": {\"class\": \"DeviceNotActive\", \"desc\": "
	  "\"No balloon device has been activated\"}}\r\n" },
};

static const struct qmp_reply falls_silent[] = {
	{ "qmp_capabilities", "{\"return\": {}, \"id\": %d}\r\n" },
	{ NULL, "{\"timestamp\": {}, \"event\": \"STOP\"}\r\n" },
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

static struct qmp *open_real(struct root *root, struct qmp_scripted *server, const struct qmp_reply *replies)
{
	struct qmp *qmp;

	qmp_scripted_start(server, QMP_SCRIPTED_GREETING, replies, 1);
	assert_int_equal(qmp_open(root, server->path, 0, 10 * SECOND_USEC, &qmp, NULL), 0);
	return qmp;
}

static void a_qemu_tells_who_it_is(void **state)
{
	struct qmp_identity identity;
	struct qmp_thread threads[8];
	struct qmp_scripted server;
	struct qmp *qmp = open_real(*state, &server, real);

	assert_int_equal(qmp_identity(qmp, &identity, NULL), 0);
	assert_string_equal(identity.name, "web");
	assert_string_equal(identity.uuid, "c5d50000-0000-4000-8000-000000000001");
	assert_string_equal(identity.status, "prelaunch");
	assert_int_equal(qmp_cpus(qmp, threads, 8, NULL), 2);
	assert_int_equal(threads[1].index, 1);
	assert_int_equal(threads[1].tid, 9636);
	assert_int_equal(qmp_cpus(qmp, threads, 1, NULL), 2);
	assert_int_equal(qmp_iothreads(qmp, threads, 8, NULL), 1);
	assert_string_equal(threads[0].name, "io1");
	assert_int_equal(threads[0].tid, 9629);
	qmp_close(qmp);
	qmp_scripted_stop(&server);
}

static void what_a_guest_did_not_tell_is_absent(void **state)
{
	struct qmp_balloon balloon;
	struct qmp_block block;
	struct qmp_scripted server;
	struct qmp *qmp = open_real(*state, &server, real);

	assert_int_equal(qmp_balloon(qmp, &balloon, NULL), 0);
	assert_int_equal(balloon.actual_bytes, 33554432);
	assert_int_equal(balloon.available_bytes, 400);
	assert_int_equal(balloon.free_bytes, 300);
	assert_int_equal(balloon.total_bytes, 500);
	assert_int_equal(balloon.updated_seconds, 1700000000);
	assert_false(field_present(balloon.swap_out_bytes));
	assert_false(field_present(balloon.major_faults));
	assert_false(field_present(balloon.disk_cache_bytes));
	assert_int_equal(qmp_block(qmp, &block, NULL), 0);
	assert_int_equal(block.read_bytes, 4097);
	assert_int_equal(block.writes, 2);
	assert_int_equal(block.write_nsec, 7);
	qmp_close(qmp);
	qmp_scripted_stop(&server);
}

static void a_refusal_carries_qemus_sentence_made_safe(void **state)
{
	struct qmp_scripted server;
	struct qmp *qmp = open_real(*state, &server, real);
	struct error err;
	json_t *answer;

	assert_int_equal(qmp_command(qmp, "nonsense", NULL, &answer, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "refuses nonsense: The command \\x1b[2J"));
	qmp_close(qmp);
	qmp_scripted_stop(&server);
}

static void a_vm_without_a_balloon_says_so(void **state)
{
	struct qmp_balloon balloon;
	struct qmp_scripted server;
	struct qmp *qmp = open_real(*state, &server, no_balloon);

	assert_int_equal(qmp_balloon(qmp, &balloon, NULL), -ENODEV);
	qmp_close(qmp);
	qmp_scripted_stop(&server);
}

static void ends_in_time(struct root *root, const char *path, int code)
{
	uint64_t start = clock_monotonic_usec();
	struct error err = { 0 };
	struct qmp *qmp;

	assert_int_equal(qmp_open(root, path, 0, SOON_USEC, &qmp, &err), code);
	assert_int_equal(err.code, code);
	assert_non_null(strstr(err.text, path));
	/* Generous, for a loaded machine; what counts is that it ends. */
	assert_true(clock_monotonic_usec() - start < SOON_USEC + 5 * SECOND_USEC);
}

static void a_socket_that_never_answers_is_left_in_time(void **state)
{
	struct qmp_scripted server;

	qmp_scripted_listen(&server);
	ends_in_time(*state, server.path, -ETIMEDOUT);
	qmp_scripted_remove(&server);
}

static void a_socket_of_another_process_is_not_asked(void **state)
{
	struct error err = { 0 };
	struct qmp_scripted server;
	struct qmp *qmp;

	qmp_scripted_listen(&server);
	assert_int_equal(qmp_open(*state, server.path, getpid() + 1, SOON_USEC, &qmp, &err), -EPERM);
	assert_non_null(strstr(err.text, "not the VM's own"));
	assert_int_equal(qmp_open(*state, server.path, getpid(), SOON_USEC, &qmp, &err), -ETIMEDOUT);
	qmp_scripted_remove(&server);
}

static void a_socket_with_a_full_queue_is_busy(void **state)
{
	struct root *root = *state;
	struct qmp_scripted server;
	int waiting[4];
	size_t i;

	qmp_scripted_listen(&server);
	for (i = 0; i < ARRAY_SIZE(waiting); i++)
		waiting[i] = root_connect(root, server.path);
	assert_int_equal(waiting[3], -EAGAIN);
	ends_in_time(root, server.path, -EBUSY);
	for (i = 0; i < ARRAY_SIZE(waiting); i++)
		if (waiting[i] >= 0)
			close(waiting[i]);
	qmp_scripted_remove(&server);
}

static void a_qemu_that_falls_silent_is_left_in_time(void **state)
{
	struct qmp_identity identity;
	struct qmp_scripted server;
	struct qmp *qmp;

	qmp_scripted_start(&server, QMP_SCRIPTED_GREETING, falls_silent, 1);
	assert_int_equal(qmp_open(*state, server.path, 0, SECOND_USEC / 5, &qmp, NULL), 0);
	assert_int_equal(qmp_identity(qmp, &identity, NULL), -ETIMEDOUT);
	qmp_close(qmp);
	qmp_scripted_stop(&server);
}

static void refuses_greeting(struct root *root, const char *greeting, int code)
{
	struct qmp_scripted server;
	struct qmp *qmp;

	qmp_scripted_start(&server, greeting, NULL, 1);
	assert_int_equal(qmp_open(root, server.path, 0, 10 * SECOND_USEC, &qmp, NULL), code);
	qmp_scripted_stop(&server);
}

static void what_is_no_qmp_is_refused(void **state)
{
	char deep[256];

	memset(deep, '[', 200);
	strcpy(deep + 200, "\n");
	refuses_greeting(*state, "", -ECONNRESET);
	refuses_greeting(*state, "SSH-2.0-OpenSSH\r\n", -EPROTO);
	refuses_greeting(*state, "[1]\n", -EPROTO);
	refuses_greeting(*state, "{}\n", -EPROTO);
	refuses_greeting(*state, "{\"QMP\": 1}\n", -EPROTO);
	refuses_greeting(*state, deep, -EPROTO);
	refuses_greeting(*state, "{\"QMP\": {", -ECONNRESET);
}

static void an_endless_answer_is_refused(void **state)
{
	size_t size = 6 << 20;
	char *endless = malloc(size + 1);

	assert_non_null(endless);
	memset(endless, 'x', size);
	endless[size] = '\0';
	refuses_greeting(*state, endless, -EPROTO);
	free(endless);
}

static void a_captured_host_has_no_qemu(void **state)
{
	struct root *root = root_memory_new(NULL, 0);
	struct error err;
	struct qmp *qmp;

	assert_int_equal(qmp_open(root, "/run/x", 0, SECOND_USEC, &qmp, &err), -ENOSYS);
	assert_int_equal(qmp_open(*state, "/nowhere/x", 0, SECOND_USEC, &qmp, &err), -ENOENT);
	root_free(root);
}

static void numbers_beyond_64_bits_are_tamed(void **state)
{
	char text[] = "{\"a\": 18446744073709551615, \"b\": [9223372036854775807, 1.9999999999999999999"
		      ", \"18446744073709551615\", 99999999999999999999999999.5]}";
	json_t *json, *b;

	assert_int_equal(qmp_json_load(text, sizeof text - 1, &json), 0);
	b = json_object_get(json, "b");
	assert_int_equal(json_integer_value(json_object_get(json, "a")), -1);
	assert_int_equal(json_integer_value(json_array_get(b, 0)), INT64_MAX);
	assert_true(json_is_real(json_array_get(b, 1)));
	assert_string_equal(json_string_value(json_array_get(b, 2)), "18446744073709551615");
	json_decref(json);
}

#define QEMU "qemu-system-x86_64\0-name\0web\0"

static void finds(const char *bytes, size_t size, enum qmp_way way, const char *path)
{
	struct cmdline cmdline = { (char *)bytes, size, false };
	char found[108] = "";

	assert_int_equal(qmp_find(&cmdline, found, sizeof found), way);
	assert_string_equal(found, path);
}

#define FINDS(bytes, way, path) finds(QEMU bytes, sizeof(QEMU bytes) - 1, way, path)

static void the_socket_is_found_in_the_arguments(void **state)
{
	FINDS("-qmp\0unix:/run/a,,b.qmp,server=on,wait=off", QMP_SOCKET, "/run/a,b.qmp");
	FINDS("-qmp\0unix:./web.qmp,server,nowait", QMP_SOCKET, "./web.qmp");
	/* Proxmox: one socket that listens, and one that connects to its daemon. */
	FINDS("-chardev\0socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on,wait=off\0"
	      "-mon\0chardev=qmp,mode=control\0"
	      "-chardev\0socket,id=qmp-event,path=/var/run/qmeventd.sock,reconnect=5\0"
	      "-mon\0chardev=qmp-event,mode=control", QMP_SOCKET, "/var/run/qemu-server/100.qmp");
	FINDS("-mon\0m,mode=control\0-chardev\0socket,path=/x,id=m,server=on", QMP_SOCKET, "/x");
}

static void libvirts_socket_is_its_own(void **state)
{
	FINDS("-chardev\0socket,id=charmonitor,fd=26,server=on,wait=off\0"
	      "-mon\0chardev=charmonitor,id=monitor,mode=control", QMP_PASSED_FD, "");
}

static void what_cannot_be_connected_to_is_not_found(void **state)
{
	FINDS("", QMP_NONE, "");
	FINDS("-qmp", QMP_NONE, "");
	FINDS("-qmp\0tcp:localhost:4444,server=on", QMP_NONE, "");
	FINDS("-qmp\0unix:/run/x", QMP_NONE, "");
	FINDS("-qmp\0unix:/run/x,server=off", QMP_NONE, "");
	FINDS("-qmp\0unix:x,abstract=on,server=on", QMP_NONE, "");
	FINDS("-chardev\0socket,id=a,path=/x,server=on\0-mon\0chardev=a,mode=readline", QMP_NONE, "");
	FINDS("-mon\0chardev=a,mode=control", QMP_NONE, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_qemu_tells_who_it_is),
		cmocka_unit_test(what_a_guest_did_not_tell_is_absent),
		cmocka_unit_test(a_refusal_carries_qemus_sentence_made_safe),
		cmocka_unit_test(a_vm_without_a_balloon_says_so),
		cmocka_unit_test(a_socket_that_never_answers_is_left_in_time),
		cmocka_unit_test(a_socket_of_another_process_is_not_asked),
		cmocka_unit_test(a_socket_with_a_full_queue_is_busy),
		cmocka_unit_test(a_qemu_that_falls_silent_is_left_in_time),
		cmocka_unit_test(what_is_no_qmp_is_refused),
		cmocka_unit_test(an_endless_answer_is_refused),
		cmocka_unit_test(a_captured_host_has_no_qemu),
		cmocka_unit_test(numbers_beyond_64_bits_are_tamed),
		cmocka_unit_test(the_socket_is_found_in_the_arguments),
		cmocka_unit_test(libvirts_socket_is_its_own),
		cmocka_unit_test(what_cannot_be_connected_to_is_not_found),
	};

	/* A server that is left while it speaks must not end the test. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup, teardown);
}
