/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent_wire.h"

#include <errno.h>
#include <string.h>

/* Begins the payload of a HELLO. A line that is not raw changes one of its bytes, so that nobody
 * is greeted over one. */
static const unsigned char magic[8] = { 0x7f, 't', 'r', 'u', 'c', 'e', '\r', '\n' };

#define HELLO_TEXT_MAX 256
#define HELLO_MAX 1024
#define CPUS_MAX 65536

/* Goes over the bytes of a payload once, to write them or to read them: each kind's layout is
 * said once, by the function that walks it. */
struct walk {
	unsigned char *bytes;
	size_t at, size;
	bool writing, failed;
};

static unsigned char *walk_over(struct walk *walk, size_t size)
{
	unsigned char *here = walk->bytes + walk->at;

	if (walk->failed || walk->size - walk->at < size) {
		walk->failed = true;
		return NULL;
	}
	walk->at += size;
	return here;
}

static void number_put(unsigned char *bytes, size_t size, uint64_t number)
{
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = (unsigned char)(number >> (8 * i));
}

static uint64_t number_get(const unsigned char *bytes, size_t size)
{
	uint64_t number = 0;
	size_t i;

	for (i = 0; i < size; i++)
		number |= (uint64_t)bytes[i] << (8 * i);
	return number;
}

static uint64_t walk_number(struct walk *walk, size_t size, uint64_t number)
{
	unsigned char *bytes = walk_over(walk, size);

	if (bytes == NULL)
		return walk->writing ? number : 0;
	if (!walk->writing)
		return number_get(bytes, size);
	number_put(bytes, size, number);
	return number;
}

static void walk_u64(struct walk *walk, uint64_t *number)
{
	uint64_t found = walk_number(walk, 8, *number);

	if (!walk->writing)
		*number = found;
}

static void walk_u32_within(struct walk *walk, uint32_t *number, uint32_t least, uint32_t most)
{
	uint32_t found = (uint32_t)walk_number(walk, 4, *number);

	if (found < least || found > most)
		walk->failed = true;
	if (!walk->writing)
		*number = found;
}

static void walk_bytes(struct walk *walk, void *bytes, size_t size)
{
	unsigned char *here = walk_over(walk, size);

	if (here != NULL)
		memcpy(walk->writing ? (void *)here : bytes, walk->writing ? bytes : here, size);
}

static bool text_is_plain(const struct agent_text *text, bool lines)
{
	size_t i;

	for (i = 0; i < text->size; i++) {
		unsigned char c = (unsigned char)text->bytes[i];

		if ((c < 0x20 && !(lines && c == '\n')) || c == 0x7f)
			return false;
	}
	return true;
}

static void walk_text(struct walk *walk, struct agent_text *text, size_t size, size_t most,
		      bool lines)
{
	unsigned char *here = size <= most ? walk_over(walk, size) : NULL;

	if (here == NULL) {
		walk->failed = true;
		return;
	}
	if (!walk->writing)
		*text = (struct agent_text){ (const char *)here, size };
	else if (size > 0)
		memcpy(here, text->bytes, size);
	if (!text_is_plain(text, lines))
		walk->failed = true;
}

/* A text with its size, two bytes, before it. */
static void walk_sized_text(struct walk *walk, struct agent_text *text)
{
	size_t size = (size_t)walk_number(walk, 2, text->size);

	walk_text(walk, text, size, HELLO_TEXT_MAX, false);
}

/* A text that is the rest of the payload. */
static void walk_last_text(struct walk *walk, struct agent_text *text, bool lines)
{
	size_t size = walk->writing ? text->size : walk->size - walk->at;

	walk_text(walk, text, size, AGENT_TEXT_MAX, lines);
}

static void walk_magic(struct walk *walk)
{
	unsigned char bytes[sizeof magic];

	memcpy(bytes, magic, sizeof magic);
	walk_bytes(walk, bytes, sizeof bytes);
	if (memcmp(bytes, magic, sizeof magic) != 0)
		walk->failed = true;
}

