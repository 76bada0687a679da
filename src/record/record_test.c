/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record/record.h"

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "model/synthetic.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <cmocka.h>

struct fixture {
	char directory[64], path[96];
	struct synthetic host;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	const char *tmp = getenv("TMPDIR");

	if (f == NULL)
		return -1;
	snprintf(f->directory, sizeof f->directory, "%.40s/record-XXXXXX",
		 tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(f->directory) == NULL ||
	    synthetic_init(&f->host, 2, 3, 5) < 0)
		return -1;
	snprintf(f->path, sizeof f->path, "%s/recording", f->directory);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->directory);
	synthetic_done(&f->host);
	free(f);
	return 0;
}

static struct record_writer *open_writer(struct fixture *f)
{
	struct error err = { 0 };
	struct record_writer *writer = record_writer_new(f->path, &err);

	if (writer == NULL)
		fail_msg("%s", err.text);
	return writer;
}

/* Writes so many snapshots; their sequence numbers go on from where they were. */
static void write_some(struct fixture *f, struct record_writer *writer, unsigned count)
{
	struct error err = { 0 };

	while (count-- > 0) {
		if (record_write(writer, &f->host.snapshot, &err) < 0)
			fail_msg("%s", err.text);
		synthetic_tick(&f->host);
	}
}

static void record_some(struct fixture *f, unsigned count, bool finish)
{
	struct record_writer *writer = open_writer(f);

	write_some(f, writer, count);
	if (finish)
		assert_int_equal(record_writer_finish(writer, NULL), 0);
	record_writer_free(writer);
}

static struct record_reader *open_reader(struct fixture *f)
{
	struct error err = { 0 };
	struct record_reader *reader = record_reader_new(f->path, &err);

	if (reader == NULL)
		fail_msg("%s", err.text);
	return reader;
}

static uint64_t next_sequence(struct record_reader *reader)
{
	const struct snapshot *snapshot = NULL;
	struct error err = { 0 };
	int r = record_next(reader, &snapshot, &err);

	if (r < 0)
		fail_msg("%s", err.text);
	return r == 1 ? snapshot->sequence : 0;
}

/* Sequences first to last come, then the end. */
static void assert_sequences(struct record_reader *reader, uint64_t first, uint64_t last)
{
	for (; first <= last; first++)
		assert_int_equal(next_sequence(reader), first);
	assert_int_equal(next_sequence(reader), 0);
}

static off_t file_size(const struct fixture *f)
{
	struct stat about;

	assert_int_equal(stat(f->path, &about), 0);
	return about.st_size;
}

static void change_byte(const struct fixture *f, off_t offset)
{
	int fd = open(f->path, O_RDWR | O_CLOEXEC);
	char byte;

	assert_int_equal(pread(fd, &byte, 1, offset), 1);
	byte = (char)~byte;
	assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
	close(fd);
}

static void what_was_written_is_read(void **state)
{
	struct fixture *f = *state;
	struct synthetic again;
	struct record_reader *reader;
	char difference[200];
	unsigned i;

	record_some(f, 50, true);
	assert_int_equal(synthetic_init(&again, 2, 3, 5), 0);
	reader = open_reader(f);
	for (i = 0; i < 50; i++) {
		const struct snapshot *snapshot;

		assert_int_equal(record_next(reader, &snapshot, NULL), 1);
		if (!synthetic_equal(&again.snapshot, snapshot, difference, sizeof difference))
			fail_msg("snapshot %u: %s", i, difference);
		synthetic_tick(&again);
	}
	assert_int_equal(next_sequence(reader), 0);
	assert_null(record_reader_damage(reader));
	record_reader_free(reader);
	synthetic_done(&again);
}

static void a_recording_without_an_index_is_read_too(void **state)
{
	struct fixture *f = *state;
	struct record_reader *reader;

	record_some(f, 20, false);
	reader = open_reader(f);
	assert_sequences(reader, 1, 20);
	assert_null(record_reader_damage(reader));
	record_reader_free(reader);
}

static void a_recording_is_continued(void **state)
{
	struct fixture *f = *state;
	struct record_reader *reader;
	uint64_t first, last;

	record_some(f, 10, true);
	record_some(f, 10, false);
	record_some(f, 0, true);
	record_some(f, 10, true);
	reader = open_reader(f);
	assert_true(record_reader_span(reader, &first, &last));
	assert_true(last > first + 28 * USEC_PER_SEC && last < first + 30 * USEC_PER_SEC);
	assert_sequences(reader, 1, 30);
	record_reader_free(reader);
}

static void a_reader_follows_a_writer(void **state)
{
	struct fixture *f = *state;
	struct record_writer *writer = open_writer(f);
	struct record_reader *reader = open_reader(f);

	assert_int_equal(next_sequence(reader), 0);
	write_some(f, writer, 5);
	assert_sequences(reader, 1, 5);
	write_some(f, writer, 1);
	assert_sequences(reader, 6, 6);
	record_writer_free(writer);
	record_reader_free(reader);
}

