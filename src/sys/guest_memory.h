/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which of a process's memory KSM may merge (/proc/PID/smaps), what of it is there (pagemap), and its
 * bytes. Pages that are not in memory are not touched: looked for first, read then. A process
 * that ends meanwhile is -ESRCH.
 */
#ifndef SYS_GUEST_MEMORY_H
#define SYS_GUEST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct root;

struct memory_area {
	uint64_t start, end;
	bool mergeable;  /* KSM was told of it, and looks at it */
	bool huge;       /* hugetlb: KSM never does */
	bool shared;     /* a file's, or memory that others may map: KSM never does */
	uint64_t resident_bytes, swapped_bytes;
};

struct memory_areas {
	struct memory_area *areas; /* ascending */
	size_t count, capacity;
};

void memory_areas_done(struct memory_areas *areas);
/* The text of smaps. -EINVAL where it is none, -ENOMEM. */
int memory_areas_parse(const char *bytes, size_t size, struct memory_areas *ret);
int memory_areas_read(struct root *root, pid_t pid, struct memory_areas *ret, struct error *err);

/* Of /proc/PID/pagemap and /proc/kpageflags: 64 bits a page. */
enum {
	PAGEMAP_FRAME_BITS = 55, /* 0 where the kernel does not tell */
	PAGEMAP_SHARED_OR_FILE = 61,
	PAGEMAP_SWAPPED = 62,
	PAGEMAP_PRESENT = 63,
	PAGEFLAG_KSM = 21,
	PAGEFLAG_THP = 22,
	PAGEFLAG_ZERO_PAGE = 24,
};

static inline uint64_t pagemap_frame(uint64_t entry)
{
	return entry >> PAGEMAP_PRESENT & 1 ? entry & ((1ull << PAGEMAP_FRAME_BITS) - 1) : 0;
}

/* Anonymous, and in memory. */
static inline bool pagemap_is_here(uint64_t entry)
{
	return (entry >> PAGEMAP_PRESENT & 1) && !(entry >> PAGEMAP_SHARED_OR_FILE & 1);
}

static inline bool pagemap_is_swapped(uint64_t entry)
{
	return entry >> PAGEMAP_SWAPPED & 1;
}

/* A descriptor for the one below (root_close). */
int pagemap_open(struct root *root, pid_t pid);
/* Entries of `count` pages from this address; fewer than asked for is a failure too: -EIO. */
int pagemap_read(struct root *root, int fd, uint64_t address, uint64_t *ret, size_t count);

/* What the kernel says of frames; -EACCES, -ENOENT. */
int pageflags_open(struct root *root);
int pageflags_read(struct root *root, int fd, uint64_t frame, uint64_t *ret);
/* Of frames that follow each other; what lies beyond those that the kernel manages has no flags. */
int pageflags_read_run(struct root *root, int fd, uint64_t frame, uint64_t *ret, size_t count);

#endif
