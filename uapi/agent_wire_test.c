/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent_wire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define TEXT(literal) { (literal), sizeof(literal) - 1 }

static struct agent_reader reader;
static struct agent_message got;
static unsigned char frame[AGENT_FRAME_MAX];

static void feed(const void *bytes, size_t size)
{
	size_t space;
	unsigned char *to = agent_reader_space(&reader, &space);

	assert_true(size <= space);
	memcpy(to, bytes, size);
	agent_reader_filled(&reader, size);
}

static size_t encode(const struct agent_message *message)
{
	int size = agent_message_encode(message, frame, sizeof frame);

	assert_true(size >= AGENT_FRAME_HEADER);
	return (size_t)size;
}

static const struct agent_message guest_hello = {
	.kind = AGENT_HELLO,
	.hello = { .version = 1, .cpus = 2, .session = 77, .memory_bytes = 1 << 28,
		   .nsec = 123, .realtime_nsec = 456, .boot_id = { 1, 2, 3, [15] = 16 },
		   .first_process = true, .kernel = TEXT("6.12.0"), .agent = TEXT("0.1.0") },
};

static const struct agent_message host_hello = {
	.kind = AGENT_HOST_HELLO,
	.host_hello = { .version = 1, .session = 5 },
};

static void greet(enum agent_side from)
{
	agent_reader_init(&reader, from);
	feed(frame, encode(from == AGENT_HOST ? &host_hello : &guest_hello));
	assert_int_equal(agent_reader_next(&reader, &got), 1);
}

/* Encodes, reads, and leaves what was read in `got`. */
static void send_over(enum agent_side from, const struct agent_message *message)
{
	greet(from);
	feed(frame, encode(message));
	assert_int_equal(agent_reader_next(&reader, &got), 1);
	assert_int_equal(got.kind, message->kind);
	assert_int_equal(got.job, message->job);
	assert_false(agent_reader_in_frame(&reader));
}

static void assert_text(struct agent_text text, const char *wanted)
{
	assert_int_equal(text.size, strlen(wanted));
	assert_memory_equal(text.bytes, wanted, text.size);
}

static void a_greeting_carries_what_the_guest_is(void **state)
{
	greet(AGENT_GUEST);
	assert_int_equal(got.hello.cpus, 2);
	assert_int_equal(got.hello.memory_bytes, 1 << 28);
	assert_int_equal(got.hello.boot_id[15], 16);
	assert_true(got.hello.first_process);
	assert_text(got.hello.kernel, "6.12.0");
	assert_text(got.hello.agent, "0.1.0");
}

static void what_the_host_says_arrives(void **state)
{
	struct agent_message message = { .kind = AGENT_PREPARE, .job = 3,
		.prepare = { 100, TEXT("disk-read file=/data/f") } };

	send_over(AGENT_HOST, &message);
	assert_int_equal(got.prepare.report_msec, 100);
	assert_text(got.prepare.workload, "disk-read file=/data/f");
	message = (struct agent_message){ .kind = AGENT_START, .job = 16, .start = { 1ull << 60 } };
	send_over(AGENT_HOST, &message);
	assert_true(got.start.nsec == 1ull << 60);
	message = (struct agent_message){ .kind = AGENT_FREEZE, .freeze = { 500, TEXT("/data") } };
	send_over(AGENT_HOST, &message);
	assert_text(got.freeze.path, "/data");
	message = (struct agent_message){ .kind = AGENT_PING, .ping = { UINT64_MAX } };
	send_over(AGENT_HOST, &message);
	assert_true(got.ping.cookie == UINT64_MAX);
}

static void progress_arrives_with_its_buckets_and_results(void **state)
{
	struct agent_message message = { .kind = AGENT_DONE, .job = 1, .progress = {
		.nsec = 9, .sequence = 4, .operations = 100, .bytes = 4096, .errors = 1, .lost = 2,
		.bucket_count = 2, .buckets = { { 0, 7 }, { 1023, UINT32_MAX } },
		.results = TEXT("speed=1.5\nwrong=0\n") } };

	send_over(AGENT_GUEST, &message);
	assert_int_equal(got.progress.operations, 100);
	assert_int_equal(got.progress.lost, 2);
	assert_int_equal(got.progress.bucket_count, 2);
	assert_int_equal(got.progress.buckets[1].index, 1023);
	assert_true(got.progress.buckets[1].added == UINT32_MAX);
	assert_text(got.progress.results, "speed=1.5\nwrong=0\n");
}

static void a_full_histogram_and_the_longest_text_fit_a_frame(void **state)
{
	static struct agent_message message;
	static char text[AGENT_TEXT_MAX];
	unsigned i;

	memset(text, 'x', sizeof text);
	message = (struct agent_message){ .kind = AGENT_DONE, .job = 1 };
	message.progress.results = (struct agent_text){ text, sizeof text };
	message.progress.bucket_count = AGENT_BUCKET_MAX;
	for (i = 0; i < AGENT_BUCKET_MAX; i++)
		message.progress.buckets[i] = (struct agent_bucket){ (uint16_t)i, 1 };
	send_over(AGENT_GUEST, &message);
	assert_int_equal(got.progress.bucket_count, AGENT_BUCKET_MAX);
	assert_int_equal(got.progress.results.size, AGENT_TEXT_MAX);
}

