/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control/server.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "control/control.h"
#include "control/peer.h"
#include "report/json.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CLIENTS_USUALLY 64
#define PLACES_KEPT 16           /* of them, for those who may change */
#define IDLE_USEC 120000000ull
#define STALL_USEC 10000000ull
#define LINE_OF_ASKERS 65536u    /* of those who may only ask */
#define OUT_MOST (8u << 20)      /* an answer about ten thousand VMs has some 6 MiB */
#define TOLD_MOST (1u << 20)     /* what a follower may leave unread */
#define LINES_A_RUN 4            /* of one client, before the others have their turn */
/* All who may only ask have together, in each tenth of a second: so many questions, and so much of
 * this thread's time before they and new clients wait for the next. */
#define WINDOW_USEC 100000ull
#define ASKED_A_WINDOW 5
#define SPENT_A_WINDOW_NSEC 3000000ull

struct client {
	int fd;                  /* -1: the place is free */
	struct control_peer peer;
	uint64_t ticket;         /* of the request under way; 0: none */
	struct str in, out;
	size_t sent;             /* of `out` */
	uint64_t heard_usec;     /* last byte in or out, monotonic */
	bool follows;
	bool ended;              /* it sends no more; its answers still go out */
	bool doomed;             /* closed when its answers are out */
	bool waits;              /* for its turn: too many asked */
};

struct control_server {
	struct control_server_options options;
	char path[CONTROL_PATH_SIZE];
	gid_t group;
	int listen_fd, epoll_fd;
	struct client *clients;
	size_t count;
	uint64_t next_ticket;
	uint64_t window_usec;    /* when the window began that the next two count in */
	unsigned asked;
	uint64_t spent_nsec;
	uint64_t cpu_nsec;       /* since it began */
	bool closed;             /* nobody is let in until the window is over */
	bool again;              /* lines were left for the next run */
};

/* -- the socket --------------------------------------------------------------------------- */

static int bind_socket(struct control_server *server, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int r;

	server->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (server->listen_fd < 0)
		return error_errno(err, -errno, "cannot make a socket");
	memcpy(address.sun_path, server->path, sizeof address.sun_path);
	if (control_is_there(server->path))
		return error_set(err, -EADDRINUSE, "somebody answers at %s already: is another truced "
				 "running?", server->path);
	unlink(server->path);
	mask = umask(0);
	r = bind(server->listen_fd, (struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return error_errno(err, r, "cannot make the socket %s", server->path);
	/* Everybody may ask; who may change is looked up per connection. */
	chmod(server->path, 0666);
	/* Long enough that a crowd of strangers leaves room for root while the door is closed. */
	if (listen(server->listen_fd, 512) < 0)
		return error_errno(err, -errno, "cannot listen at %s", server->path);
	return 0;
}

static int watch(struct control_server *server, struct error *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = UINT64_MAX };

	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0 ||
	    epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->listen_fd, &event) < 0)
		return error_errno(err, -errno, "cannot poll the control socket");
	return 0;
}

static void apply_defaults(struct control_server *server)
{
	struct control_server_options *options = &server->options;

	options->clients_most = options->clients_most != 0 ? options->clients_most : CLIENTS_USUALLY;
	options->idle_usec = options->idle_usec != 0 ? options->idle_usec : IDLE_USEC;
	options->stall_usec = options->stall_usec != 0 ? options->stall_usec : STALL_USEC;
	server->group = control_group_find(options->group != NULL ? options->group : CONTROL_GROUP);
}

int control_server_new(const struct control_server_options *options, struct control_server **ret,
		       struct error *err)
{
	struct control_server *server = calloc(1, sizeof *server);
	size_t i;
	int r;

	if (server == NULL)
		return error_errno(err, -ENOMEM, "the control socket");
	server->options = *options;
	server->listen_fd = server->epoll_fd = -1;
	apply_defaults(server);
	server->clients = calloc(server->options.clients_most, sizeof *server->clients);
	for (i = 0; server->clients != NULL && i < server->options.clients_most; i++)
		server->clients[i].fd = -1;
	if (options->path != NULL)
		r = snprintf(server->path, sizeof server->path, "%s", options->path) <
		    (int)sizeof server->path ? 0 : error_set(err, -ENAMETOOLONG, "the path %s is too "
							     "long for a socket", options->path);
	else
		r = control_socket_path(server->path, err);
	if (r == 0 && server->clients == NULL)
		r = error_errno(err, -ENOMEM, "the control socket");
	if (r == 0)
		r = bind_socket(server, err);
	if (r == 0)
		r = watch(server, err);
	if (r < 0) {
		if (r == -EADDRINUSE)
			server->path[0] = '\0'; /* not ours to remove */
		control_server_free(server);
		return r;
	}
	*ret = server;
	return 0;
}

