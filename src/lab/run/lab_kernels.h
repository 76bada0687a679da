/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernels that an experiment's machines boot, each found once before anything boots: what is
 * missing is known, and fetched, by then. Machines that boot themselves have none.
 */
#ifndef LAB_RUN_LAB_KERNELS_H
#define LAB_RUN_LAB_KERNELS_H

#include <stddef.h>

struct error;
struct guest_kernel;
struct spec;

struct lab_kernels {
	struct guest_kernel *found;
	size_t found_count;
	const struct guest_kernel **of; /* by a machine's number; NULL: none */
};

int lab_kernels_find(struct lab_kernels *ret, const struct spec *spec, int cancel_fd,
		     struct error *err);
void lab_kernels_done(struct lab_kernels *kernels);

#endif
