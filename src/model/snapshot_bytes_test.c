/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/snapshot_bytes.h"

#include "base/error.h"
#include "base/str.h"
#include "base/varint.h"
#include "model/synthetic.h"

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

struct stream {
	struct synthetic host;
	struct snapshot_encoder *encoder;
	struct snapshot_decoder *decoder;
	struct str bytes;
};

static void stream_begin(struct stream *stream, unsigned vms)
{
	assert_int_equal(synthetic_init(&stream->host, 4, vms, 1), 0);
	stream->encoder = snapshot_encoder_new();
	stream->decoder = snapshot_decoder_new();
	assert_non_null(stream->encoder);
	assert_non_null(stream->decoder);
	str_init(&stream->bytes);
}

static void stream_end(struct stream *stream)
{
	synthetic_done(&stream->host);
	snapshot_encoder_free(stream->encoder);
	snapshot_decoder_free(stream->decoder);
	str_done(&stream->bytes);
}

static void stream_encode(struct stream *stream, bool key)
{
	str_clear(&stream->bytes);
	assert_int_equal(snapshot_encode(stream->encoder, &stream->host.snapshot, key,
					 &stream->bytes), 0);
}

static int stream_decode(struct stream *stream, const struct snapshot **ret, struct error *err)
{
	return snapshot_decode(stream->decoder, stream->bytes.data, stream->bytes.length, ret,
			       err);
}

/* The snapshot of now goes through the stream and comes out as it was. */
static void stream_pass(struct stream *stream, bool key)
{
	const struct snapshot *seen = NULL;
	struct error err = { 0 };
	char difference[200] = "";

	stream_encode(stream, key);
	if (stream_decode(stream, &seen, &err) < 0)
		fail_msg("%s", err.text);
	if (!synthetic_equal(&stream->host.snapshot, seen, difference, sizeof difference))
		fail_msg("tick %u: %s", stream->host.tick, difference);
}

static void an_empty_snapshot_passes(void **state)
{
	struct stream stream;

	stream_begin(&stream, 0);
	snapshot_done(&stream.host.snapshot);
	stream_pass(&stream, true);
	stream_pass(&stream, false);
	stream_end(&stream);
}

static void one_of_everything_passes(void **state)
{
	struct stream stream;

	stream_begin(&stream, 0);
	snapshot_done(&stream.host.snapshot);
	assert_int_equal(synthetic_of_everything(&stream.host.snapshot), 0);
	stream_pass(&stream, true);
	stream_pass(&stream, false);
	stream_end(&stream);
}

static void a_hundred_ticks_pass(void **state)
{
	struct stream stream;
	unsigned i;

	stream_begin(&stream, 20);
	for (i = 0; i < 100; i++) {
		stream_pass(&stream, i % 60 == 0);
		synthetic_tick(&stream.host);
	}
	stream_end(&stream);
}

static void births_and_deaths_pass_in_any_order(void **state)
{
	struct stream stream;
	unsigned i;

	stream_begin(&stream, 5);
	for (i = 0; i < 300; i++) {
		size_t count = stream.host.snapshot.vm_count;

		synthetic_tick(&stream.host);
		if (i * 7 % 5 < 3)
			assert_int_equal(synthetic_birth(&stream.host), 0);
		if (i * 11 % 7 < 4 && count > 0)
			synthetic_death(&stream.host, i * 13 % count);
		if (i * 3 % 4 == 0 && stream.host.snapshot.vm_count > 0) {
			struct vm *vm = stream.host.snapshot.vms[0];

			if (vm->thread_count > 0)
				vm_remove_thread(vm, i % vm->thread_count);
			else
				assert_non_null(vm_thread(vm, ROLE_IO, -1, (pid_t)i + 1));
		}
		stream_pass(&stream, false);
	}
	stream_end(&stream);
}

