/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each thread asks, waits for the answer, and asks again. */
#include "work/kinds.h"
#include "work/net.h"
#include "work/setting.h"

#include "base/error.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct request_settings {
	struct common_settings common;
	const char *to;
	uint64_t port, protocol, request, response, timeout_nsec;
};

struct asker {
	int fd;
	char *bytes;
	struct datagram head;
};

static int request_check(const void *pointer, struct error *err)
{
	const struct request_settings *settings = pointer;

	if (settings->protocol == NET_UDP &&
	    (settings->request > DATAGRAM_MOST || settings->response > DATAGRAM_MOST))
		return error_set(err, -EINVAL, "a datagram has at most %u bytes", DATAGRAM_MOST);
	return net_address_check(settings->to, err);
}

static int request_lane_prepare(struct lane *lane, struct error *err)
{
	const struct request_settings *settings = lane->settings;
	struct asker *asker = calloc(1, sizeof *asker);

	lane->own = asker;
	if (asker != NULL)
		asker->bytes = calloc(1, settings->request > settings->response ? settings->request :
										  settings->response);
	if (asker == NULL || asker->bytes == NULL)
		return error_errno(err, -ENOMEM, "memory");
	asker->head = (struct datagram){
		.magic = htole16(NET_MAGIC),
		.kind = htole16(DATAGRAM_REQUEST),
		.size = htole32((uint32_t)settings->request),
		.response = htole32((uint32_t)settings->response),
		.session = net_session(),
	};
	return net_connect(lane, settings->to, settings->port, settings->protocol, &asker->fd, err);
}

static bool is_answer(const struct asker *asker, uint64_t sequence)
{
	struct datagram head;

	memcpy(&head, asker->bytes, sizeof head);
	return le16toh(head.magic) == NET_MAGIC && le16toh(head.kind) == DATAGRAM_RESPONSE &&
	       head.session == asker->head.session && le64toh(head.sequence) == sequence;
}

/* An answer to an earlier request, which was given up, is passed over. -ETIMEDOUT: none came. */
static int await_datagram(struct lane *lane, struct asker *asker, uint64_t sequence)
{
	const struct request_settings *settings = lane->settings;
	uint64_t end_nsec = lane_now_nsec() + settings->timeout_nsec;
	ssize_t size;

	for (;;) {
		uint64_t now_nsec = lane_now_nsec();

		if (!lane_goes_on(lane))
			return -EINTR;
		if (now_nsec >= end_nsec)
			return -ETIMEDOUT;
		if (!net_wait_readable(lane, asker->fd, end_nsec - now_nsec))
			continue;
		size = recv(asker->fd, asker->bytes, settings->response, MSG_DONTWAIT);
		if (size < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (size == (ssize_t)settings->response && is_answer(asker, sequence))
			return 0;
	}
}

static int ask(struct lane *lane, struct asker *asker, uint64_t sequence)
{
	const struct request_settings *settings = lane->settings;
	int code;

	asker->head.sequence = htole64(sequence);
	memcpy(asker->bytes, &asker->head, sizeof asker->head);
	code = net_send_all(lane, asker->fd, asker->bytes, settings->request);
	if (code < 0)
		return code;
	if (settings->protocol == NET_UDP)
		return await_datagram(lane, asker, sequence);
	code = net_receive_all(lane, asker->fd, asker->bytes, settings->response);
	return code < 0 ? code : is_answer(asker, sequence) ? 0 : -EBADMSG;
}

static int request_run(struct lane *lane, struct error *err)
{
	const struct request_settings *settings = lane->settings;
	struct asker *asker = lane->own;
	uint64_t sequence;

	for (sequence = 0; lane_goes_on(lane); sequence++) {
		uint64_t begin_nsec = lane_now_nsec();
		int code = ask(lane, asker, sequence);

		if (code == 0) {
			lane_time(lane, lane_now_nsec() - begin_nsec);
			lane_count(lane, 1, settings->request + settings->response);
		} else if (code == -ETIMEDOUT) {
			lane_lost(lane, 1);
		} else if (settings->protocol == NET_UDP && code == -ECONNREFUSED) {
			lane_error(lane);
		} else if (code != -EINTR && !net_is_ending(lane, code)) {
			return error_errno(err, code, "%s port %llu", settings->to,
					   (unsigned long long)settings->port);
		}
	}
	return 0;
}

static const struct workload_actions actions = {
	.check = request_check,
	.lane_prepare = request_lane_prepare,
	.run = request_run,
};

static const struct parameter parameters[] = {
	PARAMETER_STRING(struct request_settings, to, "to", NULL, "the responder's address"),
	PARAMETER_NUMBER(struct request_settings, port, "port", PARAMETER_COUNT, NET_PORT, 1, 65535,
			 "the responder's port"),
	PARAMETER_ONE_OF(struct request_settings, protocol, "protocol", "tcp", net_protocols,
			 "tcp or udp"),
	PARAMETER_NUMBER(struct request_settings, request, "request", PARAMETER_SIZE, "64",
			 sizeof(struct datagram), 64u << 10, "bytes of a request"),
	PARAMETER_NUMBER(struct request_settings, response, "response", PARAMETER_SIZE, "64",
			 sizeof(struct datagram), 64u << 10, "bytes of a response"),
	PARAMETER_NUMBER(struct request_settings, timeout_nsec, "timeout", PARAMETER_TIME, "200ms",
			 1000000, 60000000000, "of udp: after so long without an answer it is lost"),
	PARAMETERS_END,
};

const struct workload net_request_workload = {
	.name = "net-request",
	.summary = "asks a net-respond and waits for its answer, by TCP or UDP",
	.operation = "one request answered",
	.times = true,
	.parameters = parameters,
	.settings_size = sizeof(struct request_settings),
	.actions = &actions,
};
