/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is alike, by the recipes alone: an oracle that never saw the memory. */
#ifndef KSM_TEST_TRUTH_H
#define KSM_TEST_TRUTH_H

#include "recipe.h"

#include <stdio.h>

struct truth {
	uint64_t pages;      /* that KSM may merge */
	uint64_t contents;   /* distinct ones */
	uint64_t zero, changing, read_only;
	uint64_t alike;      /* pages whose content another page has, too */
	uint64_t shared, sharing, unshared; /* with at most so many mappings of a frame */
	uint64_t zero_merged; /* to the kernel's zero page */
	uint64_t saved;      /* frames: sharing and zero_merged */
};

/* False: no memory. */
bool truth_compute(const struct recipe *recipes, size_t count, uint64_t most, bool zero_pages,
		   struct truth *ret);
void truth_print(const struct truth *truth, FILE *stream); /* the members of a JSON object */

#endif
