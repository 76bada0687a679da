/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much memory there is for VMs: what the kernel calls available, but no more than the cgroups
 * that this process is in will still give it.
 */
#include "lab/host/host_memory.h"

#include "sys/cgroup_files.h"
#include "sys/host.h"
#include "sys/process.h"
#include "sys/root.h"

#include <errno.h>

/* What this cgroup still gives; UINT64_MAX where it has no limit. Page cache is given back. */
static uint64_t room_of(struct root *root, const struct cgroup_layout *layout, struct span path)
{
	struct cgroup_memory memory;
	int64_t limit;

	if (cgroup_memory_read(root, layout, path, &memory) < 0)
		return UINT64_MAX;
	limit = memory.max;
	if (memory.high != FIELD_ABSENT && memory.high < limit)
		limit = memory.high;
	if (limit == FIELD_ABSENT || limit == FIELD_UNLIMITED || memory.current == FIELD_ABSENT)
		return UINT64_MAX;
	return limit > memory.current ? (uint64_t)(limit - memory.current) : 0;
}

static uint64_t cgroups_room(struct root *root)
{
	struct cgroup_layout layout;
	char bytes[4096];
	uint64_t least = UINT64_MAX;
	struct span path;
	ssize_t size = root_read(root, "/proc/self/cgroup", bytes, sizeof bytes);

	if (size < 0 || cgroup_layout_read(root, &layout, NULL) < 0 ||
	    process_cgroup_find(bytes, (size_t)size, cgroup_controller_name(&layout, CGROUP_MEMORY),
				&path) < 0)
		return UINT64_MAX;
	do {
		uint64_t room = room_of(root, &layout, path);

		least = room < least ? room : least;
	} while (cgroup_parent(&path));
	return least;
}

static int memory_read(struct root *root, uint64_t *ret_total, uint64_t *ret_available)
{
	struct host_memory memory;
	char bytes[8192];
	uint64_t room;
	ssize_t size = root_read(root, "/proc/meminfo", bytes, sizeof bytes);

	if (size < 0)
		return (int)size;
	if (host_memory_parse(bytes, (size_t)size, &memory) < 0 ||
	    memory.total == FIELD_ABSENT || memory.available == FIELD_ABSENT)
		return -ENODATA;
	room = cgroups_room(root);
	*ret_total = (uint64_t)memory.total;
	*ret_available = room < (uint64_t)memory.available ? room : (uint64_t)memory.available;
	return 0;
}

int host_memory_read(uint64_t *ret_total_bytes, uint64_t *ret_available_bytes)
{
	struct root *root = root_live_new();
	int code = root != NULL ? memory_read(root, ret_total_bytes, ret_available_bytes) : -ENOMEM;

	root_free(root);
	return code;
}
