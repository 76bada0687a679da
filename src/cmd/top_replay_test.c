/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/top_replay.h"

#include "base/error.h"
#include "cmd/source.h"
#include "model/synthetic.h"
#include "record/record.h"
#include "report/rates.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND 1000000ull
#define SNAPSHOTS 60

struct replay {
	char path[64];
	struct source *source;
	struct rates rates;
	uint64_t times[SNAPSHOTS];
};

static void write_recording(struct replay *replay, unsigned gap_seconds)
{
	struct error err = { 0 };
	struct record_writer *writer = record_writer_new(replay->path, &err);
	struct synthetic host;
	unsigned i, j;

	assert_non_null(writer);
	assert_int_equal(synthetic_init(&host, 2, 3, 7), 0);
	for (i = 0; i < SNAPSHOTS; i++) {
		for (j = 0; j < gap_seconds; j++)
			synthetic_tick(&host);
		assert_int_equal(record_write(writer, &host.snapshot, &err), 0);
		replay->times[i] = host.snapshot.realtime_usec;
	}
	assert_int_equal(record_writer_finish(writer, &err), 0);
	record_writer_free(writer);
	synthetic_done(&host);
}

static void open_replay(struct replay *replay, unsigned gap_seconds)
{
	struct source_spec spec = { .replay = replay->path };
	struct error err = { 0 };
	uint64_t first, last;

	snprintf(replay->path, sizeof replay->path, "/tmp/top_replay.%d", (int)getpid());
	unlink(replay->path);
	write_recording(replay, gap_seconds);
	if (source_open(&spec, &replay->source, &err) < 0)
		fail_msg("%s", err.text);
	unlink(replay->path);
	rates_init(&replay->rates);
	assert_true(source_span(replay->source, &first, &last));
	assert_int_equal(first, replay->times[0]);
	assert_int_equal(last, replay->times[SNAPSHOTS - 1]);
}

static void close_replay(struct replay *replay)
{
	source_close(replay->source);
	rates_done(&replay->rates);
}

static void jump(struct replay *replay, uint64_t to)
{
	struct error err = { 0 };

	if (top_replay_jump(replay->source, &replay->rates, to, &err) < 0)
		fail_msg("%s", err.text);
}

static void expect_at(struct replay *replay, unsigned index)
{
	assert_int_equal(replay->rates.now.realtime_usec, replay->times[index]);
}

static double rate_of_first(struct replay *replay, enum vm_figure figure)
{
	return vm_rate(rates_vm(&replay->rates, replay->rates.now.vms[0]), figure);
}

static void a_jump_shows_the_last_snapshot_before_the_time(void **state)
{
	struct replay replay;

	open_replay(&replay, 1);
	jump(&replay, replay.times[30] + SECOND / 2);
	expect_at(&replay, 30);
	jump(&replay, replay.times[20]);
	expect_at(&replay, 20);
	close_replay(&replay);
}

static void a_jump_beyond_an_end_stays_at_that_end(void **state)
{
	struct replay replay;

	open_replay(&replay, 1);
	jump(&replay, 5);
	expect_at(&replay, 0);
	jump(&replay, replay.times[SNAPSHOTS - 1] + 3600 * SECOND);
	expect_at(&replay, SNAPSHOTS - 1);
	close_replay(&replay);
}

static void a_step_back_and_one_forward_lead_to_the_same_place(void **state)
{
	const struct snapshot *next;
	struct replay replay;
	struct error err;

	open_replay(&replay, 1);
	jump(&replay, replay.times[30]);
	jump(&replay, replay.rates.now.realtime_usec - 1);
	expect_at(&replay, 29);
	assert_int_equal(source_next(replay.source, &next, &err), 1);
	assert_int_equal(next->realtime_usec, replay.times[30]);
	close_replay(&replay);
}

static void slow_figures_have_rates_after_a_jump(void **state)
{
	struct replay replay;

	open_replay(&replay, 1);
	jump(&replay, replay.times[40]);
	assert_false(isnan(rate_of_first(&replay, VM_USER)));
	assert_false(isnan(rate_of_first(&replay, VM_PSI_IO_SOME)));
	close_replay(&replay);
}

static void a_recording_at_long_intervals_has_rates_too(void **state)
{
	struct replay replay;

	open_replay(&replay, 60);
	jump(&replay, replay.times[40]);
	expect_at(&replay, 40);
	assert_false(isnan(rate_of_first(&replay, VM_USER)));
	close_replay(&replay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_jump_shows_the_last_snapshot_before_the_time),
		cmocka_unit_test(a_jump_beyond_an_end_stays_at_that_end),
		cmocka_unit_test(a_step_back_and_one_forward_lead_to_the_same_place),
		cmocka_unit_test(slow_figures_have_rates_after_a_jump),
		cmocka_unit_test(a_recording_at_long_intervals_has_rates_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
