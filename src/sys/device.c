/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sys/device.h"

#include "base/cleanup.h"
#include "base/cursor.h"
#include "base/text.h"
#include "base/vec.h"
#include "sys/host.h"
#include "sys/root.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

/* The block layer counts in 512 bytes, whatever the disk's sector is. */
#define SECTOR_BYTES 512
#define USEC_PER_MSEC 1000

static bool take_numbers(struct cursor *line, int64_t *numbers, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!cursor_take_i64(line, &numbers[i]))
			return false;
		if (!cursor_at_end(line) && *line->at != ' ')
			return false;
	}
	return true;
}

/* Columns of Documentation/admin-guide/iostats.rst, from 1 behind the name. */
static bool disk_take_columns(struct cursor *line, struct disk_stat *ret)
{
	int64_t column[18];

	if (!take_numbers(line, column + 1, 11))
		return false;
	ret->reads = column[1];
	ret->read_bytes = field_times(column[3], SECTOR_BYTES);
	ret->read_usec = field_times(column[4], USEC_PER_MSEC);
	ret->writes = column[5];
	ret->write_bytes = field_times(column[7], SECTOR_BYTES);
	ret->write_usec = field_times(column[8], USEC_PER_MSEC);
	ret->in_flight = column[9];
	ret->busy_usec = field_times(column[10], USEC_PER_MSEC);
	ret->queued_usec = field_times(column[11], USEC_PER_MSEC);
	ret->discards = take_numbers(line, column + 12, 4) ? column[12] : FIELD_ABSENT;
	ret->flushes = take_numbers(line, column + 16, 2) ? column[16] : FIELD_ABSENT;
	return true;
}

static bool disk_take(struct cursor *line, struct disk_stat *ret)
{
	uint64_t major, minor;

	if (!cursor_take_u64(line, &major) || !cursor_take_u64(line, &minor) ||
	    major > UINT32_MAX || minor > 0xfffff ||
	    !cursor_take_word(line, &ret->name.at, &ret->name.size))
		return false;
	ret->number = major << 20 | minor;
	return disk_take_columns(line, ret);
}

bool disk_stat_next(struct cursor *c, struct disk_stat *ret)
{
	struct cursor line;

	while (cursor_take_line(c, &line) && line.end < c->at)
		if (disk_take(&line, ret))
			return true;
	return false;
}

bool disk_stat_is_unused(const struct disk_stat *stat)
{
	return stat->reads == 0 && stat->writes == 0 && stat->in_flight == 0;
}

/* sysfs writes '!' for a '/' in a name (cciss/c0d0), diskstats the '/' itself. */
static void replace(char *text, char from, char to)
{
	for (; *text != '\0'; text++)
		if (*text == from)
			*text = to;
}

static int found_one(const char *name, void *context)
{
	return 1;
}

static bool disk_is_stacked(struct root *root, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "/sys/block/%s/slaves", name);
	if (root_list(root, path, found_one, NULL) == 1)
		return true;
	snprintf(path, sizeof path, "/sys/block/%s/loop/backing_file", name);
	return root_exists(root, path);
}

static bool disk_read_number(struct root *root, const char *name, uint64_t *ret)
{
	uint64_t major, minor;
	char path[128];
	char bytes[32];
	struct cursor c;
	ssize_t size;

	snprintf(path, sizeof path, "/sys/block/%s/dev", name);
	size = root_read(root, path, bytes, sizeof bytes);
	c = cursor_over(bytes, size > 0 ? (size_t)size : 0);
	if (!cursor_take_u64(&c, &major) || !cursor_take_text(&c, ":") ||
	    !cursor_take_u64(&c, &minor) || major > UINT32_MAX || minor > 0xfffff)
		return false;
	*ret = major << 20 | minor;
	return true;
}

struct disk_listing {
	struct root *root;
	struct disk_set *set;
};

/* A disk that goes away meanwhile is left out; so is a name that no kernel gives. */
static int disk_set_add(const char *name, void *context)
{
	struct disk_listing *listing = context;
	struct disk_set *set = listing->set;
	struct disk_entry entry = { 0 };

	if (strlen(name) >= sizeof entry.name ||
	    !disk_read_number(listing->root, name, &entry.number))
		return 0;
	entry.stacked = disk_is_stacked(listing->root, name);
	strcpy(entry.name, name);
	replace(entry.name, '!', '/');
	if (!VEC_RESERVE(set->entries, set->capacity, set->count + 1) ||
	    !VEC_RESERVE(set->stacked, set->stacked_capacity, set->stacked_count + 1))
		return -ENOMEM;
	set->entries[set->count++] = entry;
	if (entry.stacked)
		set->stacked[set->stacked_count++] = entry.number;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct disk_entry *)a)->name, ((const struct disk_entry *)b)->name);
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