/* A later version's HELLO may be longer: what is behind the known is not looked at. */
static void walk_skip_rest(struct walk *walk)
{
	if (!walk->writing && !walk->failed)
		walk->at = walk->size;
}

static void walk_host_hello(struct walk *walk, struct agent_message *message)
{
	walk_magic(walk);
	walk_u32_within(walk, &message->host_hello.version, 1, UINT32_MAX);
	walk_u64(walk, &message->host_hello.session);
	walk_skip_rest(walk);
}

static void walk_hello(struct walk *walk, struct agent_hello *hello)
{
	uint32_t flags = walk->writing && hello->first_process;

	walk_magic(walk);
	walk_u32_within(walk, &hello->version, 1, UINT32_MAX);
	walk_u64(walk, &hello->session);
	walk_u64(walk, &hello->nsec);
	walk_u64(walk, &hello->realtime_nsec);
	walk_u64(walk, &hello->memory_bytes);
	walk_u32_within(walk, &hello->cpus, 1, CPUS_MAX);
	walk_u32_within(walk, &flags, 0, UINT32_MAX);
	walk_bytes(walk, hello->boot_id, sizeof hello->boot_id);
	walk_sized_text(walk, &hello->kernel);
	walk_sized_text(walk, &hello->agent);
	walk_skip_rest(walk);
	if (!walk->writing)
		hello->first_process = flags & 1;
}

static void walk_bucket(struct walk *walk, struct agent_bucket *bucket, int previous)
{
	struct agent_bucket found = {
		(uint16_t)walk_number(walk, 2, bucket->index),
		(uint32_t)walk_number(walk, 4, bucket->added),
	};

	if (found.index <= previous || found.index >= AGENT_BUCKET_MAX || found.added == 0)
		walk->failed = true;
	if (!walk->writing)
		*bucket = found;
}

static void walk_progress(struct walk *walk, struct agent_progress *progress, bool done)
{
	size_t count, i;

	walk_u64(walk, &progress->nsec);
	walk_u64(walk, &progress->sequence);
	walk_u64(walk, &progress->operations);
	walk_u64(walk, &progress->bytes);
	walk_u64(walk, &progress->errors);
	walk_u64(walk, &progress->lost);
	count = (size_t)walk_number(walk, 2, progress->bucket_count);
	if (count > AGENT_BUCKET_MAX)
		walk->failed = true;
	if (!walk->writing)
		progress->bucket_count = count;
	for (i = 0; i < count && !walk->failed; i++)
		walk_bucket(walk, &progress->buckets[i],
			    i > 0 ? progress->buckets[i - 1].index : -1);
	if (done)
		walk_last_text(walk, &progress->results, true);
	else if (!walk->writing)
		progress->results = (struct agent_text){ "", 0 };
}

static void walk_counters(struct walk *walk, struct agent_message *message)
{
	unsigned i;

	walk_u64(walk, &message->counters.nsec);
	walk_u64(walk, &message->counters.present);
	if (message->counters.present >> AGENT_COUNTER_COUNT != 0)
		walk->failed = true;
	for (i = 0; i < AGENT_COUNTER_COUNT; i++)
		if (message->counters.present >> i & 1)
			walk_u64(walk, &message->counters.values[i]);
		else if (!walk->writing)
			message->counters.values[i] = 0;
}