static void a_counter_that_is_absent_stays_absent(void **state)
{
	struct agent_message message = { .kind = AGENT_COUNTERS };

	message.counters.nsec = 5;
	message.counters.present = 1ull << AGENT_COUNTER_cpu_steal_nsec |
				   1ull << AGENT_COUNTER_memory_cached_bytes;
	message.counters.values[AGENT_COUNTER_cpu_steal_nsec] = 42;
	message.counters.values[AGENT_COUNTER_memory_cached_bytes] = 43;
	send_over(AGENT_GUEST, &message);
	assert_true(got.counters.present == message.counters.present);
	assert_int_equal(got.counters.values[AGENT_COUNTER_cpu_steal_nsec], 42);
	assert_int_equal(got.counters.values[AGENT_COUNTER_memory_cached_bytes], 43);
	assert_int_equal(got.counters.values[AGENT_COUNTER_cpu_user_nsec], 0);
}

static void a_frame_in_single_bytes_is_the_same_frame(void **state)
{
	struct agent_message message = { .kind = AGENT_FAILURE, .failure = { TEXT("no disk") } };
	size_t i, size;

	greet(AGENT_GUEST);
	size = encode(&message);
	for (i = 0; i < size; i++) {
		assert_int_equal(agent_reader_next(&reader, &got), 0);
		feed(frame + i, 1);
		assert_true(agent_reader_in_frame(&reader));
	}
	assert_int_equal(agent_reader_next(&reader, &got), 1);
	assert_text(got.failure.sentence, "no disk");
}

static void noise_before_the_greeting_is_skipped(void **state)
{
	static unsigned char noise[5000];
	size_t i, size;

	agent_reader_init(&reader, AGENT_GUEST);
	for (i = 0; i < sizeof noise; i++)
		noise[i] = (unsigned char)(i * 7 + i / 256);
	feed(noise, sizeof noise);
	/* The first bytes of a greeting that never went on, and another side's. */
	size = encode(&guest_hello);
	feed(frame, 14);
	size = encode(&host_hello);
	feed(frame, size);
	assert_int_equal(agent_reader_next(&reader, &got), 0);
	size = encode(&guest_hello);
	feed(frame, size);
	assert_int_equal(agent_reader_next(&reader, &got), 1);
	assert_int_equal(got.hello.session, 77);
	assert_int_equal(reader.skipped_bytes, sizeof noise + 14 + AGENT_FRAME_HEADER + 20);
}

static void a_greeting_changed_by_a_line_that_is_not_raw_greets_nobody(void **state)
{
	size_t i, size = encode(&guest_hello);

	for (i = 0; i < size; i++)
		if (frame[i] == '\r')
			frame[i] = '\n';
	agent_reader_init(&reader, AGENT_GUEST);
	feed(frame, size);
	assert_int_equal(agent_reader_next(&reader, &got), 0);
}

static void a_later_versions_longer_greeting_is_understood(void **state)
{
	size_t size = encode(&guest_hello);

	memset(frame + size, 0xee, 100);
	frame[0] = (unsigned char)(size + 100 - AGENT_FRAME_HEADER);
	frame[1] = (unsigned char)((size + 100 - AGENT_FRAME_HEADER) >> 8);
	agent_reader_init(&reader, AGENT_GUEST);
	feed(frame, size + 100);
	assert_int_equal(agent_reader_next(&reader, &got), 1);
	assert_text(got.hello.agent, "0.1.0");
	assert_false(agent_reader_in_frame(&reader));
}

static void after_a_refusal_a_new_greeting_begins_again(void **state)
{
	size_t size;

	greet(AGENT_HOST);
	feed("\xff\xff\xff\xff garbage", 12);
	assert_int_equal(agent_reader_next(&reader, &got), -EBADMSG);
	assert_int_equal(agent_reader_next(&reader, &got), -EBADMSG);
	size = encode(&host_hello);
	feed(frame, size);
	agent_reader_resync(&reader);
	assert_int_equal(agent_reader_next(&reader, &got), 1);
	assert_int_equal(got.kind, AGENT_HOST_HELLO);
}

static void assert_refused(enum agent_side from, const void *bytes, size_t size)
{
	greet(from);
	feed(bytes, size);
	assert_int_equal(agent_reader_next(&reader, &got), -EBADMSG);
}

