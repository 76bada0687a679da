/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Anybody who sends anything at all, to the host (first byte even) or to the agent (odd): the
 * reader never reads outside and stays refused; what it took is encoded, and taken again, as the
 * same. The second byte says in what portions the rest arrives. */
#include "agent_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct agent_message message, again;

static void check_round_trip(enum agent_side from)
{
	static unsigned char bytes[AGENT_FRAME_MAX], twice[AGENT_FRAME_MAX];
	static struct agent_reader reader;
	int length = agent_message_encode(&message, bytes, sizeof bytes);
	size_t space;

	if (length < 0)
		abort();
	agent_reader_init(&reader, from);
	reader.greeted = true;
	memcpy(agent_reader_space(&reader, &space), bytes, (size_t)length);
	agent_reader_filled(&reader, (size_t)length);
	if (agent_reader_next(&reader, &again) != 1 || agent_reader_in_frame(&reader))
		abort();
	if (agent_message_encode(&again, twice, sizeof twice) != length ||
	    memcmp(bytes, twice, (size_t)length) != 0)
		abort();
}

static void read_messages(struct agent_reader *reader)
{
	int found;

	while ((found = agent_reader_next(reader, &message)) == 1)
		check_round_trip(reader->from);
	if (found == 0)
		return;
	if (agent_reader_next(reader, &message) >= 0)
		abort();
	agent_reader_resync(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct agent_reader reader;
	size_t at = 2;

	if (size < 2)
		return 0;
	agent_reader_init(&reader, data[0] & 1 ? AGENT_HOST : AGENT_GUEST);
	while (at < size) {
		size_t space, some = (size_t)data[1] + 1;
		unsigned char *to = agent_reader_space(&reader, &space);

		some = some < size - at ? some : size - at;
		some = some < space ? some : space;
		memcpy(to, data + at, some);
		agent_reader_filled(&reader, some);
		at += some;
		read_messages(&reader);
	}
	return 0;
}
