/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ksm/walk.h"

#include "base/error.h"
#include "base/vec.h"
#include "sys/root.h"

#include <errno.h>
#include <stdlib.h>

enum { ENTRIES = 512 };

struct walk {
	struct root *root;
	struct walk_options options;
	int flags_fd;
	uint64_t entries[ENTRIES], flags[ENTRIES];
	uint64_t last_frame, last_flags; /* pages that are alike follow each other */
	uint64_t *frames; /* of the process that is walked */
	size_t frame_count, frame_capacity;
};

int walk_new(struct root *root, const struct walk_options *options, struct walk **ret,
	     struct error *err)
{
	struct walk *walk = calloc(1, sizeof *walk);

	if (walk == NULL)
		return error_set(err, -ENOMEM, "out of memory");
	walk->root = root;
	walk->options = *options;
	walk->flags_fd = pageflags_open(root);
	if (walk->flags_fd < 0) {
		int r = walk->flags_fd;

		free(walk);
		if (root_is_captured(root))
			return error_set(err, -ENOENT, "a captured host does not tell of frames");
		if (r == -EACCES || r == -EPERM)
			return error_set(err, r, "/proc/kpageflags may be read by root only");
		return error_errno(err, r, "/proc/kpageflags");
	}
	*ret = walk;
	return 0;
}

void walk_free(struct walk *walk)
{
	if (walk == NULL)
		return;
	root_close(walk->root, walk->flags_fd);
	free(walk->frames);
	free(walk);
}

/* Entries from `at` on that lie on frames which follow each other. */
static size_t run_length(const struct walk *walk, size_t at, size_t count)
{
	uint64_t first = pagemap_frame(walk->entries[at]);
	size_t length = 1;

	while (at + length < count && pagemap_is_here(walk->entries[at + length]) &&
	       pagemap_frame(walk->entries[at + length]) == first + length)
		length++;
	return length;
}

static int keep(struct walk *walk, uint64_t frame, uint64_t flags, struct walk_counts *counts)
{
	if (flags >> PAGEFLAG_ZERO_PAGE & 1) {
		counts->zero_mapped++;
		return 0;
	}
	counts->pages++;
	if (!(flags >> PAGEFLAG_KSM & 1))
		return 0;
	counts->merged++;
	if (walk->frame_count == walk->frame_capacity &&
	    !VEC_RESERVE(walk->frames, walk->frame_capacity, walk->frame_count + 1))
		return -ENOMEM;
	walk->frames[walk->frame_count++] = frame;
	return 0;
}

/* Pages of one run; a frame beyond what the kernel manages has no flags. */
static int take_run(struct walk *walk, uint64_t frame, size_t length, struct walk_counts *counts)
{
	size_t i;
	int r = 0;

	if (length == 1 && frame == walk->last_frame)
		return keep(walk, frame, walk->last_flags, counts);
	r = pageflags_read_run(walk->root, walk->flags_fd, frame, walk->flags, length);
	if (r < 0)
		return r;
	for (i = 0; r == 0 && i < length; i++)
		r = keep(walk, frame + i, walk->flags[i], counts);
	walk->last_frame = frame + length - 1;
	walk->last_flags = walk->flags[length - 1];
	return r;
}

static int walk_piece(struct walk *walk, size_t count, struct walk_counts *counts)
{
	size_t at, length;
	int r = 0;

	for (at = 0; r == 0 && at < count; at += length) {
		uint64_t entry = walk->entries[at];

		length = 1;
		counts->swapped += pagemap_is_swapped(entry);
		if (!pagemap_is_here(entry))
			continue;
		/* Frame 0 is the firmware's: it stands for one that is not told. */
		if (pagemap_frame(entry) == 0)
			return -EPERM;
		length = run_length(walk, at, count);
		r = take_run(walk, pagemap_frame(entry), length, counts);
	}
	return r;
}

static int may_go_on(const struct walk *walk)
{
	if (walk->options.is_cancelled != NULL && walk->options.is_cancelled())
		return -ECANCELED;
	return walk->options.until_usec != 0 &&
	       root_monotonic_usec(walk->root) >= walk->options.until_usec ? -ETIME : 0;
}

static int walk_area(struct walk *walk, int pagemap, const struct memory_area *area,
		     struct walk_counts *counts)
{
	uint64_t page_size = (uint64_t)walk->root->page_size, address = area->start;
	int r = 0;

	while (r == 0 && address < area->end) {
		uint64_t left = (area->end - address) / page_size;
		size_t count = left < ENTRIES ? (size_t)left : ENTRIES;

		r = may_go_on(walk);
		if (r == 0)
			r = pagemap_read(walk->root, pagemap, address, walk->entries, count);
		if (r == 0)
			r = walk_piece(walk, count, counts);
		address += ENTRIES * page_size;
	}
	return r;
}

static int walk_areas(struct walk *walk, pid_t pid, const struct memory_areas *areas,
		      struct walk_counts *counts)
{
	int pagemap = pagemap_open(walk->root, pid), r = 0;
	size_t i;

	if (pagemap < 0)
		return pagemap == -ENOENT ? -ESRCH : pagemap;
	for (i = 0; r == 0 && i < areas->count; i++)
		if (areas->areas[i].mergeable)
			r = walk_area(walk, pagemap, &areas->areas[i], counts);
	root_close(walk->root, pagemap);
	return r;
}

static int explain(int r, pid_t pid, struct error *err)
{
	switch (r) {
	case -ETIME:
		return error_set(err, r, "the time for looking at frames was over");
	case -ECANCELED:
		return error_set(err, r, "interrupted");
	case -ESRCH:
		return error_set(err, r, "process %d has ended", (int)pid);
	case -EPERM:
	case -EACCES:
		return error_set(err, r, "the frames of process %d are told to root only", (int)pid);
	default:
		return error_errno(err, r, "the frames of process %d", (int)pid);
	}
}

int walk_process(struct walk *walk, pid_t pid, const struct memory_areas *areas, uint32_t owner,
		 struct share_list *to, struct walk_counts *ret, struct error *err)
{
	struct walk_counts counts = { 0 };
	int r;

	walk->frame_count = 0;
	walk->last_frame = 0;
	r = walk_areas(walk, pid, areas, &counts);
	if (r < 0)
		return explain(r, pid, err);
	if (!share_add_frames(to, owner, walk->frames, walk->frame_count))
		return error_set(err, -ENOMEM, "out of memory");
	*ret = counts;
	return 0;
}
