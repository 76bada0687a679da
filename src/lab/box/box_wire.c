/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/box/box_wire.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

void box_number_put(unsigned char bytes[4], uint32_t number)
{
	uint32_t little = htole32(number);

	memcpy(bytes, &little, sizeof little);
}

static uint32_t number_get(const unsigned char *bytes)
{
	uint32_t little;

	memcpy(&little, bytes, sizeof little);
	return le32toh(little);
}

void box_frame_put_header(unsigned char header[BOX_FRAME_HEADER], enum box_frame_kind kind,
			  size_t size)
{
	box_number_put(header, (uint32_t)size);
	box_number_put(header + 4, (uint32_t)kind);
}

bool box_frame_number(const struct box_frame *frame, uint32_t *ret_number)
{
	if (frame->size != 4)
		return false;
	*ret_number = number_get(frame->payload);
	return true;
}

void box_reader_init(struct box_reader *reader)
{
	reader->start = 0;
	reader->filled = 0;
	reader->greeted = reader->ended = reader->refused = false;
}

unsigned char *box_reader_space(struct box_reader *reader, size_t *ret_size)
{
	memmove(reader->bytes, reader->bytes + reader->start, reader->filled - reader->start);
	reader->filled -= reader->start;
	reader->start = 0;
	*ret_size = sizeof reader->bytes - reader->filled;
	return reader->bytes + reader->filled;
}

void box_reader_filled(struct box_reader *reader, size_t size)
{
	reader->filled += size;
}

/* HELLO comes first and once, the others after it, and nothing after the end. */
static bool frame_in_order(const struct box_reader *reader, uint32_t kind, uint32_t size)
{
	if (size > BOX_FRAME_MAX || reader->ended)
		return false;
	switch (kind) {
	case BOX_FRAME_HELLO:
		return !reader->greeted && size == 4;
	case BOX_FRAME_EXIT:
		return reader->greeted && size == 4;
	case BOX_FRAME_ALIVE:
		return reader->greeted && size == 0;
	case BOX_FRAME_STDOUT:
	case BOX_FRAME_STDERR:
	case BOX_FRAME_FAILURE:
		return reader->greeted;
	default:
		return false;
	}
}

int box_reader_next(struct box_reader *reader, struct box_frame *ret_frame)
{
	const unsigned char *frame = reader->bytes + reader->start;
	size_t left = reader->filled - reader->start;
	uint32_t size, kind;

	if (reader->refused)
		return -EBADMSG;
	if (left < BOX_FRAME_HEADER)
		return 0;
	size = number_get(frame);
	kind = number_get(frame + 4);
	if (!frame_in_order(reader, kind, size)) {
		reader->refused = true;
		return -EBADMSG;
	}
	if (left < BOX_FRAME_HEADER + (size_t)size)
		return 0;
	reader->start += BOX_FRAME_HEADER + (size_t)size;
	reader->greeted = true;
	reader->ended = kind == BOX_FRAME_EXIT || kind == BOX_FRAME_FAILURE;
	*ret_frame = (struct box_frame){ kind, frame + BOX_FRAME_HEADER, size };
	return 1;
}