static void client_drop(struct control_server *server, struct client *client)
{
	if (client->fd < 0)
		return;
	close(client->fd);
	str_done(&client->in);
	str_done(&client->out);
	memset(client, 0, sizeof *client);
	client->fd = -1;
	server->count--;
}

void control_server_free(struct control_server *server)
{
	size_t i;

	if (server == NULL)
		return;
	for (i = 0; server->clients != NULL && i < server->options.clients_most; i++)
		client_drop(server, &server->clients[i]);
	free(server->clients);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	if (server->listen_fd >= 0) {
		close(server->listen_fd);
		if (server->path[0] != '\0')
			unlink(server->path);
	}
	free(server);
}

/* -- what goes out ------------------------------------------------------------------------ */

static size_t unsent(const struct client *client)
{
	return client->out.length - client->sent;
}

static void poll_client(struct control_server *server, struct client *client, int operation)
{
	struct epoll_event event = { .data.u64 = (uint64_t)(client - server->clients) };

	/* While a request is under way, more of them stay in the kernel. */
	if (client->ticket == 0 && !client->ended && !client->doomed && !client->waits)
		event.events |= EPOLLIN;
	if (unsent(client) > 0)
		event.events |= EPOLLOUT;
	epoll_ctl(server->epoll_fd, operation, client->fd, &event);
}

/* It has sent its last request, and that was answered. */
static bool client_is_served(const struct client *client)
{
	return client->ended && client->ticket == 0 &&
	       (client->in.length == 0 || memchr(client->in.data, '\n', client->in.length) == NULL);
}

/* False: the client is gone. */
static bool client_flush(struct control_server *server, struct client *client)
{
	while (unsent(client) > 0) {
		ssize_t sent = send(client->fd, client->out.data + client->sent, unsent(client),
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent <= 0) {
			client_drop(server, client);
			return false;
		}
		client->sent += (size_t)sent;
		client->heard_usec = clock_monotonic_usec();
	}
	if (unsent(client) == 0) {
		client->sent = 0;
		if (client->out.capacity > LINE_OF_ASKERS)
			str_done(&client->out);
		str_clear(&client->out);
		if (client->doomed || client_is_served(client)) {
			client_drop(server, client);
			return false;
		}
	}
	poll_client(server, client, EPOLL_CTL_MOD);
	return true;
}

static bool client_say(struct control_server *server, struct client *client, const char *line,
		       size_t size, size_t most)
{
	if (unsent(client) == 0)
		client->heard_usec = clock_monotonic_usec(); /* from now on it may stall */
	str_append_bytes(&client->out, line, size);
	str_append_char(&client->out, '\n');
	if (client->out.failed || unsent(client) > most) {
		client_drop(server, client);
		return false;
	}
	return client_flush(server, client);
}

static struct client *client_of(struct control_server *server, uint64_t ticket)
{
	size_t i;

	for (i = 0; ticket != 0 && i < server->options.clients_most; i++)
		if (server->clients[i].fd >= 0 && server->clients[i].ticket == ticket)
			return &server->clients[i];
	return NULL;
}

void control_server_answer(struct control_server *server, uint64_t ticket, const struct str *line)
{
	struct client *client = client_of(server, ticket);

	if (client == NULL)
		return;
	client->ticket = 0;
	server->again |= client->in.length > 0;
	if (line->failed)
		client_drop(server, client);
	else
		client_say(server, client, line->data, line->length, OUT_MOST);
}

static void write_refusal(struct str *out, int code, const char *sentence)
{
	struct json json;

	json_begin(&json, out);
	json_object_begin(&json);
	json_key(&json, "ok");
	json_bool(&json, false);
	json_key(&json, "kind");
	json_text(&json, control_error_kind(code));
	json_key(&json, "error");
	json_text(&json, sentence);
	json_object_end(&json);
}

void control_server_refuse(struct control_server *server, uint64_t ticket, int code,
			   const char *sentence)
{
	struct str line;

	str_init(&line);
	write_refusal(&line, code, sentence);
	control_server_answer(server, ticket, &line);
	str_done(&line);
}

/* Refused before there is a ticket. */
static bool client_refuse(struct control_server *server, struct client *client, int code,
			  const char *sentence)
{
	struct str line;
	bool stays;

	str_init(&line);
	write_refusal(&line, code, sentence);
	stays = !line.failed && client_say(server, client, line.data, line.length, OUT_MOST);
	str_done(&line);
	return stays;
}

