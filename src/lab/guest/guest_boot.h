/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the built-in guest boots into, or through: the initramfs of uapi/agent_boot.h, with the agent and the
 * modules that this plan needs of this kernel, and the words of the kernel's command line.
 */
#ifndef LAB_GUEST_GUEST_BOOT_H
#define LAB_GUEST_GUEST_BOOT_H

#include "lab/guest/guest_plan.h"

struct error;
struct str;

/* Whether a guest is booted that way: the built-in one, or a disk whose ext4 becomes the root. */
bool guest_boot_is_ours(const struct guest_plan *plan);

/* As a file in memory. -ENOENT: the kernel lacks a module, or there is no agent. */
int guest_boot_image(const struct guest_plan *plan, int *ret_fd, struct error *err);

/* tsc_khz 0: not known. -ENAMETOOLONG where the kernel would not take so many words. */
int guest_boot_words(const struct guest_plan *plan, uint64_t tsc_khz, struct str *words,
		     struct error *err);

#endif
