/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong or odd about a policy that could be loaded: by itself, and on this host. The
 * errors are what loading would refuse; a warning is something that its author hardly meant.
 */
#ifndef DECIDE_CHECK_H
#define DECIDE_CHECK_H

#include "model/policy.h"

#include <stdbool.h>
#include <stddef.h>

struct arbiter;
struct error;
struct snapshot;
struct str;

struct check_finding {
	bool refused; /* an error, not a warning */
	int line;     /* 0: of the whole file */
	char text[400];
};

struct check {
	struct check_finding *findings; /* by line */
	size_t count, capacity;
};

void check_init(struct check *check);
void check_done(struct check *check);
/* What somebody else found. -ENOMEM. */
int check_add(struct check *check, bool refused, int line, const char *text);
/* Snapshot NULL: by itself alone. Arbiter NULL: no other policy is loaded beside it. -ENOMEM. */
int check_policy(struct check *check, const struct policy *policy, const struct arbiter *arbiter,
		 const struct snapshot *snapshot);
/* "PATH:LINE: warning: ...", each with a newline, safe to print. */
void check_append(const struct check *check, const struct policy *policy, struct str *out);

#endif