void control_server_follow(struct control_server *server, uint64_t ticket)
{
	struct client *client = client_of(server, ticket);

	if (client != NULL)
		client->follows = true;
}

void control_server_tell(struct control_server *server, const char *line, size_t size)
{
	size_t i;

	for (i = 0; i < server->options.clients_most; i++)
		if (server->clients[i].fd >= 0 && server->clients[i].follows)
			client_say(server, &server->clients[i], line, size, TOLD_MOST);
}

/* -- what comes in ------------------------------------------------------------------------ */

/* Many questions of strangers wait; who may change is never held back. */
static bool may_ask_now(struct control_server *server, const struct client *client)
{
	return client->peer.may_change || server->asked++ < ASKED_A_WINDOW;
}

/* False: the client is gone. */
static bool client_request(struct control_server *server, struct client *client, const char *line,
			   size_t size)
{
	struct control_request request;
	struct error err = { 0 };
	uint64_t ticket = ++server->next_ticket;

	if (control_request_parse(line, size, &request, &err) < 0)
		return client_refuse(server, client, -EINVAL, err.text);
	if (control_do_changes(request.what) && !client->peer.may_change) {
		control_request_done(&request);
		return client_refuse(server, client, -EACCES,
				     server->group == CONTROL_NO_GROUP ?
				     "only root may change something (this host has no group truce)" :
				     "only root and members of the group truce may change something");
	}
	client->ticket = ticket;
	server->options.handler(server->options.context, ticket, &client->peer, &request);
	control_request_done(&request);
	return client->fd >= 0;
}

static size_t line_most(const struct client *client)
{
	return client->peer.may_change ? CONTROL_LINE_MOST : LINE_OF_ASKERS;
}

static bool client_overlong(struct control_server *server, struct client *client)
{
	if (client->in.length < line_most(client))
		return true;
	str_clear(&client->in);
	client->doomed = true;
	return client_refuse(server, client, -EINVAL, "the request is too long");
}

/* The lines that are there, as far as its turn goes. */
static void client_lines(struct control_server *server, struct client *client)
{
	unsigned lines = 0;
	size_t at = 0;
	char *end;

	while (client->ticket == 0 && client->in.length > at &&
	       (end = memchr(client->in.data + at, '\n', client->in.length - at)) != NULL) {
		if (lines++ == LINES_A_RUN) {
			server->again = true;
			break;
		}
		client->waits = !may_ask_now(server, client);
		if (client->waits)
			break;
		if (!client_request(server, client, client->in.data + at,
				    (size_t)(end - client->in.data) - at))
			return;
		at = (size_t)(end - client->in.data) + 1;
	}
	if (at > 0) {
		memmove(client->in.data, client->in.data + at, client->in.length - at);
		str_resize(&client->in, client->in.length - at);
	}
	if (client->in.length == 0 && client->in.capacity > LINE_OF_ASKERS) {
		str_done(&client->in);
		str_clear(&client->in);
	}
	if (client->ticket == 0 && !client->waits && !client_overlong(server, client))
		return;
	client_flush(server, client);
}

static void client_read(struct control_server *server, struct client *client)
{
	char bytes[16384];
	ssize_t got = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0) {
		client_drop(server, client);
		return;
	}
	if (got == 0) {
		client->ended = true;
		client_flush(server, client);
		return;
	}
	if (client->in.length == 0)
		client->heard_usec = clock_monotonic_usec(); /* of half a line: when it began */
	str_append_bytes(&client->in, bytes, (size_t)got);
	if (client->in.failed)
		client_drop(server, client);
	else
		client_lines(server, client);
}

/* -- who comes in ------------------------------------------------------------------------- */

static struct client *free_place(struct control_server *server, const struct control_peer *peer)
{
	size_t most = server->options.clients_most, i;
	size_t kept = most > 2 * PLACES_KEPT ? PLACES_KEPT : 1;

	if (server->count >= most - (peer->may_change ? 0 : kept))
		return NULL;
	for (i = 0; i < most; i++)
		if (server->clients[i].fd < 0)
			return &server->clients[i];
	return NULL;
}

