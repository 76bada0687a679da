/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent's end of the talk: one host at a time, over one descriptor at a time. A host that
 * says HELLO ends whatever the one before it left: jobs are killed, what is frozen thaws. The
 * host is bounded as well: it is heard only while there is room for what it is answered, and
 * reports wait while it reads nothing.
 *
 *     session_attach; poll session_watch until session_deadline; session_turn; ...
 */
#ifndef AGENT_SESSION_H
#define AGENT_SESSION_H

#include "agent/counters.h"
#include "agent/freezer.h"
#include "agent/job.h"
#include "agent_wire.h"
#include "base/outbox.h"
#include "base/str.h"

#include <poll.h>

/* What a session waits for: the channel, each job at its number, the freezer's child. */
#define SESSION_WATCHES (AGENT_JOB_MAX + 2)

struct session_options {
	bool first_process;
	bool may_power_off;
};

struct session {
	struct session_options options;
	int fd; /* -1: there is no channel */
	uint64_t id, host;
	bool greeted, hello_owed, power_off;
	bool unread; /* frames wait in the reader until there is room for answers */
	uint64_t said_hello_nsec;
	uint64_t frame_since_nsec; /* of a frame that has only begun; 0: none */
	struct str troubles;	   /* lines for the next host: what went wrong before it came */
	struct counters counters;
	struct freezer freezer;
	struct job jobs[AGENT_JOB_MAX + 1];
	struct outbox outbox;
	struct agent_message message;
	struct agent_reader reader;
};

int session_init(struct session *session, const struct session_options *options,
		 struct error *err);
void session_done(struct session *session);

/* Owns the descriptor from here on; it does not block. */
void session_attach(struct session *session, int fd);
/* The host is gone: its jobs end, what it froze thaws, the descriptor is closed. */
void session_detach(struct session *session);

/* A sentence for whoever is the host, now or later: of no job. */
void session_trouble(struct session *session, const char *sentence);

void session_watch(const struct session *session, struct pollfd watches[SESSION_WATCHES]);
uint64_t session_deadline(const struct session *session);

/* 0; -EPIPE when the channel is gone: then detach. The watches as poll(2) left them. */
int session_turn(struct session *session, const struct pollfd watches[SESSION_WATCHES]);

/* A child that belongs to a job or the freezer, and is reaped by them. */
bool session_owns(const struct session *session, pid_t pid);

#endif