/* 2,500 snapshots are three blocks. */
static void seeking_finds_every_time(void **state)
{
	struct fixture *f = *state;
	uint64_t begin = f->host.snapshot.realtime_usec;
	struct record_reader *reader;
	unsigned i;

	record_some(f, 2500, true);
	reader = open_reader(f);
	for (i = 0; i < 2500; i += 309) {
		assert_int_equal(record_seek(reader, begin + i * USEC_PER_SEC, NULL), 0);
		assert_int_equal(next_sequence(reader), i + 1);
		assert_int_equal(next_sequence(reader), i + 2);
	}
	assert_int_equal(record_seek(reader, 0, NULL), 0);
	assert_int_equal(next_sequence(reader), 1);
	assert_int_equal(record_seek(reader, UINT64_MAX, NULL), 0);
	assert_int_equal(next_sequence(reader), 0);
	record_reader_free(reader);
}

static void a_torn_end_is_left_out_and_told(void **state)
{
	struct fixture *f = *state;
	struct record_reader *reader;
	off_t whole, size;

	record_some(f, 9, false);
	whole = file_size(f);
	record_some(f, 1, false);
	for (size = file_size(f) - 1; size > whole; size--) {
		unsigned i;

		assert_int_equal(truncate(f->path, size), 0);
		reader = open_reader(f);
		for (i = 1; i <= 9; i++)
			assert_int_equal(next_sequence(reader), i);
		assert_int_equal(next_sequence(reader), 0);
		assert_non_null(strstr(record_reader_damage(reader), "ends in half a snapshot"));
		record_reader_free(reader);
	}
}

static void a_writer_cuts_a_torn_end_off_and_says_so(void **state)
{
	struct fixture *f = *state;
	struct record_writer *writer;
	struct record_reader *reader;

	record_some(f, 9, false);
	assert_int_equal(truncate(f->path, file_size(f) - 3), 0);
	writer = open_writer(f);
	assert_non_null(strstr(record_writer_damage(writer), "cut off its last"));
	write_some(f, writer, 3);
	record_writer_free(writer);
	reader = open_reader(f);
	assert_int_equal(next_sequence(reader), 1);
	record_seek(reader, f->host.snapshot.realtime_usec - 4 * USEC_PER_SEC, NULL);
	assert_sequences(reader, 10, 12);
	assert_null(record_reader_damage(reader));
	record_reader_free(reader);
}

/* Three blocks of 4; one byte of the second is changed, wherever it is. */
static void a_damaged_block_costs_nothing_outside_it(void **state)
{
	struct fixture *f = *state;
	off_t begin, end, at;

	record_some(f, 4, false);
	begin = file_size(f);
	record_some(f, 4, false);
	end = file_size(f);
	record_some(f, 4, true);
	for (at = begin; at < end; at += 3) {
		struct record_reader *reader;
		uint64_t sequence, last = 0;
		unsigned outside = 0;

		change_byte(f, at);
		reader = open_reader(f);
		while ((sequence = next_sequence(reader)) != 0) {
			assert_true(sequence > last);
			last = sequence;
			outside += sequence <= 4 || sequence > 8;
		}
		assert_int_equal(outside, 8);
		assert_non_null(strstr(record_reader_damage(reader), "is damaged in 1 place"));
		record_reader_free(reader);
		change_byte(f, at);
	}
}

static void a_damaged_index_is_made_anew(void **state)
{
	struct fixture *f = *state;
	struct record_reader *reader;
	uint64_t begin = f->host.snapshot.realtime_usec;
	off_t at, whole;

	record_some(f, 1000, false);
	whole = file_size(f);
	record_some(f, 0, true);
	for (at = whole; at < file_size(f); at++) {
		change_byte(f, at);
		reader = open_reader(f);
		record_seek(reader, begin + 950 * USEC_PER_SEC, NULL);
		assert_int_equal(next_sequence(reader), 951);
		record_reader_free(reader);
		change_byte(f, at);
	}
}

static void expect_refusal(struct fixture *f, const void *bytes, size_t size, const char *why)
{
	struct error err = { 0 };
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
	assert_null(record_reader_new(f->path, &err));
	assert_non_null(strstr(err.text, why));
	assert_non_null(strstr(err.text, f->path));
}

static void foreign_and_newer_files_are_refused(void **state)
{
	struct fixture *f = *state;
	struct error err = { 0 };

	expect_refusal(f, "", 0, "is empty");
	expect_refusal(f, "TRUCERE", 7, "no recording");
	expect_refusal(f, "some text that somebody wrote\n", 30, "no recording");
	assert_null(record_writer_new(f->path, &err));
	assert_non_null(strstr(err.text, "no recording"));
	assert_int_equal(file_size(f), 30);
	expect_refusal(f, "TRUCEREC\x02\0\0\0\0\0\0\0", 16, "version 2");
	assert_null(record_writer_new(f->path, &err));
	unlink(f->path);
	assert_null(record_reader_new(f->path, &err));
	assert_int_equal(err.code, -ENOENT);
	assert_null(record_reader_new(f->directory, &err));
	assert_non_null(strstr(err.text, "not a regular file"));
	assert_null(record_writer_new("/dev/null", &err));
	assert_non_null(strstr(err.text, "not a regular file"));
}

