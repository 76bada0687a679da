/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What experiments measured, as one SQLite file (doc/format/experiment-store.md). Raw figures are
 * kept, statistics are computed from them each time. Whoever writes does so in whole boots' and
 * whole runs' transactions, so that a file is readable whatever became of its writer; what failed
 * is there with its reason, never left out.
 */
#ifndef LAB_STORE_STORE_H
#define LAB_STORE_STORE_H

#include "lab/store/store_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct spec;
struct store;
struct str;

/* Makes the file and its tables where they are not there. -EPROTO: of another version; -EBADMSG:
 * another program's. */
int store_open(const char *path, struct store **ret, struct error *err);
void store_close(struct store *store);

struct store_experiment {
	const struct spec *spec;
	bool quick;
	uint64_t seed;
	const char *version, *platform, *scaled, *host; /* scaled: NULL where it is not; host: JSON */
};

/* By which a spec is known again: of its bytes, and of --quick. */
uint64_t store_spec_hash(const struct spec *spec, bool quick);

/* With its cells; state "running". */
int store_add_experiment(struct store *store, const struct store_experiment *experiment,
			 int64_t *ret_id, struct error *err);
/* The newest of this hash that is not finished: -ENOENT where there is none. */
int store_find_unfinished(struct store *store, uint64_t spec_hash, int64_t *ret_id,
			  uint64_t *ret_seed, struct error *err);
/* "running", "stopped" (by somebody), "failed", "finished". */
int store_end_experiment(struct store *store, int64_t id, const char *state, const char *why,
			 struct error *err);

/* Whether the boot of that place in the plan has been done, and how often it was tried. */
int store_boot_state(struct store *store, int64_t experiment, unsigned ordinal, bool *ret_done,
		     unsigned *ret_attempts, struct error *err);
int store_add_boot(struct store *store, int64_t experiment, unsigned ordinal, unsigned attempt,
		   const char *setup, int64_t *ret_id, struct error *err);
/* "done", "failed", "stopped"; runs of a boot that is not done are kept and do not count. */
int store_end_boot(struct store *store, int64_t id, const char *state, const char *why,
		   struct error *err);

/* One transaction: the run, its members, their intervals and samples. -ENOSPC: the disk is full. */
int store_add_run(struct store *store, int64_t experiment, int64_t boot,
		  const struct store_run *run, struct error *err);

#endif
