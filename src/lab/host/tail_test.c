/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/tail.h"

#include "base/str.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct tail tail;

static void say(const char *text)
{
	tail_add(&tail, text, strlen(text));
}

static void assert_line(const char *mark, const char *expected)
{
	struct str line;

	str_init(&line);
	assert_true(tail_last_line(&tail, mark, &line));
	assert_string_equal(line.data, expected);
	str_done(&line);
}

static void the_last_line_is_the_last_that_says_something(void **state)
{
	tail_init(&tail);
	say("first\n  second \r\n");
	say("\n \n");
	assert_line(NULL, "second");
}

static void a_marked_line_is_found_behind_later_ones(void **state)
{
	tail_init(&tail);
	say("[ 1.0] Kernel panic - not syncing: no init\n[ 1.1] CPU: 0\n");
	assert_line("Kernel panic", "[ 1.0] Kernel panic - not syncing: no init");
}

static void silence_has_no_last_line(void **state)
{
	struct str line;

	tail_init(&tail);
	str_init(&line);
	assert_false(tail_last_line(&tail, NULL, &line));
	say("\n\n");
	assert_false(tail_last_line(&tail, NULL, &line));
	assert_int_equal(line.length, 0);
}

static void terminal_escapes_never_come_out(void **state)
{
	tail_init(&tail);
	say("\033]0;title\a ends\n");
	assert_line(NULL, "\\x1b]0;title\\x07 ends");
}

static void only_the_end_of_a_long_stream_is_kept(void **state)
{
	static char flood[10000];
	int i;

	memset(flood, 'x', sizeof flood - 1);
	tail_init(&tail);
	say("start\n");
	say(flood);
	for (i = 0; i < 1000; i++)
		say("0123456789\n");
	assert_int_equal(tail.size, sizeof tail.bytes);
	say("end\n");
	assert_line(NULL, "end");
	assert_line("0123", "0123456789");
}

static void who_writes_without_end_does_not_hold_us(void **state)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	tail_init(&tail);
	assert_true(tail_read(&tail, fd, -1));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_writes_without_end_does_not_hold_us),
		cmocka_unit_test(the_last_line_is_the_last_that_says_something),
		cmocka_unit_test(a_marked_line_is_found_behind_later_ones),
		cmocka_unit_test(silence_has_no_last_line),
		cmocka_unit_test(terminal_escapes_never_come_out),
		cmocka_unit_test(only_the_end_of_a_long_stream_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
