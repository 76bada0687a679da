/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Made-up hosts for tests and benchmarks: the same bytes on every machine for the same seed.
 * The noise is what was seen on real hosts: half of the VMs spin on two vCPUs (a tick of 1 s
 * gives them 1,000,000 usec of run time, 3,000 more or less), the others are idle guests that
 * wake up now and then, read, write and talk a little.
 */
#ifndef MODEL_SYNTHETIC_H
#define MODEL_SYNTHETIC_H

#include "model/snapshot.h"

struct synthetic {
	struct snapshot snapshot;
	uint64_t random;
	unsigned tick;
	unsigned born; /* VMs so far */
};

/* After this, every figure that a usual host has is there. -ENOMEM. */
int synthetic_init(struct synthetic *synthetic, unsigned cpus, unsigned vms, uint64_t seed);
void synthetic_done(struct synthetic *synthetic);
/* One second later. */
void synthetic_tick(struct synthetic *synthetic);
/* A VM is born (an event and all), or the one at `at` dies. */
int synthetic_birth(struct synthetic *synthetic);
void synthetic_death(struct synthetic *synthetic, size_t at);

/* A small host that has one of everything: hostile names, each reason of absence, events. */
int synthetic_of_everything(struct snapshot *ret);

/* Whether two snapshots say the same, and where not: a sentence in `text`, for assertions. */
bool synthetic_equal(const struct snapshot *a, const struct snapshot *b, char *text, size_t size);

#endif
