/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "act/memory_place.h"

#include "act/cpu_scope.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "sys/root.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MIB (1 << 20)
/* A VMM that has just begun has touched less: a cgroup made now will hold its guest's memory. */
#define NEWBORN_BYTES (64 * MIB)

static bool hindered_by(const struct act_target *target, const char *what)
{
	return strstr(target->hindrances, what) != NULL;
}

/* Pages that are pinned or encrypted cannot be taken, huge ones are not counted. */
static const char *hindrance(const struct act_target *target, enum setting setting)
{
	if (hindered_by(target, "hugepages"))
		return "its memory is huge pages, which the memory controller does not count";
	if (memory_protects(setting))
		return NULL;
	if (hindered_by(target, "vfio"))
		return "its memory is pinned for a device (VFIO) and cannot be taken";
	if (hindered_by(target, "confidential"))
		return "its memory is encrypted and cannot be taken";
	return NULL;
}

static const char *v1_reason(enum setting setting)
{
	switch (setting) {
	case SETTING_MEMORY_MIN:
		return "cgroup v1 has no memory.min";
	case SETTING_MEMORY_LOW:
		return "cgroup v1 has no memory.low; its soft limit would make the VM give first";
	case SETTING_MEMORY_HIGH:
		return "cgroup v1 has no memory.high; its limit would kill";
	default:
		return "cgroup v1 has no memory.reclaim; its force_empty would take everything";
	}
}

static int64_t status_bytes(struct root *root, pid_t pid, const char *name)
{
	struct field field = { name, (unsigned short)strlen(name), 0, 1024 };
	char path[64], bytes[4096];
	int64_t number = FIELD_ABSENT;
	ssize_t size;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	size = root_read(root, path, bytes, sizeof bytes);
	if (size > 0)
		field_parse_lines(bytes, (size_t)size, &field, 1, &number);
	return number;
}

static bool refuse(char reason[static PLAN_REASON_SIZE], const char *text)
{
	snprintf(reason, PLAN_REASON_SIZE, "%s", text);
	return false;
}

/* Its own cgroup holds most of what it has resident. */
static bool is_charged(struct act_context *context, const struct act_target *target,
		       const struct cpu_place *place, char reason[static PLAN_REASON_SIZE])
{
	int64_t rss = status_bytes(context->root, target->vm.pid, "VmRSS");
	int64_t current;

	if (!place->own && rss > NEWBORN_BYTES)
		return refuse(reason, "it has no cgroup of its own, and one made now would not hold the "
			      "memory that it has");
	if (!place->own || rss <= NEWBORN_BYTES ||
	    cpu_place_number(context, place, "memory.current", &current) < 0)
		return true;
	if (current < rss / 2)
		return refuse(reason, "most of its memory is charged to another cgroup, from before it "
			      "was moved to its own");
	return true;
}

static bool has_file(struct act_context *context, const struct cpu_place *place,
		     enum setting setting, char reason[static PLAN_REASON_SIZE])
{
	if (setting != SETTING_MEMORY_RECLAIM || !place->own ||
	    cpu_place_has(context, place, "memory.reclaim") ||
	    !cpu_place_has(context, place, "memory.current"))
		return true;
	return refuse(reason, "this kernel has no memory.reclaim (since 5.19)");
}

int memory_place_serves(struct act_context *context, const struct act_target *target,
			enum setting setting, struct cpu_place *ret,
			char reason[static PLAN_REASON_SIZE])
{
	const char *hindered = hindrance(target, setting);
	struct error err = { 0 };

	if (hindered != NULL)
		return refuse(reason, hindered);
	if (!target->alone)
		return refuse(reason, "it shares its process, and so its memory, with other VMs");
	if (cpu_place_find_in(context, target, CGROUP_MEMORY, ret, &err) < 0) {
		snprintf(reason, PLAN_REASON_SIZE, "%.190s", err.text);
		return 0;
	}
	if (!ret->v2)
		return refuse(reason, v1_reason(setting));
	if (!is_charged(context, target, ret, reason) || !has_file(context, ret, setting, reason))
		return 0;
	return ret->own || cpu_place_can_be_made(target, ret, reason);
}

int memory_place_prepare(struct act_context *context, const struct act_target *target,
			 bool by_systemd, struct cpu_place *ret, struct error *err)
{
	int r = cpu_place_find_in(context, target, CGROUP_MEMORY, ret, err);

	if (r == 0 && !ret->own)
		r = by_systemd ? cpu_scope_make(context, target, ret, err) :
				 cpu_place_make(context, target, ret, err);
	return r == 0 ? cpu_place_enable(context, ret, "memory", err) : r;
}

/* -- what can be taken */

static int64_t field_of_file(struct root *root, const char *path, const char *name, int factor)
{
	struct field field = { name, (unsigned short)strlen(name), 0, factor };
	CLEANUP_FREE char *bytes = NULL;
	int64_t number = FIELD_ABSENT;
	ssize_t size = root_read_all(root, path, MIB, &bytes);

	if (size > 0)
		field_parse_lines(bytes, (size_t)size, &field, 1, &number);
	return number;
}

static int64_t present_or(int64_t number, int64_t otherwise)
{
	return field_present(number) ? number : otherwise;
}

/* The host's room, and the cgroup's own allowance where it has one. */
static int64_t swap_room(struct act_context *context, const struct cpu_place *place)
{
	int64_t room = present_or(field_of_file(context->root, "/proc/meminfo", "SwapFree", 1024), 0);
	int64_t max, used;

	if (cpu_place_number(context, place, "memory.swap.max", &max) < 0 || max == FIELD_UNLIMITED ||
	    cpu_place_number(context, place, "memory.swap.current", &used) < 0)
		return room;
	max = max > used ? max - used : 0;
	return max < room ? max : room;
}

int64_t memory_place_can_give(struct act_context *context, const struct cpu_place *place)
{
	char path[1024];
	int64_t cache, shared;

	if (!cpu_place_file(place, "memory.stat", path, sizeof path))
		return 0;
	cache = present_or(field_of_file(context->root, path, "file", 1), 0);
	/* Shared memory is counted as file, and goes to swap like anonymous memory. */
	shared = present_or(field_of_file(context->root, path, "shmem", 1), 0);
	cache = cache > shared ? cache - shared : 0;
	return cache + swap_room(context, place);
}

int memory_place_check_high(struct act_context *context, const struct cpu_place *place,
			    int64_t high, struct error *err)
{
	int64_t current, give;
	int r = cpu_place_number(context, place, "memory.current", &current);

	if (r < 0 || high == FIELD_UNLIMITED || high >= current)
		return 0;
	give = memory_place_can_give(context, place);
	if (current - high <= give)
		return 0;
	return error_set(err, -ERANGE, "memory.high of %" PRId64 " MiB is %" PRId64 " MiB below its use, "
			 "and only %" PRId64 " MiB can be taken (page cache, and what swap has room for): "
			 "it would only be held back", high / MIB, (current - high) / MIB, give / MIB);
}