static void walk_payload(struct walk *walk, struct agent_message *message)
{
	switch (message->kind) {
	case AGENT_HOST_HELLO:
		walk_host_hello(walk, message);
		break;
	case AGENT_PING:
		walk_u64(walk, &message->ping.cookie);
		break;
	case AGENT_PREPARE:
		walk_u32_within(walk, &message->prepare.report_msec, AGENT_REPORT_MSEC_MIN,
				AGENT_REPORT_MSEC_MAX);
		walk_last_text(walk, &message->prepare.workload, false);
		break;
	case AGENT_START:
		walk_u64(walk, &message->start.nsec);
		break;
	case AGENT_FREEZE:
		walk_u32_within(walk, &message->freeze.limit_msec, 1, AGENT_FREEZE_MSEC_MAX);
		walk_last_text(walk, &message->freeze.path, false);
		break;
	case AGENT_STOP:
	case AGENT_COUNT:
	case AGENT_THAW:
	case AGENT_POWER_OFF:
		break;
	case AGENT_HELLO:
		walk_hello(walk, &message->hello);
		break;
	case AGENT_PONG:
		walk_u64(walk, &message->pong.cookie);
		walk_u64(walk, &message->pong.nsec);
		break;
	case AGENT_PREPARED:
	case AGENT_STARTED:
	case AGENT_FROZEN:
	case AGENT_THAWED:
		walk_u64(walk, &message->moment.nsec);
		break;
	case AGENT_REPORT:
	case AGENT_DONE:
		walk_progress(walk, &message->progress, message->kind == AGENT_DONE);
		break;
	case AGENT_FAILURE:
		walk_last_text(walk, &message->failure.sentence, false);
		break;
	case AGENT_COUNTERS:
		walk_counters(walk, message);
		break;
	default:
		walk->failed = true;
	}
}

static bool kind_is_from(unsigned kind, enum agent_side side)
{
	return side == AGENT_HOST ? kind < AGENT_HELLO : kind >= AGENT_HELLO;
}

static bool job_fits_kind(enum agent_kind kind, unsigned job)
{
	switch (kind) {
	case AGENT_PREPARE:
	case AGENT_START:
	case AGENT_STOP:
	case AGENT_PREPARED:
	case AGENT_STARTED:
	case AGENT_REPORT:
	case AGENT_DONE:
		return job >= 1 && job <= AGENT_JOB_MAX;
	case AGENT_FAILURE:
		return job <= AGENT_JOB_MAX;
	default:
		return job == 0;
	}
}

int agent_message_encode(const struct agent_message *message, unsigned char *bytes, size_t size)
{
	struct walk walk = {
		.bytes = bytes,
		.at = AGENT_FRAME_HEADER,
		.size = size < AGENT_FRAME_MAX ? size : AGENT_FRAME_MAX,
		.writing = true,
	};

	if (size < AGENT_FRAME_HEADER || !job_fits_kind(message->kind, message->job))
		return -EMSGSIZE;
	/* A walk that writes changes nothing of the message. */
	walk_payload(&walk, (struct agent_message *)(uintptr_t)message);
	if (walk.failed)
		return -EMSGSIZE;
	number_put(bytes, 4, walk.at - AGENT_FRAME_HEADER);
	number_put(bytes + 4, 2, (uint64_t)message->kind);
	number_put(bytes + 6, 2, message->job);
	return (int)walk.at;
}

static bool payload_decode(unsigned char *payload, size_t size, struct agent_message *ret)
{
	struct walk walk = { .bytes = payload, .size = size };

	walk_payload(&walk, ret);
	return !walk.failed && walk.at == walk.size;
}

void agent_reader_init(struct agent_reader *reader, enum agent_side from)
{
	reader->start = reader->filled = 0;
	reader->from = from;
	reader->greeted = reader->refused = false;
	reader->skipped_bytes = 0;
}

unsigned char *agent_reader_space(struct agent_reader *reader, size_t *ret_size)
{
	memmove(reader->bytes, reader->bytes + reader->start, reader->filled - reader->start);
	reader->filled -= reader->start;
	reader->start = 0;
	*ret_size = sizeof reader->bytes - reader->filled;
	return reader->bytes + reader->filled;
}

void agent_reader_filled(struct agent_reader *reader, size_t size)
{
	reader->filled += size;
}

