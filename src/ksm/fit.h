/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many VMs of these kinds, in this mix, a host's memory holds with KSM off and on. Pure.
 *
 * Off, n VMs take what n of them have resident. On, they take their frames (population.h), what
 * KSM does not see, and 64 bytes for each page that it keeps book of; beside that must remain what
 * it takes when guests write to what they share: `rewriting` of them, the dearest ones, everything
 * at once. The same reserve holds a VM that is new and not merged yet.
 *
 * Risk: VMs of a kind differ. Of each the variance adds; that the mean of a few observed ones is not
 * the kind's mean is an error common to all n, which grows as n. How much they differ is known
 * badly from one or two, so that FIT_SPREAD_OBSERVATIONS observations of a spread that was said
 * before (2 % of a VM) are mixed in, and the quantile is Student's with so many degrees of freedom.
 */
#ifndef KSM_FIT_H
#define KSM_FIT_H

#include "ksm/population.h"

enum { FIT_VMS_MOST = 10000, FIT_SPREAD_OBSERVATIONS = 4 };

struct fit_vm {
	double other_bytes;  /* of its process beside what KSM sees, its page tables included */
	double growth_bytes; /* by which its memory will have grown; merges with nothing */
	double most_bytes;   /* of guest memory that it may come to have; 0: not known */
};

struct fit_question {
	const struct prints *prints;
	const size_t *kind_of;     /* as population_init takes it */
	const struct fit_vm *vms;  /* of each VM of the prints */
	const double *mix;         /* VMs of each kind, in proportion */
	size_t kind_count;
	double host_bytes, used_bytes, reserve_bytes;
	double risk, spread;       /* 0.01, 0.02 */
	uint64_t rewriting;        /* UINT64_MAX: all */
};

/* Bytes of `vms` VMs. */
struct fit_point {
	size_t vms, counts[POPULATION_KINDS_MOST];
	double off, off_risk;  /* the mean; what is exceeded at the risk only */
	double on, on_risk;
	double items;          /* of `on`, KSM's book-keeping */
	double rewritten;      /* what `rewriting` VMs that write to all they share add */
	double rewritten_all;  /* what all of them add */
	double full;           /* each guest has all that it may come to have; NAN: not known */
};

/* The largest n that fits, and all smaller ones; FIT_VMS_MOST: that many or more. */
struct fit_most {
	size_t off, off_mean, on, on_mean, full;
};

/* What one VM of a kind takes, and its standard deviation with what was said before mixed in. */
struct fit_kind {
	size_t observed;
	double vm_bytes, vm_deviation;   /* off */
	double own_bytes, own_deviation; /* on, what it shares with nobody: a further one adds as much */
};

struct fit {
	double line_bytes;  /* for the VMs: host - used - reserve */
	double quantile;    /* Student's */
	struct fit_kind kinds[POPULATION_KINDS_MOST];
	struct fit_point *points; /* of 1, 2, ... VMs, one beyond the last that fits anyhow */
	size_t point_count, point_capacity;
	struct fit_most most;
};

/* -ENOMEM; -EINVAL where a kind has no VM. */
int fit_compute(const struct fit_question *question, struct fit *ret);
void fit_done(struct fit *fit);

#endif
