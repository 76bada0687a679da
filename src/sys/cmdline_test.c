/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/cmdline.h"

#include "base/cleanup.h"
#include "sys/root_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OVER(bytes) ((struct cmdline){ (char *)(bytes), sizeof(bytes) - 1, false })

static const char qemu[] = "/usr/bin/qemu-system-x86_64\0-name\0guest=web,,1,debug-threads=on\0"
			   "-accel\0kvm\0-chardev\0socket,id=a,path=/a\0-nodefaults\0"
			   "-chardev\0socket,id=b,path=/b\0--uuid\0c5d5\0-qmp";
static const char firecracker[] = "firecracker\0--id=vm-7\0--api-sock\0/run/fc.sock\0";

static void an_option_has_the_argument_behind_it(void **state)
{
	struct cmdline cmdline = OVER(qemu);
	const char *at = NULL;

	assert_string_equal(cmdline_option(&cmdline, "name", &at), "guest=web,,1,debug-threads=on");
	assert_null(cmdline_option(&cmdline, "name", &at));
	at = NULL;
	assert_string_equal(cmdline_option(&cmdline, "uuid", &at), "c5d5");
	at = NULL;
	assert_null(cmdline_option(&cmdline, "qmp", &at));
	assert_true(cmdline_has(&cmdline, "qmp"));
	assert_true(cmdline_has(&cmdline, "nodefaults"));
	assert_false(cmdline_has(&cmdline, "nam"));
	assert_false(cmdline_has(&cmdline, "names"));
}

static void an_option_may_be_given_several_times(void **state)
{
	struct cmdline cmdline = OVER(qemu);
	const char *at = NULL;

	assert_string_equal(cmdline_option(&cmdline, "chardev", &at), "socket,id=a,path=/a");
	assert_string_equal(cmdline_option(&cmdline, "chardev", &at), "socket,id=b,path=/b");
	assert_null(cmdline_option(&cmdline, "chardev", &at));
}

static void a_value_may_follow_an_equals_sign(void **state)
{
	struct cmdline cmdline = OVER(firecracker);
	const char *at = NULL;

	assert_string_equal(cmdline_option(&cmdline, "id", &at), "vm-7");
	at = NULL;
	assert_string_equal(cmdline_option(&cmdline, "api-sock", &at), "/run/fc.sock");
}

static void keys_of_a_qemu_value_are_found(void **state)
{
	char value[64];

	assert_true(cmdline_qemu_key("guest=web,,1,debug-threads=on", "guest", "guest", value,
				     sizeof value));
	assert_string_equal(value, "web,1");
	assert_true(cmdline_qemu_key("guest=web,,1,debug-threads=on", "debug-threads", NULL, value,
				     sizeof value));
	assert_string_equal(value, "on");
	assert_true(cmdline_qemu_key("web,debug-threads=on", "guest", "guest", value, sizeof value));
	assert_string_equal(value, "web");
	assert_true(cmdline_qemu_key("unix:/run/a,,b.qmp,server,nowait", "server", NULL, value,
				     sizeof value));
	assert_string_equal(value, "on");
	assert_false(cmdline_qemu_key("guest=web", "path", "guest", value, sizeof value));
	assert_false(cmdline_qemu_key("guest=a,,path=x", "path", NULL, value, sizeof value));
	assert_false(cmdline_qemu_key("", "path", "path", value, sizeof value));
	assert_true(cmdline_qemu_key("path=", "path", NULL, value, sizeof value));
	assert_string_equal(value, "");
}

static void a_value_too_long_is_cut(void **state)
{
	char value[4];

	assert_true(cmdline_qemu_key("path=abcdefg,server", "path", NULL, value, sizeof value));
	assert_string_equal(value, "abc");
	assert_true(cmdline_qemu_key("path=abcdefg,server", "server", NULL, value, sizeof value));
	assert_string_equal(value, "on");
}

static void read_from(const char *bytes, size_t size, struct cmdline *ret)
{
	struct root_memory_file file = { "/proc/7/cmdline", bytes, size, 0 };
	struct root *root = root_memory_new(&file, 1);

	assert_int_equal(cmdline_read(root, 7, ret), 0);
	assert_int_equal(cmdline_read(root, 8, ret), -ENOENT);
	root_free(root);
}

static void a_line_of_16_kb_is_read_whole(void **state)
{
	char *bytes = malloc(16384);
	struct cmdline cmdline;
	const char *at = NULL;

	assert_non_null(bytes);
	memset(bytes, 'x', 16384);
	strcpy(bytes + 16384 - 11, "-uuid");
	memcpy(bytes + 16384 - 5, "abcd", 5);
	bytes[16384 - 12] = '\0';
	read_from(bytes, 16384, &cmdline);
	assert_int_equal(cmdline.size, 16384);
	assert_false(cmdline.cut);
	assert_string_equal(cmdline_option(&cmdline, "uuid", &at), "abcd");
	cmdline_done(&cmdline);
	free(bytes);
}

static void a_line_without_an_end_is_cut(void **state)
{
	char *bytes = malloc(2 * CMDLINE_LIMIT);
	struct cmdline cmdline;

	assert_non_null(bytes);
	memset(bytes, 'x', 2 * CMDLINE_LIMIT);
	read_from(bytes, 2 * CMDLINE_LIMIT, &cmdline);
	assert_int_equal(cmdline.size, CMDLINE_LIMIT);
	assert_true(cmdline.cut);
	assert_int_equal(strlen(cmdline_next(&cmdline, NULL)), CMDLINE_LIMIT);
	assert_null(cmdline_next(&cmdline, cmdline.bytes));
	cmdline_done(&cmdline);
	free(bytes);
}

static void overwritten_arguments_match_nothing(void **state)
{
	struct cmdline cmdline = OVER("\0\0\0-name");
	const char *at = NULL;
	struct cmdline empty = { 0 };

	assert_null(cmdline_option(&cmdline, "name", &at));
	assert_null(cmdline_next(&empty, NULL));
	cmdline_done(&empty);
	cmdline_done(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_has_the_argument_behind_it),
		cmocka_unit_test(an_option_may_be_given_several_times),
		cmocka_unit_test(a_value_may_follow_an_equals_sign),
		cmocka_unit_test(keys_of_a_qemu_value_are_found),
		cmocka_unit_test(a_value_too_long_is_cut),
		cmocka_unit_test(a_line_of_16_kb_is_read_whole),
		cmocka_unit_test(a_line_without_an_end_is_cut),
		cmocka_unit_test(overwritten_arguments_match_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
