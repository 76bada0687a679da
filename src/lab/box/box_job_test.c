/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box_job.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void values_of_a_key_come_back_in_order(void **state)
{
	struct str job;
	size_t at = 0;

	str_init(&job);
	box_job_add(&job, BOX_JOB_ARGUMENT, "sh");
	box_job_add(&job, BOX_JOB_DIRECTORY, "/home");
	box_job_add(&job, BOX_JOB_ARGUMENT, "");
	box_job_add(&job, BOX_JOB_ARGUMENT, "two\nlines = 'quoted'");
	assert_true(box_job_is_whole(job.data, job.length));
	assert_string_equal(box_job_next(job.data, job.length, &at, BOX_JOB_ARGUMENT), "sh");
	assert_string_equal(box_job_next(job.data, job.length, &at, BOX_JOB_ARGUMENT), "");
	assert_string_equal(box_job_next(job.data, job.length, &at, BOX_JOB_ARGUMENT),
			    "two\nlines = 'quoted'");
	assert_null(box_job_next(job.data, job.length, &at, BOX_JOB_ARGUMENT));
	assert_string_equal(box_job_get(job.data, job.length, BOX_JOB_DIRECTORY), "/home");
	str_done(&job);
}

static void a_key_is_not_found_in_a_longer_one(void **state)
{
	static const char job[] = "modules=/cache\0module";

	assert_null(box_job_get(job, sizeof job, BOX_JOB_MODULE));
	assert_string_equal(box_job_get(job, sizeof job, BOX_JOB_MODULES), "/cache");
}

static void a_job_that_is_cut_off_is_not_whole(void **state)
{
	static const char job[] = "argument=ls";

	assert_true(box_job_is_whole(job, sizeof job));
	assert_false(box_job_is_whole(job, sizeof job - 1));
	assert_true(box_job_is_whole(job, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_a_key_come_back_in_order),
		cmocka_unit_test(a_key_is_not_found_in_a_longer_one),
		cmocka_unit_test(a_job_that_is_cut_off_is_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
