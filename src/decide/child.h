/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of a policy's process: the parent's orders come in, answers go out. What runs the
 * policy (Lua, or libpeacemaker for one in C) sees turns and never the wire.
 */
#ifndef DECIDE_CHILD_H
#define DECIDE_CHILD_H

#include "decide/turn.h"
#include "model/policy.h"

struct error;
struct str;

/* A language. load: once, and a line into `problems` for everything that is wrong; turn: again and again, or, where the policy has a loop of its own,
 * `turn` does not come back but asks for the next one by child_next. */
struct child_language {
	int (*load)(const char *bytes, size_t size, const char *path, size_t memory_bytes,
		    struct str *problems, struct error *err);
	const struct policy *(*description)(void);
	int (*turn)(const struct turn *turn, struct error *err);
	/* Appends what the policy wants to find again; true when it is another than last time. */
	bool (*state_append)(struct str *out);
	int (*state_take)(const char *bytes, size_t size, struct error *err);
	/* Where in the policy it is; NULL: nowhere. For a handler (decide/crash.h). */
	const char *(*where)(int *ret_line);
};

extern const struct child_language child_lua, child_c;

/* Answers the turn that was, waits for the next, and says what it is. Ends the process where the
 * parent is gone. */
const struct turn *child_next(void);

#endif
