/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of a guest's disk: it has no name, so it is gone with its last descriptor. A raw one
 * has all of its room from the start: where there is not enough, that is told before anything is
 * measured, and not by a guest that stands still.
 */
#ifndef LAB_GUEST_DISK_FILE_H
#define LAB_GUEST_DISK_FILE_H

#include "lab/guest/guest_plan.h"

struct error;

struct disk_file_plan {
	const char *directory;
	enum guest_disk_format format;
	enum guest_disk_cache cache; /* checked: not every file system has O_DIRECT */
	uint64_t bytes;
	bool blank;
};

/* -ENOSPC and what is free; -EINVAL where the file system cannot do it. */
int disk_file_make(const struct disk_file_plan *plan, int *ret_fd, struct error *err);

#endif
