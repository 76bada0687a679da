/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The endpoint's process: its clients, the texts, and one loop. */
#include "cmd/http_server.h"

#include "base/clock.h"
#include "cmd/http_request.h"
#include "report/openmetrics.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MOST = 32 };
#define REQUEST_USEC (5 * USEC_PER_SEC)  /* for a whole request */
#define ANSWER_USEC (30 * USEC_PER_SEC)  /* for taking the whole answer */
#define FAREWELL_USEC (2 * USEC_PER_SEC) /* for closing, after that */

/* One exposition; kept for as long as somebody is being sent it. */
struct texts {
	char *bytes;
	size_t size;
	size_t openmetrics_size; /* the classic text follows */
	unsigned users;
};

struct client {
	int fd;               /* -1: free */
	uint64_t begun_usec, deadline_usec;
	char request[HTTP_REQUEST_LARGEST];
	size_t request_size;
	enum { ASKING, ANSWERED, LEAVING } stage;
	char head[256];
	const char *part;     /* what is being sent: the head, then the body */
	size_t part_size;
	const char *body;
	size_t body_size;
	struct texts *texts;  /* that body is in, or NULL */
};

struct service {
	int listener, news;
	struct texts *texts; /* the newest, or NULL */
	struct client clients[CLIENTS_MOST];
};

static void texts_release(struct texts *texts)
{
	if (texts == NULL || --texts->users > 0)
		return;
	munmap(texts->bytes, texts->size);
	free(texts);
}

static struct texts *texts_map(int fd, const uint64_t sizes[2])
{
	struct texts *texts = calloc(1, sizeof *texts);

	if (texts == NULL)
		return NULL;
	texts->size = sizes[0] + sizes[1];
	texts->openmetrics_size = sizes[0];
	texts->users = 1;
	texts->bytes = mmap(NULL, texts->size, PROT_READ, MAP_SHARED, fd, 0);
	if (texts->bytes != MAP_FAILED)
		return texts;
	free(texts);
	return NULL;
}

/* A new exposition. False when the one that samples is gone. */
static bool service_take_news(struct service *service)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	uint64_t sizes[2];
	struct iovec part = { sizes, sizeof sizes };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1,
				  .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t got = recvmsg(service->news, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct texts *texts;
	int fd;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got != sizeof sizes || header == NULL || header->cmsg_type != SCM_RIGHTS)
		return false;
	memcpy(&fd, CMSG_DATA(header), sizeof fd);
	texts = texts_map(fd, sizes);
	close(fd);
	if (texts != NULL) {
		texts_release(service->texts);
		service->texts = texts;
	}
	return true;
}

static void client_end(struct client *client)
{
	close(client->fd);
	client->fd = -1;
	texts_release(client->texts);
	client->texts = NULL;
}

/* A free place, or that of whoever has been at it the longest. */
static struct client *service_place(struct service *service)
{
	struct client *oldest = &service->clients[0];
	size_t i;

	for (i = 0; i < CLIENTS_MOST; i++) {
		struct client *client = &service->clients[i];

		if (client->fd < 0)
			return client;
		if (client->begun_usec < oldest->begun_usec)
			oldest = client;
	}
	client_end(oldest);
	return oldest;
}

static void service_accept(struct service *service, uint64_t now)
{
	int fd = accept4(service->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *client;

	if (fd < 0)
		return;
	client = service_place(service);
	client->fd = fd;
	client->begun_usec = now;
	client->deadline_usec = now + REQUEST_USEC;
	client->request_size = 0;
	client->stage = ASKING;
}

static void client_set_body(struct client *client, const char *body, size_t size)
{
	client->body = body;
	client->body_size = size;
}

/* Which text goes out with status 200. */
static void client_choose_text(struct client *client, struct texts *texts,
			       const struct http_request *request)
{
	client->texts = texts;
	texts->users++;
	if (request->openmetrics)
		client_set_body(client, texts->bytes, texts->openmetrics_size);
	else
		client_set_body(client, texts->bytes + texts->openmetrics_size,
				texts->size - texts->openmetrics_size);
}

static void client_answer(struct client *client, struct texts *texts, int status,
			  const struct http_request *request, uint64_t now)
{
	static const char hint[] = "metrics are at /metrics, for GET\n";
	static const char wait[] = "nothing has been sampled yet\n";
	const char *type = "text/plain; charset=utf-8";

	client_set_body(client, hint, strlen(hint));
	if (status == 200 && texts == NULL) {
		status = 503;
		client_set_body(client, wait, strlen(wait));
	} else if (status == 200) {
		client_choose_text(client, texts, request);
		type = request->openmetrics ? OPENMETRICS_TYPE : OPENMETRICS_CLASSIC_TYPE;
	}
	client->part_size = (size_t)snprintf(client->head, sizeof client->head,
		"HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
		"Connection: close\r\n\r\n", status, http_status_text(status), type,
		client->body_size, status == 405 ? "Allow: GET, HEAD\r\n" : "");
	client->part = client->head;
	if (request->head)
		client->body_size = 0;
	client->stage = ANSWERED;
	client->deadline_usec = now + ANSWER_USEC;
}

static void client_read(struct client *client, struct texts *texts, uint64_t now)
{
	struct http_request request;
	ssize_t got = read(client->fd, client->request + client->request_size,
			   sizeof client->request - client->request_size);
	int status;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		client_end(client);
		return;
	}
	client->request_size += (size_t)got;
	status = http_request_judge(client->request, client->request_size, &request);
	if (status != 0)
		client_answer(client, texts, status, &request, now);
}

