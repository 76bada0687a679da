/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/channel.h"

#include "agent_wire.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <termios.h>

#define PORTS "/sys/class/virtio-ports"

/* --- words --- */

static int word_refuse(const char *word, const char *why, struct error *err)
{
	return error_set(err, -EINVAL, "\"%s\": %s", word, why);
}

static bool number_parse(const char *text, unsigned long most, unsigned long *ret)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*ret = strtoul(text, &end, 10);
	return *end == '\0' && *ret <= most;
}

static bool name_keep(struct channel *channel, enum channel_kind kind, const char *name)
{
	channel->kind = kind;
	if (strlen(name) >= sizeof channel->name || *name == '\0')
		return false;
	text_copy(channel->name, sizeof channel->name, name, strlen(name));
	return true;
}

/* What comes after "listen" or "connect" of a vsock: nothing, or a port. */
static bool vsock_parse(const char *rest, struct channel *channel)
{
	struct sockaddr_vm *address = (struct sockaddr_vm *)&channel->address;
	unsigned long port = AGENT_NET_PORT;

	if (*rest != '\0' && (*rest != ':' || !number_parse(rest + 1, UINT32_MAX - 1, &port)))
		return false;
	*address = (struct sockaddr_vm){
		.svm_family = AF_VSOCK,
		.svm_cid = channel->kind == CHANNEL_LISTEN ? VMADDR_CID_ANY : VMADDR_CID_HOST,
		.svm_port = (unsigned)port,
	};
	channel->address_size = sizeof *address;
	return true;
}

static bool address_parse(const char *text, uint16_t port, struct channel *channel)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&channel->address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&channel->address;

	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		channel->address_size = sizeof *four;
		return true;
	}
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
		return false;
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	channel->address_size = sizeof *six;
	return true;
}

/* ADDRESS[:PORT]; an IPv6 address stands in brackets. */
static bool tcp_parse(const char *rest, struct channel *channel)
{
	char text[INET6_ADDRSTRLEN + 16];
	unsigned long port = AGENT_NET_PORT;
	char *host = text, *end;

	if (*rest++ != ':' || strlen(rest) >= sizeof text)
		return false;
	strcpy(text, rest);
	if (*text == '[') {
		end = strchr(++host, ']');
		if (end == NULL)
			return false;
		*end++ = '\0';
	} else {
		end = text + strcspn(text, ":");
	}
	if (*end == ':') {
		*end++ = '\0';
		if (!number_parse(end, UINT16_MAX, &port))
			return false;
	} else if (*end != '\0') {
		return false;
	}
	return address_parse(host, (uint16_t)port, channel);
}

static bool socket_parse(const char *rest, bool vsock, struct channel *channel)
{
	size_t length = strcspn(rest, ":");

	if (length == 6 && strncmp(rest, "listen", length) == 0)
		channel->kind = CHANNEL_LISTEN;
	else if (length == 7 && strncmp(rest, "connect", length) == 0)
		channel->kind = CHANNEL_CONNECT;
	else
		return false;
	return vsock ? vsock_parse(rest + length, channel) : tcp_parse(rest + length, channel);
}

static bool fd_parse(const char *text, struct channel *channel)
{
	unsigned long fd;

	channel->kind = CHANNEL_FD;
	if (!number_parse(text, 1 << 20, &fd))
		return false;
	channel->fd = (int)fd;
	return true;
}

int channel_parse(const char *word, struct channel *ret, struct error *err)
{
	bool good = false;

	*ret = (struct channel){ .fd = -1 };
	if (strcmp(word, "port") == 0)
		good = name_keep(ret, CHANNEL_PORT, AGENT_PORT_NAME);
	else if (strncmp(word, "port:", 5) == 0)
		good = name_keep(ret, CHANNEL_PORT, word + 5);
	else if (strncmp(word, "tty:", 4) == 0)
		good = name_keep(ret, CHANNEL_TTY, word + 4);
	else if (strncmp(word, "fd:", 3) == 0)
		good = fd_parse(word + 3, ret);
	else if (strncmp(word, "vsock:", 6) == 0)
		good = socket_parse(word + 6, true, ret);
	else if (strncmp(word, "tcp:", 4) == 0)
		good = socket_parse(word + 4, false, ret);
	if (good)
		return 0;
	return word_refuse(word, "is no channel: write port:NAME, vsock:listen[:PORT], "
			   "vsock:connect[:PORT], tcp:listen:ADDRESS[:PORT], "
			   "tcp:connect:ADDRESS[:PORT], tty:PATH or fd:NUMBER", err);
}

void channel_done(struct channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}

int channel_watch(const struct channel *channel)
{
	return channel->kind == CHANNEL_LISTEN ? channel->fd : -1;
}

/* --- opening --- */

static bool port_has_name(const char *port, const char *name)
{
	char path[sizeof PORTS + 300], text[128];
	CLEANUP_CLOSE int fd = -1;
	ssize_t size;

	snprintf(path, sizeof path, PORTS "/%.255s/name", port);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	if (size <= 0)
		return false;
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return strcmp(text, name) == 0;
}

