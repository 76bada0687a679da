/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What memory n VMs take when KSM merges, from the fingerprints of a few VMs of each kind. Pure.
 *
 * A content that one VM alone has, of all that were observed, is taken to be that VM's own: each
 * further VM of the kind brings as many. What two or more have, of whatever kinds, is taken to be known
 * already: no further VM brings it anew. Zero pages are known always.
 *
 * That is an upper bound where the VMs of a kind are alike in law: what one VM more adds to the
 * frames becomes less with each that is there already, and what the last observed one added is
 * measured. It is exact where what some share all share (a distribution's programs), and too high
 * where each pair shares something else; the more VMs are observed, the less. Of one VM nothing is
 * known to be shared but its zero pages and what it has several times.
 *
 * Up to the number of VMs observed it is the mean over all choices among them.
 */
#ifndef KSM_POPULATION_H
#define KSM_POPULATION_H

#include "ksm/prints.h"

enum { POPULATION_KINDS_MOST = 8 };

/* Contents that are alike to the model. */
struct population_row {
	double contents;
	uint32_t holders[POPULATION_KINDS_MOST]; /* VMs observed of each kind that have it */
	double pages[POPULATION_KINDS_MOST];     /* its pages in these, together */
};

struct population_kind {
	size_t observed;
	double pages, zero, changing; /* a VM's mean */
	double own_variance; /* of the mean of the VMs' own frames, by sampling of contents */
};

struct population {
	size_t kind_count;
	struct population_kind kinds[POPULATION_KINDS_MOST];
	double max_sharing;
	bool zero_pages;
	struct population_row *rows;
	size_t row_count, row_capacity;
	double *own; /* frames, of each VM of the prints: what no other has, and what changes */
};

/* `kind_of`: of each VM of the prints its kind; kind_count or more: none. Sorted prints. -ENOMEM. */
int population_init(struct population *population, const struct prints *prints,
		    const size_t *kind_of, size_t kind_count);
void population_done(struct population *population);

/* Frames of so many VMs of each kind. */
double population_frames(const struct population *population, const size_t *counts);
/* Pages of them that KSM keeps book of. */
double population_items(const struct population *population, const size_t *counts);

#endif
