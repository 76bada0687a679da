/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file (or block device) that the disk workloads read and write: `size` bytes of stamped
 * blocks. What it held before is never overwritten unasked: it is new, blank, or ours from an
 * earlier time. A new file that is not to be kept has no name any more once it is open, so
 * nothing is left of it, whatever ends the worker.
 */
#ifndef WORK_DISK_FILE_H
#define WORK_DISK_FILE_H

#include "work/lane.h"

#include <sys/types.h>

#define DISK_KEY 0x6469736bull

enum disk_order { DISK_SEQUENTIAL, DISK_RANDOM };
extern const char *const disk_orders[];

struct disk_settings {
	struct common_settings common;
	const char *file;
	uint64_t size, block, order, direct, keep, overwrite;
	uint64_t cold;  /* disk-read */
	uint64_t fsync; /* disk-write: after so many writes; 0: never */
};

struct disk_file {
	int fd;
	uint64_t blocks;
	_Atomic uint32_t *generations; /* disk-write: of each block */
};

/* What both take. */
#define DISK_PARAMETERS \
	PARAMETER_STRING(struct disk_settings, file, "file", NULL, "the file, or a block device"), \
	PARAMETER_NUMBER(struct disk_settings, size, "size", PARAMETER_SIZE, "64M", SECTOR_BYTES, \
			 1ull << 44, "how much of it"), \
	PARAMETER_NUMBER(struct disk_settings, block, "block", PARAMETER_SIZE, "4K", SECTOR_BYTES, \
			 64u << 20, "bytes of one operation"), \
	PARAMETER_ONE_OF(struct disk_settings, order, "order", "sequential", disk_orders, \
			 "sequential, each thread in its own part; or random, anywhere"), \
	PARAMETER_YES_NO(struct disk_settings, direct, "direct", "no", \
			 "past the page cache (O_DIRECT)"), \
	PARAMETER_YES_NO(struct disk_settings, keep, "keep", "no", \
			 "leave a new file there for the next time"), \
	PARAMETER_YES_NO(struct disk_settings, overwrite, "overwrite", "no", \
			 "even if it holds something else")

int disk_check(const void *settings, struct error *err);
/* job->own is then a struct disk_file. */
int disk_prepare(struct job *job, struct error *err);

/* A lane's way through the file: its own part in order, or anywhere. */
struct disk_walk {
	char *buffer; /* one block */
	uint64_t first, count, at; /* in blocks; `at` counts from `first` */
};

int disk_lane_prepare(struct lane *lane, struct error *err);
uint64_t disk_next_block(struct lane *lane);
/* -EINTR when it shall end; the sentence where it makes no sense to go on; 0 else, and then
 * *ret_done says whether the block was read or written. */
int disk_outcome(struct lane *lane, ssize_t size, struct error *err, bool *ret_done);

#endif
