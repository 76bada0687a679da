/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One thread takes all connections and sessions; loss is counted here, where it shows. */
#include "work/kinds.h"
#include "work/losses.h"
#include "work/net.h"
#include "work/setting.h"

#include "base/cleanup.h"
#include "base/error.h"

#include <endian.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/epoll.h>

#define PEERS_MOST 256u
#define BUFFER_BYTES (256u << 10)
#define BATCH 32u
#define WAIT_NSEC 100000000ull
#define STREAM_BLOCK (64u << 10)

struct receive_settings {
	struct common_settings common;
	const char *address;
	uint64_t port, protocol;
};

struct connection {
	int fd; /* -1: none */
	uint64_t offset;
};

struct session {
	uint64_t id;
	uint64_t told; /* of its losses, already counted */
	struct losses losses;
};

struct receiver {
	int fd, epoll_fd;
	char *buffer;
	uint64_t stream_bytes; /* not yet a whole block */
	struct connection connections[PEERS_MOST];
	struct session sessions[PEERS_MOST];
	size_t session_count;
	uint64_t refused; /* one peer too many, or not one of ours */
};

static int receive_check(const void *pointer, struct error *err)
{
	const struct receive_settings *settings = pointer;

	return net_address_check(settings->address, err);
}

static int receive_prepare(struct job *job, struct error *err)
{
	const struct receive_settings *settings = job->settings;
	struct receiver *receiver = calloc(1, sizeof *receiver);
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = PEERS_MOST };
	unsigned i;
	int code;

	job->own = receiver;
	if (receiver != NULL)
		receiver->buffer = malloc((size_t)BATCH * DATAGRAM_MOST + BUFFER_BYTES);
	if (receiver == NULL || receiver->buffer == NULL)
		return error_errno(err, -ENOMEM, "memory");
	for (i = 0; i < PEERS_MOST; i++)
		receiver->connections[i].fd = -1;
	code = net_listen(settings->address, settings->port, settings->protocol, &receiver->fd, err);
	if (code < 0)
		return code;
	receiver->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (receiver->epoll_fd < 0 ||
	    epoll_ctl(receiver->epoll_fd, EPOLL_CTL_ADD, receiver->fd, &event) < 0)
		return error_errno(err, -errno, "epoll");
	return 0;
}

