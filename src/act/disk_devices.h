/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole disks of this host that a VM's disks lie on, at the top: where its I/O enters the
 * block layer. A block device that the VMM holds open, or the device of the file system under a
 * file that it holds open to read or to read and write; a partition is its whole disk, a loop or
 * device-mapper device is itself. Logs, which are appended to or only written, are none.
 */
#ifndef ACT_DISK_DEVICES_H
#define ACT_DISK_DEVICES_H

#include "sys/io_limit.h"

#include <stddef.h>
#include <sys/types.h>

struct error;
struct root;

enum { DISK_DEVICES_MAX = 16 };

struct disk_device {
	struct io_device number;
	char name[32];
};

struct disk_devices {
	struct disk_device items[DISK_DEVICES_MAX];
	size_t count;
	char elsewhere[32]; /* a kind of file system without a device here that has one too, or "" */
};

/* -EOPNOTSUPP with the reason where there is none. */
int disk_devices_find(struct root *root, pid_t pid, struct disk_devices *ret, struct error *err);

#endif
