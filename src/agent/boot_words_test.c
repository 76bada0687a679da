/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/boot_words.h"

#include "agent/channel.h"
#include "agent/machine.h"
#include "base/error.h"

#include <arpa/inet.h>
#include <linux/vm_sockets.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void words_come_one_after_the_other(void **state)
{
	static const char line[] = "console=ttyS0 truce.ip=eth0,10.0.0.2/24 quiet\ttruce.ip=b "
				   "xtruce.ip=c truce.ipx=d truce.ip=\n";
	struct cursor at = cursor_over(line, sizeof line - 1);
	char value[16];

	assert_true(boot_word_next(&at, "truce.ip=", value, sizeof value));
	assert_string_equal(value, "eth0,10.0.0.2/2"); /* cut to what fits */
	assert_true(boot_word_next(&at, "truce.ip=", value, sizeof value));
	assert_string_equal(value, "b");
	assert_true(boot_word_next(&at, "truce.ip=", value, sizeof value));
	assert_string_equal(value, "");
	assert_false(boot_word_next(&at, "truce.ip=", value, sizeof value));
}

static void an_address_has_a_device_bits_and_perhaps_a_gateway(void **state)
{
	struct boot_address address;

	assert_true(boot_address_parse("eth0,10.117.0.2/24", &address));
	assert_string_equal(address.device, "eth0");
	assert_int_equal(address.address, htonl(0x0a750002));
	assert_int_equal(address.mask, htonl(0xffffff00));
	assert_int_equal(address.gateway, 0);
	assert_true(boot_address_parse("52:54:00:00:00:01,10.0.0.1/32,10.0.0.9", &address));
	assert_string_equal(address.device, "52:54:00:00:00:01");
	assert_int_equal(address.mask, UINT32_MAX);
	assert_int_equal(address.gateway, htonl(0x0a000009));
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "eth0", "eth0,", "eth0,10.0.0.1", "eth0,10.0.0.1/", "eth0,10.0.0.1/0",
		"eth0,10.0.0.1/33", "eth0,10.0.0.1/2x", "eth0,10.0.0/24", ",10.0.0.1/24",
		"eth0,10.0.0.1/24,x", "eth0,10.0.0.1/24,10.0.0.2,",
		"an-interface-with-a-name-that-nobody-has,10.0.0.1/24",
	};
	struct boot_address address;
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (boot_address_parse(wrong[i], &address))
			fail_msg("%s was taken", wrong[i]);
}

static struct channel channel_of(const char *word)
{
	struct channel channel;
	struct error err = { 0 };

	if (channel_parse(word, &channel, &err) < 0)
		fail_msg("%s", err.text);
	return channel;
}

static void channels_are_what_their_words_say(void **state)
{
	struct channel channel = channel_of("port");

	assert_int_equal(channel.kind, CHANNEL_PORT);
	assert_string_equal(channel.name, "truce.agent");
	assert_string_equal(channel_of("port:other").name, "other");
	assert_string_equal(channel_of("tty:/dev/ttyS1").name, "/dev/ttyS1");
	assert_int_equal(channel_of("fd:7").fd, 7);
	channel = channel_of("vsock:listen");
	assert_int_equal(((struct sockaddr_vm *)&channel.address)->svm_port, 7417);
	channel = channel_of("vsock:connect:99");
	assert_int_equal(((struct sockaddr_vm *)&channel.address)->svm_cid, VMADDR_CID_HOST);
	assert_int_equal(((struct sockaddr_vm *)&channel.address)->svm_port, 99);
	channel = channel_of("tcp:listen:10.0.0.1:80");
	assert_int_equal(((struct sockaddr_in *)&channel.address)->sin_port, htons(80));
	channel = channel_of("tcp:connect:[fe80::1]:81");
	assert_int_equal(((struct sockaddr_in6 *)&channel.address)->sin6_port, htons(81));
	assert_int_equal(channel_of("tcp:connect:[::1]").address.ss_family, AF_INET6);
}

static void what_is_no_channel_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "port:", "tty:", "fd:", "fd:-1", "fd:1x", "vsock:", "vsock:listening",
		"vsock:listen:", "vsock:listen:x", "tcp:listen", "tcp:listen:", "tcp:listen:host",
		"tcp:listen:1.2.3.4:", "tcp:listen:1.2.3.4:65536", "tcp:listen:[::1",
		"tcp:listen:[::1]x", "tcp:bind:1.2.3.4", "ports",
	};
	struct channel channel;
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (channel_parse(wrong[i], &channel, NULL) == 0)
			fail_msg("%s was taken", wrong[i]);
}

static void a_boot_id_is_sixteen_bytes(void **state)
{
	uint8_t id[16];

	machine_parse_boot_id("01234567-89ab-cdef-0123-456789abcdef\n", id);
	assert_memory_equal(id, "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef",
			    16);
	machine_parse_boot_id("0123-z", id);
	assert_memory_equal(id, "\x01\x23\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_come_one_after_the_other),
		cmocka_unit_test(an_address_has_a_device_bits_and_perhaps_a_gateway),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(channels_are_what_their_words_say),
		cmocka_unit_test(what_is_no_channel_is_refused),
		cmocka_unit_test(a_boot_id_is_sixteen_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
