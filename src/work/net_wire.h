/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the network workloads say to each other: doc/format/workloads.md has the bytes. Whatever
 * comes is a stranger's: sizes in it are bounded before anybody believes them.
 */
#ifndef WORK_NET_WIRE_H
#define WORK_NET_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_MAGIC 0x6b77u
#define DATAGRAM_MOST 65507u
#define NET_MESSAGE_MOST (64u << 10)
#define STREAM_STEP 4096u /* each so many bytes of a stream stands a word that tells its place */

enum datagram_kind { DATAGRAM_DATA = 1, DATAGRAM_END, DATAGRAM_REQUEST, DATAGRAM_RESPONSE };

/* Begins each datagram, and each request and response of a stream; all of it little-endian. */
struct datagram {
	uint16_t magic, kind;
	uint32_t size;     /* REQUEST: of itself */
	uint32_t response; /* REQUEST: of the answer, in bytes */
	uint32_t zero;
	uint64_t session;  /* one sender's, drawn by it */
	uint64_t sequence; /* END: how many there were */
};

/* False where it is too short, or not one of ours. */
bool net_datagram_take(const char *bytes, size_t size, struct datagram *ret_head);
/* With sizes that are possible. */
bool net_is_request(const struct datagram *head);

/* A request that comes in pieces, one after the other in a stream. */
struct net_request {
	struct datagram head;
	uint32_t got; /* bytes of it; 0 where the next one begins */
};

/* Takes from the piece what belongs to this request, and moves *at and *size behind that. 1: it is
 * whole; 0: more is to come; -EBADMSG: it is not one of ours. */
int net_request_add(struct net_request *request, const char **at, size_t *size);

static inline uint64_t stream_word(uint64_t offset)
{
	return (offset + 1) * 0x9e3779b97f4a7c15ull;
}
/* The words that tell their place, where they are whole in this piece of the stream. */
bool net_stream_is_right(const char *bytes, size_t size, uint64_t offset);

#endif
