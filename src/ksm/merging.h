/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What KSM makes of these fingerprints once it has seen every page twice: pages that it saves, what
 * its book-keeping takes, who shares with whom, and what comes free when a VM leaves. Pure.
 *
 * A content that has m pages takes ceil(m / max_sharing) frames: the kernel lets at most
 * max_page_sharing mappings refer to one merged page. A single page left over is merged with nobody.
 * Zero pages are a content like others, or none (use_zero_pages: they map to the kernel's own and
 * take no frame).
 *
 * Where contents were sampled, a VM's sampled pages stand for all of its pages that are neither zero nor
 * frequent, however many of them the sample happened to have.
 */
#ifndef KSM_MERGING_H
#define KSM_MERGING_H

#include "ksm/prints.h"

enum { MERGING_ITEM_BYTES = 64, MERGING_SHARING_DEFAULT = 256 };

struct merging_vm {
	bool takes_part;
	double pages;     /* that KSM sees */
	double merged;    /* of these, mapped to a page that others map as well, or to the zero page */
	double saved_alone; /* frames that this VM saves among its own pages, were it alone */
	double freed;     /* frames that come free when it leaves, of `pages` */
	double changing;
};

struct merging {
	double pages;     /* of all that take part */
	double shared, sharing, unshared, zero, changing; /* as /sys/kernel/mm/ksm would say */
	double saved;     /* frames: sharing + zero pages */
	double items;     /* that KSM keeps book of */
	double error;     /* of `saved`, a standard error by the sampling; 0 where nothing was sampled */
	struct merging_vm *vms; /* as in the prints */
	/* Contents that both have, in frames: what is saved by having the two together beyond what each
	 * saves alone. [a * vm_count + b], symmetric; the diagonal is saved_alone. */
	double *pairs;
	size_t vm_count;
};

/* `part`: which VMs take part, one bool a VM; NULL: all. -ENOMEM. */
int merging_compute(const struct prints *prints, const bool *part, struct merging *ret);
void merging_done(struct merging *merging);

/* What remains of the saving when the book-keeping is paid for; may be below 0. */
double merging_profit_bytes(const struct merging *merging);
/* Memory that must be found when every merged page is written to. */
double merging_unmerge_bytes(const struct merging *merging);

#endif
