/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of a client, checked: an object with a known "do", keys of the right type within their
 * bounds, and every key that this "do" needs. Whoever handles it looks at meaning alone.
 */
#ifndef CONTROL_REQUEST_H
#define CONTROL_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum control_do {
	CONTROL_STATUS,
	CONTROL_VMS,
	CONTROL_POLICY_LIST,
	CONTROL_POLICY_SOURCE,
	CONTROL_METRICS,
	CONTROL_LOG_FOLLOW,
	/* From here on: what changes something. */
	CONTROL_POLICY_LOAD,
	CONTROL_POLICY_UNLOAD,
	CONTROL_RELOAD,
	CONTROL_SET,
	CONTROL_LET_GO,
	CONTROL_PAUSE,
	CONTROL_RESUME,
	CONTROL_UNDO,
	CONTROL_MODE,
	CONTROL_LOOK, /* changes nothing itself, and costs as much as is set */
	CONTROL_DO_COUNT,
};

struct control_request {
	enum control_do what;
	/* NULL where absent; each belongs to `json`. */
	const char *vm, *setting, *value, *path, *name, *mode, *source;
	bool keep;
	bool has_until;
	uint64_t until_usec;
	json_t *json;
};

/* -EINVAL with a sentence. */
int control_request_parse(const char *line, size_t size, struct control_request *ret,
			  struct error *err);
void control_request_done(struct control_request *request);
bool control_do_changes(enum control_do what);
const char *control_do_name(enum control_do what);

#endif