static void extreme_values_pass(void **state)
{
	static const int64_t values[] = { INT64_MAX, INT64_MIN, 0, -1, 1, INT64_MIN, INT64_MAX,
					  INT64_MAX - 1, 3, -3 };
	struct stream stream;
	size_t i;

	stream_begin(&stream, 2);
	for (i = 0; i < sizeof values / sizeof values[0] * 3; i++) {
		struct vm *vm = stream.host.snapshot.vms[0];
		int64_t value = values[i * 7 % (sizeof values / sizeof values[0])];

		vm->value[VM_RUN] = vm->value[VM_NICE] = vm->value[VM_WAITING] = value;
		vm->threads[0].value[THREAD_RUN] = ~value / 3;
		stream.host.snapshot.host.value[HOST_MEMORY_FREE] = value;
		stream.host.snapshot.monotonic_usec = (uint64_t)value;
		vm->sampled_usec[GROUP_COLD] = (uint64_t)value * 7;
		stream_pass(&stream, i % 9 == 0);
	}
	stream_end(&stream);
}

static void absence_and_its_reason_pass(void **state)
{
	struct stream stream;
	unsigned i;

	stream_begin(&stream, 4);
	for (i = 0; i < 4 * FIGURE_STATE_COUNT; i++) {
		unsigned now = i * 3 % FIGURE_STATE_COUNT;

		synthetic_tick(&stream.host);
		stream.host.snapshot.vms[i % 4]->state[VM_RSS] = (uint8_t)now;
		stream.host.snapshot.vms[i % 4]->state[VM_RUN] = (uint8_t)now;
		stream.host.snapshot.vms[i % 4]->threads[0].state[THREAD_RUN] = (uint8_t)now;
		stream_pass(&stream, false);
	}
	stream_end(&stream);
}

/* Groups may be sampled at any time, and a figure may change without its group's time. */
static void a_change_out_of_turn_passes(void **state)
{
	struct stream stream;
	unsigned i;

	stream_begin(&stream, 4);
	for (i = 0; i < 30; i++) {
		synthetic_tick(&stream.host);
		stream.host.snapshot.vms[i % 4]->value[VM_KVM_EXITS] += i * i;
		if (i % 3 == 0)
			stream.host.snapshot.vms[1]->value[VM_RSS] = (int64_t)i * 4097;
		if (i % 5 == 0)
			stream.host.snapshot.vms[2]->sampled_usec[GROUP_COLD] += i;
		stream_pass(&stream, false);
	}
	stream_end(&stream);
}

static void texts_that_come_go_and_change_pass(void **state)
{
	static const char *const names[] = { "a", "", "a much longer name than before", "b" };
	struct stream stream;
	unsigned i;

	stream_begin(&stream, 3);
	for (i = 0; i < 24; i++) {
		char **text = &stream.host.snapshot.vms[i % 3]->text[i % VM_TEXT_COUNT];

		if (i % 5 == 4) {
			free(*text);
			*text = NULL;
		} else {
			assert_true(text_set(text, names[i % 4], strlen(names[i % 4])));
		}
		stream_pass(&stream, false);
	}
	stream_end(&stream);
}

static void a_stream_is_joined_at_any_key_frame(void **state)
{
	const struct snapshot *seen = NULL;
	char difference[200];
	struct stream stream;
	struct error err = { 0 };

	stream_begin(&stream, 3);
	stream_encode(&stream, true);
	synthetic_tick(&stream.host);
	stream_encode(&stream, false);
	assert_int_equal(stream_decode(&stream, &seen, &err), -EBADMSG);
	assert_false(snapshot_bytes_is_key(stream.bytes.data, stream.bytes.length));
	synthetic_tick(&stream.host);
	stream_encode(&stream, true);
	assert_true(snapshot_bytes_is_key(stream.bytes.data, stream.bytes.length));
	assert_int_equal(stream_decode(&stream, &seen, &err), 0);
	assert_true(synthetic_equal(&stream.host.snapshot, seen, difference, sizeof difference));
	stream_end(&stream);
}

