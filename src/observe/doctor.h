/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What works on this host and what does not: one row a check, what is lost by it, and the one
 * line that helps. Checks read through the root handle and change nothing. A captured host
 * cannot tell everything: then a row says unknown.
 */
#ifndef OBSERVE_DOCTOR_H
#define OBSERVE_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;
struct root;
struct snapshot;

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_LIMITED, /* works in part */
	DOCTOR_MISSING, /* does not work */
	DOCTOR_OFF,     /* could be switched on; nothing that Truce needs */
	DOCTOR_UNKNOWN, /* a capture does not tell */
	DOCTOR_STATE_COUNT,
};

struct doctor_row {
	const char *name;
	enum doctor_state state;
	char says[256];
	char fix[192]; /* "": nothing to do */
};

/* Somebody else who turns knobs here. */
struct doctor_manager {
	const char *name;
	const char *knobs;
	pid_t pid;     /* 0: no process of that name, its unit is active all the same */
	char unit[64]; /* "tuned.service active", "" where systemd was not asked */
};

struct doctor {
	struct doctor_row *rows;
	size_t row_count;
	struct doctor_manager *managers;
	size_t manager_count;
};

/* `snapshot` may be NULL: the checks about VMs then know of none. `services`: ask systemd and
 * libvirt as well (of a live host). -ENOMEM alone fails. */
int doctor_run(struct root *root, const struct snapshot *snapshot, bool services,
	       struct doctor *ret, struct error *err);
void doctor_done(struct doctor *doctor);
/* Whether something is limited or missing. */
bool doctor_complains(const struct doctor *doctor);
/* "ok", "limited", ... */
const char *doctor_state_name(enum doctor_state state);

#endif
