/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/host/cache_place.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "lab/host/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <cmocka.h>

static struct scratch *scratch;
static char directory[512];

static int setup(void **state)
{
	if (scratch_new(NULL, &scratch, NULL) < 0)
		return -1;
	snprintf(directory, sizeof directory, "%s/a/b", scratch_path(scratch));
	return 0;
}

static int teardown(void **state)
{
	scratch_free(scratch);
	return 0;
}

static void make(const struct cache_place *place, const char *name, const char *file)
{
	char path[600];

	snprintf(path, sizeof path, "%s/%s", place->work, name);
	assert_int_equal(mkdir(path, 0755), 0);
	snprintf(path, sizeof path, "%s/%s/%s", place->work, name, file);
	assert_int_equal(mknod(path, S_IFREG | 0644, 0), 0);
}

static bool is_there(const char *name)
{
	char path[600];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

static struct cache_place take(void)
{
	struct cache_place place;
	struct error err = { 0 };

	if (cache_place_take(directory, -1, &place, &err) < 0)
		fail_msg("%s", err.text);
	return place;
}

static void what_is_put_takes_the_place_of_what_was_there(void **state)
{
	struct cache_place place = take();

	make(&place, "new", "first");
	assert_false(is_there("thing"));
	assert_int_equal(cache_place_put(&place, "new", "thing", NULL), 0);
	assert_true(is_there("thing/first"));
	make(&place, "new", "second");
	assert_int_equal(cache_place_put(&place, "new", "thing", NULL), 0);
	assert_true(is_there("thing/second"));
	assert_false(is_there("thing/first"));
	cache_place_done(&place);
}

static void what_was_not_put_is_gone(void **state)
{
	struct cache_place place = take();
	char work[600];

	make(&place, "new", "half");
	snprintf(work, sizeof work, "%s", place.work);
	cache_place_done(&place);
	assert_int_equal(access(work, F_OK), -1);
}

static void what_somebody_left_who_was_killed_is_cleared_away(void **state)
{
	char left[600];
	struct cache_place place = take();

	cache_place_done(&place);
	snprintf(left, sizeof left, "%s/.make-killed", directory);
	assert_int_equal(mkdir(left, 0755), 0);
	place = take();
	assert_false(is_there(".make-killed"));
	cache_place_done(&place);
}

static void who_waits_for_another_can_be_interrupted(void **state)
{
	struct cache_place place = take(), second;
	CLEANUP_CLOSE int cancel = eventfd(1, EFD_CLOEXEC);
	struct error err = { 0 };

	assert_int_equal(cache_place_take(directory, cancel, &second, &err), -ECANCELED);
	assert_true(access(place.work, F_OK) == 0);
	cache_place_done(&place);
	place = take();
	cache_place_done(&place);
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
	struct cache_place place;
	struct error err = { 0 };

	assert_true(cache_place_take("/proc/none/here", -1, &place, &err) < 0);
	assert_non_null(strstr(err.text, "/proc/none"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_takes_the_place_of_what_was_there),
		cmocka_unit_test(what_was_not_put_is_gone),
		cmocka_unit_test(what_somebody_left_who_was_killed_is_cleared_away),
		cmocka_unit_test(who_waits_for_another_can_be_interrupted),
		cmocka_unit_test(a_directory_that_cannot_be_made_is_named),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
