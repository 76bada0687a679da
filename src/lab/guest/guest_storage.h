/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One storage device of a known speed that several guests share: a qemu-storage-daemon that has
 * the disks of all of them in one throttle group. It dies with the thread that started it. A
 * guest's end is one connected descriptor (NBD), so its memory stays its own, as KSM wants it.
 */
#ifndef LAB_GUEST_GUEST_STORAGE_H
#define LAB_GUEST_GUEST_STORAGE_H

#include "lab/guest/guest_plan.h"

struct error;
struct scratch;

struct guest_storage_plan {
	enum guest_disk_format format;
	enum guest_disk_cache cache;
	uint64_t disk_bytes; /* each */
	size_t disk_count;   /* one a guest */
	bool blank;	     /* without a file system, as in struct guest_disk */
	const char *directory; /* NULL: the scratch's */
	uint64_t bytes_per_sec, operations_per_sec; /* of all together; 0: no limit */
	const struct scratch *scratch;
};

int guest_storage_new(const struct guest_storage_plan *plan, struct guest_storage **ret,
		      struct error *err);
void guest_storage_free(struct guest_storage *storage);

/* Readable when guest_storage_turn has something to do. */
int guest_storage_fd(const struct guest_storage *storage);

/* 0 while it runs, else its last words. */
int guest_storage_turn(struct guest_storage *storage, struct error *err);

pid_t guest_storage_pid(const struct guest_storage *storage);

/* A connection to the next disk that no guest has yet: -ENOSPC where all are given away. */
int guest_storage_take(struct guest_storage *storage, int *ret_fd, char *ret_export,
		       size_t export_size, struct error *err);

#endif
