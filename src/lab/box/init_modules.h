/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel modules in the box, by this machine's own modprobe: it knows dependencies, compression
 * and parameters. The modules stand in the kernel cache, not in /lib/modules.
 */
#ifndef LAB_BOX_INIT_MODULES_H
#define LAB_BOX_INIT_MODULES_H

#include <stddef.h>

struct error;

/* Lets the kernel find modules that it asks for itself (a mount, a network device). */
int init_modules_prepare(const char *job, size_t size, struct error *err);

/* NAME [PARAMETER=VALUE ...]. */
int init_module_load(const char *modules, const char *module, struct error *err);

/* The job's modules, what its disks need, and /dev/kvm where it wants that. */
int init_modules_load(const char *job, size_t size, struct error *err);

#endif
