/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/test_work.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static char directory[64];
static char line[512];

static int make_directory(void **state)
{
	strcpy(directory, "/tmp/truce-disk-test.XXXXXX");
	return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
	return rmdir(directory);
}

/* "disk-read file=DIRECTORY/f MORE" */
static const char *disk_line(const char *kind, const char *more)
{
	snprintf(line, sizeof line, "%s file=%s/f size=1M %s", kind, directory, more);
	return line;
}

static const char *server_line(const char *more)
{
	snprintf(line, sizeof line, "file-server directory=%s %s", directory, more);
	return line;
}

static unsigned entries(void)
{
	DIR *dir = opendir(directory);
	unsigned count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

static void what_is_read_is_what_was_written_there(void **state)
{
	test_expect_no_errors(disk_line("disk-read", ""), 600);
	test_expect_no_errors(disk_line("disk-read", "order=random block=512 threads=3"), 600);
	assert_int_equal(entries(), 0);
}

static void what_was_written_is_there_at_the_end(void **state)
{
	test_expect_no_errors(disk_line("disk-write", "threads=2"), 600);
	test_expect_no_errors(disk_line("disk-write", "order=random block=8K"), 600);
	test_expect_no_errors(disk_line("disk-write", "block=512 fsync=100"), 600);
	assert_int_equal(entries(), 0);
}

static void a_file_is_kept_where_it_is_asked_for(void **state)
{
	char path[128];

	test_expect_no_errors(disk_line("disk-write", "order=random keep=yes"), 600);
	assert_int_equal(entries(), 1);
	/* Blocks of several generations, read in larger blocks. */
	test_expect_no_errors(disk_line("disk-read", "block=64K"), 20);
	snprintf(path, sizeof path, "%s/f", directory);
	assert_int_equal(unlink(path), 0);
}

static void write_file(const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/f", directory);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

static void somebody_elses_file_is_left_alone(void **state)
{
	struct stat about;
	struct work *work;
	char path[128];

	write_file("what I wrote\n");
	assert_int_equal(work_new(disk_line("disk-write", ""), &work, &test_err), 0);
	assert_int_equal(work_prepare(work, &test_err), 0);
	assert_int_equal(test_wait_for(work, WORK_READY), WORK_FAILED);
	assert_non_null(strstr(work_why(work), "holds something else; overwrite=yes"));
	work_free(work);
	snprintf(path, sizeof path, "%s/f", directory);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_size, 13);
	assert_int_equal(unlink(path), 0);
}

/* The content is taken away under it. */
static void a_block_that_is_not_what_it_was_is_an_error(void **state)
{
	struct work *work = test_prepared(disk_line("disk-read", "keep=yes block=4K"));
	struct work_counts counts;
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/f", directory);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 8192), 1);
	close(fd);
	assert_int_equal(work_start(work, 0), 0);
	test_wait_for_operations(work, 300);
	test_end(work);
	work_read(work, &counts);
	assert_true(counts.errors >= 1);
	assert_int_equal(unlink(path), 0);
	work_free(work);
}

static void a_file_server_keeps_its_files_and_takes_them_away(void **state)
{
	struct work *work = test_prepared(server_line("size=2M file=16K threads=2"));
	struct work_counts counts;

	assert_int_equal(work_start(work, 0), 0);
	test_wait_for_operations(work, 2000);
	assert_int_equal(entries(), 1);
	test_end(work);
	work_read(work, &counts);
	assert_int_equal(counts.errors, 0);
	assert_true(test_result(work, "creates") > 0 && test_result(work, "appends") > 0 &&
		    test_result(work, "reads") > 0 && test_result(work, "deletes") > 0);
	assert_int_equal(test_result(work, "creates") + test_result(work, "appends") +
			 test_result(work, "reads") + test_result(work, "deletes"), counts.operations);
	work_free(work);
	assert_int_equal(entries(), 0);
}

static void a_file_server_makes_the_last_part_of_its_path(void **state)
{
	struct work *work;

	snprintf(line, sizeof line, "file-server directory=%s/made size=256K file=8K", directory);
	test_expect_no_errors(line, 100);
	assert_int_equal(entries(), 0);
	snprintf(line, sizeof line, "file-server directory=%s/not/made size=256K file=8K", directory);
	assert_int_equal(work_new(line, &work, &test_err), 0);
	assert_int_equal(work_prepare(work, &test_err), 0);
	assert_int_equal(test_wait_for(work, WORK_READY), WORK_FAILED);
	assert_non_null(strstr(work_why(work), "/not/made/truce-file-server: No such file"));
	work_free(work);
}

static void two_file_servers_do_not_share_a_directory(void **state)
{
	struct work *first = test_prepared(server_line("size=256K file=8K"));
	struct work *second;

	assert_int_equal(work_new(line, &second, &test_err), 0);
	assert_int_equal(work_prepare(second, &test_err), 0);
	assert_int_equal(test_wait_for(second, WORK_READY), WORK_FAILED);
	assert_non_null(strstr(work_why(second), "another one works there"));
	work_free(second);
	test_end(first);
	work_free(first);
}

static void what_a_killed_file_server_left_goes_with_the_next(void **state)
{
	struct work *work = test_prepared(server_line("size=256K file=8K"));

	kill(work_pid(work), SIGKILL);
	assert_int_equal(test_wait_for(work, WORK_FAILED), WORK_FAILED);
	work_free(work);
	assert_int_equal(entries(), 1);
	test_expect_no_errors(server_line("size=256K file=8K"), 100);
	assert_int_equal(entries(), 0);
}

static void one_that_is_given_up_takes_its_files_away(void **state)
{
	work_free(test_prepared(server_line("size=256K file=8K")));
	assert_int_equal(entries(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_what_was_written_there),
		cmocka_unit_test(what_was_written_is_there_at_the_end),
		cmocka_unit_test(a_file_is_kept_where_it_is_asked_for),
		cmocka_unit_test(somebody_elses_file_is_left_alone),
		cmocka_unit_test(a_block_that_is_not_what_it_was_is_an_error),
		cmocka_unit_test(a_file_server_keeps_its_files_and_takes_them_away),
		cmocka_unit_test(a_file_server_makes_the_last_part_of_its_path),
		cmocka_unit_test(two_file_servers_do_not_share_a_directory),
		cmocka_unit_test(what_a_killed_file_server_left_goes_with_the_next),
		cmocka_unit_test(one_that_is_given_up_takes_its_files_away),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
