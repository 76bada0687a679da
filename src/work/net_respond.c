/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One thread answers all. What a request says of itself is a stranger's word: it is bounded. */
#include "work/kinds.h"
#include "work/net.h"
#include "work/setting.h"

#include "base/error.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>

#define PEERS_MOST 256u
#define BATCH 32u
#define WAIT_MSEC 100

struct respond_settings {
	struct common_settings common;
	const char *address;
	uint64_t port, protocol;
};

struct peer {
	int fd; /* -1: none */
	struct net_request request;
};

struct responder {
	int fd, epoll_fd;
	char request[NET_MESSAGE_MOST], response[NET_MESSAGE_MOST];
	struct peer peers[PEERS_MOST];
};

static int respond_check(const void *pointer, struct error *err)
{
	const struct respond_settings *settings = pointer;

	return net_address_check(settings->address, err);
}

static int respond_prepare(struct job *job, struct error *err)
{
	const struct respond_settings *settings = job->settings;
	struct responder *responder = calloc(1, sizeof *responder);
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = PEERS_MOST };
	unsigned i;
	int code;

	job->own = responder;
	if (responder == NULL)
		return error_errno(err, -ENOMEM, "memory");
	for (i = 0; i < PEERS_MOST; i++)
		responder->peers[i].fd = -1;
	code = net_listen(settings->address, settings->port, settings->protocol, &responder->fd, err);
	if (code < 0)
		return code;
	responder->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (responder->epoll_fd < 0 ||
	    epoll_ctl(responder->epoll_fd, EPOLL_CTL_ADD, responder->fd, &event) < 0)
		return error_errno(err, -errno, "epoll");
	return 0;
}

/* Leaves the answer in responder->response; its size. */
static size_t answer(struct responder *responder, const struct datagram *request)
{
	struct datagram head = *request;

	head.kind = htole16(DATAGRAM_RESPONSE);
	memcpy(responder->response, &head, sizeof head);
	return le32toh(request->response);
}

static void peer_take(struct responder *responder)
{
	int fd = accept4(responder->fd, NULL, NULL, SOCK_CLOEXEC);
	/* A peer that does not read its answers is not waited for. */
	struct timeval most = { .tv_sec = 1 };
	struct epoll_event event = { .events = EPOLLIN };
	unsigned i;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
	for (i = 0; i < PEERS_MOST && responder->peers[i].fd >= 0; i++)
		;
	event.data.u32 = i;
	if (i == PEERS_MOST || epoll_ctl(responder->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		close(fd);
	else
		responder->peers[i] = (struct peer){ .fd = fd };
}

/* -EBADMSG: not one of ours. */
static int peer_serve(struct lane *lane, struct responder *responder, struct peer *peer)
{
	ssize_t received = recv(peer->fd, responder->request, NET_MESSAGE_MOST, MSG_DONTWAIT);
	const char *at = responder->request;
	size_t size = received > 0 ? (size_t)received : 0;
	int code = 0;

	if (received < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (received <= 0)
		return -ECONNRESET;
	while (size > 0 && code == 0) {
		const struct datagram *head = &peer->request.head;

		code = net_request_add(&peer->request, &at, &size);
		if (code <= 0)
			continue;
		code = net_send_all(lane, peer->fd, responder->response, answer(responder, head));
		if (code == 0)
			lane_count(lane, 1, le32toh(head->size) + le32toh(head->response));
	}
	return code;
}

static int run_streams(struct lane *lane)
{
	struct responder *responder = lane->job->own;
	struct epoll_event events[BATCH];
	int i, count;

	while (lane_goes_on(lane)) {
		count = epoll_wait(responder->epoll_fd, events, BATCH, WAIT_MSEC);
		for (i = 0; i < count; i++) {
			struct peer *peer = &responder->peers[events[i].data.u32 % PEERS_MOST];

			if (events[i].data.u32 == PEERS_MOST) {
				peer_take(responder);
			} else if (peer_serve(lane, responder, peer) < 0) {
				close(peer->fd);
				peer->fd = -1;
			}
		}
	}
	return 0;
}

static int run_datagrams(struct lane *lane)
{
	struct responder *responder = lane->job->own;
	struct sockaddr_storage from;
	struct datagram head;

	while (lane_goes_on(lane)) {
		socklen_t from_size = sizeof from;
		ssize_t size = recvfrom(responder->fd, responder->request, NET_MESSAGE_MOST, 0,
					(struct sockaddr *)&from, &from_size);

		if (size < 0 || !net_datagram_take(responder->request, (size_t)size, &head) ||
		    !net_is_request(&head) || le32toh(head.size) != (uint32_t)size)
			continue;
		if (sendto(responder->fd, responder->response, answer(responder, &head), 0,
			   (struct sockaddr *)&from, from_size) < 0)
			lane_error(lane);
		else
			lane_count(lane, 1, (uint64_t)size + le32toh(head.response));
	}
	return 0;
}

static int respond_run(struct lane *lane, struct error *err)
{
	const struct respond_settings *settings = lane->settings;

	return settings->protocol == NET_TCP ? run_streams(lane) : run_datagrams(lane);
}

static const struct workload_actions actions = {
	.check = respond_check,
	.prepare = respond_prepare,
	.run = respond_run,
};

static const struct parameter parameters[] = {
	PARAMETER_STRING(struct respond_settings, address, "address", "",
			 "where it listens; empty: everywhere"),
	PARAMETER_NUMBER(struct respond_settings, port, "port", PARAMETER_COUNT, NET_PORT, 1, 65535,
			 "its port"),
	PARAMETER_ONE_OF(struct respond_settings, protocol, "protocol", "tcp", net_protocols,
			 "tcp or udp"),
	PARAMETERS_END,
};

const struct workload net_respond_workload = {
	.name = "net-respond",
	.summary = "answers what net-request asks",
	.operation = "one request answered",
	.one_thread = true,
	.parameters = parameters,
	.settings_size = sizeof(struct respond_settings),
	.actions = &actions,
};