static int port_open(const char *name, int *ret_fd, struct error *err)
{
	CLEANUP_CLOSEDIR DIR *dir = opendir(PORTS);
	struct dirent *entry;
	char path[300];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' || !port_has_name(entry->d_name, name))
			continue;
		snprintf(path, sizeof path, "/dev/%.255s", entry->d_name);
		*ret_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		return *ret_fd >= 0 ? 0 : error_errno(err, -EAGAIN, "%s", path);
	}
	return error_set(err, -EAGAIN, "this machine has no virtio-serial port named %s", name);
}

static int tty_open(const char *path, int *ret_fd, struct error *err)
{
	struct termios line;
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, errno == ENOENT ? -EAGAIN : -errno, "%s", path);
	if (tcgetattr(fd, &line) < 0) {
		close(fd);
		return error_set(err, -ENOTTY, "%s is no serial line", path);
	}
	cfmakeraw(&line);
	line.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&line, B115200);
	tcsetattr(fd, TCSANOW, &line);
	*ret_fd = fd;
	return 0;
}

/* A host that is gone without a word is noticed within half a minute. */
static void tcp_prepare(int fd)
{
	static const struct { int level, name, value; } options[] = {
		{ SOL_SOCKET, SO_REUSEADDR, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 10 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 5 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value, sizeof(int));
}

static int socket_make(const struct channel *channel, int *ret_fd, struct error *err)
{
	int fd = socket(channel->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_errno(err, -errno, "a socket for %s",
				   channel->address.ss_family == AF_VSOCK ? "vsock" : "TCP");
	if (channel->address.ss_family != AF_VSOCK)
		tcp_prepare(fd);
	*ret_fd = fd;
	return 0;
}

/* The errno that it came to, within a second: there is nobody else whom the agent serves. */
static int connect_wait(int fd)
{
	struct pollfd watch = { .fd = fd, .events = POLLOUT };
	int code = ETIMEDOUT;
	socklen_t size = sizeof code;

	if (poll(&watch, 1, 1000) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
	return code;
}

static int connect_open(const struct channel *channel, int *ret_fd, struct error *err)
{
	int fd, code = socket_make(channel, &fd, err);

	if (code < 0)
		return code;
	code = connect(fd, (const struct sockaddr *)&channel->address, channel->address_size) < 0 ?
		       errno : 0;
	if (code == EINPROGRESS)
		code = connect_wait(fd);
	if (code != 0) {
		error_errno(err, -code, "connecting to the host");
		close(fd);
		return -EAGAIN;
	}
	*ret_fd = fd;
	return 0;
}

static int listen_begin(struct channel *channel, struct error *err)
{
	int fd, code = socket_make(channel, &fd, err);

	if (code < 0)
		return code;
	if (bind(fd, (const struct sockaddr *)&channel->address, channel->address_size) < 0 ||
	    listen(fd, 1) < 0) {
		/* An address that comes up later. */
		code = errno == EADDRNOTAVAIL ? -EAGAIN : -errno;
		error_errno(err, -errno, "listening for the host");
		close(fd);
		return code;
	}
	channel->fd = fd;
	return 0;
}

/* Over vsock only the host itself is heard: other programs of this machine, and other VMs, have
 * no business here. */
static bool peer_is_host(const struct sockaddr_storage *peer)
{
	return peer->ss_family != AF_VSOCK ||
	       ((const struct sockaddr_vm *)peer)->svm_cid == VMADDR_CID_HOST;
}

static int listen_open(struct channel *channel, int *ret_fd, struct error *err)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof peer;
	int fd, code = channel->fd >= 0 ? 0 : listen_begin(channel, err);

	if (code < 0)
		return code;
	fd = accept4(channel->fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return error_set(err, -EAGAIN, "no host has connected yet");
	if (!peer_is_host(&peer)) {
		close(fd);
		return error_set(err, -EAGAIN, "somebody who is not the host has connected");
	}
	*ret_fd = fd;
	return 0;
}

static int fd_open(struct channel *channel, int *ret_fd, struct error *err)
{
	int flags;

	if (channel->fd < 0)
		return error_set(err, -ENOLINK, "the host has closed the stream");
	flags = fcntl(channel->fd, F_GETFL);
	if (flags < 0 || fcntl(channel->fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    fcntl(channel->fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_errno(err, -errno, "descriptor %d", channel->fd);
	*ret_fd = channel->fd;
	channel->fd = -1;
	return 0;
}

int channel_open(struct channel *channel, int *ret_fd, struct error *err)
{
	switch (channel->kind) {
	case CHANNEL_PORT:
		return port_open(channel->name, ret_fd, err);
	case CHANNEL_LISTEN:
		return listen_open(channel, ret_fd, err);
	case CHANNEL_CONNECT:
		return connect_open(channel, ret_fd, err);
	case CHANNEL_TTY:
		return tty_open(channel->name, ret_fd, err);
	default:
		return fd_open(channel, ret_fd, err);
	}
}
