/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One answer to one request: {"ok":true, what it came to}, built and sent. */
#ifndef DAEMON_REPLY_H
#define DAEMON_REPLY_H

#include "base/str.h"
#include "report/json.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct daemon;

struct reply {
	struct str line;
	struct json json;
};

void reply_begin(struct reply *reply);
void reply_text(struct reply *reply, const char *key, const char *text); /* NULL: null */
void reply_uint(struct reply *reply, const char *key, uint64_t number);
void reply_bool(struct reply *reply, const char *key, bool value);
void reply_texts(struct reply *reply, const char *key, const json_t *texts);
/* Sends it to whoever waits, and frees it. */
void reply_end(struct reply *reply, struct daemon *daemon, uint64_t ticket);

#endif