bool agent_reader_in_frame(const struct agent_reader *reader)
{
	return reader->greeted && reader->filled > reader->start;
}

static void reader_skip(struct agent_reader *reader, size_t size)
{
	reader->start += size;
	reader->skipped_bytes += size;
}

void agent_reader_resync(struct agent_reader *reader)
{
	reader->greeted = reader->refused = false;
	if (reader->filled > reader->start)
		reader_skip(reader, 1);
}

static enum agent_kind hello_of(enum agent_side side)
{
	return side == AGENT_HOST ? AGENT_HOST_HELLO : AGENT_HELLO;
}

static bool header_is_hello(const struct agent_reader *reader, const unsigned char *header)
{
	return number_get(header, 4) <= HELLO_MAX &&
	       number_get(header + 4, 2) == (uint64_t)hello_of(reader->from) &&
	       number_get(header + 6, 2) == 0;
}

/* Whether a HELLO, or what may become one, stands at the front; what is before it is skipped. */
static bool reader_seek_hello(struct agent_reader *reader)
{
	const size_t wanted = AGENT_FRAME_HEADER + sizeof magic;

	while (reader->filled - reader->start >= wanted) {
		const unsigned char *from = reader->bytes + reader->start + AGENT_FRAME_HEADER;
		const unsigned char *end = reader->bytes + reader->filled;
		const unsigned char *found = memmem(from, (size_t)(end - from), magic,
						    sizeof magic);

		if (found == NULL) {
			reader_skip(reader, reader->filled - reader->start - (wanted - 1));
			return false;
		}
		reader_skip(reader, (size_t)(found - from));
		if (header_is_hello(reader, found - AGENT_FRAME_HEADER))
			return true;
		reader_skip(reader, 1);
	}
	return false;
}

static int reader_next_frame(struct agent_reader *reader, struct agent_message *ret_message)
{
	unsigned char *frame = reader->bytes + reader->start;
	size_t left = reader->filled - reader->start;
	size_t size;

	if (left < AGENT_FRAME_HEADER)
		return 0;
	size = (size_t)number_get(frame, 4);
	ret_message->kind = (enum agent_kind)number_get(frame + 4, 2);
	ret_message->job = (uint16_t)number_get(frame + 6, 2);
	if (size > AGENT_FRAME_MAX - AGENT_FRAME_HEADER ||
	    !kind_is_from(ret_message->kind, reader->from) ||
	    !job_fits_kind(ret_message->kind, ret_message->job))
		return -EBADMSG;
	if (left < AGENT_FRAME_HEADER + size)
		return 0;
	if (!payload_decode(frame + AGENT_FRAME_HEADER, size, ret_message))
		return -EBADMSG;
	reader->start += AGENT_FRAME_HEADER + size;
	return 1;
}

/* What looked like a HELLO and is none is noise as well. */
static int reader_next_hello(struct agent_reader *reader, struct agent_message *ret_message)
{
	int found;

	while (reader_seek_hello(reader)) {
		found = reader_next_frame(reader, ret_message);
		if (found == 0)
			return 0;
		if (found > 0) {
			reader->greeted = true;
			return 1;
		}
		reader_skip(reader, 1);
	}
	return 0;
}

int agent_reader_next(struct agent_reader *reader, struct agent_message *ret_message)
{
	int found;

	if (reader->refused)
		return -EBADMSG;
	if (!reader->greeted)
		return reader_next_hello(reader, ret_message);
	found = reader_next_frame(reader, ret_message);
	reader->refused = found < 0;
	return found;
}

const char *agent_counter_name(enum agent_counter counter)
{
	static const char *const names[AGENT_COUNTER_COUNT] = {
#define X(name, about) #name,
		AGENT_COUNTER_LIST(X)
#undef X
	};

	return (unsigned)counter < AGENT_COUNTER_COUNT ? names[counter] : NULL;
}