static void what_a_side_never_sends_is_refused(void **state)
{
	/* too large, unknown, of the other side, a job where none can be, none where one must */
	assert_refused(AGENT_GUEST, "\xf9\xff\0\0\x44\0\1\0", 8);
	assert_refused(AGENT_GUEST, "\0\0\0\0\x63\0\0\0", 8);
	assert_refused(AGENT_GUEST, "\0\0\0\0\7\0\1\0", 8);
	assert_refused(AGENT_HOST, "\0\0\0\0\x41\0\0\0", 8);
	assert_refused(AGENT_HOST, "\0\0\0\0\6\0\1\0", 8);
	assert_refused(AGENT_HOST, "\0\0\0\0\5\0\0\0", 8);
	assert_refused(AGENT_HOST, "\0\0\0\0\5\0\x11\0", 8);
	/* a payload too short, one too long */
	assert_refused(AGENT_HOST, "\7\0\0\0\2\0\0\0" "1234567", 15);
	assert_refused(AGENT_HOST, "\x9\0\0\0\2\0\0\0" "123456789", 17);
	/* a NUL in a workload, a report each millisecond, a counter that nobody has */
	assert_refused(AGENT_HOST, "\6\0\0\0\3\0\1\0" "\x64\0\0\0\0x", 14);
	assert_refused(AGENT_HOST, "\5\0\0\0\3\0\1\0" "\1\0\0\0x", 13);
	assert_refused(AGENT_GUEST, "\x10\0\0\0\x48\0\0\0" "12345678\0\0\0\0\0\0\0\x80", 24);
}

static void buckets_out_of_order_or_empty_are_refused(void **state)
{
	struct agent_message message = { .kind = AGENT_REPORT, .job = 1, .progress = {
		.bucket_count = 2, .buckets = { { 5, 1 }, { 6, 1 } } } };
	size_t size = encode(&message), first = size - 12, second = size - 6;
	unsigned char kept = frame[second];

	frame[second] = 5;
	assert_int_equal(agent_message_encode(&message, (unsigned char[8]){ 0 }, 8), -EMSGSIZE);
	{
		static unsigned char bytes[AGENT_FRAME_MAX];

		memcpy(bytes, frame, size);
		assert_refused(AGENT_GUEST, bytes, size);
		bytes[second] = kept;
		bytes[first + 2] = 0;
		assert_refused(AGENT_GUEST, bytes, size);
		bytes[first + 2] = 1;
		bytes[second + 1] = 4;
		assert_refused(AGENT_GUEST, bytes, size);
	}
}

static void what_the_wire_cannot_say_is_not_encoded(void **state)
{
	static char text[AGENT_TEXT_MAX + 1];
	struct agent_message message = { .kind = AGENT_PREPARE, .job = 1, .prepare = { 100 } };

	memset(text, 'x', sizeof text);
	message.prepare.workload = (struct agent_text){ text, sizeof text };
	assert_int_equal(agent_message_encode(&message, frame, sizeof frame), -EMSGSIZE);
	message.prepare.workload = (struct agent_text)TEXT("two\nlines");
	assert_int_equal(agent_message_encode(&message, frame, sizeof frame), -EMSGSIZE);
	message = (struct agent_message){ .kind = AGENT_START, .job = AGENT_JOB_MAX + 1 };
	assert_int_equal(agent_message_encode(&message, frame, sizeof frame), -EMSGSIZE);
}

/* The bytes of doc/format/agent-wire.md's example. */
static void the_bytes_are_those_of_the_document(void **state)
{
	static const struct agent_message stop = { .kind = AGENT_STOP, .job = 2 };
	static const struct agent_message pong = { .kind = AGENT_PONG, .pong = { 7, 1000000000 } };

	assert_int_equal(encode(&stop), 8);
	assert_memory_equal(frame, "\0\0\0\0\5\0\2\0", 8);
	assert_int_equal(encode(&pong), 24);
	assert_memory_equal(frame, "\x10\0\0\0\x42\0\0\0\7\0\0\0\0\0\0\0\0\xca\x9a\x3b\0\0\0\0", 24);
	assert_int_equal(encode(&host_hello), 28);
	assert_memory_equal(frame, "\x14\0\0\0\1\0\0\0\x7ftruce\r\n\1\0\0\0\5\0\0\0\0\0\0\0", 28);
}

static void counters_have_names(void **state)
{
	assert_string_equal(agent_counter_name(AGENT_COUNTER_cpu_steal_nsec), "cpu_steal_nsec");
	assert_null(agent_counter_name(AGENT_COUNTER_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_greeting_carries_what_the_guest_is),
		cmocka_unit_test(what_the_host_says_arrives),
		cmocka_unit_test(progress_arrives_with_its_buckets_and_results),
		cmocka_unit_test(a_full_histogram_and_the_longest_text_fit_a_frame),
		cmocka_unit_test(a_counter_that_is_absent_stays_absent),
		cmocka_unit_test(a_frame_in_single_bytes_is_the_same_frame),
		cmocka_unit_test(noise_before_the_greeting_is_skipped),
		cmocka_unit_test(a_greeting_changed_by_a_line_that_is_not_raw_greets_nobody),
		cmocka_unit_test(a_later_versions_longer_greeting_is_understood),
		cmocka_unit_test(after_a_refusal_a_new_greeting_begins_again),
		cmocka_unit_test(what_a_side_never_sends_is_refused),
		cmocka_unit_test(buckets_out_of_order_or_empty_are_refused),
		cmocka_unit_test(what_the_wire_cannot_say_is_not_encoded),
		cmocka_unit_test(the_bytes_are_those_of_the_document),
		cmocka_unit_test(counters_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
