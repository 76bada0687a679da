/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An experiment read back whole from its file, which may be a stranger's: what is not as
 * doc/format/experiment-store.md says is refused (-EBADMSG), counts and times are bounded, so that
 * whoever computes with them need not look again. Nothing is written; the file may be one that is
 * being written. Passive; texts are as they were stored and may contain anything.
 */
#ifndef LAB_STORE_STORE_READ_H
#define LAB_STORE_STORE_READ_H

#include "lab/store/store_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct store;

/* Counts and times are not negative, and below this. */
#define STORED_NUMBER_MOST (INT64_C(1) << 60)
enum { STORED_CELLS_MOST = 1024, STORED_FACTORS_MOST = 16, STORED_VMS_MOST = 1024 };
/* Of one experiment; rows: intervals, or samples, which are some hundred a second. */
enum { STORED_BOOTS_MOST = 10000, STORED_RUNS_MOST = 100000, STORED_ROWS_MOST = 50000000 };

struct stored_cell {
	const char *label;
	const char *values[STORED_FACTORS_MOST]; /* of each factor; NULL: none */
	bool is_baseline, is_aa;
	size_t compared_with;
	unsigned machine;
};

struct stored_boot {
	int64_t id;
	unsigned ordinal, attempt;
	const char *setup, *state, *why; /* why may be NULL */
	int64_t started_usec, ended_usec; /* 0: not ended */
};

struct stored_run {
	int64_t id;
	size_t boot;
	struct store_run run; /* members by rising VM; a VM's intervals by rising time */
};

struct stored_experiment {
	int64_t id;
	const char *name, *spec, *version, *asks, *predicts, *platform, *scaled, *host, *state, *why;
	bool quick;
	uint64_t seed, spec_hash;
	int64_t started_usec, ended_usec;
	const char *factors[STORED_FACTORS_MOST];
	size_t factor_count;
	struct stored_cell *cells;
	size_t cell_count;
	struct stored_boot *boots; /* by ordinal and attempt */
	size_t boot_count;
	struct stored_run *runs; /* in the order of time within a boot */
	size_t run_count;
	void *texts;
};

/* -EBADMSG: no file of experiments; -EPROTO: of another version; -ENOENT. */
int store_open_read(const char *path, struct store **ret, struct error *err);

struct stored_summary {
	int64_t id, started_usec, ended_usec;
	char *name, *asks, *state, *platform;
	bool quick;
	uint64_t seed;
	size_t boots, runs; /* done */
};

/* The newest last. */
int store_list(struct store *store, struct stored_summary **ret, size_t *ret_count,
	       struct error *err);
void stored_summaries_free(struct stored_summary *summaries, size_t count);

/* id 0: the newest. -ENOENT with the ids that there are. */
int store_read(struct store *store, int64_t id, struct stored_experiment **ret, struct error *err);
void stored_experiment_free(struct stored_experiment *experiment);

/* A new file that has this one experiment, and the same bytes each time. -EEXIST. */
int store_copy(struct store *store, int64_t id, const char *path, struct error *err);

#endif