/* Closing while bytes of a talkative client are unread would reset the connection, and take
 * the answer from it. So what it still says is read and dropped. */
static void client_leave(struct client *client, uint64_t now)
{
	shutdown(client->fd, SHUT_WR);
	client->stage = LEAVING;
	client->deadline_usec = now + FAREWELL_USEC;
}

static void client_drop_rest(struct client *client)
{
	ssize_t got = read(client->fd, client->request, sizeof client->request);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		client_end(client);
}

static void client_write(struct client *client, uint64_t now)
{
	ssize_t done = send(client->fd, client->part, client->part_size, MSG_NOSIGNAL);

	if (done < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (done < 0) {
		client_end(client);
		return;
	}
	client->part += done;
	client->part_size -= (size_t)done;
	if (client->part_size > 0)
		return;
	if (client->body_size == 0) {
		client_leave(client, now);
		return;
	}
	client->part = client->body;
	client->part_size = client->body_size;
	client->body_size = 0;
}

/* Milliseconds up to the next deadline; -1 where nobody is waited for. */
static int service_patience(const struct service *service, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	size_t i;

	for (i = 0; i < CLIENTS_MOST; i++)
		if (service->clients[i].fd >= 0 && service->clients[i].deadline_usec < next)
			next = service->clients[i].deadline_usec;
	if (next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (int)((next - now) / USEC_PER_MSEC) + 1;
}

static void service_step_clients(struct service *service, const struct pollfd *polled)
{
	uint64_t now = clock_monotonic_usec();
	size_t i;

	for (i = 0; i < CLIENTS_MOST; i++) {
		struct client *client = &service->clients[i];

		if (client->fd >= 0 && polled[i].fd == client->fd && polled[i].revents != 0) {
			if (client->stage == ASKING)
				client_read(client, service->texts, now);
			else if (client->stage == ANSWERED)
				client_write(client, now);
			else
				client_drop_rest(client);
		}
		if (client->fd >= 0 && client->deadline_usec <= now)
			client_end(client);
	}
}

/* Clients first: who is accepted now may get the place, and the number, of one that ended. */
static bool service_step(struct service *service)
{
	struct pollfd polled[CLIENTS_MOST + 2];
	size_t i;

	for (i = 0; i < CLIENTS_MOST; i++)
		polled[i] = (struct pollfd){ service->clients[i].fd,
					     service->clients[i].stage == ANSWERED ? POLLOUT :
										     POLLIN, 0 };
	polled[CLIENTS_MOST] = (struct pollfd){ service->listener, POLLIN, 0 };
	polled[CLIENTS_MOST + 1] = (struct pollfd){ service->news, POLLIN, 0 };
	if (poll(polled, CLIENTS_MOST + 2, service_patience(service, clock_monotonic_usec())) < 0)
		return errno == EINTR;
	service_step_clients(service, polled);
	if (polled[CLIENTS_MOST].revents != 0)
		service_accept(service, clock_monotonic_usec());
	return polled[CLIENTS_MOST + 1].revents == 0 || service_take_news(service);
}

void http_serve(int listener, int news)
{
	static struct service service;
	size_t i;

	service.listener = listener;
	service.news = news;
	for (i = 0; i < CLIENTS_MOST; i++)
		service.clients[i].fd = -1;
	while (service_step(&service))
		;
}
