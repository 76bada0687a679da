/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An experiment from its plan to its records: boot after boot, in each its runs. A boot that
 * fails is told and repeated, twice at the most, and its records are kept as those of a failed
 * boot; three boots given up one after the other end the experiment. Whatever ends it, what was
 * measured is in the store and nothing else is left. Boots that the store has already are not
 * done again: that is how an experiment is resumed.
 */
#ifndef LAB_RUN_LAB_RUN_H
#define LAB_RUN_LAB_RUN_H

#include "lab/host/ability.h"
#include "lab/plan/lab_plan.h"

#include <stdbool.h>
#include <stdint.h>

struct error;
struct store;

enum { LAB_BOOT_ATTEMPTS = 3, LAB_GIVEN_UP_MOST = 3, LAB_RUN_ATTEMPTS = 2 };

/* Where it is. */
struct lab_progress {
	size_t boot, boot_count;    /* from 1 */
	size_t run, run_count;      /* of this boot, from 1; 0: it boots */
	const char *cell;           /* NULL: it boots */
	uint64_t left_usec;
};

struct lab_listener {
	void *user;
	void (*progress)(void *user, const struct lab_progress *progress);
	/* A sentence: a boot is repeated, a run is not proved. */
	void (*warn)(void *user, const char *sentence);
	/* Of a sequence: asked when each machine has been booted once more; true: it ends here.
	 * NULL: never. */
	bool (*enough)(void *user);
};

struct lab_run_options {
	const struct lab_plan *plan;
	struct store *store;
	int64_t experiment;         /* in the store */
	enum accelerator accelerator;
	const char *agent;          /* NULL: this program's own */
	const char *scratch;        /* where its files are while it runs; NULL: /var/tmp */
	const char *hands;          /* a directory for lab_hands.h; NULL: nothing can be turned */
	uint64_t silence_usec;      /* an agent that says nothing for so long is lost; 0: 10 s */
	int cancel_fd;              /* -1: none */
	struct lab_listener listener;
};

struct lab_run_result {
	unsigned boots, boots_before, boots_repeated, boots_given_up;
	unsigned runs, runs_unproved;
	uint64_t slowest_boot_usec;
	bool ended_early;           /* a sequence that was narrow enough */
};

/* -EINVAL where it measures what a run does not write down. */
int lab_run_check(const struct spec *spec, struct error *err);

/* 0: all that was planned was done or given up. -ECANCELED: stopped. Else what ended it. The
 * result is filled in either way. */
int lab_run(const struct lab_run_options *options, struct lab_run_result *ret_result,
	    struct error *err);

#endif
