/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel of a box: Debian's cloud kernel, unpacked (never installed) below a cache directory
 * that is named like its release and has boot/ and lib/modules/ in it. A release is in the cache
 * as a whole or not at all: it is renamed into place when everything in it is ready.
 */
#ifndef LAB_HOST_BOOT_KERNEL_H
#define LAB_HOST_BOOT_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

struct error;

struct boot_kernel {
	char *release;	   /* 6.12.117+deb12-cloud-amd64 */
	char *image;	   /* what QEMU boots */
	char *modules_dir; /* what modprobe takes as --dirname */
};

void boot_kernel_done(struct boot_kernel *kernel);

/* $TRUCE_CACHE/kernels, $XDG_CACHE_HOME/truce/kernels or /var/cache/truce/kernels; NULL when
 * memory is out. Free it. */
char *boot_kernel_cache(void);

/* The best of these releases: the newest 6.12, which is the tried one, else the newest cloud
 * kernel from 6.1 on. NULL where none of them is a cloud kernel. */
const char *boot_kernel_choose(const char *const *releases, size_t count);

/* Whether the release is there as a whole, its index of modules included. */
bool boot_kernel_is_cached(const char *cache, const char *release);

/* The best of the cache. -ENOENT where it has none. */
int boot_kernel_find(const char *cache, struct boot_kernel *ret_kernel, struct error *err);

/* The best release that apt knows a package of; free it. -ENOENT where it knows none. */
int boot_kernel_offered(int cancel_fd, char **ret_release, struct error *err);

/* The package that has this release; NULL when memory is out. Free it. */
char *boot_kernel_package(const char *release);

/* Brings a release into the cache, unless it is there: downloads its package with apt, unpacks
 * it, and checks that this kernel can boot a box. An interrupted fetch leaves nothing that a
 * later one does not clear away. */
int boot_kernel_fetch(const char *cache, const char *release, int cancel_fd, struct error *err);

#endif
