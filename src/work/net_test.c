/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/test_work.h"

#include "work/net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static unsigned port;
static char line[256];

/* One that nobody has now; the tests of a machine may run side by side. */
static int choose_port(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -1;
	port = ntohs(address.sin_port);
	return close(fd);
}

static const char *with_port(const char *text)
{
	snprintf(line, sizeof line, "%s port=%u", text, port);
	return line;
}

/* The sender first, as it may come; then what both counted. */
static void exchange(const char *here, const char *there, uint64_t operations,
		     struct work_counts *ret_here, struct work_counts *ret_there,
		     struct work **ret_receiver)
{
	struct work *receiver = test_prepared(with_port(here));
	struct work *sender = test_prepared(with_port(there));

	assert_int_equal(work_start(receiver, 0), 0);
	assert_int_equal(work_start(sender, 0), 0);
	test_wait_for_operations(sender, operations);
	test_end(sender);
	work_read(sender, ret_there);
	test_wait_for_operations(receiver, ret_there->operations - (ret_there->operations > 0));
	test_end(receiver);
	work_read(receiver, ret_here);
	work_free(sender);
	*ret_receiver = receiver;
}

static void a_stream_arrives_whole_and_in_order(void **state)
{
	struct work_counts here, there;
	struct work *receiver;

	exchange("net-receive address=127.0.0.1", "net-send to=127.0.0.1 threads=2", 200, &here,
		 &there, &receiver);
	assert_int_equal(here.errors, 0);
	assert_true(here.bytes >= there.bytes);
	/* At most the block that each thread had begun. */
	assert_true(here.bytes <= there.bytes + 2 * 65536);
	work_free(receiver);
}

static void a_datagram_arrives_or_is_lost(void **state)
{
	struct work_counts here, there;
	struct work *receiver;

	exchange("net-receive protocol=udp address=127.0.0.1",
		 "net-send protocol=udp to=127.0.0.1 block=1000 rate=4M", 500, &here, &there, &receiver);
	assert_int_equal(here.operations + here.lost, there.operations);
	assert_int_equal(here.bytes, here.operations * 1000);
	assert_int_equal(test_result(receiver, "strangers"), 0);
	assert_int_equal(test_result(receiver, "dropped_here"), here.lost);
	work_free(receiver);
}

static void requests_are_answered(const char *here_line, const char *there_line)
{
	struct work_counts here, there;
	struct work *responder;

	exchange(here_line, there_line, 200, &here, &there, &responder);
	assert_int_equal(there.errors, 0);
	assert_int_equal(here.errors, 0);
	/* One of each thread may have been answered when it was stopped. */
	assert_true(here.operations >= there.operations);
	assert_true(here.operations <= there.operations + there.lost + 2);
	work_free(responder);
}

static void each_request_is_answered_once(void **state)
{
	requests_are_answered("net-respond address=127.0.0.1",
			      "net-request to=127.0.0.1 threads=2 request=100 response=30000");
	requests_are_answered("net-respond protocol=udp address=127.0.0.1",
			      "net-request protocol=udp to=127.0.0.1 request=3000 response=40");
}

static void one_whose_other_end_ends_first_ends_well(void **state)
{
	struct work *receiver = test_prepared(with_port("net-receive address=127.0.0.1"));
	struct work *sender = test_prepared(with_port("net-send to=127.0.0.1"));

	assert_int_equal(work_start(receiver, 0), 0);
	assert_int_equal(work_start(sender, 0), 0);
	test_wait_for_operations(receiver, 10);
	test_end(receiver);
	work_free(receiver);
	test_end(sender);
	assert_int_equal(work_poll(sender), WORK_DONE);
	work_free(sender);
}

static void one_whose_other_end_has_gone_fails(void **state)
{
	struct work *receiver = test_prepared(with_port("net-receive address=127.0.0.1"));
	struct work *sender = test_prepared(with_port("net-send to=127.0.0.1"));

	assert_int_equal(work_start(receiver, 0), 0);
	assert_int_equal(work_start(sender, 0), 0);
	test_wait_for_operations(receiver, 10);
	test_end(receiver);
	work_free(receiver);
	assert_int_equal(test_wait_for(sender, WORK_FAILED), WORK_FAILED);
	work_free(sender);
}

static void send_datagram(const void *bytes, size_t size)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(sendto(fd, bytes, size, 0, (struct sockaddr *)&address, sizeof address), size);
	close(fd);
}

static void strangers_are_counted_and_not_taken(void **state)
{
	struct work *receiver = test_prepared(with_port("net-receive protocol=udp address=127.0.0.1"));
	struct datagram datagram = { .magic = NET_MAGIC, .kind = DATAGRAM_DATA };
	struct work_counts counts;

	assert_int_equal(work_start(receiver, 0), 0);
	send_datagram("hello", 5);
	datagram.magic++;
	send_datagram(&datagram, sizeof datagram);
	datagram.magic--;
	send_datagram(&datagram, sizeof datagram);
	test_wait_for_operations(receiver, 1);
	test_end(receiver);
	work_read(receiver, &counts);
	assert_int_equal(counts.operations, 1);
	assert_int_equal(test_result(receiver, "strangers"), 2);
	work_free(receiver);
}

static void a_responder_closes_on_a_stranger_and_goes_on(void **state)
{
	struct work *responder = test_prepared(with_port("net-respond address=127.0.0.1"));
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[64] = "GET / HTTP/1.1\r\nHost: somebody else entirely\r\n\r\n";
	struct work *asker;

	assert_int_equal(work_start(responder, 0), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(write(fd, text, sizeof text), sizeof text);
	/* The end of the stream, or a reset where not all was read. */
	assert_true(read(fd, text, sizeof text) <= 0);
	close(fd);
	asker = test_prepared(with_port("net-request to=127.0.0.1"));
	assert_int_equal(work_start(asker, 0), 0);
	test_wait_for_operations(asker, 10);
	test_end(asker);
	work_free(asker);
	work_free(responder);
}

static void a_name_is_no_address(void **state)
{
	struct work *work;

	assert_true(work_new("net-send to=localhost", &work, &test_err) < 0);
	assert_non_null(strstr(test_err.text, "\"localhost\" is no address"));
	assert_true(work_new("net-send to=10.0.0.1 block=1000", &work, &test_err) < 0);
	assert_true(work_new("net-send to=10.0.0.1 protocol=udp block=1M", &work, &test_err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_stream_arrives_whole_and_in_order, choose_port),
		cmocka_unit_test_setup(a_datagram_arrives_or_is_lost, choose_port),
		cmocka_unit_test_setup(one_whose_other_end_ends_first_ends_well, choose_port),
		cmocka_unit_test_setup(one_whose_other_end_has_gone_fails, choose_port),
		cmocka_unit_test_setup(each_request_is_answered_once, choose_port),
		cmocka_unit_test_setup(strangers_are_counted_and_not_taken, choose_port),
		cmocka_unit_test_setup(a_responder_closes_on_a_stranger_and_goes_on, choose_port),
		cmocka_unit_test(a_name_is_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
