/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How truce and truced talk: a unix stream socket, a JSON object a line each way, answers in the
 * order of the requests (doc/format/control.md). This is the client's side, for verbs: it may
 * wait, and for no longer than it is told.
 *
 * An answer that says {"ok":false} comes back as an error: its sentence is truced's own, its
 * code what control_error_code made of the answer's "kind".
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

#define CONTROL_SCHEMA "truce.control/1"
#define CONTROL_GROUP "truce"          /* its members may change what is set; root may too */
#define CONTROL_LINE_MOST (2u << 20)   /* a policy's source goes over in one line */
#define CONTROL_TIMEOUT_USEC 10000000ull

enum { CONTROL_PATH_SIZE = 108 }; /* of struct sockaddr_un */

/* $TRUCE_RUN_DIR, else /run/truce; $TRUCE_STATE_DIR, else /var/lib/truce; $TRUCE_CONF_DIR, else
 * /etc/truce. Never NULL, never empty. */
const char *control_run_directory(void);
const char *control_state_directory(void);
const char *control_conf_directory(void);
/* control.sock in the run directory; -ENAMETOOLONG. */
int control_socket_path(char ret[static CONTROL_PATH_SIZE], struct error *err);

/* Whether a truced answers there: to say "truced does this" before doing it oneself. */
bool control_is_there(const char *path);

/*
 * Sends `request` (borrowed) and waits for its answer. `path` NULL: the usual socket; `timeout`
 * 0: CONTROL_TIMEOUT_USEC. The answer is the caller's (json_decref), an object with "ok" true.
 * -ECONNREFUSED: no truced there (the sentence says how to start one); -ETIMEDOUT; -EPROTO: the
 * answer is none; else the daemon's own refusal.
 */
int control_call(const char *path, json_t *request, uint64_t timeout_usec, json_t **ret,
		 struct error *err);

/*
 * As control_call, for {"do":"log.follow"}: then calls `each` with each object that follows, until
 * it returns non-zero (returned; only positive is no failure), or `stop_fd` (-1: none) is readable
 * (0), or truced goes away (-ECONNRESET). `each` with NULL once: the answer was "ok".
 */
typedef int control_each(const json_t *line, void *context);
int control_follow(const char *path, json_t *request, int stop_fd, control_each *each,
		   void *context, struct error *err);

/* "not-found" -> -ENOENT, "denied" -> -EACCES, "invalid" -> -EINVAL, "conflict" -> -EBUSY,
 * "impossible" -> -EOPNOTSUPP, "full" -> -ENOSPC, anything else -> -EIO; and back. */
int control_error_code(const char *kind);
const char *control_error_kind(int code);

#endif