static void connection_take(struct lane *lane, struct receiver *receiver)
{
	int fd = accept4(receiver->fd, NULL, NULL, SOCK_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };
	unsigned i;

	if (fd < 0)
		return;
	for (i = 0; i < PEERS_MOST && receiver->connections[i].fd >= 0; i++)
		;
	event.data.u32 = i;
	if (i == PEERS_MOST || epoll_ctl(receiver->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		receiver->refused++;
		close(fd);
		return;
	}
	receiver->connections[i] = (struct connection){ .fd = fd };
}

static void connection_read(struct lane *lane, struct receiver *receiver, struct connection *connection)
{
	ssize_t size = recv(connection->fd, receiver->buffer, BUFFER_BYTES, MSG_DONTWAIT);

	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (size <= 0) {
		close(connection->fd);
		connection->fd = -1;
		return;
	}
	if (!net_stream_is_right(receiver->buffer, (size_t)size, connection->offset))
		lane_error(lane);
	connection->offset += (uint64_t)size;
	receiver->stream_bytes += (uint64_t)size;
	lane_count(lane, receiver->stream_bytes / STREAM_BLOCK, (uint64_t)size);
	receiver->stream_bytes %= STREAM_BLOCK;
}

static int run_streams(struct lane *lane, struct error *err)
{
	struct receiver *receiver = lane->job->own;
	struct epoll_event events[BATCH];
	int i, count;

	while (lane_goes_on(lane)) {
		count = epoll_wait(receiver->epoll_fd, events, BATCH, WAIT_NSEC / 1000000);
		for (i = 0; i < count && lane_goes_on(lane); i++) {
			if (events[i].data.u32 == PEERS_MOST)
				connection_take(lane, receiver);
			else
				connection_read(lane, receiver,
						&receiver->connections[events[i].data.u32]);
		}
	}
	return 0;
}

static struct session *session_of(struct receiver *receiver, uint64_t id)
{
	size_t i;

	for (i = 0; i < receiver->session_count; i++)
		if (receiver->sessions[i].id == id)
			return &receiver->sessions[i];
	if (i == PEERS_MOST)
		return NULL;
	receiver->sessions[i].id = id;
	receiver->session_count++;
	return &receiver->sessions[i];
}

static void tell_losses(struct lane *lane, struct session *session)
{
	lane_lost(lane, session->losses.lost - session->told);
	session->told = session->losses.lost;
}

static void datagram_take(struct lane *lane, struct receiver *receiver, const char *bytes, size_t size)
{
	struct datagram head;
	struct session *session = NULL;

	if (net_datagram_take(bytes, size, &head))
		session = session_of(receiver, head.session);
	if (session == NULL) {
		receiver->refused++;
		return;
	}
	if (le16toh(head.kind) == DATAGRAM_END)
		losses_end(&session->losses, le64toh(head.sequence));
	else if (losses_take(&session->losses, le64toh(head.sequence)))
		lane_count(lane, 1, size);
	tell_losses(lane, session);
}

static int run_datagrams(struct lane *lane, struct error *err)
{
	struct receiver *receiver = lane->job->own;
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	int i, count;

	memset(messages, 0, sizeof messages);
	for (i = 0; i < (int)BATCH; i++) {
		parts[i] = (struct iovec){ receiver->buffer + (size_t)i * DATAGRAM_MOST, DATAGRAM_MOST };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	while (lane_goes_on(lane)) {
		if (!net_wait_readable(lane, receiver->fd, WAIT_NSEC))
			continue;
		count = recvmmsg(receiver->fd, messages, BATCH, MSG_DONTWAIT, NULL);
		for (i = 0; i < count; i++)
			datagram_take(lane, receiver, parts[i].iov_base, messages[i].msg_len);
	}
	for (i = 0; i < (int)receiver->session_count; i++) {
		losses_settle(&receiver->sessions[i].losses);
		tell_losses(lane, &receiver->sessions[i]);
	}
	return 0;
}

static int receive_run(struct lane *lane, struct error *err)
{
	const struct receive_settings *settings = lane->settings;

	return settings->protocol == NET_TCP ? run_streams(lane, err) : run_datagrams(lane, err);
}

/* What the kernel threw away because we did not read fast enough: part of what was lost. */
static double dropped_here(int fd)
{
	uint32_t information[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof information;

	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, information, &size);
	return information[SK_MEMINFO_DROPS];
}

static int receive_finish(struct job *job, struct error *err)
{
	const struct receive_settings *settings = job->settings;
	const struct receiver *receiver = job->own;
	uint64_t again = 0, late = 0;
	size_t i;

	job_result(job, "strangers", (double)receiver->refused);
	if (settings->protocol == NET_TCP)
		return 0;
	for (i = 0; i < receiver->session_count; i++) {
		again += receiver->sessions[i].losses.again;
		late += receiver->sessions[i].losses.late;
	}
	job_result(job, "twice", (double)again);
	job_result(job, "too_late", (double)late);
	job_result(job, "dropped_here", dropped_here(receiver->fd));
	return 0;
}

static const struct workload_actions actions = {
	.check = receive_check,
	.prepare = receive_prepare,
	.run = receive_run,
	.finish = receive_finish,
};

static const struct parameter parameters[] = {
	PARAMETER_STRING(struct receive_settings, address, "address", "",
			 "where it listens; empty: everywhere"),
	PARAMETER_NUMBER(struct receive_settings, port, "port", PARAMETER_COUNT, NET_PORT, 1, 65535,
			 "its port"),
	PARAMETER_ONE_OF(struct receive_settings, protocol, "protocol", "tcp", net_protocols,
			 "tcp or udp"),
	PARAMETERS_END,
};

const struct workload net_receive_workload = {
	.name = "net-receive",
	.summary = "receives what net-send sends, and counts what was lost",
	.operation = "one datagram received for the first time; of TCP, 64K received",
	.notes = "A datagram is lost when 4096 later ones have come without it, or at the end. "
		 "dropped_here of them reached this machine, which was too slow to take them. Of a "
		 "stream, words that are not in their place are errors.",
	.moves_bytes = true,
	.one_thread = true,
	.parameters = parameters,
	.settings_size = sizeof(struct receive_settings),
	.actions = &actions,
};