static void a_file_that_somebody_records_is_refused(void **state)
{
	struct fixture *f = *state;
	struct record_writer *writer = open_writer(f);
	struct error err = { 0 };

	assert_null(record_writer_new(f->path, &err));
	assert_int_equal(err.code, -EBUSY);
	record_writer_free(writer);
	record_writer_free(open_writer(f));
}

/* RLIMIT_FSIZE stands for a disk that is full, and then is not. */
static void a_full_disk_loses_only_what_did_not_fit(void **state)
{
	struct fixture *f = *state;
	struct rlimit before, limit;
	struct record_writer *writer = open_writer(f);
	struct record_reader *reader;
	struct error err = { 0 };
	unsigned failed = 0, i;
	off_t size;

	signal(SIGXFSZ, SIG_IGN);
	write_some(f, writer, 5);
	size = file_size(f);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)size + 10;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (i = 0; i < 3; i++) {
		failed += record_write(writer, &f->host.snapshot, &err) < 0;
		synthetic_tick(&f->host);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(failed, 3);
	assert_non_null(strstr(err.text, f->path));
	assert_int_equal(file_size(f), size);
	write_some(f, writer, 2);
	record_writer_free(writer);
	reader = open_reader(f);
	for (i = 1; i <= 5; i++)
		assert_int_equal(next_sequence(reader), i);
	assert_sequences(reader, 9, 10);
	assert_null(record_reader_damage(reader));
	record_reader_free(reader);
}

static void what_records_nothing_leaves_no_file(void **state)
{
	struct fixture *f = *state;
	struct record_writer *writer = open_writer(f);

	assert_int_equal(access(f->path, F_OK), 0);
	record_writer_free(writer);
	assert_int_equal(access(f->path, F_OK), -1);

	record_some(f, 3, false);
	record_writer_free(open_writer(f));
	assert_int_equal(access(f->path, F_OK), 0);
}

static void a_clock_that_was_set_back_is_no_damage(void **state)
{
	struct fixture *f = *state;
	struct record_writer *writer = open_writer(f);
	struct record_reader *reader;

	write_some(f, writer, 5);
	f->host.snapshot.realtime_usec -= 3600 * USEC_PER_SEC;
	assert_int_equal(record_write(writer, &f->host.snapshot, NULL), 0);
	synthetic_tick(&f->host);
	write_some(f, writer, 5);
	assert_int_equal(record_writer_finish(writer, NULL), 0);
	record_writer_free(writer);
	reader = open_reader(f);
	assert_sequences(reader, 1, 11);
	record_seek(reader, f->host.snapshot.realtime_usec - 2 * USEC_PER_SEC - 1000000, NULL);
	assert_in_range(next_sequence(reader), 9, 10);
	record_reader_free(reader);
}

/* Written by the first Truce that had recordings; made by synthetic_recording FILE 3 6. */
static void a_recording_of_the_first_version_is_read_for_ever(void **state)
{
	struct error err = { 0 };
	struct record_reader *reader = record_reader_new(GOLDEN_DIR "/recording-version-1", &err);
	const struct snapshot *snapshot;
	unsigned i;

	if (reader == NULL)
		fail_msg("%s", err.text);
	for (i = 0; i < 6; i++) {
		assert_int_equal(record_next(reader, &snapshot, NULL), 1);
		assert_int_equal(snapshot->sequence, 2 + i);
		assert_int_equal(snapshot->vm_count, i < 2 || i >= 4 ? 3 : 4);
	}
	assert_string_equal(snapshot->host.text[HOST_TEXT_HOSTNAME], "synthetic");
	assert_string_equal(snapshot->vms[2]->text[VM_TEXT_NAME], "vm003");
	assert_int_equal(snapshot->vms[2]->thread_count, 2);
	assert_int_equal(snapshot->vms[0]->value[VM_WEIGHT], 100);
	assert_int_equal(snapshot->vms[0]->state[VM_QUOTA], FIGURE_UNSUPPORTED);
	assert_int_equal(snapshot->monotonic_usec / USEC_PER_SEC, 86406);
	assert_int_equal(record_next(reader, &snapshot, NULL), 0);
	assert_null(record_reader_damage(reader));
	record_reader_free(reader);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CLAIM(what_was_written_is_read),
		CLAIM(a_recording_without_an_index_is_read_too),
		CLAIM(a_recording_is_continued),
		CLAIM(a_reader_follows_a_writer),
		CLAIM(seeking_finds_every_time),
		CLAIM(a_torn_end_is_left_out_and_told),
		CLAIM(a_writer_cuts_a_torn_end_off_and_says_so),
		CLAIM(a_damaged_block_costs_nothing_outside_it),
		CLAIM(a_damaged_index_is_made_anew),
		CLAIM(foreign_and_newer_files_are_refused),
		CLAIM(a_file_that_somebody_records_is_refused),
		CLAIM(a_full_disk_loses_only_what_did_not_fit),
		CLAIM(what_records_nothing_leaves_no_file),
		CLAIM(a_clock_that_was_set_back_is_no_damage),
		cmocka_unit_test(a_recording_of_the_first_version_is_read_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
