/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each thread is a connection of its own, or a session of datagrams. */
#include "work/kinds.h"
#include "work/net.h"
#include "work/setting.h"

#include "base/error.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STREAM_BLOCK (64u << 10)
#define DATAGRAM_BLOCK 1400u
#define END_REPEATS 5u

struct send_settings {
	struct common_settings common;
	const char *to;
	uint64_t port, protocol, block, rate;
};

struct sender {
	int fd;
	size_t block;
	char *bytes;
	uint64_t offset; /* in the stream */
	struct datagram head;
	uint64_t sequence;
};

static size_t block_of(const struct send_settings *settings)
{
	if (settings->block != 0)
		return settings->block;
	return settings->protocol == NET_TCP ? STREAM_BLOCK : DATAGRAM_BLOCK;
}

static int send_check(const void *pointer, struct error *err)
{
	const struct send_settings *settings = pointer;
	size_t block = block_of(settings);

	if (settings->protocol == NET_TCP && block % STREAM_STEP != 0)
		return error_set(err, -EINVAL, "a stream's block is in whole pieces of %u bytes",
				 STREAM_STEP);
	if (settings->protocol == NET_UDP &&
	    (block < sizeof(struct datagram) || block > DATAGRAM_MOST))
		return error_set(err, -EINVAL, "a datagram has from %zu to %u bytes",
				 sizeof(struct datagram), DATAGRAM_MOST);
	return net_address_check(settings->to, err);
}

static int send_lane_prepare(struct lane *lane, struct error *err)
{
	const struct send_settings *settings = lane->settings;
	struct sender *sender = calloc(1, sizeof *sender);

	lane->own = sender;
	if (sender != NULL) {
		sender->block = block_of(settings);
		sender->bytes = calloc(1, sender->block);
	}
	if (sender == NULL || sender->bytes == NULL)
		return error_errno(err, -ENOMEM, "memory");
	sender->head = (struct datagram){
		.magic = htole16(NET_MAGIC),
		.kind = htole16(DATAGRAM_DATA),
		.session = net_session(),
	};
	return net_connect(lane, settings->to, settings->port, settings->protocol, &sender->fd, err);
}

static int send_block(struct lane *lane, struct sender *sender)
{
	size_t at;
	int code;

	for (at = 0; at < sender->block; at += STREAM_STEP) {
		uint64_t word = htole64(stream_word(sender->offset + at));

		memcpy(sender->bytes + at, &word, sizeof word);
	}
	code = net_send_all(lane, sender->fd, sender->bytes, sender->block);
	if (code == 0)
		sender->offset += sender->block;
	return code;
}

static int send_datagram(struct lane *lane, struct sender *sender)
{
	sender->head.sequence = htole64(sender->sequence);
	memcpy(sender->bytes, &sender->head, sizeof sender->head);
	if (send(sender->fd, sender->bytes, sender->block, 0) < 0)
		return -errno;
	sender->sequence++;
	return 0;
}

/* The receiver is told how many there were: else it could not know of those lost last. */
static void send_end(struct sender *sender)
{
	unsigned i;

	sender->head.kind = htole16(DATAGRAM_END);
	sender->head.sequence = htole64(sender->sequence);
	memcpy(sender->bytes, &sender->head, sizeof sender->head);
	for (i = 0; i < END_REPEATS; i++) {
		if (send(sender->fd, sender->bytes, sizeof sender->head, MSG_DONTWAIT) < 0) {
			/* One of the others may get through. */
		}
	}
}

static int send_next(struct lane *lane, struct sender *sender)
{
	const struct send_settings *settings = lane->settings;

	return settings->protocol == NET_TCP ? send_block(lane, sender) : send_datagram(lane, sender);
}

/* A receiver that is not there (any more) is told of by ICMP: those were errors, and go on. */
static bool is_passing(const struct send_settings *settings, int code)
{
	return settings->protocol == NET_UDP &&
	       (code == -ECONNREFUSED || code == -ENOBUFS || code == -EHOSTUNREACH ||
		code == -ENETUNREACH || code == -EPERM || code == -ENETDOWN);
}

static int send_run(struct lane *lane, struct error *err)
{
	const struct send_settings *settings = lane->settings;
	struct sender *sender = lane->own;
	uint64_t begin_nsec = lane_now_nsec(), bytes = 0;

	while (lane_goes_on(lane)) {
		int code;

		if (settings->rate > 0 &&
		    !lane_sleep_until(lane, begin_nsec + (uint64_t)((__uint128_t)bytes * 1000000000 /
								    settings->rate)))
			break;
		bytes += sender->block;
		code = send_next(lane, sender);
		if (code == 0)
			lane_count(lane, 1, sender->block);
		else if (is_passing(settings, code))
			lane_error(lane);
		else if (code != -EINTR && !net_is_ending(lane, code))
			return error_errno(err, code, "%s port %llu", settings->to,
					   (unsigned long long)settings->port);
	}
	if (settings->protocol == NET_UDP)
		send_end(sender);
	return 0;
}

static const struct workload_actions actions = {
	.check = send_check,
	.lane_prepare = send_lane_prepare,
	.run = send_run,
};

static const struct parameter parameters[] = {
	PARAMETER_STRING(struct send_settings, to, "to", NULL, "the receiver's address"),
	PARAMETER_NUMBER(struct send_settings, port, "port", PARAMETER_COUNT, NET_PORT, 1, 65535,
			 "the receiver's port"),
	PARAMETER_ONE_OF(struct send_settings, protocol, "protocol", "tcp", net_protocols,
			 "tcp or udp"),
	PARAMETER_NUMBER(struct send_settings, block, "block", PARAMETER_SIZE, "0", 0, 16u << 20,
			 "bytes of one operation; 0: 64K for tcp, 1400 for udp"),
	PARAMETER_NUMBER(struct send_settings, rate, "rate", PARAMETER_SIZE, "0", 0, 1ull << 40,
			 "bytes a second of each thread; 0: as fast as it goes"),
	PARAMETERS_END,
};

const struct workload net_send_workload = {
	.name = "net-send",
	.summary = "sends to a net-receive, by TCP or UDP",
	.operation = "one block handed to the kernel",
	.notes = "What arrived, and how much was lost, the receiver counts. It waits up to ten seconds "
		 "until the receiver is there.",
	.moves_bytes = true,
	.parameters = parameters,
	.settings_size = sizeof(struct send_settings),
	.actions = &actions,
};
