/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes from the network: as one datagram, as a piece of a stream of data, and as a stream
 * of requests that comes whole or, which must make no difference, in pieces. */
#include "work/losses.h"
#include "work/net_wire.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How many requests there were; -1: one that was not ours. */
static int requests(const char *bytes, size_t size, size_t piece)
{
	struct net_request request = { 0 };
	int count = 0;

	while (size > 0) {
		const char *at = bytes;
		size_t part = piece < size ? piece : size, left = part;
		int code;

		while (left > 0 && (code = net_request_add(&request, &at, &left)) != 0) {
			if (code < 0)
				return -1;
			if (request.got != 0 || !net_is_request(&request.head))
				abort();
			count++;
		}
		if (left != 0 || at != bytes + part)
			abort();
		bytes += part;
		size -= part;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	static struct losses losses;
	struct datagram head;
	int whole = requests(bytes, size, size > 0 ? size : 1);

	if (requests(bytes, size, 1) != whole || requests(bytes, size, 7) != whole)
		abort();
	if (!net_stream_is_right(bytes, 0, 12345) && size > 0)
		abort();
	net_stream_is_right(bytes, size, size > 0 ? data[0] * 31u : 0);
	for (; net_datagram_take(bytes, size, &head); bytes += sizeof head, size -= sizeof head) {
		if (le16toh(head.kind) == DATAGRAM_END)
			losses_end(&losses, le64toh(head.sequence));
		else
			losses_take(&losses, le64toh(head.sequence));
		if (losses.base > losses.past)
			abort();
	}
	losses_settle(&losses);
	memset(&losses, 0, sizeof losses);
	return 0;
}
