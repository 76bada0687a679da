/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/root.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct root *open_root(const char *rules)
{
	struct error err = { 0 };
	struct root *root = root_faulty_new(root_live_new(), rules, &err);

	if (root == NULL)
		fail_msg("%s", err.text);
	return root;
}

static int count_entry(const char *name, void *context)
{
	(*(int *)context)++;
	return 0;
}

static void without_rules_nothing_fails(void **state)
{
	struct root *root = open_root(" ; ");
	char text[512];
	int entries = 0;

	assert_true(root_read(root, "/proc/self/stat", text, sizeof text) > 0);
	assert_true(root_readlink(root, "/proc/self", text, sizeof text) > 0);
	assert_int_equal(root_list(root, "/proc/self/task", count_entry, &entries), 0);
	assert_int_equal(entries, 1);
	assert_true(root_exists(root, "/proc/self"));
	assert_false(root_is_captured(root));
	assert_int_equal(root->page_size, sysconf(_SC_PAGESIZE));
	assert_int_equal(root_end_usec(root), UINT64_MAX);
	root_free(root);
}

static void a_path_fails_where_its_rule_says_so(void **state)
{
	struct root *root = open_root("open:/proc/*/stat=EACCES; readlink:/proc/self=EPERM;"
				      "list:/proc/self/task=ENOENT;write:*=EBUSY;connect=ETIMEDOUT");
	char text[64];

	assert_int_equal(root_open(root, "/proc/self/stat"), -EACCES);
	assert_true(root_read(root, "/proc/self/status", text, sizeof text) > 0);
	/* "*" stands for one name, not for a path. */
	assert_true(root_read(root, "/proc/thread-self/task/../stat", text, sizeof text) != -EACCES);
	assert_int_equal(root_readlink(root, "/proc/self", text, sizeof text), -EPERM);
	assert_int_equal(root_list(root, "/proc/self/task", count_entry, NULL), -ENOENT);
	assert_int_equal(root_write(root, "/no/such/file", "x"), -EBUSY);
	assert_int_equal(root_connect(root, "/no/such/socket"), -ETIMEDOUT);
	root_free(root);
}

static void a_read_fails_on_a_file_that_is_open(void **state)
{
	struct root *root = open_root("read:/proc/self/stat=ESRCH@3; read:/proc/self/stat=EIO@5+");
	static const ssize_t expected[] = { 0, 0, -ESRCH, 0, -EIO, -EIO };
	char text[64];
	int fd = root_open(root, "/proc/self/stat");
	int other = root_open(root, "/proc/self/status");

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		ssize_t got = root_pread(root, fd, text, sizeof text);

		if (expected[i] < 0)
			assert_int_equal(got, expected[i]);
		else
			assert_true(got > 0);
		assert_true(root_pread(root, other, text, sizeof text) > 0);
	}
	root_close(root, other);
	root_close(root, fd);
	root_free(root);
}

static void a_descriptor_that_is_used_again_has_another_path(void **state)
{
	struct root *root = open_root("read:/proc/self/stat=ESRCH");
	char text[64];
	int fd = root_open(root, "/proc/self/stat"), again;

	assert_int_equal(root_pread(root, fd, text, sizeof text), -ESRCH);
	root_close(root, fd);
	again = root_open(root, "/proc/self/status");
	assert_int_equal(again, fd);
	assert_true(root_pread(root, again, text, sizeof text) > 0);
	root_close(root, again);
	root_free(root);
}

static void a_file_is_cut_short(void **state)
{
	struct root *root = open_root("truncate:/proc/self/stat=20");
	char text[512];

	assert_int_equal(root_read(root, "/proc/self/stat", text, sizeof text), 20);
	assert_int_equal(root_read(root, "/proc/self/stat", text, 10), 9);
	root_free(root);
}

static void a_read_takes_longer(void **state)
{
	struct root *root = open_root("stall:/proc/self/stat=20@1");
	uint64_t start = clock_monotonic_usec();
	char text[512];

	assert_true(root_read(root, "/proc/self/stat", text, sizeof text) > 0);
	assert_true(clock_monotonic_usec() - start >= 20000);
	root_free(root);
}

static void processes_are_chosen_by_their_number(void **state)
{
	char rules[64];
	struct root *root;

	snprintf(rules, sizeof rules, "pidfd:%d=EMFILE@1; same-file=EPERM", (int)getpid());
	root = open_root(rules);
	assert_int_equal(root_pidfd(root, getpid()), -EMFILE);
	assert_int_equal(root_same_file(root, getpid(), 0, getpid(), 1), -EPERM);
	root_free(root);
}

static void bad_rules_are_refused_by_name(void **state)
{
	static const char *const bad[][2] = {
		{ "opne:/proc=EIO", "begins with no call" },
		{ "open:/proc", "is not CALL:PATTERN=EFFECT" },
		{ "open:=EIO", "is not CALL:PATTERN=EFFECT" },
		{ "open:/proc=EVERYTHING", "wants the name of a failure" },
		{ "truncate:/proc=EIO", "wants a number" },
		{ "read:*=EIO@0", "ends neither" },
		{ "open:/a=EIO; read:*=EIO@2x", "\" read:*=EIO@2x\": ends neither" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error err = { 0 };

		assert_null(root_faulty_new(root_live_new(), bad[i][0], &err));
		assert_int_equal(err.code, -EINVAL);
		if (strstr(err.text, bad[i][1]) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", bad[i][1], err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_rules_nothing_fails),
		cmocka_unit_test(a_path_fails_where_its_rule_says_so),
		cmocka_unit_test(a_read_fails_on_a_file_that_is_open),
		cmocka_unit_test(a_descriptor_that_is_used_again_has_another_path),
		cmocka_unit_test(a_file_is_cut_short),
		cmocka_unit_test(a_read_takes_longer),
		cmocka_unit_test(processes_are_chosen_by_their_number),
		cmocka_unit_test(bad_rules_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
