/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "work/net.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define ENDING_NSEC 5000000000ull
#define RETRY_NSEC 20000000ull

const char *const net_protocols[] = { "tcp", "udp", NULL };

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static bool address_parse(const char *text, uint64_t port, union address *address, socklen_t *size)
{
	*address = (union address){ 0 };
	if (*text == '\0')
		text = "::";
	if (inet_pton(AF_INET, text, &address->four.sin_addr) == 1) {
		address->four.sin_family = AF_INET;
		address->four.sin_port = htons((uint16_t)port);
		*size = sizeof address->four;
		return true;
	}
	address->six.sin6_family = AF_INET6;
	address->six.sin6_port = htons((uint16_t)port);
	*size = sizeof address->six;
	return inet_pton(AF_INET6, text, &address->six.sin6_addr) == 1;
}

int net_address_check(const char *text, struct error *err)
{
	union address address;
	socklen_t size;

	if (address_parse(text, 1, &address, &size))
		return 0;
	return error_set(err, -EINVAL, "\"%.60s\" is no address such as 10.0.0.1 or fd00::1", text);
}

uint64_t net_session(void)
{
	uint64_t session;

	/* Before the kernel has randomness the time is unlike enough. */
	if (getrandom(&session, sizeof session, GRND_NONBLOCK) != sizeof session)
		session = lane_now_nsec();
	return session;
}

static int socket_make(const union address *address, enum net_protocol protocol, struct error *err)
{
	int fd = socket(address->any.sa_family,
			(protocol == NET_TCP ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return error_errno(err, -errno, "a socket");
	if (protocol == NET_TCP)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

int net_listen(const char *text, uint64_t port, enum net_protocol protocol, int *ret_fd,
	       struct error *err)
{
	union address address;
	socklen_t size;
	int fd, code, one = 1, receive_bytes = 4 << 20;

	address_parse(text, port, &address, &size);
	fd = socket_make(&address, protocol, err);
	if (fd == -EAFNOSUPPORT && *text == '\0') {
		/* A kernel without IPv6. */
		address_parse("0.0.0.0", port, &address, &size);
		fd = socket_make(&address, protocol, err);
	}
	if (fd < 0)
		return fd;
	if (protocol == NET_TCP)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	else
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
	if (bind(fd, &address.any, size) == 0 && (protocol == NET_UDP || listen(fd, 64) == 0)) {
		*ret_fd = fd;
		return 0;
	}
	code = error_errno(err, -errno, "%s port %llu", *text != '\0' ? text : "any address",
			   (unsigned long long)port);
	close(fd);
	return code;
}

/* -EAGAIN: perhaps later. A connect that was interrupted goes on by itself, so it is waited for. */
static int try_connect(const struct lane *lane, int fd, const union address *address, socklen_t size)
{
	struct pollfd writable = { fd, POLLOUT, 0 };
	int code = 0;
	socklen_t code_size = sizeof code;

	if (connect(fd, &address->any, size) == 0)
		return 0;
	if (errno != EINTR && errno != EINPROGRESS)
		return -errno;
	while (lane_goes_on(lane) && poll(&writable, 1, 100) <= 0)
		;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &code_size) < 0)
		return -errno;
	return -code;
}

static bool comes_later(int code)
{
	return code == -ECONNREFUSED || code == -EHOSTUNREACH || code == -ENETUNREACH ||
	       code == -ETIMEDOUT || code == -EADDRNOTAVAIL || code == -ENETDOWN;
}

int net_connect(struct lane *lane, const char *text, uint64_t port, enum net_protocol protocol,
		int *ret_fd, struct error *err)
{
	uint64_t end_nsec = lane_now_nsec() + CONNECT_NSEC;
	union address address;
	socklen_t size;
	int fd, code;

	address_parse(text, port, &address, &size);
	do {
		fd = socket_make(&address, protocol, err);
		if (fd < 0)
			return fd;
		code = try_connect(lane, fd, &address, size);
		if (code == 0) {
			*ret_fd = fd;
			return 0;
		}
		close(fd);
	} while (comes_later(code) && lane_now_nsec() < end_nsec &&
		 lane_sleep_until(lane, lane_now_nsec() + RETRY_NSEC));
	return error_errno(err, code, "%s port %llu", text, (unsigned long long)port);
}

bool net_wait_readable(const struct lane *lane, int fd, uint64_t most_nsec)
{
	struct timespec most = { (time_t)(most_nsec / 1000000000), (long)(most_nsec % 1000000000) };
	struct pollfd readable = { fd, POLLIN, 0 };

	return lane_goes_on(lane) && ppoll(&readable, 1, &most, NULL) > 0;
}

int net_send_all(const struct lane *lane, int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t sent;

		if (!lane_goes_on(lane))
			return -EINTR;
		sent = send(fd, at, size, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return -errno;
		if (sent > 0) {
			at += sent;
			size -= (size_t)sent;
		}
	}
	return 0;
}

bool net_is_ending(struct lane *lane, int code)
{
	return (code == -EPIPE || code == -ECONNRESET) &&
	       !lane_sleep_until(lane, lane_now_nsec() + ENDING_NSEC);
}

int net_receive_all(const struct lane *lane, int fd, void *bytes, size_t size)
{
	char *at = bytes;

	while (size > 0) {
		ssize_t received;

		if (!lane_goes_on(lane))
			return -EINTR;
		received = recv(fd, at, size, 0);
		if (received == 0)
			return -ECONNRESET;
		if (received < 0 && errno != EINTR)
			return -errno;
		if (received > 0) {
			at += received;
			size -= (size_t)received;
		}
	}
	return 0;
}