/* Told once, as far as the kernel takes it at once. */
static void turn_away(int fd)
{
	static const char full[] = "{\"ok\":false,\"kind\":\"conflict\",\"error\":\"truced has too many "
				   "clients: try again\"}\n";

	send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void take_in(struct control_server *server, int fd)
{
	struct control_peer peer;
	struct client *client;

	if (control_peer_look(fd, server->group, &peer) < 0) {
		close(fd);
		return;
	}
	client = free_place(server, &peer);
	if (client == NULL) {
		turn_away(fd);
		return;
	}
	client->fd = fd;
	client->peer = peer;
	client->heard_usec = clock_monotonic_usec();
	str_init(&client->in);
	str_init(&client->out);
	server->count++;
	poll_client(server, client, EPOLL_CTL_ADD);
}

static void accept_some(struct control_server *server)
{
	unsigned i;

	for (i = 0; i < 16; i++) {
		int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		take_in(server, fd);
	}
}

/* -- time --------------------------------------------------------------------------------- */

/* When this client is dropped if nothing more comes of it; 0: it may stay. */
static uint64_t client_end(const struct control_server *server, const struct client *client)
{
	if (unsent(client) > 0 || (client->in.length > 0 && client->ticket == 0 && !client->waits))
		return client->heard_usec + server->options.stall_usec;
	if (client->ticket != 0 || client->follows || client->waits)
		return 0;
	return client->heard_usec + server->options.idle_usec;
}

uint64_t control_server_due_usec(const struct control_server *server)
{
	uint64_t due = server->again ? 1 : server->closed ? server->window_usec + WINDOW_USEC : 0;
	size_t i;

	for (i = 0; i < server->options.clients_most && due != 1; i++) {
		const struct client *client = &server->clients[i];
		uint64_t end = client->fd < 0 ? 0 : client_end(server, client);

		if (client->fd >= 0 && client->waits)
			end = server->window_usec + WINDOW_USEC;
		if (end != 0 && (due == 0 || end < due))
			due = end;
	}
	return due;
}

static void poll_door(struct control_server *server, bool closed)
{
	struct epoll_event event = { .events = closed ? 0 : EPOLLIN, .data.u64 = UINT64_MAX };

	server->closed = closed;
	epoll_ctl(server->epoll_fd, EPOLL_CTL_MOD, server->listen_fd, &event);
}

/* True: a new window has begun. */
static bool window_is_over(struct control_server *server, uint64_t now)
{
	if (now - server->window_usec < WINDOW_USEC)
		return false;
	server->window_usec = now;
	server->asked = 0;
	server->spent_nsec = 0;
	if (server->closed)
		poll_door(server, false);
	return true;
}

static void hold_strangers(struct control_server *server)
{
	size_t i;

	poll_door(server, true);
	for (i = 0; i < server->options.clients_most; i++) {
		struct client *client = &server->clients[i];

		if (client->fd < 0 || client->peer.may_change || client->waits)
			continue;
		client->waits = true;
		poll_client(server, client, EPOLL_CTL_MOD);
	}
}

static void look_at_time(struct control_server *server)
{
	uint64_t now = clock_monotonic_usec();
	bool over = window_is_over(server, now);
	size_t i;

	for (i = 0; i < server->options.clients_most; i++) {
		struct client *client = &server->clients[i];
		uint64_t end = client->fd < 0 ? 0 : client_end(server, client);

		if (end != 0 && now >= end) {
			client_drop(server, client);
		} else if (client->fd >= 0 && client->waits && over) {
			client->waits = false;
			client_lines(server, client);
		} else if (client->fd >= 0 && !client->waits && client->ticket == 0 &&
			   client->in.length > 0) {
			client_lines(server, client);
		}
	}
}

int control_server_fd(const struct control_server *server)
{
	return server->epoll_fd;
}

size_t control_server_clients(const struct control_server *server)
{
	return server->count;
}

uint64_t control_server_cpu_usec(const struct control_server *server)
{
	return server->cpu_nsec / 1000;
}

void control_server_run(struct control_server *server)
{
	struct epoll_event events[32];
	uint64_t begun = clock_thread_cpu_nsec(), spent;
	int count = epoll_wait(server->epoll_fd, events, ARRAY_SIZE(events), 0), i;

	server->again = false;
	for (i = 0; i < count; i++) {
		struct client *client;

		if (events[i].data.u64 == UINT64_MAX) {
			accept_some(server);
			continue;
		}
		client = &server->clients[events[i].data.u64];
		if (client->fd >= 0 && (events[i].events & EPOLLOUT) != 0 && !client_flush(server, client))
			continue;
		if (client->fd >= 0 && (events[i].events & EPOLLIN) != 0)
			client_read(server, client);
		else if (client->fd >= 0 && (events[i].events & (EPOLLERR | EPOLLHUP)) != 0)
			client_drop(server, client);
	}
	look_at_time(server);
	spent = clock_thread_cpu_nsec() - begun;
	server->spent_nsec += spent;
	server->cpu_nsec += spent;
	if (server->spent_nsec > SPENT_A_WINDOW_NSEC && !server->closed)
		hold_strangers(server);
}
