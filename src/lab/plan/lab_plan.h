/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What will be done in which order: boots, and in each boot the runs. Pure: the same spec, host
 * and seed give the same plan, which is how a run that was broken off is taken up again. Boots
 * of different machines are interleaved in random order, block by block, so that a host that
 * slows down with time does so for every cell alike; so are the runs within a boot.
 */
#ifndef LAB_PLAN_LAB_PLAN_H
#define LAB_PLAN_LAB_PLAN_H

#include "lab/spec/spec.h"

struct lab_plan_host {
	const unsigned *cpus;        /* that this process may use, ascending */
	size_t cpu_count;
	uint64_t memory_bytes;       /* available */
	uint64_t disk_bytes;         /* free where disks are made */
	bool kvm;                    /* usable for Linux guests */
	bool root;                   /* may make namespaces and taps, pin others, turn knobs */
};

struct lab_plan_run {
	size_t cell;
	/* Duet: the cell that runs beside it, and whether the two change places; else == cell. */
	size_t beside;
	bool swapped;
};

struct lab_plan_boot {
	unsigned machine;            /* as in spec_cell */
	unsigned block;              /* the how-manieth boot of its machine, from 0 */
	const struct spec_machine *made;
	unsigned vcpus;              /* given to each VM: fewer than asked where it is scaled */
	struct lab_plan_run *runs;
	size_t run_count;
};

struct lab_plan {
	const struct spec *spec;     /* borrowed */
	uint64_t seed;
	struct lab_plan_boot *boots;
	size_t boot_count;
	unsigned *cpus;              /* the host's, as given */
	size_t cpu_count;
	unsigned *vcpus;             /* given to each VM, by machine */
	bool kvm;                    /* the host's guests run by KVM where nothing else is said */
	bool tcg;                    /* guests are emulated, some at least */
	bool scaled;                 /* the host is smaller than the spec asks */
	char scaled_why[200];        /* "3 VMs of 2 vCPUs on cores of their own need 6, here are 2" */
	uint64_t estimate_usec;      /* all boots */
};

/* -ENOSPC, -EPERM, -ENODEV with a sentence that says what is missing; -E2BIG: of what it measures
 * no file could be read again. Only processors are scaled: with less memory or disk a workload would
 * be another one. */
int lab_plan_new(const struct spec *spec, const struct lab_plan_host *host, uint64_t seed,
		 struct lab_plan **ret, struct error *err);
void lab_plan_free(struct lab_plan *plan);

/* The host's CPUs that VM `vm` may use in a run of this cell, ascending, into ret_cpus (room for
 * cpu_count); all of them where it is not pinned. */
size_t lab_plan_pin(const struct lab_plan *plan, const struct spec_cell *cell, unsigned vm,
		    unsigned *ret_cpus);
/* What that machine's guests are run by, "kvm" or "tcg"; "none": it has none. */
const char *lab_plan_accel(const struct lab_plan *plan, const struct spec_machine *made);
/* Of the whole experiment: "kvm" where any guest is run by it, else "tcg" where there is one. Which
 * of its guests are emulated each boot says. */
const char *lab_plan_accel_best(const struct lab_plan *plan);
/* What they take, as guessed before anything was measured: a boot without its runs, a run. */
uint64_t lab_plan_boot_usec(const struct lab_plan *plan, const struct lab_plan_boot *boot);
uint64_t lab_plan_run_usec(const struct lab_plan *plan, const struct lab_plan_run *run);
/* What --dry-run prints. "2 min 40 s" is how a time is told. */
void lab_plan_append_time(struct str *out, uint64_t usec);
void lab_plan_append_text(const struct lab_plan *plan, struct str *out);

#endif