static void a_missing_frame_is_noticed(void **state)
{
	const struct snapshot *seen = NULL;
	struct error err = { 0 };
	struct stream stream;

	stream_begin(&stream, 3);
	stream_pass(&stream, true);
	synthetic_tick(&stream.host);
	stream_encode(&stream, false);
	synthetic_tick(&stream.host);
	stream_encode(&stream, false);
	assert_int_equal(stream_decode(&stream, &seen, &err), -EBADMSG);
	assert_null(seen);
	assert_non_null(strstr(err.text, "missing"));
	synthetic_tick(&stream.host);
	stream_encode(&stream, false);
	assert_int_equal(stream_decode(&stream, &seen, &err), -EBADMSG);
	stream_pass(&stream, true);
	stream_end(&stream);
}

static void a_truncated_frame_is_refused_at_every_length(void **state)
{
	struct stream stream;
	size_t size;
	unsigned key;

	for (key = 0; key < 2; key++) {
		stream_begin(&stream, 3);
		stream_pass(&stream, true);
		synthetic_tick(&stream.host);
		assert_int_equal(synthetic_birth(&stream.host), 0);
		stream_encode(&stream, key == 1);
		for (size = 0; size < stream.bytes.length; size++) {
			struct snapshot_decoder *decoder = snapshot_decoder_new();
			const struct snapshot *seen = NULL;

			assert_int_equal(snapshot_decode(key == 1 ? decoder : stream.decoder,
							 stream.bytes.data, size, &seen, NULL),
					 -EBADMSG);
			assert_null(seen);
			snapshot_decoder_free(decoder);
		}
		stream_end(&stream);
	}
}

/* A bit may turn into another number, but never into a crash or an unsorted list. */
static void no_flipped_bit_does_harm(void **state)
{
	struct stream stream;
	size_t bit;

	stream_begin(&stream, 2);
	stream_encode(&stream, true);
	for (bit = 0; bit < stream.bytes.length * 8; bit += 13) {
		const struct snapshot *seen = NULL;
		struct error err = { 0 };
		int r;

		stream.bytes.data[bit / 8] = (char)(stream.bytes.data[bit / 8] ^ 1 << bit % 8);
		r = stream_decode(&stream, &seen, &err);
		assert_true(r == 0 || (r < 0 && err.text[0] != '\0' && seen == NULL));
		stream.bytes.data[bit / 8] = (char)(stream.bytes.data[bit / 8] ^ 1 << bit % 8);
	}
	stream_pass(&stream, true);
	stream_end(&stream);
}

static void a_newer_version_is_refused_by_name(void **state)
{
	const struct snapshot *seen = NULL;
	struct error err = { 0 };
	struct stream stream;

	stream_begin(&stream, 1);
	stream_encode(&stream, true);
	stream.bytes.data[4] = SNAPSHOT_BYTES_VERSION + 1;
	assert_int_equal(stream_decode(&stream, &seen, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.text, "version 2"));
	stream_end(&stream);
}

