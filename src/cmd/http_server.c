/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/http_server.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/io.h"
#include "cmd/unprivileged.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A connection that finds no room there is tried again by its client after seconds, then minutes. */
#define LISTEN_BACKLOG 1024

struct http_server {
	pid_t pid;
	int listener;
	int news; /* our end of the socket pair; the process has the other */
	char address[80];
};

/* "127.0.0.1:9823" into two texts. */
static int split_address(const char *address, char *host, size_t host_size, const char **ret_port)
{
	const char *colon = strrchr(address, ':');
	size_t size;

	if (colon == NULL || colon == address || colon[1] == '\0')
		return -EINVAL;
	size = (size_t)(colon - address);
	if (address[0] == '[') {
		if (size < 3 || address[size - 1] != ']')
			return -EINVAL;
		address++;
		size -= 2;
	}
	if (size >= host_size)
		return -EINVAL;
	memcpy(host, address, size);
	host[size] = '\0';
	*ret_port = colon + 1;
	return 0;
}

/* getaddrinfo() takes numbers that are none of ports, and drops their upper bits. */
static bool port_is_one(const char *port)
{
	return strspn(port, "0123456789") == strlen(port) && strlen(port) <= 5 &&
	       atoi(port) <= UINT16_MAX;
}

static int listen_on(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, r;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static int server_listen(struct http_server *server, const char *address, struct error *err)
{
	static const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *info = NULL;
	const char *port = NULL;
	char host[64];

	if (split_address(address, host, sizeof host, &port) < 0 || !port_is_one(port) ||
	    getaddrinfo(host, port, &hints, &info) != 0)
		return error_set(err, -EINVAL, "\"%.60s\" is no address to listen on: write "
				 "127.0.0.1:9823 or [::1]:9823", address);
	server->listener = listen_on(info);
	freeaddrinfo(info);
	if (server->listener < 0)
		return error_errno(err, server->listener, "cannot listen on %.60s", address);
	return 0;
}

static void server_name(struct http_server *server)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof name;
	char host[48] = "?", port[8] = "?";

	if (getsockname(server->listener, (struct sockaddr *)&name, &size) == 0)
		getnameinfo((struct sockaddr *)&name, size, host, sizeof host, port, sizeof port,
			    NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(server->address, sizeof server->address,
		 strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
}

/* One byte over the pair says that the rights are gone; an error comes as its sentence. */
static __attribute__((noreturn)) void server_run(int listener, int news)
{
	const int keep[] = { listener, news };
	struct error err = { 0 };

	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	if (unprivileged_become(keep, ARRAY_SIZE(keep), &err) < 0) {
		send(news, err.text, strlen(err.text), MSG_NOSIGNAL);
		_exit(1);
	}
	send(news, "", 1, MSG_NOSIGNAL);
	http_serve(listener, news);
	_exit(0);
}

static int server_start(struct http_server *server, struct error *err)
{
	char answer[sizeof err->text] = "";
	int pair[2];
	ssize_t size;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(err, -errno, "cannot make a socket pair");
	fflush(NULL);
	server->pid = fork();
	if (server->pid == 0)
		server_run(server->listener, pair[1]);
	close(pair[1]);
	server->news = pair[0];
	if (server->pid < 0)
		return error_errno(err, -errno, "cannot start the endpoint");
	size = recv(server->news, answer, sizeof answer - 1, 0);
	if (size == 1)
		return 0;
	return error_set(err, -EPERM, "cannot start the endpoint: %s",
			 size > 1 ? answer : "its process ended");
}

struct http_server *http_server_new(const char *address, struct error *err)
{
	struct http_server *server = calloc(1, sizeof *server);

	if (server == NULL) {
		error_errno(err, -ENOMEM, "cannot start the endpoint");
		return NULL;
	}
	server->listener = server->news = -1;
	if (server_listen(server, address, err) == 0) {
		server_name(server);
		if (server_start(server, err) == 0)
			return server;
	}
	http_server_free(server);
	return NULL;
}

void http_server_free(struct http_server *server)
{
	if (server == NULL)
		return;
	if (server->news >= 0)
		close(server->news);
	if (server->listener >= 0)
		close(server->listener);
	if (server->pid > 0) {
		kill(server->pid, SIGKILL); /* it has nothing to finish, and may be stopped */
		while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	free(server);
}

const char *http_server_address(const struct http_server *server)
{
	return server->address;
}

/* Sealed: what is being sent to one scraper cannot change under it. */
static int make_texts(const char *openmetrics, size_t openmetrics_size, const char *classic,
		      size_t classic_size)
{
	int fd = memfd_create("metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = io_write_all(fd, openmetrics, openmetrics_size);
	if (r == 0)
		r = io_write_all(fd, classic, classic_size);
	if (r == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* A server that is behind keeps what it has: the next text comes soon. */
static int send_texts(int news, int fd, const uint64_t sizes[2])
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)sizes, 2 * sizeof *sizes };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
				  .msg_control = &control, .msg_controllen = sizeof control };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
	if (sendmsg(news, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN)
		return 0;
	return -errno;
}

int http_server_publish(struct http_server *server, const char *openmetrics,
			size_t openmetrics_size, const char *classic, size_t classic_size,
			struct error *err)
{
	const uint64_t sizes[2] = { openmetrics_size, classic_size };
	CLEANUP_CLOSE int fd = make_texts(openmetrics, openmetrics_size, classic, classic_size);
	int r = fd < 0 ? fd : send_texts(server->news, fd, sizes);

	if (r == -EPIPE || r == -ECONNRESET)
		return error_set(err, -EPIPE, "the process that answers scrapers has ended");
	return r < 0 ? error_errno(err, r, "cannot hand the metrics over") : 0;
}
