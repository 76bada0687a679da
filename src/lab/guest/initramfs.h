/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An initial RAM file system (newc cpio), made in memory: everything belongs to root, times are 0,
 * so the same content gives the same bytes. Names are relative to the guest's root; a directory
 * comes before what is in it. After a failed allocation it takes no more, and its end says so.
 */
#ifndef LAB_GUEST_INITRAMFS_H
#define LAB_GUEST_INITRAMFS_H

#include "base/str.h"

#include <sys/types.h>

struct error;

struct initramfs {
	struct str bytes;
	unsigned inode;
};

void initramfs_init(struct initramfs *image);
void initramfs_add_directory(struct initramfs *image, const char *name);
void initramfs_add_bytes(struct initramfs *image, const char *name, mode_t permissions,
			 const void *bytes, size_t size);
/* A character device. */
void initramfs_add_device(struct initramfs *image, const char *name, unsigned major,
			  unsigned minor);
/* A file of this machine. */
int initramfs_add_file(struct initramfs *image, const char *name, mode_t permissions,
		       const char *path, struct error *err);

/* Ends it and hands it over as a file in memory. */
int initramfs_finish(struct initramfs *image, int *ret_fd, struct error *err);
void initramfs_done(struct initramfs *image);

#endif
