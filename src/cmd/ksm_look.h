/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statuses of page sharing one after the other (ksm/status.h): VMs come from a source, their groups
 * from truced where it runs, the rest from the host's files.
 *
 *     ksm_look_open -> { ksm_look_next | ksm_look_take }* -> ksm_look_close
 */
#ifndef CMD_KSM_LOOK_H
#define CMD_KSM_LOOK_H

#include "ksm/status.h"
#include "report/rates.h"

struct root;
struct source;
struct told;

struct ksm_look {
	struct source *source;
	struct root *root;
	struct told *told; /* NULL: a captured host */
	struct rates rates;
	struct status_options options;
	struct status status;
	bool *wanted;      /* of status.vms, which are those named; NULL: all */
	char *const *names;
};

/* `directory`: a captured host, or NULL. */
int ksm_look_open(struct ksm_look *look, const char *directory, uint64_t interval_usec,
		  char *const *names, struct error *err);
void ksm_look_close(struct ksm_look *look);
/* Waits for its turn: 1; 0 after a signal. */
int ksm_look_next(struct ksm_look *look, struct error *err);
/* Without waiting. */
int ksm_look_take(struct ksm_look *look, struct error *err);

#endif
