/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a copy of a host has of each path, and how it is written: secrets masked, refusals as
 * NAME.errno. What is kept first stays, but for whatever is young: that is kept again, as it is
 * read last. The first failure to write is remembered, and nothing is lost by going on.
 */
#ifndef SYS_KEEPER_H
#define SYS_KEEPER_H

#include "base/error.h"
#include "base/map.h"
#include "sys/copy_place.h"

#include <stdint.h>
#include <sys/types.h>

struct copying_counts {
	uint64_t files, bytes; /* links are files, directories are not */
	uint64_t refused;      /* reads that the kernel refused, kept as refusals */
	uint64_t masked;       /* arguments */
};

struct keeper {
	struct copy copy;
	struct map kept; /* hash of the path -> what there is of it */
	struct copying_counts counts;
	struct error failure;
};

void keeper_init(struct keeper *keeper, int directory, struct root *host);
void keeper_done(struct keeper *keeper);

void keeper_content(struct keeper *keeper, const char *path, const char *bytes, size_t size,
		    bool young);
/* It is there, and nobody has read it (yet): an empty file. */
void keeper_presence(struct keeper *keeper, const char *path);
void keeper_refusal(struct keeper *keeper, const char *path, ssize_t code);
void keeper_directory(struct keeper *keeper, const char *path);
void keeper_link(struct keeper *keeper, const char *path, const char *target, bool young);
bool keeper_has(struct keeper *keeper, const char *path);
void keeper_fail(struct keeper *keeper, const char *path, int code);

/* The number in "/proc/NUMBER" and "/proc/NUMBER/...". */
bool keeper_path_process(const char *path, pid_t *ret);

#endif
