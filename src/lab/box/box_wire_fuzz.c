/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A box that sends anything at all: the reader never reads outside, and never goes on after
 * it refused. The first byte says in what portions the rest arrives. */
#include "lab/box/box_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t checksum;

static void read_frames(struct box_reader *reader)
{
	struct box_frame frame;
	int result;

	while ((result = box_reader_next(reader, &frame)) == 1)
		for (size_t i = 0; i < frame.size; i++)
			checksum += frame.payload[i];
	if (result < 0 && box_reader_next(reader, &frame) >= 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct box_reader reader;
	size_t portion = size > 0 ? (size_t)data[0] + 1 : 1;
	size_t at = 1;

	box_reader_init(&reader);
	while (at < size) {
		size_t space, some = size - at < portion ? size - at : portion;
		unsigned char *to = box_reader_space(&reader, &space);

		some = some < space ? some : space;
		if (some == 0)
			break;
		memcpy(to, data + at, some);
		box_reader_filled(&reader, some);
		at += some;
		read_frames(&reader);
	}
	return 0;
}
