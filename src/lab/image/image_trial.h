/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boots an image once, as an experiment would, to know that it comes up. */
#ifndef LAB_IMAGE_IMAGE_TRIAL_H
#define LAB_IMAGE_IMAGE_TRIAL_H

#include "lab/host/ability.h"

#include <stdint.h>

struct error;
struct guest_kernel;
struct lab_image;

struct image_trial_plan {
	const struct lab_image *image;
	const struct guest_kernel *kernel;
	enum accelerator accelerator;
	unsigned cpus;
	uint64_t memory_bytes, limit_usec;
	int cancel_fd;
};

struct image_trial {
	uint64_t ready_usec;	       /* from the start of QEMU until the agent had answered */
	char kernel[128], agent[64];   /* safe to print */
};

/* 0: the image's own agent answered, and the guest was switched off. -ETIMEDOUT and what its
 * console said last, -ECANCELED, or how it died. */
int image_trial_run(const struct image_trial_plan *plan, struct image_trial *ret, struct error *err);

#endif
