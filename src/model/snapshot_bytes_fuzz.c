/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames from anybody. The input is a row of frames, each behind its size in two bytes. A
 * snapshot that comes out must be one that can be written and read again, and say the same.
 */
#include "base/str.h"
#include "model/snapshot_bytes.h"
#include "model/synthetic.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct snapshot *snapshot)
{
	struct snapshot_encoder *encoder = snapshot_encoder_new();
	struct snapshot_decoder *decoder = snapshot_decoder_new();
	const struct snapshot *seen;
	char difference[200];
	struct str bytes;

	str_init(&bytes);
	if (encoder == NULL || decoder == NULL)
		abort();
	if (snapshot_encode(encoder, snapshot, true, &bytes) < 0 ||
	    snapshot_decode(decoder, bytes.data, bytes.length, &seen, NULL) < 0 ||
	    !synthetic_equal(snapshot, seen, difference, sizeof difference))
		abort();
	snapshot_encoder_free(encoder);
	snapshot_decoder_free(decoder);
	str_done(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot_decoder *decoder = snapshot_decoder_new();

	if (decoder == NULL)
		abort();
	while (size >= 2) {
		size_t frame = (size_t)data[0] << 8 | data[1];
		const struct snapshot *snapshot;

		data += 2;
		size -= 2;
		if (frame > size)
			frame = size;
		if (snapshot_decode(decoder, (const char *)data, frame, &snapshot, NULL) == 0)
			check_again(snapshot);
		data += frame;
		size -= frame;
	}
	snapshot_decoder_free(decoder);
	return 0;
}
