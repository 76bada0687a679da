/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/net_wire.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

bool net_datagram_take(const char *bytes, size_t size, struct datagram *ret_head)
{
	struct datagram head;

	if (size < sizeof head)
		return false;
	memcpy(&head, bytes, sizeof head);
	if (le16toh(head.magic) != NET_MAGIC)
		return false;
	*ret_head = head;
	return true;
}

bool net_is_request(const struct datagram *head)
{
	uint32_t size = le32toh(head->size), response = le32toh(head->response);

	return le16toh(head->magic) == NET_MAGIC && le16toh(head->kind) == DATAGRAM_REQUEST &&
	       size >= sizeof *head && size <= NET_MESSAGE_MOST && response >= sizeof *head &&
	       response <= NET_MESSAGE_MOST;
}

static void take(struct net_request *request, const char **at, size_t *size, size_t wanted)
{
	size_t part = wanted < *size ? wanted : *size;

	if (request->got < sizeof request->head)
		memcpy((char *)&request->head + request->got, *at, part);
	request->got += (uint32_t)part;
	*at += part;
	*size -= part;
}

int net_request_add(struct net_request *request, const char **at, size_t *size)
{
	if (request->got < sizeof request->head)
		take(request, at, size, sizeof request->head - request->got);
	if (request->got < sizeof request->head)
		return 0;
	if (!net_is_request(&request->head))
		return -EBADMSG;
	take(request, at, size, le32toh(request->head.size) - request->got);
	if (request->got < le32toh(request->head.size))
		return 0;
	request->got = 0;
	return 1;
}

bool net_stream_is_right(const char *bytes, size_t size, uint64_t offset)
{
	uint64_t at = (STREAM_STEP - offset % STREAM_STEP) % STREAM_STEP;
	uint64_t word, wrong = 0;

	for (; at + sizeof word <= size; at += STREAM_STEP) {
		memcpy(&word, bytes + at, sizeof word);
		wrong |= le64toh(word) ^ stream_word(offset + at);
	}
	return wrong == 0;
}
