/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image and the configuration of a Debian kernel: BOOT/vmlinuz-RELEASE, BOOT/config-RELEASE.
 */
#ifndef LAB_HOST_BOOT_IMAGE_H
#define LAB_HOST_BOOT_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct error;

/* -ENOTSUP and the name of the option where this kernel cannot mount a box's root or talk to
 * the host without modules, which it has none of before its root is there. */
int boot_image_check(const char *boot, const char *release, struct error *err);

/* Where a bzImage has its packed kernel: within size, or -EINVAL. */
int boot_image_payload(const unsigned char *image, size_t size, size_t *ret_at, size_t *ret_size);

/* Makes BOOT/vmlinux out of the vmlinuz, where it is packed with zstd and has the entry that QEMU
 * needs for an unpacked one (PVH). Does nothing where not: vmlinuz boots too, later. */
int boot_image_unpack(const char *boot, const char *release, struct error *err);

/* The release of a kernel by its file alone, packed (bzImage) or unpacked (vmlinux). -EINVAL
 * where it is no kernel. */
int boot_image_release(const char *path, char *ret, size_t ret_size, struct error *err);

#endif
