/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether what a run wanted of the peacemaker was in force while it was measured: every hold and
 * every adjustment of the policy, from the window's beginning to its end. Judged by what the
 * experiment's truced says of itself at both ends, and by its ledger, which tells what was refused,
 * came late, or was turned by somebody else. Pure: the same answers and lines give the same
 * judgement. The first reason against it is told, as a sentence about "VM2".
 */
#ifndef LAB_RUN_LAB_FORCE_H
#define LAB_RUN_LAB_FORCE_H

#include "model/setting.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LAB_FORCE_VMS_MOST = 64, LAB_FORCE_HOLDS_MOST = 256 };

struct lab_force_hold {
	unsigned vm;         /* 0: VM1 */
	enum setting setting;
};

struct lab_force {
	pid_t vms[LAB_FORCE_VMS_MOST];
	size_t vm_count;
	struct lab_force_hold holds[LAB_FORCE_HOLDS_MOST];
	size_t hold_count;
	bool policy;
	uint64_t from_usec;  /* realtime: when the window began */
	uint64_t until_usec; /* and when it is judged, behind its end */
	char why[256];       /* "" while nothing speaks against it */
};

void lab_force_init(struct lab_force *force);
/* -EINVAL: no such setting; -ENOSPC: too many. */
int lab_force_add_hold(struct lab_force *force, unsigned vm, const char *setting);

/* Each is true while nothing speaks against it. The answers of status, policy.list and vms
 * (doc/format/control.md); `before`: policy.list before the window, NULL: there is none. */
bool lab_force_judge_status(struct lab_force *force, const json_t *status);
bool lab_force_judge_policies(struct lab_force *force, const json_t *before, const json_t *after);
bool lab_force_judge_vms(struct lab_force *force, const json_t *vms);
/* The ledger's lines from the run's beginning on (doc/format/ledger.md). */
bool lab_force_judge_ledger(struct lab_force *force, const char *lines, size_t size);

#endif
