/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * truced's side of the control socket. Nothing here waits: the server has one descriptor to poll
 * and one time to be called at. A client that sends garbage, half a line, more than it may, or
 * nothing, or that never reads its answers, is answered or dropped, and costs the others nothing;
 * those who may only ask share a bounded number of places and of requests a second.
 *
 * A request gets a ticket, and its answer may be given later; that client's next request waits.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include "control/request.h"

#include <sys/types.h>

struct control_server;
struct str;

struct control_peer {
	pid_t pid;
	uid_t uid;
	bool may_change; /* root, or a member of the group, by the kernel's word */
};

/* Must lead to one control_server_answer or _refuse for the ticket, now or later. The request is
 * gone when it returns. */
typedef void control_handler(void *context, uint64_t ticket, const struct control_peer *peer,
			     const struct control_request *request);

struct control_server_options {
	const char *path;        /* NULL: the usual one */
	const char *group;       /* whose members may change; NULL: CONTROL_GROUP */
	control_handler *handler;
	void *context;
	size_t clients_most;     /* 0: 64; 16 of them are kept for those who may change */
	uint64_t idle_usec;      /* a client that only stays; 0: 2 minutes */
	uint64_t stall_usec;     /* half a line, or an answer not read; 0: 10 s */
};

/* Replaces a socket that nobody answers at; -EADDRINUSE where somebody does. */
int control_server_new(const struct control_server_options *options, struct control_server **ret,
		       struct error *err);
void control_server_free(struct control_server *server); /* removes its socket */

int control_server_fd(const struct control_server *server);        /* to poll: readable */
uint64_t control_server_due_usec(const struct control_server *server); /* monotonic; 0: none */
void control_server_run(struct control_server *server);

/* `line` is one JSON object without a newline. A ticket whose client is gone is no mistake. */
void control_server_answer(struct control_server *server, uint64_t ticket, const struct str *line);
void control_server_refuse(struct control_server *server, uint64_t ticket, int code,
			   const char *sentence);
/* After the answer: this client gets what is told. */
void control_server_follow(struct control_server *server, uint64_t ticket);
void control_server_tell(struct control_server *server, const char *line, size_t size);

size_t control_server_clients(const struct control_server *server);
/* CPU time of control_server_run so far: what clients make their server spend. */
uint64_t control_server_cpu_usec(const struct control_server *server);

#endif