/* Replaces one name in the schema by another of the same length. */
static void rename_in(struct str *bytes, const char *from, const char *to)
{
	char *at = memmem(bytes->data, bytes->length, from, strlen(from));

	assert_non_null(at);
	assert_int_equal(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
}

static void unknown_figures_are_skipped_and_missing_ones_not_asked(void **state)
{
	const struct snapshot *seen = NULL;
	struct stream stream;
	unsigned i;

	stream_begin(&stream, 3);
	for (i = 0; i < 20; i++) {
		struct vm *vm;

		stream_encode(&stream, i == 0);
		if (i == 0) {
			rename_in(&stream.bytes, "rss_bytes", "odd_bytes");
			rename_in(&stream.bytes, "uuid", "odd!");
			rename_in(&stream.bytes, "siblings", "somebody");
		}
		assert_int_equal(stream_decode(&stream, &seen, NULL), 0);
		vm = seen->vms[0];
		assert_int_equal(vm->state[VM_RSS], FIGURE_NOT_ASKED);
		assert_null(vm->text[VM_TEXT_UUID]);
		assert_non_null(vm->text[VM_TEXT_NAME]);
		assert_int_equal(vm->value[VM_RUN], stream.host.snapshot.vms[0]->value[VM_RUN]);
		synthetic_tick(&stream.host);
	}
	stream_end(&stream);
}

static void unknown_kinds_of_objects_are_skipped(void **state)
{
	const struct snapshot *seen = NULL;
	struct stream stream;

	stream_begin(&stream, 3);
	stream_encode(&stream, true);
	rename_in(&stream.bytes, "\x03" "nic", "\x03" "odd");
	assert_int_equal(stream_decode(&stream, &seen, NULL), 0);
	assert_int_equal(seen->nic_count, 0);
	assert_int_equal(seen->disk_count, 2);
	assert_int_equal(seen->vm_count, 3);
	stream_end(&stream);
}

static void an_unsorted_snapshot_is_not_written(void **state)
{
	struct stream stream;
	struct vm *first;

	stream_begin(&stream, 2);
	first = stream.host.snapshot.vms[0];
	stream.host.snapshot.vms[0] = stream.host.snapshot.vms[1];
	stream.host.snapshot.vms[1] = first;
	assert_int_equal(snapshot_encode(stream.encoder, &stream.host.snapshot, true,
					 &stream.bytes), -EINVAL);
	assert_int_equal(stream.bytes.length, 0);
	stream_end(&stream);
}

static void encoding_allocates_nothing_after_warm_up(void **state)
{
	struct mallinfo2 before, after;
	struct stream stream;
	unsigned i;

	stream_begin(&stream, 50);
	for (i = 0; i < 30; i++) {
		synthetic_tick(&stream.host);
		stream_encode(&stream, i % 10 == 0);
	}
	before = mallinfo2();
	if (before.uordblks == 0) {
		stream_end(&stream);
		print_message("a sanitizer's allocator does not count\n");
		skip();
	}
	for (i = 0; i < 30; i++) {
		synthetic_tick(&stream.host);
		stream_encode(&stream, i % 10 == 0);
	}
	after = mallinfo2();
	assert_int_equal(before.uordblks, after.uordblks);
	stream_end(&stream);
}

static void a_quiet_tick_takes_few_bytes(void **state)
{
	struct stream stream;
	unsigned i;

	stream_begin(&stream, 100);
	stream_pass(&stream, true);
	for (i = 0; i < 10; i++) {
		stream.host.snapshot.sequence++;
		stream.host.snapshot.realtime_usec += 1000000;
		stream.host.snapshot.monotonic_usec += 1000000;
		stream_pass(&stream, false);
	}
	assert_in_range(stream.bytes.length, 1, 48);
	stream_end(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_snapshot_passes),
		cmocka_unit_test(one_of_everything_passes),
		cmocka_unit_test(a_hundred_ticks_pass),
		cmocka_unit_test(births_and_deaths_pass_in_any_order),
		cmocka_unit_test(extreme_values_pass),
		cmocka_unit_test(absence_and_its_reason_pass),
		cmocka_unit_test(a_change_out_of_turn_passes),
		cmocka_unit_test(texts_that_come_go_and_change_pass),
		cmocka_unit_test(a_stream_is_joined_at_any_key_frame),
		cmocka_unit_test(a_missing_frame_is_noticed),
		cmocka_unit_test(a_truncated_frame_is_refused_at_every_length),
		cmocka_unit_test(no_flipped_bit_does_harm),
		cmocka_unit_test(a_newer_version_is_refused_by_name),
		cmocka_unit_test(unknown_figures_are_skipped_and_missing_ones_not_asked),
		cmocka_unit_test(unknown_kinds_of_objects_are_skipped),
		cmocka_unit_test(an_unsorted_snapshot_is_not_written),
		cmocka_unit_test(encoding_allocates_nothing_after_warm_up),
		cmocka_unit_test(a_quiet_tick_takes_few_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
