/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What page sharing saves and costs on this host now, as a whole and for each VM. Every number may be
 * FIELD_ABSENT: this kernel does not tell it, this user may not see it, or nobody asked for it
 * (status_options). Its bytes are one line of JSON (doc/format/ksm-status-json.md), which is also what
 * a recording of `truce ksm watch` has.
 *
 *     status_init -> { status_take }* -> status_done
 */
#ifndef KSM_STATUS_H
#define KSM_STATUS_H

#include "ksm/status_figures.h"
#include "model/vm.h"
#include "sys/ksm.h"

struct error;
struct json;
struct root;
struct snapshot;
struct str;

struct status_host {
	struct ksm ksm;
	STATUS_HOST_FIGURES(STATUS_MEMBER)
};

/* VMs of one process share its memory: all but the first have no figures of it. */
struct status_vm {
	char id[VM_ID_SIZE];
	pid_t pid;
	char *name, *manager, *group; /* NULL: none is known */
	const char *takes_part;       /* "yes", or why it does not: one of status_reasons */
	STATUS_VM_FIGURES(STATUS_MEMBER)
};

/* Two that have frames in common: by index in vms, or in groups. */
struct status_pair {
	size_t a, b;
	int64_t common_bytes;
};

struct status_pairs {
	struct status_pair *pairs; /* the largest first */
	size_t count, capacity;
};

struct status {
	uint64_t realtime_usec, monotonic_usec;
	struct status_host host;
	struct status_vm *vms;
	size_t vm_count, vm_capacity;
	struct status_pairs pairs;       /* of VMs */
	char **groups;                   /* sorted */
	size_t group_count, group_capacity;
	struct status_pairs group_pairs; /* a == b: between VMs of one group */
	char *frames_absent;             /* why no frames were looked at; NULL: they were */
};

struct status_options {
	bool with_areas;        /* smaps: what may be merged, milliseconds a VM */
	bool with_frames;       /* who shares with whom; needs areas, and root */
	uint64_t frames_usec;   /* the frames of VMs whose turn comes later are not looked at */
	bool (*is_cancelled)(void);
};

extern const char *const status_reasons[]; /* ended by NULL; the first is "yes" */

void status_init(struct status *status);
void status_done(struct status *status);
/* Of the snapshot's VMs; `status` is done away with first. -ECANCELED, -ENOMEM. */
int status_take(struct root *root, const struct snapshot *snapshot,
		const struct status_options *options, struct status *status, struct error *err);
/* What is missing or left over when every guest rewrites all that is merged; a sentence. */
void status_append_verdict(const struct status_host *host, struct str *str);

/* Tables and sentences; of `wanted` VMs (NULL: all), pairs at most so many. */
void status_append_text(const struct status *status, const bool *wanted, size_t pairs_most,
			size_t width, struct str *str);
/* What one needs to see change; `before` is an earlier one, NULL: none, and nothing is per second.
 * Rows from `first` on. */
void status_append_live(const struct status *before, const struct status *now, const bool *wanted,
			size_t first, size_t width, struct str *str);
void status_append_json(const struct status *status, const bool *wanted, struct str *str);
/* A line of JSON; -EINVAL with a sentence where it is none of this kind. */
int status_parse(const char *bytes, size_t size, struct status *status, struct error *err);

#endif
