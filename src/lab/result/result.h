/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an experiment found, computed from its raw figures each time. Pure: the same file gives the
 * same bytes. Every comparison has a verdict, and only RESULT_DIFFERS and RESULT_ALIKE conclude
 * anything: smaller than what two equal cells (A/A) looked to differ by, without an A/A, from too
 * few boots, or where the VMs beside VM1 did not load, nothing is concluded.
 *
 * Boots and runs count that are done; of a run, what was after its warm-up.
 */
#ifndef LAB_RESULT_RESULT_H
#define LAB_RESULT_RESULT_H

#include "lab/result/window.h"
#include "lab/store/store_read.h"
#include "measure/compare.h"

struct error;
struct spec;

enum { RESULT_MEASURES_MOST = 8 };

enum result_verdict {
	RESULT_DIFFERS,
	RESULT_ALIKE,	       /* none found; one of numbers.detectable would most likely have been */
	RESULT_WITHIN_CONTROL, /* no larger than what two equal cells differ by */
	RESULT_NO_CONTROL,
	RESULT_TOO_FEW_BOOTS,
	RESULT_UNPROVED,
	RESULT_NO_DATA,
	RESULT_VERDICTS,
};

/* What the values of a measure are. */
enum result_unit { RESULT_PER_SECOND, RESULT_BYTES_PER_SECOND, RESULT_SECONDS, RESULT_SHARE,
		   RESULT_BYTES, RESULT_PLAIN };

struct result_comparison {
	size_t cell, base;
	enum result_verdict verdict;
	/* Unless RESULT_NO_DATA or RESULT_UNPROVED; detectable is of it among the others. */
	struct measure_comparison numbers;
	bool has_numbers, is_control;
	double floor;     /* half of A/A's width, in the scale of numbers.effect; NAN: no A/A */
	double corrected; /* p, by Holm; NAN where it is the control or has no numbers */
};

/* By how much VM1's value changes with each further loaded VM, where all else is equal. */
struct result_slope {
	size_t base;  /* the cell with the least load */
	size_t doses;
	struct measure_comparison numbers; /* ratio, low, high: of one more VM */
};

struct result_measure {
	const char *name;
	enum result_unit unit;
	struct measure_cell *cells; /* one for each of the experiment's */
	struct result_comparison *comparisons; /* one for each cell that has a base */
	size_t comparison_count;
	struct result_slope *slopes;
	size_t slope_count;
	void *owned;
};

/* Of the first measure, unless said otherwise. NAN: not known. */
struct result_cell {
	size_t boots, runs, unproved, failed, never_steady;
	double warmup_sec;		 /* cut off, beginning included */
	struct measure_comparison alone; /* value, low, high */
	bool has_value;
	double median, p01, p99;	 /* means over boots of the boots' */
	double worst;			 /* mean of the slowest of the VMs that do VM1's work */
	unsigned worst_vm;		 /* 0: VM1 */
	double jain, most_over_least;	 /* of these VMs */
	size_t equals;			 /* how many they are */
	double isolation, isolation_p01, latency_impact, work_conservation, together;
	double latency;			 /* VM1's p99, in seconds */
	double others;			 /* what the VMs beside it did, all together */
	enum result_unit others_unit;
	double least_load;		 /* the least that any of them did in any proof's time, of its mean */
	double steal, waiting, faults, pressure_cpu, pressure_memory, pressure_io, host_steal;
	double strangers;		 /* CPUs that were busy with none of these VMs */
	const char *accel;		 /* "tcg", "kvm", "none" */
	bool ratios_only;		 /* its absolute speeds are no real machine's */
	double loaded;			 /* VMs with load */
};

struct result {
	const struct stored_experiment *experiment; /* borrowed */
	struct spec *spec;    /* NULL: of another version; then rates alone are known */
	struct result_window *windows; /* of each run */
	struct result_measure measures[RESULT_MEASURES_MOST];
	size_t measure_count;
	struct result_cell *cells;
	bool sequence;	      /* it was looked at after each boot: intervals hold at all times */
	bool duet;
	bool ratios_only;     /* of any cell */
	size_t boots_done, boots_failed;
};

int result_new(const struct stored_experiment *experiment, struct result **ret, struct error *err);
void result_free(struct result *result);

/* Whether the boot, and the run, count. */
bool result_run_counts(const struct result *result, size_t run);
/* In each such time of a run that counts, each VM that was to load did something. */
int64_t result_proof_nsec(const struct result *result);
const char *result_verdict_name(enum result_verdict verdict); /* "differs", "alike", ... */
/* The factor that says how many VMs are loaded; -1: none. */
int result_dose_factor(const struct stored_experiment *experiment);

#endif