int disk_set_read(struct root *root, struct disk_set *set)
{
	struct disk_listing listing = { root, set };
	int r;

	set->count = 0;
	set->stacked_count = 0;
	r = root_list(root, "/sys/block", disk_set_add, &listing);
	if (set->count > 0)
		qsort(set->entries, set->count, sizeof *set->entries, compare_names);
	if (set->stacked_count > 0)
		qsort(set->stacked, set->stacked_count, sizeof *set->stacked, compare_numbers);
	return r;
}

void disk_set_done(struct disk_set *set)
{
	if (set == NULL)
		return;
	free(set->entries);
	free(set->stacked);
	*set = (struct disk_set){ 0 };
}

const struct disk_entry *disk_set_find(const struct disk_set *set, struct span name)
{
	struct disk_entry wanted;

	if (set->count == 0 || name.size >= sizeof wanted.name)
		return NULL;
	memcpy(wanted.name, name.at, name.size);
	wanted.name[name.size] = '\0';
	return bsearch(&wanted, set->entries, set->count, sizeof wanted, compare_names);
}

static ssize_t queue_read(struct root *root, const char *name, const char *file, char *ret,
			  size_t ret_size)
{
	char path[160];
	char in_sysfs[32];

	if (strlen(name) >= sizeof in_sysfs)
		return -ENAMETOOLONG;
	strcpy(in_sysfs, name);
	replace(in_sysfs, '/', '!');
	snprintf(path, sizeof path, "/sys/block/%s/queue/%s", in_sysfs, file);
	return host_text_read(root, path, ret, ret_size);
}

int disk_scheduler_read(struct root *root, const char *name, char *ret, size_t ret_size)
{
	char text[256];
	ssize_t size = queue_read(root, name, "scheduler", text, sizeof text);
	const char *open, *close;

	if (size < 0)
		return (int)size;
	open = strchr(text, '[');
	close = open != NULL ? strchr(open, ']') : NULL;
	if (close != NULL)
		text_copy(ret, ret_size, open + 1, (size_t)(close - open - 1));
	else
		text_copy(ret, ret_size, text, strlen(text));
	return 0;
}

int disk_rotational_read(struct root *root, const char *name)
{
	char text[16];
	ssize_t size = queue_read(root, name, "rotational", text, sizeof text);

	if (size < 0)
		return (int)size;
	return strcmp(text, "1") == 0;
}

/* "  eth0: 1 2 ...": a name has no colon but an alias may ("eth0:1"): the last one counts. */
static bool net_take(struct cursor *line, struct net_stat *ret)
{
	const char *colon = memrchr(line->at, ':', cursor_left(line));
	int64_t column[16];

	if (colon == NULL)
		return false;
	cursor_skip_blanks(line);
	if (line->at >= colon)
		return false;
	ret->name = (struct span){ line->at, (size_t)(colon - line->at) };
	line->at = colon + 1;
	if (!take_numbers(line, column, ARRAY_SIZE(column)))
		return false;
	ret->received_bytes = column[0];
	ret->received_packets = column[1];
	ret->receive_errors = column[2];
	ret->receive_drops = column[3];
	ret->sent_bytes = column[8];
	ret->sent_packets = column[9];
	ret->send_errors = column[10];
	ret->send_drops = column[11];
	return true;
}

bool net_stat_next(struct cursor *c, struct net_stat *ret)
{
	struct cursor line;

	while (cursor_take_line(c, &line) && line.end < c->at)
		if (net_take(&line, ret))
			return true;
	return false;
}

struct net_search {
	struct root *root;
	int index;
	char *ret;
	size_t ret_size;
};

static int net_check(const char *name, void *context)
{
	struct net_search *search = context;
	char path[PATH_MAX];
	char bytes[32];
	int64_t index;
	ssize_t size;

	snprintf(path, sizeof path, "/sys/class/net/%.255s/ifindex", name);
	size = root_read(search->root, path, bytes, sizeof bytes);
	if (size < 0 || field_parse_number(bytes, (size_t)size, &index) < 0 ||
	    index != search->index)
		return 0;
	text_copy(search->ret, search->ret_size, name, strlen(name));
	return 1;
}

int net_name_by_index(struct root *root, int index, char *ret, size_t ret_size)
{
	struct net_search search = { root, index, ret, ret_size };
	int r = root_list(root, "/sys/class/net", net_check, &search);

	return r == 1 ? 0 : r < 0 ? r : -ENODEV;
}
