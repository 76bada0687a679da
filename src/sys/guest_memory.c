/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/guest_memory.h"

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "base/vec.h"
#include "sys/field.h"
#include "sys/root.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An area is about 750 bytes of text, and a VMM has some hundreds, seldom thousands. */
#define SMAPS_MOST (64u << 20)

void memory_areas_done(struct memory_areas *areas)
{
	free(areas->areas);
	*areas = (struct memory_areas){ 0 };
}

static bool take_hex(struct cursor *line, uint64_t *ret)
{
	const char *start = line->at;

	for (*ret = 0; !cursor_at_end(line); line->at++) {
		char c = *line->at;

		if (c >= '0' && c <= '9')
			*ret = *ret << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*ret = *ret << 4 | (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	return line->at > start && line->at <= start + 16;
}

/* "7f0000000000-7f0000200000 rw-p ..." */
static bool take_range(struct cursor line, struct memory_area *ret)
{
	*ret = (struct memory_area){ 0 };
	if (!take_hex(&line, &ret->start) || !cursor_take_text(&line, "-") ||
	    !take_hex(&line, &ret->end) || !cursor_take_text(&line, " ") || ret->start >= ret->end)
		return false;
	ret->shared = cursor_left(&line) > 3 && line.at[3] == 's';
	return true;
}

static void take_flags(struct cursor line, struct memory_area *area)
{
	const char *word;
	size_t size;

	while (cursor_take_word(&line, &word, &size)) {
		struct span span = { word, size };

		area->mergeable = area->mergeable || span_equals(span, "mg");
		area->huge = area->huge || span_equals(span, "ht");
	}
}

static void take_kilobytes(struct cursor line, uint64_t *ret_bytes)
{
	uint64_t number;

	if (cursor_take_u64(&line, &number) && number < UINT64_MAX >> 10)
		*ret_bytes = number << 10;
}

static void take_line(struct cursor line, struct memory_area *area)
{
	if (cursor_take_text(&line, "VmFlags:"))
		take_flags(line, area);
	else if (cursor_take_text(&line, "Rss:"))
		take_kilobytes(line, &area->resident_bytes);
	else if (cursor_take_text(&line, "Swap:"))
		take_kilobytes(line, &area->swapped_bytes);
}

int memory_areas_parse(const char *bytes, size_t size, struct memory_areas *ret)
{
	struct cursor all = cursor_over(bytes, size), line;
	struct memory_area area;

	*ret = (struct memory_areas){ 0 };
	while (cursor_take_line(&all, &line)) {
		if (take_range(line, &area)) {
			if (!VEC_RESERVE(ret->areas, ret->capacity, ret->count + 1)) {
				memory_areas_done(ret);
				return -ENOMEM;
			}
			ret->areas[ret->count++] = area;
		} else if (ret->count > 0) {
			take_line(line, &ret->areas[ret->count - 1]);
		} else {
			return -EINVAL;
		}
	}
	return 0;
}

/* The kernel gives such a file some areas at a time. */
static int read_on(struct root *root, int fd, struct str *ret)
{
	char piece[8192];
	ssize_t got;

	while ((got = root_pread_at(root, fd, piece, sizeof piece, ret->length)) > 0) {
		str_append_bytes(ret, piece, (size_t)got);
		if (ret->failed || ret->length > SMAPS_MOST)
			return ret->failed ? -ENOMEM : -EFBIG;
	}
	return (int)got;
}

int memory_areas_read(struct root *root, pid_t pid, struct memory_areas *ret, struct error *err)
{
	char path[64];
	struct str text;
	int fd, r;

	snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
	fd = root_open(root, path);
	if (fd < 0)
		return error_errno(err, fd, "%s", path);
	str_init(&text);
	r = read_on(root, fd, &text);
	root_close(root, fd);
	if (r == 0)
		r = memory_areas_parse(text.data, text.length, ret);
	str_done(&text);
	return r < 0 ? error_errno(err, r, "%s", path) : 0;
}

int pagemap_open(struct root *root, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/pagemap", (int)pid);
	return root_open(root, path);
}

static int read_table(struct root *root, int fd, uint64_t index, uint64_t *ret, size_t count)
{
	ssize_t got = root_pread_at(root, fd, ret, count * sizeof *ret, index * sizeof *ret);

	/* A process that has ended has no pages. */
	if (got == 0)
		return -ESRCH;
	return got < 0 ? (int)got : (size_t)got == count * sizeof *ret ? 0 : -EIO;
}

int pagemap_read(struct root *root, int fd, uint64_t address, uint64_t *ret, size_t count)
{
	return read_table(root, fd, address / (uint64_t)root->page_size, ret, count);
}

int pageflags_open(struct root *root)
{
	return root_open(root, "/proc/kpageflags");
}

int pageflags_read(struct root *root, int fd, uint64_t frame, uint64_t *ret)
{
	return read_table(root, fd, frame, ret, 1);
}

int pageflags_read_run(struct root *root, int fd, uint64_t frame, uint64_t *ret, size_t count)
{
	ssize_t got = root_pread_at(root, fd, ret, count * sizeof *ret, frame * sizeof *ret);
	size_t told;

	if (got < 0)
		return (int)got;
	told = (size_t)got / sizeof *ret;
	memset(ret + told, 0, (count - told) * sizeof *ret);
	return 0;
}
