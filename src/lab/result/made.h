/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made-up experiments whose truth is known, for tests: a file as the runner writes it, with noise
 * of boots, runs and intervals, and an effect that whoever reads it must find again.
 */
#ifndef LAB_RESULT_MADE_H
#define LAB_RESULT_MADE_H

#include <stdbool.h>
#include <stdint.h>

struct error;

struct made {
	const char *spec;	/* Lua */
	const char *platform, *accel, *scaled, *host, *version;
	unsigned boots;		/* of each machine; 0: the spec's */
	double per_vm;		/* VM1's rate is multiplied by it for each further loaded VM */
	double aa;		/* and by this in the second copy of the baseline; 0: 1 */
	double unfair;		/* the last loaded VM's share of the others'; 0: 1 */
	bool others_idle;	/* the VMs beside VM1 do nothing, and their runs say "done" */
	unsigned cold_intervals; /* at the start of each run: half as fast */
	unsigned stalled_intervals; /* with all VMs loaded VM1 stands still so long, and reports once */
	unsigned failed_boots;	/* attempts that failed, before those that are done */
	uint64_t seed;
};

/* A spec of loaded = 1, 2, 3; VMs pinned. */
extern const char made_isolation_spec[], made_aa_spec[], made_duet_spec[], made_sequence_spec[];
/* Small ones, for whoever makes many of them. */
extern const char made_short_spec[], made_short_duet_spec[];

int made_store(const struct made *made, const char *path, struct error *err);

#endif
